"""The runs that would teach most about a quantity."""

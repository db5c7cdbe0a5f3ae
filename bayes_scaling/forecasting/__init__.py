"""The loss of runs that were not trained."""

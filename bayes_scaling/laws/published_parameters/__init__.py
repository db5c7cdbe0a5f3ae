"""Parameters of laws that papers have printed, each with its source."""

"""The part of a report in which a reader sets a run."""

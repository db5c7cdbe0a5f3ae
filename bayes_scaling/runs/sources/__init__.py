"""Readers: files, learning curves and experiment trackers, as columns for a table of runs."""

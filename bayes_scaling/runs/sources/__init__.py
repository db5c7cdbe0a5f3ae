"""Readers of files, learning curves and experiment trackers."""

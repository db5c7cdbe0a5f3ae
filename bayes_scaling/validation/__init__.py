"""Refits on parts of a sweep or on simulated ones, and scores of what they forecast."""

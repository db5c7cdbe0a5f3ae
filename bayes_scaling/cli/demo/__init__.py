"""The demo: a sweep simulated from a known truth, fitted, and compared with that truth."""

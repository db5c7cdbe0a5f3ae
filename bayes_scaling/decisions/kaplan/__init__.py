"""Limits of a run and contradictions between laws, after Kaplan et al. (2020)."""

"""Data sets: sweeps simulated from a known truth, and published tables fetched once."""

from bayes_scaling.datasets.designing import isoflop_design
from bayes_scaling.datasets.loading import available, load
from bayes_scaling.datasets.simulation import simulate

__all__ = ["available", "isoflop_design", "load", "simulate"]

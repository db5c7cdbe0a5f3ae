"""Scores of several fits of the same runs, inside and beyond them, and their mixture."""

from bayes_scaling.comparison.averages import average
from bayes_scaling.comparison.comparing import Comparison, compare
from bayes_scaling.fitting.average import FitAverage

__all__ = ["Comparison", "FitAverage", "average", "compare"]

"""Scaling laws, one per file: formula, priors, units, paper."""

from bayes_scaling.laws._base import Law, as_law, find_law
from bayes_scaling.laws.chinchilla import Chinchilla

__all__ = ["Chinchilla", "Law", "as_law", "find_law"]

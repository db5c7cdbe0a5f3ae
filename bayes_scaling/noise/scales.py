"""Scales on which responses scatter, and shapes of the scatter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pymc.dims as pmd
from scipy import stats
from scipy.special import expit

from bayes_scaling import ops


@dataclass(frozen=True)
class Scale:
    """On what scale a response scatters: the way there, the way back, and its log slope."""

    forward: Callable[[Any], Any]
    inverse: Callable[[Any], Any]
    log_slope: Callable[[Any], Any]
    low: float = -np.inf
    high: float = np.inf


LOG = Scale(ops.log, np.exp, lambda value: -np.log(value), low=0.0)
RAW = Scale(lambda value: value, lambda value: value, lambda value: 0.0 * value)
LOGIT = Scale(
    lambda value: ops.log(value) - ops.log1p(-value),
    expit,
    lambda value: -np.log(value) - np.log1p(-value),
    low=0.0,
    high=1.0,
)


@dataclass(frozen=True)
class Shape:
    """A distribution of the scatter: its PyMC class, what that calls the spread, SciPy's twin."""

    variable: Callable[..., Any]
    spread: str
    standard: Any
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Noise parameters that it has besides, by PyMC's argument names, in SciPy's order."""


NORMAL = Shape(pmd.Normal, "sigma", stats.norm)
STUDENT_T = Shape(pmd.StudentT, "sigma", stats.t, {"nu": "noise_df"})
# SciPy's own Laplace takes the logarithm of a density that underflows.
LAPLACE = Shape(pmd.Laplace, "b", stats.gennorm(1.0))

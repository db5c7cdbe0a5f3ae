"""Leave-one-out scores of a fit, and their difference between two fits of the same runs."""

from __future__ import annotations

import warnings
from typing import Any

import arviz as az
import numpy as np

from bayes_scaling.fitting.scaling_fit import ScalingFit


def leave_one_out(fit: ScalingFit) -> Any:
    """Pointwise leave-one-out by importance weights, per unit of the response."""
    with warnings.catch_warnings():
        # Bad Pareto k are counted, or named run by run, where the scores are shown.
        warnings.filterwarnings("ignore", "Estimated shape parameter", UserWarning)
        return az.loo(fit.tree, pointwise=True, var_name="loss")


def loo_difference(one: Any, other: Any) -> tuple[float, float]:
    """Difference of the summed leave-one-out scores of two fits, with its standard error.

    The error is that of paired differences: both fits find the same runs hard.
    """
    better = np.asarray(one.elpd_i.values) - np.asarray(other.elpd_i.values)
    return float(better.sum()), float(np.sqrt(better.size * better.var(ddof=1)))

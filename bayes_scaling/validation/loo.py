"""Leave-one-out scores of a fit, and how two fits of the same runs differ by them."""

from __future__ import annotations

import warnings
from typing import Any

import arviz as az
import numpy as np

from bayes_scaling.fitting.scaling_fit import ScalingFit


def leave_one_out(fit: ScalingFit) -> Any:
    """Leave-one-out by importance weights, pointwise, per unit of the response."""
    with warnings.catch_warnings():
        # Bad Pareto k are counted, or named run by run, where the scores are shown.
        warnings.filterwarnings("ignore", "Estimated shape parameter", UserWarning)
        return az.loo(fit.tree, pointwise=True, var_name="loss")


def loo_difference(one: Any, other: Any) -> tuple[float, float]:
    """Sum over runs of how much better `one` predicts than `other`, and its standard error.

    The error is that of paired differences: both fits find the same runs hard.
    """
    better = np.asarray(one.elpd_i.values) - np.asarray(other.elpd_i.values)
    return float(better.sum()), float(np.sqrt(better.size * better.var(ddof=1)))

"""Leave-one-out scores of a fit, and their difference between two fits of the same runs."""

from __future__ import annotations

import warnings
from typing import Any

import arviz as az
import numpy as np
import xarray as xr

from bayes_scaling.fitting.posterior import log_density
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.replicates import other_replicates
from bayes_scaling.noise.location_scale import EARLIER_RUNS

K_BAD = 0.7
"""Pareto k above which importance weights do not stand for a refit (Vehtari et al., 2024)."""

FEW_RUNS = 100
LEAST_DIFFERENCE = 4.0
"""Runs and difference of summed log scores below which the standard error of a difference is not
to be relied on (Sivula et al., 2025, arXiv:2008.10296); ArviZ flags the same."""


def leave_one_out(fit: ScalingFit) -> Any:
    """Pointwise leave-one-out by importance weights, per unit of the response.

    A replicate is left out given all others of its configuration. For normal scatter that is exact.
    """
    with warnings.catch_warnings():
        # Bad Pareto k are counted, or named run by run, where the scores are shown.
        warnings.filterwarnings("ignore", "Estimated shape parameter", UserWarning)
        return az.loo(_given_others(fit), pointwise=True, var_name="loss")


def _given_others(fit: ScalingFit) -> xr.DataTree:
    """The tree of a fit with densities of replicates given all others, not the earlier ones."""
    model, runs, tree = fit.model, fit.runs, fit.tree
    if EARLIER_RUNS not in model.noise.columns:
        return tree
    earlier = tree["constant_data"].to_dataset().rename(run="point")
    found = other_replicates(model.noise, runs, 1.0)
    others = earlier.assign({str(name): ("point", found[name].to_numpy()) for name in found})
    expected, loss = fit.expected_at(earlier), tree["observed_data"]["loss"].rename(run="point")
    given = [
        log_density(fit.posterior, model, runs, loss, expected, one) for one in (earlier, others)
    ]
    change = (given[1] - given[0]).rename(point="run")
    density = tree["log_likelihood"]["loss"] + change.transpose("chain", "draw", "run")
    return tree.assign(log_likelihood=xr.DataTree(xr.Dataset({"loss": density})))


def loo_difference(one: Any, other: Any) -> tuple[float, float]:
    """Difference of the summed leave-one-out scores of two fits, with its standard error.

    The error is that of paired differences: both fits find the same runs hard.
    """
    better = np.asarray(one.elpd_i.values) - np.asarray(other.elpd_i.values)
    return float(better.sum()), float(np.sqrt(better.size * better.var(ddof=1)))

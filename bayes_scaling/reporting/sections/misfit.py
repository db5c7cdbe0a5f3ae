"""Distances of the runs from a fit, and from its law alone; the runs farthest off."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.intervals import SAMPLE_DIMS
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.as_points import run_points
from bayes_scaling.plots.sources import law_at_runs, thinned
from bayes_scaling.reporting.sections.contents import Table, tabulated
from bayes_scaling.trust.checks.predictive import medians_at_runs, residuals_about

SHOWN = 5
"""Runs in the table of those farthest off."""


def off_fit(fit: ScalingFit) -> np.ndarray:
    """Distance of each run from its expected loss (posterior median), in per cent of that."""
    few = thinned(fit, len(fit.runs))
    return _off(fit, few.expected_loss(at=run_points(fit.model, fit.runs)))


def off_law(fit: ScalingFit) -> np.ndarray:
    """Distance of each run from the law without what it leaves out, in per cent."""
    return _off(fit, law_at_runs(thinned(fit, len(fit.runs)))[1])


def _off(fit: ScalingFit, expected: xr.DataArray) -> np.ndarray:
    median = expected.median(SAMPLE_DIMS).values
    return np.asarray(100 * (fit.runs.values("loss") / median - 1))


def largest_misses(fit: ScalingFit) -> Table:
    """Table of the runs farthest from the posterior median, on the scale of the noise."""
    observed, expected = fit.runs.values("loss"), medians_at_runs(fit)
    rows = {"run": [*map(repr, fit.runs.table.index)], fit.runs.response: observed}
    table = pd.DataFrame({**rows, "expected": expected, "difference": observed - expected})
    farthest = np.argsort(-np.abs(residuals_about(fit, expected)))[:SHOWN]
    return tabulated("Runs farthest from what is expected of them.", table.iloc[farthest])

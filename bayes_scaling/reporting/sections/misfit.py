"""Distances of the runs from a fit, and from its law alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from bayes_scaling.display.intervals import SAMPLE_DIMS
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.plots.sources import run_table, thinned


def off_fit(fit: ScalingFit) -> np.ndarray:
    """Distance of each run from its expected loss (posterior median), in per cent of that."""
    return _off(fit, thinned(fit, len(fit.runs)).expected_loss(at=run_table(fit)))


def off_law(fit: ScalingFit) -> np.ndarray:
    """Distance of each run from the law without what it leaves out, in per cent."""
    few = thinned(fit, len(fit.runs))
    columns = {
        str(name): xr.DataArray(values, dims="run") for name, values in run_table(fit).items()
    }
    surface = few.surface_at({name: columns[name] for name in fit.model.factors})
    return _off(fit, replace(surface, left_out=None).loss(columns))


def _off(fit: ScalingFit, expected: xr.DataArray) -> np.ndarray:
    median = expected.median(SAMPLE_DIMS).values
    return np.asarray(100 * (fit.runs.values("loss") / median - 1))

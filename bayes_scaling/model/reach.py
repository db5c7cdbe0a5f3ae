"""Distance of points beyond the runs of their own level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.model.axes import compute_and_ratio, place, run_axes, run_places
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.runs import Runs


def reach(model: ScalingModel, runs: Runs, where: Mapping[Any, xr.DataArray]) -> xr.DataArray:
    """Decades of points beyond the largest run of their level, dims (point,); negative below it.

    Along compute, or the first input of a law that knows none. A combination of levels that has no
    run is measured from the largest run of all.
    """
    read = {name for names in compute_and_ratio(model.law) for name in names}
    u, _ = place(model.law, {name: where[name] for name in read})
    beyond = u - tops_of(model, runs, {factor: where[factor] for factor in model.factors})
    # A target at the very edge of the runs is inside, whatever rounding says.
    result: xr.DataArray = beyond.drop_vars(list(beyond.coords)).round(6)
    return result


def tops_of(model: ScalingModel, runs: Runs, labels: Mapping[Any, xr.DataArray]) -> Any:
    """Log10 compute of the largest run of each point's level, of shape of the labels.

    One number for a model without factors, and where a combination of levels has no run.
    """
    u, _ = run_places(model.law, runs)
    if not model.factors:
        return float(u.max())
    of_runs = level_labels([runs.table[factor].to_numpy() for factor in model.factors], len(runs))
    points = xr.broadcast(*(labels[factor] for factor in model.factors))
    of_points = level_labels([one.to_numpy().ravel() for one in points], points[0].size)
    top = pd.Series(u).groupby(of_runs).max().reindex(of_points).fillna(float(u.max()))
    return points[0].copy(data=top.to_numpy(float).reshape(points[0].shape))


def ranges(
    model: ScalingModel, runs: Runs, where: Mapping[Any, xr.DataArray], size: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Least and largest log10 of the runs of each point's level, along each axis, a row a point.

    A combination of levels that has no run has the range of all runs.
    """
    along = run_axes(model.law, runs)
    of_runs = level_labels([runs.table[factor].to_numpy() for factor in model.factors], len(runs))
    of_points = level_labels([where[factor].to_numpy() for factor in model.factors], size)
    grouped = along.groupby(of_runs)
    low, high = (
        ends.reindex(of_points).fillna(whole).reset_index(drop=True)
        for ends, whole in ((grouped.min(), along.min()), (grouped.max(), along.max()))
    )
    return low, high


def level_labels(factors: Sequence[np.ndarray], size: int) -> np.ndarray:
    """One label for each combination of levels, the same for runs and points."""
    if not factors:
        return np.full(size, "")
    return np.array(["\n".join(map(str, levels)) for levels in zip(*factors, strict=True)])

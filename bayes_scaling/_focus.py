"""How far below and beyond the largest runs: what a posterior focused on them is made of.

A law is an approximation, and the runs near the largest say more of what lies beyond them than the
many small ones do. In the focused posterior the variance of a run's scatter is divided by its share
of the largest run's compute, so that a run counts in proportion to its compute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling._axes import main_axis, point_axes, run_axes
from bayes_scaling.model import ScalingModel
from bayes_scaling.runs import Runs

FOCUS = 0.5
"""Power of compute by which the scatter grows below the largest run. On public sweeps steeper ones
(0.75, 1) forecast a little better just beyond the runs, and worse from few runs or far beyond."""


def focuses(model: ScalingModel, runs: Runs) -> bool:
    """Whether there is a focused posterior: of losses, with a scatter that has a spread.

    What is known of extrapolations that miss is known of losses.
    """
    return runs.response == "loss" and model.noise.has_spread and not model.law.stages


def focused_spread(model: ScalingModel, runs: Runs) -> np.ndarray:
    """How many times wider than the largest run of its level each run scatters, dims (run,)."""
    sizes = run_axes(model.law, runs)[main_axis(model.law)].to_numpy()
    labels = level_labels([runs.table[factor].to_numpy() for factor in model.factors], len(sizes))
    top = pd.Series(sizes).groupby(labels).transform("max").to_numpy()
    return np.asarray(10 ** (FOCUS * (top - sizes)))


def reach(model: ScalingModel, runs: Runs, where: xr.Dataset) -> xr.DataArray:
    """Decades of points beyond the largest run of their level, dims (point,); negative below it.

    Along compute, or the first input of a law that knows none. A combination of levels that has no
    run is measured from the largest run of all.
    """
    at = point_axes(model.law, where)[main_axis(model.law)].to_numpy()
    return reach_of_sizes(model, runs, xr.DataArray(at, dims="point"), where)


def reach_of_sizes(
    model: ScalingModel, runs: Runs, size: xr.DataArray, labels: Mapping[Any, xr.DataArray]
) -> xr.DataArray:
    """The same for runs whose log10 along the main axis is given, one dim, with their levels."""
    sizes = run_axes(model.law, runs)[main_axis(model.law)].to_numpy()
    of_runs, of_points = _levels(model, runs, labels, size.size)
    tops = pd.Series(sizes).groupby(of_runs).max()
    top = tops.reindex(of_points).fillna(sizes.max()).to_numpy()
    # A target at the very edge of the runs is inside, whatever rounding says.
    return (size.drop_vars(list(size.coords)) - top).round(6)


def ranges(
    model: ScalingModel, runs: Runs, where: Mapping[Any, xr.DataArray], size: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Least and largest log10 of the runs of each point's level, along each axis, a row a point.

    A combination of levels that has no run has the range of all runs.
    """
    along = run_axes(model.law, runs)
    of_runs, of_points = _levels(model, runs, where, size)
    grouped = along.groupby(of_runs)
    low, high = (
        ends.reindex(of_points).fillna(whole).reset_index(drop=True)
        for ends, whole in ((grouped.min(), along.min()), (grouped.max(), along.max()))
    )
    return low, high


def _levels(
    model: ScalingModel, runs: Runs, where: Mapping[Any, xr.DataArray], size: int
) -> tuple[np.ndarray, np.ndarray]:
    """The combination of levels of each run and of each of so many points."""
    of_runs = [runs.table[factor].to_numpy() for factor in model.factors]
    of_points = [where[factor].to_numpy() for factor in model.factors]
    return level_labels(of_runs, len(runs)), level_labels(of_points, size)


def level_labels(factors: Sequence[np.ndarray], size: int) -> np.ndarray:
    """One label for each combination of levels, the same for runs and points."""
    if not factors:
        return np.full(size, "")
    return np.array(["\n".join(map(str, levels)) for levels in zip(*factors, strict=True)])

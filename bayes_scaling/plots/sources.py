"""Numbers that plots draw: groups of runs, the horizontal axis, thinned fits.

Owns which posterior draws a curve is made of, and nothing of how it is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.decisions.allocation import Allocation, allocate
from bayes_scaling.decisions.costs import Cost, SixND
from bayes_scaling.display.intervals import SAMPLE_DIMS, intervals
from bayes_scaling.display.wording import tellable
from bayes_scaling.fitting.average import FitAverage, Fitted
from bayes_scaling.fitting.loss_surface import LossSurface
from bayes_scaling.fitting.mixture import average_points
from bayes_scaling.fitting.posterior import new_runs
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.fitting.tree import run_data
from bayes_scaling.forecasting.forecasts import average_draws, forecast_draws
from bayes_scaling.model.axes import main_axis, run_axes
from bayes_scaling.model.hierarchy import NewLevels
from bayes_scaling.model.points import points
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.runs import Runs
from bayes_scaling.units import compute

type Group = tuple[str, ...]
"""Levels of the model's factors; empty for a model without."""

MOST_VALUES = 600_000
"""Draws times points that a curve is made of at most; beyond, every k-th draw is taken."""

MOST_SEARCHED = 10_000
"""Draws times points at most where each value takes a search for the optimum."""

OFF_PAGE = 1e3
"""Multiple of the largest finite median at which an infinite end of a band is drawn."""

CURVE_POINTS = 60
SEARCHED_POINTS = 12


def thinned[Fit: Fitted](fitted: Fit, points: int, most: int = MOST_VALUES) -> Fit:
    """The fit or average with every k-th draw, so that draws times points stay below `most`."""
    if isinstance(fitted, FitAverage):
        few = {name: thinned(fit, points, most) for name, fit in fitted.fits.items()}
        return replace(fitted, fits=few)
    sizes = fitted.posterior.sizes
    step = -(-sizes["chain"] * sizes["draw"] * points // most)
    if step <= 1:
        return fitted
    return replace(fitted, posterior=fitted.posterior.isel(draw=slice(None, None, step)))


def losses_along(
    fitted: Fitted, table: pd.DataFrame, new_levels: NewLevels, misses: bool = False
) -> xr.Dataset:
    """Draws of losses at points, the scatter of a new run the same at all of them."""
    seed = fitted.settings.seed
    drawn = partial(forecast_draws, scatter=_scattered_alike, misses=misses)
    if isinstance(fitted, FitAverage):
        places = average_points(fitted, {}, table, new_levels)
        return average_draws(fitted, places, new_levels, seed, drawn)
    where = points(fitted.model, fitted.runs, at=table, new_levels=new_levels)
    return drawn(fitted, where, new_levels, seed)


class SameScatter(np.random.Generator):
    """Uniform numbers that are the same along the last dim, so that intervals have smooth ends."""

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """Uniform numbers, one for all of the last dim."""
        return super().uniform(low, high, (*size[:-1], 1))


def _scattered_alike(*about: Any) -> xr.DataArray:
    """New runs as :func:`bayes_scaling.fitting.posterior.new_runs` draws them, scattered alike."""
    draws, model, runs, expected, where, rng = about
    return new_runs(draws, model, runs, expected, where, SameScatter(rng.bit_generator))


def horizontal(model: ScalingModel) -> str:
    """Input that losses are drawn against: compute if the law knows of it, or its first one."""
    return "flops" if model.law.splits_compute else main_axis(model.law)


def run_values(model: ScalingModel, runs: Runs, name: str) -> np.ndarray:
    """Sizes of the runs as the model counts them: compute is 6ND unless its law reads it."""
    values: np.ndarray = 10 ** run_axes(model.law, runs)[name].to_numpy()
    return values


def as_counted(draws: xr.Dataset, model: ScalingModel) -> xr.Dataset:
    """Draws at points whose compute is counted as :func:`run_values` counts that of the runs."""
    if "flops" in model.law.inputs or not {"params", "tokens"} <= set(draws.coords):
        return draws
    return draws.assign_coords(flops=compute(draws["params"], draws["tokens"]))


def law_at_runs(fit: ScalingFit) -> tuple[LossSurface, xr.DataArray]:
    """The surface at the runs, and there the law without what it leaves out, dims (…, run)."""
    at_runs = run_data(fit.model, fit.runs)
    surface = fit.surface_at(at_runs)
    return surface, replace(surface, left_out=None).loss(at_runs)


def groups_of(runs: Runs, model: ScalingModel) -> dict[Group, np.ndarray]:
    """Masks of the runs of each group that occurs, sorted by group."""
    labels = runs.table[list(model.factors)].astype(str)
    keys = [tuple(row) for row in labels.to_numpy()]
    return {
        group: np.array([key == group for key in keys], dtype=bool) for group in sorted(set(keys))
    }


def by_group(
    draws: xr.Dataset, factors: Sequence[str], sort: str | None = None
) -> dict[Group, xr.Dataset]:
    """Points or budgets of each group, in the order in which groups occur; `sort` orders them."""
    [dim] = (name for name in draws.sizes if name not in SAMPLE_DIMS)
    labels = [draws[factor].values.astype(str) for factor in factors]
    keys = list(zip(*labels, strict=True)) if labels else [()] * draws.sizes[dim]
    found = {key: draws.isel({dim: [one == key for one in keys]}) for key in dict.fromkeys(keys)}
    return {key: part.sortby(sort) for key, part in found.items()} if sort else found


def group_name(group: Group) -> str:
    """A group as legends name it."""
    return ", ".join(group)


def group_names(groups: Iterable[Group]) -> dict[Group, str]:
    """Groups as legends of several name them: short, as far as that tells them apart."""
    groups = list(groups)
    return dict(zip(groups, tellable(map(group_name, groups)), strict=True))


def named(what: str, group: Group) -> str:
    """A label with its group: ``runs, web``."""
    return ", ".join([what, *group])


def ends_on_page(draws: xr.DataArray, prob: float | None) -> tuple[xr.Dataset, float]:
    """Ends of intervals of draws that may be infinite, cut off the page; the largest median."""
    ends = intervals(draws, prob)
    top = float(ends["median"].where(ends["median"] < np.inf).max())
    cut = OFF_PAGE * top if np.isfinite(top) else OFF_PAGE
    return ends.clip(max=cut).assign(median=ends["median"].where(ends["median"] < cut)), top


def with_levels(table: pd.DataFrame, group: Group, model: ScalingModel) -> pd.DataFrame:
    """Points of one group: the table with its level of each factor."""
    return table.assign(**dict(zip(model.factors, group, strict=True)))


def frontier(
    fit: ScalingFit, low: float, high: float, like: Allocation | None = None
) -> Allocation:
    """Optimal runs over a range of budgets, for every level, from thinned draws.

    With the cost, constraints and inputs of an allocation, or else by 6ND.
    """
    cost = like.cost if like else SixND()
    surface = fit.model.has_surface(fit.runs)
    closed = not surface and fit.model.law.optimum is not None and isinstance(cost, SixND)
    budgets = np.geomspace(low, high, CURVE_POINTS if closed else SEARCHED_POINTS)
    levels = int(np.prod([len(fit.runs.levels(factor)) for factor in fit.model.factors]))
    few = thinned(fit, len(budgets) * levels, MOST_VALUES if closed else MOST_SEARCHED)
    if like is None:
        return allocate(few, budgets)
    return allocate(few, budgets, cost=cost, constraints=like.constraints, inputs=like.inputs)


def run_budgets(runs: Runs, cost: Cost) -> np.ndarray:
    """Cost of each run, counted as that of a budget is."""
    spent: np.ndarray = cost.spent(runs.values("params"), runs.values("tokens"))
    return spent

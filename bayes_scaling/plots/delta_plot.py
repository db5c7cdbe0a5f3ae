"""delta: what the law leaves out, over compute and tokens per parameter."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from bayes_scaling.display.intervals import SAMPLE_DIMS, intervals
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.fitting.tree import run_data
from bayes_scaling.model.axes import compute_and_ratio, run_places
from bayes_scaling.plots import canvas, legends, marks, sources
from bayes_scaling.plots.asking import asked_kind
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

ACROSS, ALONG = 25, 40
"""Places along tokens per parameter and along compute at which `delta` is worked out."""

MOST_VALUES = 2_000_000
"""Draws times places of a map at most; beyond, every k-th draw is taken."""

COLOUR_STEPS = 12
HATCH_COLOUR = "0.5"
LEAST_SHOWN = 1.0
"""Per cent that the colours span at the least, so that next to nothing does not look like much."""

MARGIN = 0.05
"""Share of the range of the runs that is shown about it."""

UNIT = "% of the reducible loss"


@asked_kind
def delta(fit: ScalingFit, *, ax: Axes | None = None, prob: float | None = None) -> Axes:
    """Draw what the law leaves out inside the range of the runs, in per cent of its reducible loss.

    Colours are the posterior median over compute and tokens per parameter; hatched is where the
    credible interval includes zero, so that the law may leave out nothing. For a law of one input
    it is a line with its band, and points are what each run shows by itself. Of a pooled
    model it is what all levels share, without the deviation of each.

    Parameters
    ----------
    fit : ScalingFit
    ax, prob
        Axes, and the probability of the interval, as for all plots (:mod:`bayes_scaling.plots`).

    Raises
    ------
    ModelError
        The law was fitted alone.
    """
    if not fit.model.has_surface(fit.runs):
        raise ModelError(
            f"plots.delta: this fit is of {fit.model.law.name} alone, so there is no delta to "
            "draw. Fit losses with ScalingModel(..., surface=Surface())."
        )
    sheet = canvas.Sheet.of(ax)
    u, v = run_places(fit.model.law, fit.runs)
    if v is None:
        _draw_line(sheet.ax, fit, u, prob)
        sheet.legend()
    else:
        _draw_map(sheet.ax, fit, u, v, prob)
        zero = f"{legends.interval_label(prob)} includes zero"
        hatched = Patch(fill=False, hatch="///", edgecolor=HATCH_COLOUR, linewidth=0, label=zero)
        sheet.legend_below([legends.point_entry("runs", "black"), hatched])
    sheet.title(f"Left out by {fit.model.law.name}", fit)
    return sheet.ax


def delta_at_runs(fit: ScalingFit) -> xr.DataArray:
    """Draws of what the law leaves out at each run, in per cent of its reducible loss.

    With the deviation of the run's levels.

    Returns
    -------
    xarray.DataArray, dims (chain, draw, run)
    """
    u, v = run_places(fit.model.law, fit.runs)
    at = xr.DataArray(u, dims="run"), None if v is None else xr.DataArray(v, dims="run")
    left_out = fit.surface_at(run_data(fit.model, fit.runs)).left_out
    assert left_out is not None
    return _per_cent(left_out.delta(*at) + left_out.of_levels(*at))


def _shared(fit: ScalingFit, u: xr.DataArray, v: xr.DataArray | None) -> xr.DataArray:
    """Draws of what all levels share of it, at places."""
    any_level = {name: xr.DataArray(fit.runs.levels(name)[0]) for name in fit.model.factors}
    left_out = fit.surface_at(any_level).left_out
    assert left_out is not None
    return _per_cent(left_out.delta(u, v))


def _per_cent(log: xr.DataArray) -> xr.DataArray:
    found: xr.DataArray = 100 * xr.ufuncs.expm1(log)
    return found.transpose("chain", "draw", ...)


def _draw_line(ax: Axes, fit: ScalingFit, u: np.ndarray, prob: float | None) -> None:
    along = _spanning(u, ALONG)
    style, label = canvas.Style(canvas.COLOURS[0]), legends.with_interval("delta", prob)
    ends = intervals(_shared(fit, xr.DataArray(along, dims="u"), None), prob)
    marks.draw_band(ax, _compute(fit, along), ends, style, label)
    marks.draw_runs(
        ax, _compute(fit, u), _shown_by_runs(fit), canvas.Style(canvas.neutral()), "runs"
    )
    marks.draw_reference(ax, y=0.0, line="--")
    ax.set_ylabel(f"left out ({UNIT})")
    canvas.log_input_axis(ax.xaxis, _horizontal(fit))


def _shown_by_runs(fit: ScalingFit) -> np.ndarray:
    """Distance of each run's reducible loss from the law's, in per cent, posterior median."""
    surface, law = sources.law_at_runs(fit)
    loss = xr.DataArray(fit.runs.values("loss"), dims="run")
    floor = surface.inside.floor
    ratio = (loss - floor) / (law - floor)
    return np.asarray(100 * (ratio - 1).median(SAMPLE_DIMS))


def _draw_map(ax: Axes, fit: ScalingFit, u: np.ndarray, v: np.ndarray, prob: float | None) -> None:
    along, across = _spanning(u, ALONG), _spanning(v, ACROSS)
    few = sources.thinned(fit, ALONG * ACROSS, MOST_VALUES)
    draws = _shared(few, xr.DataArray(along, dims="u"), xr.DataArray(across, dims="v"))
    ends = intervals(draws, prob).transpose("v", "u")
    most = max(float(np.abs(ends["median"]).max()), LEAST_SHOWN)
    x, y = _compute(fit, along), 10**across
    steps = MaxNLocator(COLOUR_STEPS, symmetric=True).tick_values(-most, most)
    filled = ax.contourf(x, y, ends["median"], levels=steps, cmap="RdBu_r")
    unsure = ((ends["lower"] <= 0) & (ends["upper"] >= 0)).astype(float)
    hatching = ax.contourf(x, y, unsure, levels=[0.5, 1.5], colors="none", hatches=["///"])
    hatching.set(edgecolor=HATCH_COLOUR, linewidth=0)
    ax.scatter(
        _compute(fit, u), 10**v, s=14, color="black", edgecolors="white", linewidths=0.5, zorder=3
    )
    canvas.log_input_axis(ax.xaxis, _horizontal(fit))
    canvas.log_input_axis(ax.yaxis, "tokens_per_param")
    bar = ax.figure.colorbar(filled, ax=ax)
    bar.set_label(f"left out, median ({UNIT})")


def _spanning(values: np.ndarray, count: int) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    beside = MARGIN * max(high - low, 1.0)
    return np.linspace(low - beside, high + beside, count)


def _horizontal(fit: ScalingFit) -> str:
    along, _ = compute_and_ratio(fit.model.law)
    return along[0] if len(along) == 1 else "flops"


def _compute(fit: ScalingFit, u: np.ndarray) -> np.ndarray:
    """Values of the horizontal axis at places along compute."""
    pair = len(compute_and_ratio(fit.model.law)[0]) > 1
    return np.asarray(10**u * (FLOPS_PER_PARAM_TOKEN if pair else 1.0))

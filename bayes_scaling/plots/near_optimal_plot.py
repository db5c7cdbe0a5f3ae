"""near_optimal: the loss against the size of the model at a budget, and which sizes are as good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from bayes_scaling.decisions.near_optimality import NearOptimal
from bayes_scaling.display.intervals import intervals
from bayes_scaling.plots import canvas, legends, sources

SIZES = 81
"""Model sizes at which the curve is drawn."""

MARGIN = 2.5
"""Ratio of sizes by which the curve goes on beyond the near-optimal range."""


def near_optimal(
    near: NearOptimal,
    *,
    ax: Sequence[Axes] | np.ndarray | None = None,
    prob: float | None = None,
) -> np.ndarray:
    """Draw the expected loss against model size at each budget, and the sizes that will do.

    Above, the loss of models on which the whole budget is spent, with its band; the optimum with
    the interval of its size; and as a thick bar the near-optimal range between the medians of its
    ends. Below, the probability of each size that it is near-optimal, draw by draw: it is what a
    size should be chosen by. Dotted lines are bounds on the size.

    Parameters
    ----------
    near : NearOptimal
    ax, prob
        Axes, and the probability of bands and bars, as for all plots (:mod:`bayes_scaling.plots`).

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes, two of them
    """
    made = ax is None
    panels = canvas.several_axes(ax, 2, columns=1, cell=(7.5, 3.0))
    looks = canvas.styles(_names(near))
    sizes = _sizes(near)
    few = replace(near, fit=sources.thinned(near.fit, SIZES * len(looks)))
    losses, chances = few.losses(sizes), near.probability(sizes)[list(sizes)]
    for place, style in enumerate(looks.values()):
        ends = intervals(losses.isel(budget=place), prob)
        canvas.draw_band(panels[0], sizes, ends, style, "expected loss")
        _draw_range(panels[0], near.draws.isel(budget=place), style)
        _draw_optimum(panels[0], near.draws.isel(budget=place), style, prob)
        panels[1].plot(sizes, chances.iloc[place], color=style.colour, linestyle=style.line)
    panels[1].set(ylim=(-0.03, 1.03), ylabel="probability of\nbeing near-optimal")
    canvas.log_loss_axis(panels[0], near.fit.runs)
    for panel in panels:
        _draw_bounds(panel, near)
        canvas.log_input_axis(panel.xaxis, "params")
    legends.legend(panels[0], made, _entries(looks, prob))
    canvas.titled(panels[0], near.title, near.fit, made, 80)
    return panels


def _names(near: NearOptimal) -> list[str]:
    """Budget and levels of each curve."""
    unit, factors = near.cost.unit, near.fit.model.factors
    columns = [near.draws[factor].values.astype(str) for factor in factors]
    budgets = [
        f"{canvas.format_input(unit, value)} {_unit(unit)}" for value in near.draws[unit].values
    ]
    return [", ".join(parts) for parts in zip(budgets, *columns, strict=True)]


def _unit(unit: str) -> str:
    return "FLOP" if unit == "flops" else unit


def _sizes(near: NearOptimal) -> np.ndarray:
    """Sizes around every near-optimal range; around the optimum where a range has no end."""
    optimum = near.draws["params"]
    smallest = near.draws["smallest_params"].fillna(optimum).median(("chain", "draw"))
    largest = near.draws["largest_params"].fillna(optimum).median(("chain", "draw"))
    low, high = float(smallest.min()) / MARGIN, float(largest.max()) * MARGIN
    if not np.isfinite(low * high):
        low, high = (near.fit.runs.values("params").min(), near.fit.runs.values("params").max())
    return np.geomspace(low, high, SIZES)


def _draw_range(ax: Axes, draws: xr.Dataset, style: canvas.Style) -> None:
    """The near-optimal range, at the loss of its ends."""
    smallest, largest, loss = (
        float(draws[name].median())
        for name in ("smallest_params", "largest_params", "highest_loss")
    )
    [bar] = ax.plot([smallest, largest], [loss, loss], color=style.colour, linewidth=4, zorder=4)
    bar.set(solid_capstyle="butt", alpha=0.8, gid="near-optimal range")


def _draw_optimum(ax: Axes, draws: xr.Dataset, style: canvas.Style, prob: float | None) -> None:
    ends = intervals(draws["params"], prob)
    loss = float(draws["expected_loss"].median())
    bar = ax.hlines(
        loss, float(ends["lower"]), float(ends["upper"]), color=canvas.neutral(), zorder=5
    )
    bar.set(gid="interval of the optimum")
    canvas.draw_marks(ax, float(ends["median"]), loss, style).set_gid("optimum")


def _draw_bounds(ax: Axes, near: NearOptimal) -> None:
    for bound in (near.constraints.min_params, near.constraints.max_params):
        if bound is not None:
            ax.axvline(bound, color=canvas.neutral(), linewidth=0.8, linestyle=":", gid="bound")


def _entries(looks: dict[str, canvas.Style], prob: float | None) -> list[Artist]:
    curves = [legends.line_entry(name, style.colour, style.line) for name, style in looks.items()]
    colour = legends.colour_of({(name,): style for name, style in looks.items()})
    return [
        *curves,
        legends.band_entry(legends.with_interval("expected loss", prob), colour),
        legends.point_entry(legends.with_interval("optimum", prob), colour),
        legends.line_entry("near-optimal range", colour, width=4),
    ]

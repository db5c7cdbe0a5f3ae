"""near_optimal: loss against model size at a budget, and the sizes nearly as good as the best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from bayes_scaling.decisions.near_optimality import NearOptimal
from bayes_scaling.display.digits import label_writer
from bayes_scaling.display.intervals import SAMPLE_DIMS, intervals
from bayes_scaling.display.wording import tellable, unit_words
from bayes_scaling.plots import canvas, legends, marks, sources
from bayes_scaling.plots.asking import asked_kind

SIZES = 81
"""Model sizes at which the curve is drawn."""

MARGIN = 2.5
"""Ratio of sizes by which the curve goes on beyond the near-optimal range."""


@asked_kind
def near_optimal(
    near: NearOptimal, *, ax: canvas.Panels | None = None, prob: float | None = None
) -> np.ndarray:
    """Draw the expected loss against model size at each budget, and the near-optimal sizes.

    Two panels. Above, the loss of models on which the whole budget is spent, with its band; the
    optimum with the interval of its size; and as a thick bar the near-optimal range between the
    medians of its ends. Below, the probability of each size that it is near-optimal, draw by draw:
    it is what a size should be chosen by. Dotted lines are bounds on the size.

    Parameters
    ----------
    near : NearOptimal
    ax, prob
        Axes, and the probability of bands and bars, as for all plots (:mod:`bayes_scaling.plots`).
    """
    sheet = canvas.Sheet.over_chance(ax, "of\nbeing near-optimal")
    loss, chance = sheet.panels
    looks = canvas.styles(_names(near))
    sizes = _sizes(near)
    few = replace(near, fit=sources.thinned(near.fit, SIZES * len(looks)))
    losses, chances = few.losses(sizes), near.probability(sizes)[list(sizes)]
    for place, (name, style) in enumerate(looks.items()):
        ends = intervals(losses.isel(budget=place), prob)
        marks.draw_band(loss, sizes, ends, style, name)
        _draw_range(loss, near.draws.isel(budget=place), style)
        _draw_optimum(loss, near.draws.isel(budget=place), style, prob)
        marks.draw_line(chance, sizes, chances.iloc[place], style)
    canvas.log_loss_axis(loss, near.fit.runs)
    for panel in sheet.panels:
        for bound in (near.constraints.min_params, near.constraints.max_params):
            marks.draw_reference(panel, x=bound, gid="bound")
        canvas.log_input_axis(panel.xaxis, "params")
    sheet.legend(_entries(looks, prob))
    sheet.title(near.title, near.fit, 80)
    return sheet.panels


def _names(near: NearOptimal) -> list[str]:
    """Budget and levels of each curve."""
    unit, factors = near.cost.unit, near.fit.model.factors
    columns = [tellable(near.draws[factor].values.astype(str).tolist()) for factor in factors]
    write, shown = label_writer(unit), unit_words(unit)
    budgets = [f"{write(value)} {shown}" for value in near.draws[unit].values]
    return [", ".join(parts) for parts in zip(budgets, *columns, strict=True)]


def _sizes(near: NearOptimal) -> np.ndarray:
    """Sizes around every near-optimal range; around the optimum where a range has no end."""
    ends = near.draws[["smallest_params", "largest_params"]].fillna(near.draws["params"])
    middle = ends.median(SAMPLE_DIMS)
    low = float(middle["smallest_params"].min()) / MARGIN
    high = float(middle["largest_params"].max()) * MARGIN
    if not np.isfinite(low * high):
        params = near.fit.runs.values("params")
        low, high = params.min(), params.max()
    return np.geomspace(low, high, SIZES)


def _draw_range(ax: Axes, draws: xr.Dataset, style: canvas.Style) -> None:
    """The near-optimal range, at the loss of its ends."""
    names = ("smallest_params", "largest_params", "highest_loss")
    smallest, largest, loss = (float(draws[name].median()) for name in names)
    solid = replace(style, line="-")
    bar = marks.draw_line(ax, [smallest, largest], [loss, loss], solid, linewidth=4, zorder=4)
    bar.set(solid_capstyle="butt", alpha=0.8, gid="near-optimal range")


def _draw_optimum(ax: Axes, draws: xr.Dataset, style: canvas.Style, prob: float | None) -> None:
    ends = intervals(draws["params"], prob)
    loss = float(draws["expected_loss"].median())
    bar = ax.hlines(loss, ends["lower"], ends["upper"], color=canvas.neutral(), zorder=5)
    bar.set_gid("interval of the optimum")
    marks.draw_marks(ax, float(ends["median"]), loss, style).set_gid("optimum")


def _entries(looks: dict[str, canvas.Style], prob: float | None) -> list[Artist]:
    curves = [legends.line_entry(name, style.colour, style.line) for name, style in looks.items()]
    colour = legends.colour_of(looks)
    return [
        *curves,
        legends.band_entry(legends.with_interval("expected loss", prob), colour),
        legends.point_entry(legends.with_interval("optimum", prob), colour),
        legends.line_entry("near-optimal range", colour, width=4),
    ]

"""isoflop_optima: the best size at each budget without a law, over the band of the fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from bayes_scaling.decisions.parabolas import NO_MINIMUM, IsoflopOptima
from bayes_scaling.display.intervals import interval_percent, intervals
from bayes_scaling.plots import canvas, legends, marks, sources
from bayes_scaling.plots.asking import asked_kind
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

MARGIN = 1.5
"""Factor by which the band goes beyond the budgets."""

HEADROOM = 1.5
"""Factor beyond runs and optima up to which sizes are shown; a bar may run off the page."""

RING: dict[str, Any] = {
    "markerfacecolor": "none",
    "markeredgecolor": canvas.WARNING_COLOUR,
    "markeredgewidth": 1.5,
}
"""The mark of a budget at which parabola and law disagree."""


@asked_kind
def isoflop_optima(
    result: IsoflopOptima, *, ax: Axes | None = None, prob: float | None = None
) -> Axes:
    """Draw the law-free optimum of each budget over the fitted optimum's band, against compute.

    Marks are vertices of parabolas, with confidence intervals by Student's t from their standard
    errors. Budgets at which parabola and law disagree are ringed; those without a minimum among
    the sizes that were run have a cross at the lower edge. Small points are the runs.

    Parameters
    ----------
    result : IsoflopOptima
    ax, prob
        Axes, and the probability of band and bars, as for all plots (:mod:`bayes_scaling.plots`).
    """
    sheet = canvas.Sheet.of(ax)
    ax, fit, table = sheet.ax, result.fit, result.table(prob)
    flops = result.parabolas["flops"]
    between = sources.frontier(fit, float(flops.min()) / MARGIN, float(flops.max()) * MARGIN).draws
    curves, groups = sources.by_group(between, fit.model.factors), _groups(result)
    looks = canvas.styles(dict.fromkeys(groups))
    _draw_runs(ax, result, table)
    for group, style in looks.items():
        name = legends.with_interval(sources.group_name(group) or "law", prob)
        ends = intervals(curves[group]["params"], prob)
        marks.draw_band(ax, curves[group]["flops"].values, ends, style, name)
        rows = np.array([key == group for key in groups])
        _draw_vertices(ax, flops.to_numpy()[rows], table[rows], style)
    canvas.log_input_axis(ax.xaxis, "flops")
    canvas.log_input_axis(ax.yaxis, "params")
    sheet.legend(_entries(looks, set(table["verdict"]), prob))
    sheet.title(f"Best size by parabolas and by {fit.model.law.name}", fit)
    return ax


def _groups(result: IsoflopOptima) -> list[sources.Group]:
    """The group of each budget."""
    labels = result.parabolas[list(result.fit.model.factors)].astype(str)
    return [tuple(row) for row in labels.to_numpy()]


def _draw_runs(ax: Axes, result: IsoflopOptima, table: pd.DataFrame) -> None:
    """The runs near the budgets, by 6ND as the parabolas take them; they set the range of sizes."""
    params, tokens = (result.fit.runs.values(name) for name in ("params", "tokens"))
    spent, flops = FLOPS_PER_PARAM_TOKEN * params * tokens, result.parabolas["flops"]
    near = (spent > flops.min() / MARGIN) & (spent < flops.max() * MARGIN)
    marks.draw_background(ax, spent[near], params[near])
    medians = [table[name, "median"].dropna() for name in ("parabola", "fitted")]
    shown = np.concatenate([params[near], *medians])
    ax.set_yscale("log")
    ax.set_ylim(shown.min() / HEADROOM, shown.max() * HEADROOM)


def _draw_vertices(ax: Axes, flops: np.ndarray, table: pd.DataFrame, style: canvas.Style) -> None:
    """Optima of parabolas with their intervals and verdicts."""
    found, verdict = table["parabola"], table["verdict"].to_numpy()
    known, apart = verdict != NO_MINIMUM, verdict == "disagrees"
    marks.draw_bars(ax, flops[known], found[known], style, gid="parabola bars")
    at, middle = flops[known], found["median"][known]
    ax.plot(at, middle, style.marker, color=style.colour, markersize=5, zorder=5, gid="parabolas")
    at, middle = flops[apart], found["median"][apart]
    ax.plot(at, middle, "o", markersize=12, **RING, zorder=6, gid="disagrees")
    lower_edge = np.full((~known).sum(), 0.03)
    place = ax.get_xaxis_transform()
    ax.plot(flops[~known], lower_edge, "x", color=style.colour, transform=place, gid=NO_MINIMUM)


def _entries(
    looks: dict[sources.Group, canvas.Style], verdicts: set[str], prob: float | None
) -> list[Artist]:
    colour = legends.colour_of(looks)
    ring = legends.point_entry("parabola and law disagree", "none")
    ring.set(markersize=9, **RING)
    others = [
        legends.point_entry(f"parabola, {interval_percent(prob)} confidence", colour),
        *([ring] if "disagrees" in verdicts else []),
        *([legends.point_entry(NO_MINIMUM, colour, "x")] if NO_MINIMUM in verdicts else []),
        legends.point_entry("runs", canvas.neutral(), "."),
    ]
    return legends.entries(looks, "law", prob, *others)

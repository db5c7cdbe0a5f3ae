"""isolines: curves of equal loss or of equal compute, with bands."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from bayes_scaling.decisions.isolines import Isolines
from bayes_scaling.display.intervals import intervals
from bayes_scaling.plots import canvas, legends, marks, sources
from bayes_scaling.plots.asking import asked_kind
from bayes_scaling.units import format_flops

NEARBY = 1.15
"""Runs within this factor of a budget are drawn as points of its curve."""

MOST_TOKENS = 30.0
"""Largest multiple of the most tokens of any run that the axis of isoloss curves reaches."""

HEADROOM = 3.0
"""Factor beyond runs and medians up to which the tokens of an isoloss curve are shown."""


@asked_kind
def isolines(lines: Isolines, *, ax: Axes | None = None, prob: float | None = None) -> Axes:
    """Draw isoloss curves, tokens against parameters, or isoFLOP curves, loss against parameters.

    Bands are credible intervals at each size. On isoloss curves all runs are points; a curve rises
    without end towards the size that no amount of data makes up for. On isoFLOP curves the runs
    within 15 % of a budget are points in its colour.

    Parameters
    ----------
    lines : Isolines
    ax, prob
        Axes, and the probability of the bands, as for all plots (:mod:`bayes_scaling.plots`).
    """
    sheet = canvas.Sheet.of(ax)
    ax = sheet.ax
    equal_loss = lines.held == "loss"
    quantity, what = ("tokens", "expected loss") if equal_loss else ("expected_loss", "compute")
    curves = dict(_curves(lines))
    looks = canvas.styles(curves)
    tops = []
    for key, curve in curves.items():
        ends = intervals(curve[quantity], prob)
        tops.append(_draw_curve(ax, curve["params"].values, ends, looks[key], _name(lines, key)))
        if not equal_loss:
            _draw_budget(ax, lines, key, looks[key])
    if equal_loss:
        _draw_runs(ax, lines, max(tops))
        canvas.log_input_axis(ax.yaxis, "tokens")
    else:
        canvas.log_loss_axis(ax, lines.fit.runs)
    canvas.log_input_axis(ax.xaxis, "params")
    bands = [
        legends.line_entry(_name(lines, key), look.colour, look.line) for key, look in looks.items()
    ]
    runs = [legends.point_entry("runs", canvas.neutral())]
    sheet.legend([*bands, *runs], f"medians and {legends.interval_label(prob)}")
    sheet.title(f"Equal {what} by {lines.fit.model.law.name}", lines.fit)
    return ax


type Key = tuple[float, sources.Group]
"""The loss or compute of a curve, and its group."""


def _curves(lines: Isolines) -> Iterator[tuple[Key, xr.Dataset]]:
    """The points of each curve, from small to large."""
    held = lines.draws[lines.held].values
    for value in dict.fromkeys(held.tolist()):
        curve = lines.draws.isel(point=held == value)
        for group, points in sources.by_group(curve, lines.fit.model.factors, "params").items():
            yield (value, group), points


def _name(lines: Isolines, key: Key) -> str:
    value, group = key
    if lines.held == "loss":
        return sources.named(f"loss {canvas.format_number(value)}", group)
    return sources.named(f"{format_flops(value)} FLOP", group)


def _draw_curve(ax: Axes, x: np.ndarray, ends: xr.Dataset, style: canvas.Style, name: str) -> float:
    """Median and band where the lower end is finite; the largest finite median."""
    known = np.isfinite(ends["lower"].values)
    top = float(ends["median"].where(np.isfinite(ends["median"])).max())
    shown = ends.isel(point=known)
    cut = 1e6 * top if np.isfinite(top) else np.inf
    marks.draw_band(ax, x[known], shown.where(shown < cut, cut), style, name)
    return top


def _draw_runs(ax: Axes, lines: Isolines, top: float) -> None:
    runs = lines.fit.runs
    tokens = runs.values("tokens")
    marks.draw_background(ax, runs.values("params"), tokens)
    low = min(float(tokens.min()), float(lines.draws["tokens"].min())) / HEADROOM
    # The median may rise steeply at its last point; what the runs say lies lower.
    high = max(float(tokens.max()), min(top, MOST_TOKENS * float(tokens.max()))) * HEADROOM
    ax.set_yscale("log")
    ax.set_ylim(low, high)


def _draw_budget(ax: Axes, lines: Isolines, key: Key, style: canvas.Style) -> None:
    (flops, group), runs, model = key, lines.fit.runs, lines.fit.model
    apart = np.abs(np.log(sources.run_values(model, runs, "flops") / flops))
    rows = (apart < np.log(NEARBY)) & sources.groups_of(runs, model).get(group, False)
    params, loss = (runs.values(name)[rows] for name in ("params", "loss"))
    marks.draw_runs(ax, params, loss, style, sources.named("runs", group))

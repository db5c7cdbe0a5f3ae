"""forecast_fan: the runs, and the widening band of the forecast out to the target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from bayes_scaling.display.intervals import intervals
from bayes_scaling.display.wording import counted
from bayes_scaling.fitting.average import FitAverage, Fitted, leading, parts
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.model.hierarchy import NewLevels
from bayes_scaling.plots import canvas, legends, marks, sources
from bayes_scaling.plots.asking import asked_kind

INSIDE_ALPHA, MISS_ALPHA = 0.3, 0.2
"""Opacity of the band of the law's own course, which lies on that of all, and of the latter."""

GROWTH = {"flops": 1.0, "params": 0.5, "tokens": 0.5}
"""Powers of compute by which inputs grow along the path: tokens per parameter stay."""


@asked_kind
def forecast_fan(forecast: Forecast, *, ax: Axes | None = None, prob: float | None = None) -> Axes:
    """Draw the forecast from the runs out to its target, with what lies beyond the runs shaded.

    The fan of a group is the expected loss along the path to the group's farthest target that has
    the tokens per parameter of that target throughout (other inputs are held at the target's).
    Dark is the part of the interval where the loss would be if it fell beyond the runs as the law
    says, light what is added by its falling faster, slower or for longer. Runs off that path need
    not lie on it. Dashed lines hold a new run on the path, its scatter included. Targets are marked
    with a thick bar, the expected loss, and a thin one, a new run. With many groups every k-th draw
    is used for the bands.

    Parameters
    ----------
    forecast : Forecast
    ax, prob
        Axes, and the probability of bands, dashed lines and bars, as for all plots
        (:mod:`bayes_scaling.plots`).
    """
    sheet = canvas.Sheet.of(ax)
    ax, fit = sheet.ax, leading(forecast.fit)
    name = sources.horizontal(fit.model)
    draws = sources.as_counted(forecast.draws, fit.model)
    targets = sources.by_group(draws, fit.model.factors, name)
    known = sources.groups_of(fit.runs, fit.model)
    looks = canvas.styles(list(dict.fromkeys([*known, *targets])))
    few = sources.thinned(forecast.fit, sources.CURVE_POINTS * len(targets))
    fans = _Fans(ax, few, name, prob)
    fans.runs(known, {group: looks[group] for group in targets if group})
    for group, among_targets in canvas.styles(targets).items():
        style = replace(looks[group], place=among_targets.place)
        new_levels = "error" if group in known else forecast.new_levels
        fans.path(targets[group], group, style, new_levels)
        fans.targets(targets[group], group, style)
    canvas.log_input_axis(ax.xaxis, name)
    canvas.log_loss_axis(ax, fit.runs)
    largest = float(sources.run_values(fit.model, fit.runs, name).max())
    marks.shade_extrapolation(ax, largest, float(draws[name].max()))
    shown = {group: looks[group] for group in targets}
    sheet.legend(_entries(forecast, shown, set(known) - set(targets), prob), _path_name(targets))
    sheet.title(f"Forecast by {_author(forecast.fit)}", forecast)
    return ax


def _author(fitted: Fitted) -> str:
    if isinstance(fitted, FitAverage) and len(fitted.fits) > 1:
        return f"an average of {counted(len(fitted.fits), 'fit')}"
    return leading(fitted).model.law.name


def _entries(
    forecast: Forecast,
    looks: dict[sources.Group, canvas.Style],
    others: set[sources.Group],
    prob: float | None,
) -> list[Artist]:
    colour = legends.colour_of(looks)
    expected = legends.with_interval(canvas.expected_label(forecast.fit.runs), prob)
    bands = [legends.band_entry(expected, colour, MISS_ALPHA + INSIDE_ALPHA)]
    if (forecast.draws["miss"] != 0).any():
        bands.append(legends.band_entry("added where the law may miss", colour, MISS_ALPHA))
    run = legends.line_entry(legends.with_interval("a new run", prob), colour, "--")
    target = legends.point_entry("target", colour, "D")
    if () in looks:
        runs = [legends.point_entry("runs", canvas.neutral())]
    else:
        runs = [legends.point_entry("other runs", canvas.neutral())] if others else []
    return [*legends.group_entries(looks), *runs, *bands, run, target]


def _path_name(targets: dict[sources.Group, xr.Dataset]) -> str | None:
    """The path of the fans in words, where it is the same for all of them."""
    last = [of_group.isel(point=-1) for of_group in targets.values()]
    if not all({"params", "tokens"} <= set(point.coords) for point in last):
        return None
    ratios = {f"{float(point['tokens'] / point['params']):.3g}" for point in last}
    return f"at {ratios.pop()} tokens per parameter" if len(ratios) == 1 else None


@dataclass(frozen=True)
class _Fans:
    """Drawing of a forecast on its axes, against the input `name`."""

    ax: Axes
    fitted: Fitted
    name: str
    prob: float | None

    def runs(
        self, known: dict[sources.Group, np.ndarray], looks: dict[sources.Group, canvas.Style]
    ) -> None:
        fit = leading(self.fitted)
        x = sources.run_values(fit.model, fit.runs, self.name)
        loss = fit.runs.values("loss")
        for group, rows in known.items():
            style = looks.get(group, canvas.Style(canvas.neutral()))
            marks.draw_runs(self.ax, x[rows], loss[rows], style, sources.named("runs", group))

    def path(
        self, of_group: xr.Dataset, group: sources.Group, style: canvas.Style, new_levels: NewLevels
    ) -> None:
        fit, ax, prob = leading(self.fitted), self.ax, self.prob
        grid, table = self._way(of_group)
        table = sources.with_levels(table, group, fit.model)
        draws = sources.losses_along(self.fitted, table, new_levels, misses=True)
        expected = intervals(draws["expected_loss"], prob)
        label = legends.with_interval(canvas.expected_label(fit.runs), prob, group)
        marks.draw_band(ax, grid, expected, style, label, MISS_ALPHA)
        by_law = intervals(draws["expected_loss"] / np.exp(draws["miss"]), prob)
        inside = by_law.clip(expected["lower"], expected["upper"])
        look: dict[str, Any] = {"color": style.colour, "alpha": INSIDE_ALPHA, "linewidth": 0}
        ax.fill_between(grid, inside["lower"], inside["upper"], **look, gid="by law")
        run = intervals(draws["loss"], prob)
        dashes: dict[str, Any] = {"linewidth": 0.9, "linestyle": (0, (4, 3))}
        label = legends.with_interval("a new run", prob, group)
        for end, once in (("lower", label), ("upper", None)):
            marks.draw_line(ax, grid, run[end], style, **dashes, label=once)

    def _way(self, of_group: xr.Dataset) -> tuple[np.ndarray, pd.DataFrame]:
        """The horizontal axis from the runs to the farthest target, and the inputs along it."""
        fit, name, target = leading(self.fitted), self.name, of_group.isel(point=-1)
        first = sources.run_values(fit.model, fit.runs, name).min()
        start, end = min(first, float(of_group[name].min())), float(target[name])
        grid = np.geomspace(start, end, sources.CURVE_POINTS)
        growth = GROWTH if name == "flops" else {name: 1.0}
        models = [part.fit.model for part in parts(self.fitted)]
        needed = [name for model in models for name in (*model.law.inputs, *model.noise.inputs)]
        way = {i: float(target[i]) * (grid / end) ** growth.get(i, 0.0) for i in needed}
        return grid, pd.DataFrame(way)

    def targets(self, of_group: xr.Dataset, group: sources.Group, style: canvas.Style) -> None:
        x, aside = of_group[self.name].values, marks.APART * style.place
        for variable, width in (("loss", 1.0), ("expected_loss", 3.5)):
            ends = intervals(of_group[variable], self.prob)
            marks.draw_bars(self.ax, x, ends, style, aside, linewidth=width)
        diamond = replace(style, marker="D")
        diamonds = marks.draw_marks(self.ax, x, ends["median"].values, diamond, aside)
        diamonds.set_label(sources.named("target", group))

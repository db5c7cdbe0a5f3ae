"""forecast_fan: from the runs out to the run that is forecast, the uncertainty widening."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from bayes_scaling.display.intervals import intervals
from bayes_scaling.display.wording import counted
from bayes_scaling.fitting.average import FitAverage, Fitted, leading
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.model.hierarchy import NewLevels
from bayes_scaling.plots import canvas, legends, sources

APART = 6.0
"""Points between the bars of groups at one target."""

INSIDE_ALPHA, MISS_ALPHA = 0.3, 0.2
"""Opacity of the band of the law's own course, which lies on that of all, and of the latter."""

GROWTH = {"flops": 1.0, "params": 0.5, "tokens": 0.5}
"""Powers of compute by which inputs grow along the path: tokens per parameter stay."""


def forecast_fan(forecast: Forecast, *, ax: Axes | None = None, prob: float | None = None) -> Axes:
    """Draw the forecast from the runs out to its target, with what lies beyond the runs shaded.

    The fan of a group is the expected loss along the path to the group's farthest target that has
    the tokens per parameter of that target throughout (other inputs are held at the target's).
    Dark is the part of the interval where the loss would be if it fell beyond the runs as the law
    says, light what is added by its falling faster or slower. Runs off that path need not lie on
    it. Dashed lines hold a new run on the path, its scatter included. Targets are marked with a
    thick bar, the expected loss, and a thin one, a new run. With many groups every k-th draw is
    used for the bands.

    Parameters
    ----------
    forecast : Forecast
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.
    prob : float, optional
        Probability of the bands, of the dashed lines and of the bars, 0.9 if not given.

    Returns
    -------
    matplotlib.axes.Axes
    """
    made = ax is None
    ax = canvas.one_axes(ax)
    fit = leading(forecast.fit)
    name = sources.horizontal(fit.model)
    targets = _targets(forecast)
    known = sources.groups_of(fit.runs, fit.model)
    looks = canvas.styles(list(dict.fromkeys([*known, *targets])))
    _draw_runs(ax, fit, known, {group: looks[group] for group in targets if group})
    for number, (group, of_group) in enumerate(targets.items()):
        new_levels = "error" if group in known else forecast.new_levels
        few = sources.thinned(forecast.fit, sources.CURVE_POINTS * len(targets))
        _draw_path(ax, few, of_group, group, looks[group], prob, new_levels)
        aside = APART * (number - (len(targets) - 1) / 2)
        _draw_targets(ax, name, of_group, group, looks[group], prob, aside)
    canvas.log_input_axis(ax.xaxis, name)
    canvas.log_loss_axis(ax, fit.runs)
    reach = float(forecast.draws[name].max())
    canvas.shade_extrapolation(ax, float(sources.run_values(fit.runs, name).max()), reach)
    shown = {group: looks[group] for group in targets}
    missed = bool((forecast.draws["miss"] != 0).any())
    entries = _entries(shown, set(known) - set(targets), prob, missed)
    legends.legend(ax, made, entries, _path_name(targets))
    canvas.titled(ax, f"Forecast by {_author(forecast.fit)}", forecast, made)
    return ax


def _author(fitted: Fitted) -> str:
    if isinstance(fitted, FitAverage) and len(fitted.fits) > 1:
        return f"an average of {counted(len(fitted.fits), 'fit')}"
    return leading(fitted).model.law.name


def _targets(forecast: Forecast) -> dict[sources.Group, xr.Dataset]:
    """Points of each group, the farthest last."""
    model = leading(forecast.fit).model
    return {
        group: sources.in_group(forecast.draws, "point", group, model.factors).sortby(
            sources.horizontal(model)
        )
        for group in sources.groups_drawn(forecast.draws, model.factors)
    }


def _entries(
    looks: dict[sources.Group, canvas.Style],
    others: set[sources.Group],
    prob: float | None,
    missed: bool,
) -> list[Artist]:
    colour = legends.colour_of(looks)
    expected = legends.with_interval("expected loss", prob)
    bands = [legends.band_entry(expected, colour, MISS_ALPHA + INSIDE_ALPHA)]
    if missed:
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


def _draw_runs(
    ax: Axes,
    fit: ScalingFit,
    known: dict[sources.Group, np.ndarray],
    looks: dict[sources.Group, canvas.Style],
) -> None:
    x, loss = sources.run_values(fit.runs, sources.horizontal(fit.model)), fit.runs.values("loss")
    for group, rows in known.items():
        style = looks.get(group, canvas.Style(canvas.neutral()))
        canvas.draw_runs(ax, x[rows], loss[rows], style, sources.named("runs", group))


def _draw_path(
    ax: Axes,
    fitted: Fitted,
    of_group: xr.Dataset,
    group: sources.Group,
    style: canvas.Style,
    prob: float | None,
    new_levels: NewLevels,
) -> None:
    fit = leading(fitted)
    name = sources.horizontal(fit.model)
    target = of_group.isel(point=-1)
    start = min(sources.run_values(fit.runs, name).min(), float(of_group[name].min()))
    grid = np.geomspace(start, float(target[name]), sources.CURVE_POINTS)
    table = sources.with_levels(_path(fitted, name, target, grid), group, fit.model)
    draws = sources.losses_along(fitted, table, new_levels)
    expected = intervals(draws["expected_loss"], prob)
    label = legends.with_interval(sources.named("expected loss", group), prob)
    canvas.draw_band(ax, grid, expected, style, label, MISS_ALPHA)
    by_law = intervals(draws["expected_loss"] / np.exp(draws["miss"]), prob)
    low, high = (
        by_law[end].clip(expected["lower"], expected["upper"]) for end in ("lower", "upper")
    )
    ax.fill_between(
        grid, low, high, color=style.colour, alpha=INSIDE_ALPHA, linewidth=0, gid="by law"
    )
    run = intervals(draws["loss"], prob)
    label = legends.with_interval(sources.named("a new run", group), prob)
    for end, once in (("lower", label), ("upper", None)):
        ax.plot(
            grid, run[end], color=style.colour, linewidth=0.9, linestyle=(0, (4, 3)), label=once
        )


def _path(fitted: Fitted, name: str, target: xr.Dataset, grid: np.ndarray) -> pd.DataFrame:
    """Inputs along the way to the target, by the horizontal axis."""
    growth = GROWTH if name == "flops" else {name: 1.0}
    share = grid / float(target[name])
    fits = fitted.fits.values() if isinstance(fitted, FitAverage) else (fitted,)
    models = [fit.model for fit in fits]
    needed = [name for model in models for name in (*model.law.inputs, *model.noise.inputs)]
    return pd.DataFrame({i: float(target[i]) * share ** growth.get(i, 0.0) for i in needed})


def _draw_targets(
    ax: Axes,
    name: str,
    of_group: xr.Dataset,
    group: sources.Group,
    style: canvas.Style,
    prob: float | None,
    aside: float,
) -> None:
    place = canvas.beside(ax, aside)
    x = of_group[name].values
    for variable, width in (("loss", 1.0), ("expected_loss", 3.5)):
        ends = intervals(of_group[variable], prob)
        lower, upper = ends["lower"].values, ends["upper"].values
        ax.vlines(x, lower, upper, color=style.colour, linewidth=width, transform=place, zorder=4)
    middle = intervals(of_group["expected_loss"], prob)["median"].values
    marks = canvas.draw_marks(ax, x, middle, replace(style, marker="D"), place)
    marks.set_label(sources.named("target", group))

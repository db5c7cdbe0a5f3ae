"""forecast_fan: from the runs out to the run that is forecast, the uncertainty widening."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from bayes_scaling._intervals import interval_prob, intervals
from bayes_scaling._mixture import average_points
from bayes_scaling._wording import counted
from bayes_scaling.averaging import FitAverage, Fitted, leading
from bayes_scaling.discrepancy import Discrepancy
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.forecasting import Forecast, average_draws, forecast_draws
from bayes_scaling.hierarchy import NewLevels
from bayes_scaling.model import ScalingModel
from bayes_scaling.plots._canvas import (
    Style,
    beside,
    draw_band,
    draw_runs,
    log_input_axis,
    log_loss_axis,
    neutral,
    one_axes,
    shade_extrapolation,
    styles,
    titled,
)
from bayes_scaling.plots._legends import (
    band_entry,
    colour_of,
    group_entries,
    interval_label,
    legend,
    line_entry,
    point_entry,
)
from bayes_scaling.plots._sources import (
    CURVE_POINTS,
    Group,
    group_name,
    groups_of,
    horizontal,
    in_group,
    run_values,
    thinned,
    with_levels,
)
from bayes_scaling.points import points
from bayes_scaling.posterior import new_runs
from bayes_scaling.runs import Runs

APART = 6.0
"""Points between the bars of groups at one target."""

LAW_ALPHA = 0.5
"""Opacity of the band of the law alone."""

INNER_PROB = 0.5
"""Probability of the band inside the one asked for."""

GROWTH = {"flops": 1.0, "params": 0.5, "tokens": 0.5}
"""Powers of compute by which inputs grow along the path: tokens per parameter stay."""


def forecast_fan(forecast: Forecast, *, ax: Axes | None = None, prob: float | None = None) -> Axes:
    """Draw the forecast from the runs out to its target, with what lies beyond the runs shaded.

    The fan of a group is the expected loss along the path to the group's farthest target that has
    the tokens per parameter of that target throughout (other inputs are held at the target's):
    a band of 50 % within one of `prob`, and darker the part of the latter that is the law's own,
    without model discrepancy. Runs off that path need not lie on it. Dashed lines hold
    a new run on the path, its scatter included. Targets are marked with a thick bar, the expected
    loss, and a thin one, a new run. With many groups every k-th draw is used for the bands.

    Parameters
    ----------
    forecast : Forecast
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.
    prob : float, optional
        Probability of the outer band, of the dashed lines and of the bars; ArviZ's
        ``rcParams["stats.ci_prob"]`` if not given.

    Returns
    -------
    matplotlib.axes.Axes
    """
    made = ax is None
    ax = one_axes(ax)
    fit = leading(forecast.fit)
    name = horizontal(fit.model)
    targets = _targets(forecast)
    known = groups_of(fit.runs, fit.model)
    looks = styles(list(dict.fromkeys([*known, *targets])))
    _draw_runs(ax, fit, known, {group: looks[group] for group in targets if group})
    for number, (group, of_group) in enumerate(targets.items()):
        new_levels = "error" if group in known else forecast.new_levels
        few = _thinned(forecast.fit, CURVE_POINTS * len(targets))
        _draw_path(ax, few, of_group, group, looks[group], prob, new_levels, forecast.discrepancy)
        aside = APART * (number - (len(targets) - 1) / 2)
        _draw_targets(ax, name, of_group, group, looks[group], prob, aside)
    log_input_axis(ax.xaxis, name)
    log_loss_axis(ax, fit.runs)
    reach = float(forecast.draws[name].max())
    shade_extrapolation(ax, float(run_values(fit.runs, name).max()), reach)
    shown = {group: looks[group] for group in targets}
    entries = _entries(shown, set(known) - set(targets), prob, forecast.discrepancy is not None)
    legend(ax, made, entries, _path_name(targets))
    titled(ax, f"Forecast by {_author(forecast.fit)}", forecast, made)
    return ax


def _author(fitted: Fitted) -> str:
    if isinstance(fitted, FitAverage) and len(fitted.fits) > 1:
        return f"an average of {counted(len(fitted.fits), 'fit')}"
    return leading(fitted).model.law.name


def _thinned(fitted: Fitted, number: int) -> Fitted:
    if isinstance(fitted, FitAverage):
        few = {name: thinned(fit, number) for name, fit in fitted.fits.items()}
        return replace(fitted, fits=few)
    return thinned(fitted, number)


def _targets(forecast: Forecast) -> dict[Group, xr.Dataset]:
    """Points of each group, the farthest last."""
    model = leading(forecast.fit).model
    labels = [forecast.draws[factor].values.astype(str) for factor in model.factors]
    groups = dict.fromkeys(zip(*labels, strict=True)) if labels else {(): None}
    return {
        group: in_group(forecast.draws, "point", group, model).sortby(horizontal(model))
        for group in groups
    }


def _entries(
    looks: dict[Group, Style], others: set[Group], prob: float | None, widened: bool
) -> list[Artist]:
    colour = colour_of(looks)
    bands = [
        band_entry(f"expected loss, {interval_label(share)}", colour, 0.5 if inner else 0.25)
        for inner, (share, _) in zip((True, False), reversed(_nested(prob)), strict=False)
    ]
    if widened:
        bands.append(band_entry(f"law alone, {interval_label(prob)}", colour, 0.75))
    run = line_entry(f"a new run, {interval_label(prob)}", colour, "--")
    target = point_entry("target", colour, "D")
    if () in looks:
        runs = [point_entry("runs", neutral())]
    else:
        runs = [point_entry("other runs", neutral())] if others else []
    return [*group_entries(looks), *runs, *bands, run, target]


def _path_name(targets: dict[Group, xr.Dataset]) -> str | None:
    """What the path of the fans is, where it is one and the same for all of them."""
    last = [of_group.isel(point=-1) for of_group in targets.values()]
    if not all({"params", "tokens"} <= set(point.coords) for point in last):
        return None
    ratios = {f"{float(point['tokens'] / point['params']):.3g}" for point in last}
    return f"at {ratios.pop()} tokens per parameter" if len(ratios) == 1 else None


def _draw_runs(
    ax: Axes, fit: ScalingFit, known: dict[Group, np.ndarray], looks: dict[Group, Style]
) -> None:
    x, loss = run_values(fit.runs, horizontal(fit.model)), fit.runs.values("loss")
    for group, rows in known.items():
        style = looks.get(group, Style(neutral()))
        name = f"runs, {group_name(group)}" if group else "runs"
        draw_runs(ax, x[rows], loss[rows], style, name)


def _draw_path(
    ax: Axes,
    fitted: Fitted,
    of_group: xr.Dataset,
    group: Group,
    style: Style,
    prob: float | None,
    new_levels: NewLevels,
    discrepancy: Discrepancy | None,
) -> None:
    fit = leading(fitted)
    name = horizontal(fit.model)
    target = of_group.isel(point=-1)
    start = min(run_values(fit.runs, name).min(), float(of_group[name].min()))
    grid = np.geomspace(start, float(target[name]), CURVE_POINTS)
    table = with_levels(_path(fitted, name, target, grid), group, fit.model)
    draws = _draws_along(fitted, table, new_levels, discrepancy)
    expected = draws["expected_loss"]
    ends = f", {group_name(group)}" if group else ""
    for share, alpha in _nested(prob):
        label = f"expected loss{ends}, {interval_label(share)}"
        draw_band(ax, grid, intervals(expected, share), style, label, alpha)
    if discrepancy is not None:
        law = intervals(expected / np.exp(draws["discrepancy"]), prob)
        draw_band(ax, grid, law, style, f"law alone{ends}, {interval_label(prob)}", LAW_ALPHA)
    run = intervals(draws["loss"], prob)
    label = f"a new run{ends}, {interval_label(prob)}"
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


def _draws_along(
    fitted: Fitted, table: pd.DataFrame, new_levels: NewLevels, discrepancy: Discrepancy | None
) -> xr.Dataset:
    """Draws of the forecast along a path."""
    seed = fitted.settings.seed
    if isinstance(fitted, FitAverage):
        places = average_points(fitted, {}, table, new_levels)
        return average_draws(fitted, places, new_levels, discrepancy, seed, _alike)
    where = points(fitted.model, fitted.runs, at=table, new_levels=new_levels)
    return forecast_draws(fitted, where, new_levels, discrepancy, seed, _alike)


def _nested(prob: float | None) -> Sequence[tuple[float, float]]:
    """Probabilities of the bands with their opacities, the widest first."""
    outer = interval_prob(prob)
    return [(outer, 0.25), (INNER_PROB, 0.3)] if outer > INNER_PROB else [(outer, 0.4)]


def _alike(
    posterior: xr.Dataset,
    model: ScalingModel,
    runs: Runs,
    expected: xr.DataArray,
    where: xr.Dataset,
    rng: np.random.Generator,
) -> xr.DataArray:
    """New runs whose scatter is the same all along a path, so that their interval has smooth ends.

    Every point starts from one seed that `rng` gives.
    """
    seed = int(rng.integers(2**31))
    losses = [
        new_runs(posterior, model, runs, at, where.isel(point=i), np.random.default_rng(seed))
        for i, at in enumerate(expected.transpose("point", ...))
    ]
    return expected.copy(data=np.stack([one.values for one in losses], axis=-1))


def _draw_targets(
    ax: Axes,
    name: str,
    of_group: xr.Dataset,
    group: Group,
    style: Style,
    prob: float | None,
    aside: float,
) -> None:
    place = beside(ax, aside)
    x = of_group[name].values
    for variable, width in (("loss", 1.0), ("expected_loss", 3.5)):
        ends = intervals(of_group[variable], prob)
        lower, upper = ends["lower"].values, ends["upper"].values
        ax.vlines(x, lower, upper, color=style.colour, linewidth=width, transform=place, zorder=4)
    ax.plot(
        x,
        intervals(of_group["expected_loss"], prob)["median"].values,
        linestyle="none",
        marker="D",
        markersize=5,
        color=style.colour,
        markeredgecolor=neutral(),
        markeredgewidth=0.7,
        transform=place,
        zorder=5,
        label=f"target, {group_name(group)}" if group else "target",
    )

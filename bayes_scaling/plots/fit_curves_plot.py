"""fit_curves: the runs, and the band of the expected loss that was fitted to them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from bayes_scaling.display.intervals import SAMPLE_DIMS, intervals
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.plots._canvas import (
    Style,
    draw_band,
    draw_runs,
    log_input_axis,
    log_loss_axis,
    neutral,
    one_axes,
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
from bayes_scaling.plots._sizes import MOST_SIZES, SizeColours, representative_sizes
from bayes_scaling.plots._sources import (
    CURVE_POINTS,
    Group,
    frontier,
    group_name,
    groups_of,
    horizontal,
    in_group,
    run_values,
    splits_compute,
    thinned,
    with_levels,
)
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN, format_count


def fit_curves(fit: ScalingFit, *, ax: Axes | None = None, prob: float | None = None) -> Axes:
    """Draw the runs and the credible band of the expected loss, by group.

    For a law of params and tokens: loss against compute. The band is the expected loss of the
    compute-optimal run, which runs should lie on or above; thin lines are the median expected
    loss at fixed model sizes, which runs of that size should lie on. Colour is the group, or the
    size in a model without groups. For a law of one input: loss against that input.

    Bands end where the runs of the group end; for what lies beyond, see :func:`forecast_fan`.
    With many groups every k-th draw is used.

    Parameters
    ----------
    fit : ScalingFit
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.
    prob : float, optional
        Probability of the band; ArviZ's ``rcParams["stats.ci_prob"]`` if not given.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ModelError
        The law has several inputs, and not params and tokens alone: see :func:`residuals`.
    """
    _check_inputs(fit)
    made = ax is None
    ax = one_axes(ax)
    groups = groups_of(fit.runs, fit.model)
    looks = styles(list(groups))
    one_input = len(fit.model.law.inputs) == 1
    for group, rows in groups.items():
        if one_input:
            _draw_curve(ax, fit, group, rows, looks[group], prob)
        elif group:
            _draw_group(ax, fit, group, rows, looks[group], prob)
        else:
            _draw_by_size(ax, fit, rows, prob)
    log_input_axis(ax.xaxis, horizontal(fit.model))
    log_loss_axis(ax, fit.runs)
    by_size = not one_input and () in groups
    # A colour bar is where a legend beside the axes would go; losses leave the top right free.
    legend(ax, made and not by_size, _entries(looks, one_input, by_size, prob))
    titled(ax, f"{fit.model.law.name} fitted to {len(fit.runs)} runs", fit, made)
    return ax


def _check_inputs(fit: ScalingFit) -> None:
    law = fit.model.law
    if len(law.inputs) > 1 and not splits_compute(fit.model):
        raise ModelError(
            f"fit_curves: {law.name} is a function of {', '.join(law.inputs)}, and one horizontal "
            "axis does not show how the loss depends on all of them. Use bs.plots.residuals, "
            "which works for every law."
        )


def _entries(
    looks: Mapping[Group, Style], one_input: bool, by_size: bool, prob: float | None
) -> list[Artist]:
    colour = neutral() if by_size else colour_of(looks)
    runs = [] if len(looks) > 1 else [point_entry("runs", colour)]
    what = "expected loss" if one_input else "expected loss if compute-optimal"
    band = band_entry(f"{what}, {interval_label(prob)}", colour)
    sizes = [] if one_input else [line_entry("median at one model size", colour, width=0.9)]
    return [*group_entries(looks), *runs, band, *sizes]


def _draw_curve(
    ax: Axes, fit: ScalingFit, group: Group, rows: np.ndarray, style: Style, prob: float | None
) -> None:
    """A law of one input."""
    [name] = fit.model.law.inputs
    values = fit.runs.values(name)[rows]
    grid = np.geomspace(values.min(), values.max(), CURVE_POINTS)
    table = with_levels(pd.DataFrame({name: grid}), group, fit.model)
    draws = thinned(fit, CURVE_POINTS).expected_loss(at=table)
    draw_runs(ax, values, fit.runs.values("loss")[rows], style, _named("runs", group))
    label = f"{_named('expected loss', group)}, {interval_label(prob)}"
    draw_band(ax, grid, intervals(draws, prob), style, label)


def _draw_group(
    ax: Axes, fit: ScalingFit, group: Group, rows: np.ndarray, style: Style, prob: float | None
) -> None:
    """One group of a pooled law of params and tokens, in the colour of the group."""
    flops = run_values(fit.runs, "flops")[rows]
    params = fit.runs.values("params")
    for size, of_size in representative_sizes(params, rows):
        _draw_size(ax, fit, group, size, of_size, style.colour)
    draw_runs(ax, flops, fit.runs.values("loss")[rows], style, _named("runs", group))
    _draw_frontier(ax, fit, group, flops, style, prob)


def _draw_by_size(ax: Axes, fit: ScalingFit, rows: np.ndarray, prob: float | None) -> None:
    """A law of params and tokens without groups, in the colours of model sizes."""
    flops, params = run_values(fit.runs, "flops"), fit.runs.values("params")
    colours = SizeColours(float(params.min()), float(params.max()))
    for size, of_size in representative_sizes(params, rows):
        _draw_size(ax, fit, (), size, of_size, colours.of(size))
    shades = colours.mappable.to_rgba(params)
    ax.scatter(flops, fit.runs.values("loss"), c=shades, s=16, linewidths=0, zorder=3, label="runs")
    colours.draw_bar(ax)
    _draw_frontier(ax, fit, (), flops, Style(neutral()), prob)


def _draw_frontier(
    ax: Axes, fit: ScalingFit, group: Group, flops: np.ndarray, style: Style, prob: float | None
) -> None:
    draws = frontier(fit, flops.min(), flops.max()).draws
    optimal = in_group(draws, "budget", group, fit.model)
    label = f"{_named('expected loss if compute-optimal', group)}, {interval_label(prob)}"
    ends = intervals(optimal["expected_loss"], prob)
    draw_band(ax, optimal["flops"].values, ends, style, label)


def _draw_size(
    ax: Axes, fit: ScalingFit, group: Group, size: float, of_size: np.ndarray, colour: str
) -> None:
    """Median at one model size over the compute of its runs."""
    flops = run_values(fit.runs, "flops")[of_size]
    grid = np.geomspace(flops.min(), flops.max(), CURVE_POINTS // 3)
    table = pd.DataFrame({"params": size, "tokens": grid / FLOPS_PER_PARAM_TOKEN / size})
    few = thinned(fit, MOST_SIZES * CURVE_POINTS)
    draws = few.expected_loss(at=with_levels(table, group, fit.model))
    median = draws.median(SAMPLE_DIMS).values
    label = _named(f"median at {format_count(size)} parameters", group)
    ax.plot(grid, median, color=colour, linewidth=0.9, zorder=2, label=label)


def _named(what: str, group: Group) -> str:
    return f"{what}, {group_name(group)}" if group else what

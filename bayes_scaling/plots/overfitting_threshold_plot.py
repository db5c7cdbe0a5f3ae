"""overfitting_threshold: tokens below which a model overfits, against its size."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from bayes_scaling.decisions.kaplan.limits import OverfittingThreshold
from bayes_scaling.decisions.point_results import BEYOND
from bayes_scaling.display.intervals import intervals
from bayes_scaling.plots import canvas, legends, sources

HEADROOM = 3.0
"""Factor beyond runs and medians up to which tokens are shown; a band may run off the page."""

APART = 4.0
"""Points between the runs of groups at one place."""

SOURCES = {
    "given": "as given",
    "noise_seed_sd": "the scatter of seeds",
    "noise_sd": "the scatter of runs",
}
"""Origin of the penalty in words, for the legend."""


def overfitting_threshold(
    result: OverfittingThreshold, *, ax: Axes | None = None, prob: float | None = None
) -> Axes:
    """Draw the tokens that a model needs for its overfitting to stay within the noise.

    Tokens against parameters: a run below the band has lost more to its limited data than the
    penalty allows. Points are the runs, in the colour of their group. Sizes asked for are marked.

    Parameters
    ----------
    result : OverfittingThreshold
        Of one size or several, which are joined by lines.
    ax, prob
        Axes, and the probability of the band, as for all plots (:mod:`bayes_scaling.plots`).

    Returns
    -------
    matplotlib.axes.Axes
    """
    made = ax is None
    ax = canvas.one_axes(ax)
    fit = result.fit
    looks = canvas.styles(sources.groups_drawn(result.draws, fit.model.factors))
    ax.set_yscale("log")
    _limit(ax, result)
    params, tokens = (fit.runs.values(name) for name in ("params", "tokens"))
    members = sources.groups_of(fit.runs, fit.model)
    for number, (group, style) in enumerate(looks.items()):
        draws = sources.in_group(result.draws, "point", group, fit.model.factors).sortby("params")
        _draw_threshold(ax, draws, style, group, prob)
        rows = members.get(group, np.zeros(len(fit.runs), dtype=bool))
        aside = APART * (number - (len(looks) - 1) / 2)
        points = canvas.draw_runs(ax, params[rows], tokens[rows], style)
        points.set(offset_transform=canvas.beside(ax, aside), gid="runs")
    canvas.log_input_axis(ax.xaxis, "params")
    canvas.log_input_axis(ax.yaxis, "tokens")
    colour = legends.colour_of(looks)
    band = legends.band_entry(legends.with_interval("threshold", prob), colour)
    entries = [*legends.group_entries(looks), band, legends.point_entry("runs", colour)]
    legends.legend(ax, made, entries, _penalty(result))
    canvas.titled(ax, f"Data below which models overfit by {fit.model.law.name}", fit, made)
    return ax


def _limit(ax: Axes, result: OverfittingThreshold) -> None:
    """Show all runs and medians, however far intervals reach."""
    median = result.draws["tokens"].median(("chain", "draw")).values
    shown = np.concatenate([result.fit.runs.values("tokens"), median[np.isfinite(median)]])
    ax.set_ylim(shown.min() / HEADROOM, shown.max() * HEADROOM)


def _penalty(result: OverfittingThreshold) -> str:
    """The loss that counts as overfitting, in words, and the reason for that much."""
    return (
        f"excess loss of {float(result.draws['penalty'].median()):.2g},\n"
        + (SOURCES[result.source])
    )


def _draw_threshold(
    ax: Axes, draws: xr.Dataset, style: canvas.Style, group: sources.Group, prob: float | None
) -> None:
    """Band, and bars at the sizes asked for; ends without limit are far above the page."""
    params, tokens = draws["params"].values, draws["tokens"]
    ends = intervals(tokens.where(~np.isinf(tokens), BEYOND), prob)
    top = 1e3 * ax.get_ylim()[1]
    shown = ends.clip(max=top)
    shown["median"] = ends["median"].where(ends["median"] < top)
    name = f"{sources.group_name(group) or 'threshold'}, {legends.interval_label(prob)}"
    canvas.draw_band(ax, params, shown, style, name)
    bars = ax.vlines(params, shown["lower"], shown["upper"], color=style.colour, zorder=2.7)
    bars.set(linewidth=0.8, gid="threshold bars")

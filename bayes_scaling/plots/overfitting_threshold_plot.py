"""overfitting_threshold: tokens below which a model overfits, against its size."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from bayes_scaling.decisions.kaplan.limits import OverfittingThreshold
from bayes_scaling.display.intervals import SAMPLE_DIMS, intervals
from bayes_scaling.plots import canvas, legends, marks, sources
from bayes_scaling.plots.asking import asked_kind

HEADROOM = 3.0
"""Factor beyond runs and medians up to which tokens are shown; a band may run off the page."""

SOURCES = {
    "given": "as given",
    "noise_seed_sd": "the scatter of seeds",
    "noise_sd": "the scatter of runs",
}
"""Origin of the penalty in words, for the legend."""


@asked_kind
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
    """
    sheet = canvas.Sheet.of(ax)
    ax, fit = sheet.ax, result.fit
    groups = sources.by_group(result.draws, fit.model.factors, "params")
    looks = canvas.styles(groups)
    ax.set_yscale("log")
    _limit(ax, result)
    params, tokens = (fit.runs.values(name) for name in ("params", "tokens"))
    members = sources.groups_of(fit.runs, fit.model)
    for group, style in looks.items():
        _draw_threshold(ax, groups[group], style, group, prob)
        rows = members.get(group, np.zeros(len(fit.runs), dtype=bool))
        points = marks.draw_runs(ax, params[rows], tokens[rows], style)
        points.set(offset_transform=marks.beside(ax, marks.APART * style.place), gid="runs")
    canvas.log_input_axis(ax.xaxis, "params")
    canvas.log_input_axis(ax.yaxis, "tokens")
    runs = legends.point_entry("runs", legends.colour_of(looks))
    sheet.legend(legends.entries(looks, "threshold", prob, runs), _penalty(result))
    sheet.title(f"Data below which models overfit by {fit.model.law.name}", fit)
    return ax


def _limit(ax: Axes, result: OverfittingThreshold) -> None:
    """Show all runs and medians, however far intervals reach."""
    median = result.draws["tokens"].median(SAMPLE_DIMS).values
    shown = np.concatenate([result.fit.runs.values("tokens"), median[np.isfinite(median)]])
    ax.set_ylim(shown.min() / HEADROOM, shown.max() * HEADROOM)


def _penalty(result: OverfittingThreshold) -> str:
    """The loss that counts as overfitting, in words, and the reason for that much."""
    excess = float(result.draws["penalty"].median())
    return f"excess loss of {excess:.2g},\n{SOURCES[result.source]}"


def _draw_threshold(
    ax: Axes, draws: xr.Dataset, style: canvas.Style, group: sources.Group, prob: float | None
) -> None:
    """Band, and bars at the sizes asked for; ends without limit are far above the page."""
    params, ends = draws["params"].values, intervals(draws["tokens"], prob)
    top = 1e3 * ax.get_ylim()[1]
    shown = ends.clip(max=top)
    shown["median"] = ends["median"].where(ends["median"] < top)
    name = legends.with_interval(sources.group_name(group) or "threshold", prob)
    marks.draw_band(ax, params, shown, style, name)
    marks.draw_bars(ax, params, shown, style, linewidth=0.8, zorder=2.7, gid="threshold bars")

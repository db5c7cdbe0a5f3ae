"""needed: the amount that reaches a loss, and the probability that none does."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from bayes_scaling.decisions.requirements import Needed
from bayes_scaling.display.intervals import SAMPLE_DIMS
from bayes_scaling.plots import canvas, legends, marks, sources
from bayes_scaling.plots.asking import asked_kind


@asked_kind
def needed(
    needed: Needed, *, ax: canvas.Panels | None = None, prob: float | None = None
) -> np.ndarray:
    """Draw the amount that reaches a loss, and the probability that none does.

    Two panels. Above, median and credible band of the amount; where a band runs off the page its
    end is infinite, since the floor of too many draws is above the target. A dotted line is the
    largest run. Below, the probability that no amount suffices.

    Parameters
    ----------
    needed : Needed
        Of several targets, which are joined by lines.
    ax, prob
        Axes, and the probability of the bands, as for all plots (:mod:`bayes_scaling.plots`).
    """
    sheet = canvas.Sheet.over_chance(ax, "that\nnone suffices")
    amount, chance = sheet.panels
    fit, of = needed.fit, needed.of
    amount.set_yscale("log")
    groups = sources.by_group(needed.draws, fit.model.factors, "loss")
    looks = canvas.styles(groups)
    for group, style in looks.items():
        draws = groups[group]
        _draw_amount(amount, draws, of, style, group)
        share = xr.ufuncs.isinf(draws[of]).mean(SAMPLE_DIMS)
        marks.draw_line(chance, draws["loss"], share, style, marker=style.marker)
    for group, style in looks.items():
        _draw_interval(amount, groups[group], of, style, group, prob)
    largest = _label_axes(sheet.panels, needed)
    sheet.legend(legends.entries(looks, f"{of} needed", prob, *largest))
    sheet.title(f"What a loss needs by {fit.model.law.name}", fit)
    return sheet.panels


def _label_axes(panels: np.ndarray, needed: Needed) -> list[Artist]:
    """Label the axes over all targets; return the entry of the largest run, where it is in view."""
    amount = panels[0]
    fit, of = needed.fit, needed.of
    largest = float(sources.run_values(fit.model, fit.runs, of).max())
    marks.draw_reference(amount, y=largest, gid="largest run")
    canvas.log_input_axis(amount.yaxis, of)
    for panel in panels:
        canvas.target_loss_axis(panel, needed.draws["loss"], fit.runs)
    low, high = amount.get_ylim()
    seen = low <= largest <= high
    return [legends.line_entry("largest run", canvas.neutral(), ":")] if seen else []


def _draw_amount(
    ax: Axes, draws: xr.Dataset, of: str, style: canvas.Style, group: sources.Group
) -> None:
    """Medians where they are finite; they set the range of the axis."""
    median = draws[of].median(SAMPLE_DIMS).values
    known = np.isfinite(median)
    line = marks.draw_line(ax, draws["loss"].values[known], median[known], style, zorder=3)
    line.set(marker=style.marker, markersize=4, label=sources.group_name(group) or "median")


def _draw_interval(
    ax: Axes,
    draws: xr.Dataset,
    of: str,
    style: canvas.Style,
    group: sources.Group,
    prob: float | None,
) -> None:
    ends, top = sources.ends_on_page(draws[of], prob)
    known = ends["lower"].values < sources.OFF_PAGE * top
    if not (known.any() and np.isfinite(top)):
        return
    low, high = ax.get_ylim()
    shown, label = ends.isel(point=known), legends.with_interval(of, prob, group)
    marks.draw_band(ax, draws["loss"].values[known], shown, style, label)
    ax.set(ylim=(min(low, float(ends["lower"].min())), max(high, 10 * top)))

"""needed: the amount that reaches a loss, against that loss, and whether any amount does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from bayes_scaling.decisions.requirements import Needed
from bayes_scaling.plots import canvas, legends, sources

MARGIN = 1.01
"""Factor by which the axes go beyond the targets."""


def needed(
    needed: Needed, *, ax: Sequence[Axes] | np.ndarray | None = None, prob: float | None = None
) -> np.ndarray:
    """Draw the amount that reaches a loss, over that loss, and how likely none does.

    Two panels. Above, median and credible band of the amount; where a band runs off the page its
    end is infinite, since the floor of too many draws is above the target. A dotted line is the
    largest run. Below, the probability that no amount suffices.

    Parameters
    ----------
    needed : Needed
        Of several targets, which are joined by lines.
    ax, prob
        Axes, and the probability of the bands, as for all plots (:mod:`bayes_scaling.plots`).

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes, two of them
    """
    made = ax is None
    amount, chance = panels = canvas.several_axes(ax, 2, columns=1, cell=(7.5, 2.8))
    fit, of = needed.fit, needed.of
    amount.set_yscale("log")
    looks = canvas.styles(sources.groups_drawn(needed.draws, fit.model.factors))
    for group, style in looks.items():
        draws = sources.in_group(needed.draws, "point", group, fit.model.factors).sortby("loss")
        _draw_amount(amount, draws, of, style, group)
        share = np.isinf(draws[of].values).mean((0, 1))
        chance.plot(
            draws["loss"], share, color=style.colour, linestyle=style.line, marker=style.marker
        )
    for group, style in looks.items():
        draws = sources.in_group(needed.draws, "point", group, fit.model.factors).sortby("loss")
        _draw_interval(amount, draws, of, style, prob)
    _finish(panels, needed)
    band = legends.band_entry(
        f"{of} needed, {legends.interval_label(prob)}", legends.colour_of(looks)
    )
    largest_run = legends.line_entry("largest run", canvas.neutral(), ":")
    legends.legend(amount, made, [*legends.group_entries(looks), band, largest_run])
    canvas.titled(amount, f"What a loss needs by {fit.model.law.name}", fit, made)
    return panels


def _finish(panels: np.ndarray, needed: Needed) -> None:
    """The largest run, and axes over all targets."""
    amount, chance = panels
    fit, of = needed.fit, needed.of
    largest = float(sources.run_values(fit.runs, of).max())
    amount.axhline(largest, color=canvas.neutral(), linewidth=0.8, linestyle=":", gid="largest run")
    canvas.log_input_axis(amount.yaxis, of)
    chance.set(
        ylim=(-0.04, 1.04),
        ylabel="probability that\nnone suffices",
        xlabel=canvas.loss_label(fit.runs),
    )
    amount.set_xlabel(canvas.loss_label(fit.runs))
    targets = needed.draws["loss"]
    ends = (float(targets.min()) / MARGIN, float(targets.max()) * MARGIN)
    for panel in panels:
        panel.set(xscale="log", xlim=ends)
        canvas.readable_log_ticks(panel.xaxis, canvas.format_number)


def _draw_amount(
    ax: Axes, draws: xr.Dataset, of: str, style: canvas.Style, group: sources.Group
) -> None:
    """Medians where they are finite; they set the range of the axis."""
    median = draws[of].median(("chain", "draw")).values
    known = np.isfinite(median)
    ax.plot(
        draws["loss"].values[known],
        median[known],
        color=style.colour,
        linestyle=style.line,
        marker=style.marker,
        markersize=4,
        label=", ".join(group) or "median",
        zorder=3,
    )


def _draw_interval(
    ax: Axes, draws: xr.Dataset, of: str, style: canvas.Style, prob: float | None
) -> None:
    ends, top = sources.ends_on_page(draws[of], prob)
    known = ends["lower"].values < sources.OFF_PAGE * top
    if not (known.any() and np.isfinite(top)):
        return
    low, high = ax.get_ylim()
    shown, label = ends.isel(point=known), legends.with_interval(of, prob)
    canvas.draw_band(ax, draws["loss"].values[known], shown, style, label)
    ax.set(ylim=(min(low, float(ends["lower"].min())), max(high, 10 * top)))

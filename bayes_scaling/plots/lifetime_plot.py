"""lifetime: the model that is cheapest to train and serve, beside the compute-optimal one."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from bayes_scaling.decisions.lifetime import LifetimeAllocation
from bayes_scaling.display.intervals import intervals
from bayes_scaling.plots import canvas, legends, marks, sources
from bayes_scaling.plots.asking import asked_kind

PANELS = ("params", "tokens", "saving")

MARGIN = 2.0
"""Factor by which the horizontal axis goes beyond the sizes and budgets asked for."""


@asked_kind
def lifetime(
    result: LifetimeAllocation, *, ax: canvas.Panels | None = None, prob: float | None = None
) -> np.ndarray:
    """Draw the model that is cheapest over its life beside the compute-optimal one.

    Three panels against the quality that was asked for: parameters and training tokens of both
    models, which reach the same loss, and the share of the lifetime cost that the first saves.
    Filled marks are the cheapest model, hollow ones the compute-optimal; bars are credible
    intervals, set apart sideways. Without a bar, its quantity was given.

    Parameters
    ----------
    result : LifetimeAllocation
        Of one quality or several, which are joined by lines.
    ax, prob
        Axes, and the probability of the bars, as for all plots (:mod:`bayes_scaling.plots`).
    """
    sheet = canvas.Sheet.of(ax, len(PANELS), columns=3, cell=(4.2, 3.6))
    fit, asked = result.fit, _asked(result.draws)
    groups = sources.by_group(result.draws, fit.model.factors, asked)
    looks = canvas.styles(groups)
    for panel in sheet.panels[:2]:
        panel.set_yscale("log")
    for group, style in looks.items():
        for panel, quantity in zip(sheet.panels, PANELS, strict=True):
            _draw_plans(panel, groups[group], (asked, quantity), style, prob)
    _label_axes(sheet.panels, result, asked)
    plans = _plan_entries(legends.colour_of(looks), prob)
    sheet.legend([*legends.group_entries(looks), *plans], panel=-1)
    sheet.title(f"Cheapest model over its life by {fit.model.law.name}", fit, 110)
    return sheet.panels


def _asked(draws: xr.Dataset) -> str:
    """Name of the quality that was asked for."""
    names = ("optimal_params", "optimal_flops", "target_loss")
    return next(name for name in names if name in draws.coords)


def _draw_plans(
    ax: Axes, draws: xr.Dataset, names: tuple[str, str], style: canvas.Style, prob: float | None
) -> None:
    """A quantity of the cheapest model, and beside it of the optimal one, if that has it."""
    asked, quantity = names
    middle = 2 * marks.APART * style.place
    x, ends = draws[asked].values, intervals(draws[quantity], prob)
    reference = f"reference_{quantity}"
    if reference not in draws:
        _draw_plan(ax, x, ends, style, middle)
        return
    optimal = intervals(draws[reference], prob)
    _draw_plan(ax, x, optimal, style, middle - marks.APART / 2, hollow=True)
    _draw_plan(ax, x, ends, style, middle + marks.APART / 2)


def _plan_entries(colour: str, prob: float | None) -> list[Artist]:
    """Legend entries of filled and hollow marks."""
    said = legends.with_interval("cheapest to train\nand serve", prob)
    cheapest = legends.point_entry(said, colour)
    optimum = legends.point_entry(f"compute-optimal,\n{legends.interval_label(prob)}", colour)
    optimum.set(markerfacecolor="none")
    return [cheapest, optimum]


def _draw_plan(
    ax: Axes,
    x: np.ndarray,
    ends: xr.Dataset,
    style: canvas.Style,
    aside: float,
    hollow: bool = False,
) -> None:
    """Medians with bars."""
    # What is moved sideways does not count when axes are scaled.
    for name in ("lower", "upper"):
        ax.update_datalim(np.column_stack([x, ends[name]]))
    gid = "compute-optimal bars" if hollow else "bars"
    marks.draw_bars(ax, x, ends, style, aside, zorder=3, gid=gid)
    line = marks.draw_line(ax, x, ends["median"], style, linewidth=0.8, marker=style.marker)
    line.set(markersize=5, transform=marks.beside(ax, aside), zorder=4)
    if hollow:
        line.set(linestyle=":", markerfacecolor=ax.get_facecolor())
    line.set_gid("compute-optimal" if hollow else "cheapest")


def _label_axes(panels: np.ndarray, result: LifetimeAllocation, asked: str) -> None:
    """Axes: the quality across, quantities up."""
    values = result.draws[asked].values
    for panel, quantity in zip(panels, PANELS, strict=True):
        if asked == "target_loss":
            canvas.target_loss_axis(panel, values, result.fit.runs)
        else:
            panel.set_xlim(values.min() / MARGIN, values.max() * MARGIN)
            name = asked.removeprefix("optimal_")
            canvas.log_input_axis(panel.xaxis, name)
            panel.set_xlabel(f"{canvas.input_label(name)},\ncompute-optimal model of that quality")
        if quantity == "saving":
            panel.yaxis.set_major_formatter(PercentFormatter(1.0))
            panel.set(ylabel="share of lifetime cost saved")
            panel.set_ylim(bottom=min(0.0, panel.get_ylim()[0]))
        else:
            canvas.log_input_axis(panel.yaxis, quantity)

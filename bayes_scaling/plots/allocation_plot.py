"""allocation: the compute-optimal parameters, tokens and their ratio against compute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from bayes_scaling.decisions.allocation import Allocation
from bayes_scaling.display.intervals import intervals
from bayes_scaling.fitting.average import single
from bayes_scaling.plots import canvas, legends, sources

QUANTITIES = ("params", "tokens", "tokens_per_param")

APART = 6.0
"""Points between the bars of groups at one budget."""


def allocation(
    allocation: Allocation,
    *,
    ax: Sequence[Axes] | np.ndarray | None = None,
    prob: float | None = None,
) -> np.ndarray:
    """Draw the optimal split of compute from the runs out to the largest budget.

    Three panels: parameters, training tokens and tokens per parameter of the run with the least
    expected loss, against compute. Bands run on over all compute between; budgets asked for are
    marked with error bars; what lies beyond the largest run is shaded. Points are the runs, which
    show whether the optimum lies among the sizes that were tried.

    Bands of many groups are made of every k-th draw; those of a law without a closed form of its
    optimum from about a thousand, at twelve budgets.

    Parameters
    ----------
    allocation : Allocation
    ax, prob
        Axes, and the probability of bands and bars, as for all plots (:mod:`bayes_scaling.plots`).

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes, three of them
    """
    made = ax is None
    panels = canvas.several_axes(ax, len(QUANTITIES), columns=3, cell=(4.2, 3.6))
    fit, budgets, unit = single(allocation.fit), allocation.draws, allocation.cost.unit
    spent = sources.run_budgets(fit.runs, allocation.cost)
    reach = _reach(allocation, spent)
    between = sources.frontier(fit, *reach, allocation).draws
    looks = canvas.styles(sources.groups_drawn(budgets, fit.model.factors))
    for panel, quantity in zip(panels, QUANTITIES, strict=True):
        canvas.draw_background(panel, spent, sources.run_values(fit.runs, quantity))
        for number, (group, style) in enumerate(looks.items()):
            on_curve = sources.in_group(between, "budget", group, fit.model.factors)
            asked = sources.in_group(budgets, "budget", group, fit.model.factors)
            _draw_band(panel, on_curve, (unit, quantity), group, style, prob)
            aside = APART * (number - (len(looks) - 1) / 2)
            _draw_budgets(panel, asked, (unit, quantity), style, prob, aside)
        canvas.log_input_axis(panel.xaxis, unit)
        canvas.log_input_axis(panel.yaxis, quantity)
        canvas.shade_extrapolation(panel, float(spent.max()), reach[1], _word_at(quantity))
    band = legends.band_entry(legends.with_interval("optimum", prob), legends.colour_of(looks))
    runs = legends.point_entry("runs", canvas.neutral(), ".")
    legends.legend(panels[-1], made, [*legends.group_entries(looks), band, runs])
    canvas.titled(panels[0], f"Compute-optimal allocation by {fit.model.law.name}", fit, made, 110)
    return panels


def _word_at(quantity: str) -> Literal["top", "bottom"]:
    """The end of a panel that its curves leave free."""
    return "top" if quantity == "tokens_per_param" else "bottom"


def _reach(allocation: Allocation, spent: np.ndarray) -> tuple[float, float]:
    """The budgets that bands run over: within limits, only those that can be spent for certain."""
    asked = allocation.draws[allocation.cost.unit]
    low, high = float(asked.min()), float(asked.max())
    if allocation.constraints.given:
        return low, high
    return min(low, float(spent.min())), max(high, float(spent.max()))


def _draw_band(
    ax: Axes,
    between: xr.Dataset,
    names: tuple[str, str],
    group: sources.Group,
    style: canvas.Style,
    prob: float | None,
) -> None:
    name = sources.group_name(group) if group else "optimum"
    unit, quantity = names
    ends = intervals(between[quantity], prob)
    canvas.draw_band(
        ax, between[unit].values, ends, style, f"{name}, {legends.interval_label(prob)}"
    )


def _draw_budgets(
    ax: Axes,
    asked: xr.Dataset,
    names: tuple[str, str],
    style: canvas.Style,
    prob: float | None,
    aside: float,
) -> None:
    unit, quantity = names
    ends = intervals(asked[quantity], prob)
    place = canvas.beside(ax, aside)
    lower, upper = ends["lower"].values, ends["upper"].values
    bars = ax.vlines(asked[unit].values, lower, upper, color=style.colour, transform=place)
    bars.set(zorder=4, gid="budget bars")
    marks = canvas.draw_marks(ax, asked[unit].values, ends["median"].values, style, place)
    marks.set_gid("budgets")

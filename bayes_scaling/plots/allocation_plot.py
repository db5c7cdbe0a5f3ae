"""allocation: the compute-optimal parameters, tokens and their ratio against compute."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from bayes_scaling.decisions.allocation import Allocation
from bayes_scaling.display.intervals import intervals
from bayes_scaling.fitting.average import single
from bayes_scaling.model.inputs import input_values
from bayes_scaling.plots import canvas, legends, marks, sources
from bayes_scaling.plots.asking import asked_kind

QUANTITIES = ("params", "tokens", "tokens_per_param")


@asked_kind
def allocation(
    allocation: Allocation, *, ax: canvas.Panels | None = None, prob: float | None = None
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
    """
    sheet = canvas.Sheet.of(ax, len(QUANTITIES), columns=3, cell=(4.2, 3.6))
    fit, unit = single(allocation.fit), allocation.cost.unit
    spent = sources.run_budgets(fit.runs, allocation.cost)
    reach = _reach(allocation, spent)
    budgets = sources.by_group(allocation.draws, fit.model.factors)
    between = sources.by_group(sources.frontier(fit, *reach, allocation).draws, fit.model.factors)
    looks = canvas.styles(budgets)
    for panel, quantity in zip(sheet.panels, QUANTITIES, strict=True):
        marks.draw_background(panel, spent, input_values(fit.runs, quantity))
        for group, style in looks.items():
            label = legends.with_interval(sources.group_name(group) or "optimum", prob)
            ends = intervals(between[group][quantity], prob)
            marks.draw_band(panel, between[group][unit].values, ends, style, label)
            asked = intervals(budgets[group][quantity], prob)
            _draw_budgets(panel, budgets[group][unit].values, asked, style)
        # Bars of many groups stand beside each other, and all within the frame.
        panel.margins(x=min(0.03 * (1 + len(looks)), 0.15))
        canvas.log_input_axis(panel.xaxis, unit)
        canvas.log_input_axis(panel.yaxis, quantity)
        free: marks.End = "top" if quantity == "tokens_per_param" else "bottom"
        marks.shade_extrapolation(panel, float(spent.max()), reach[1], free)
    runs = legends.point_entry("runs", canvas.neutral(), ".")
    sheet.legend(legends.entries(looks, "optimum", prob, runs), panel=-1)
    sheet.title(f"Compute-optimal allocation by {fit.model.law.name}", fit, 110)
    return sheet.panels


def _reach(allocation: Allocation, spent: np.ndarray) -> tuple[float, float]:
    """Range of budgets of the bands; under constraints only that of the budgets asked for."""
    asked = allocation.draws[allocation.cost.unit]
    low, high = float(asked.min()), float(asked.max())
    if allocation.constraints.given:
        return low, high
    return min(low, float(spent.min())), max(high, float(spent.max()))


def _draw_budgets(ax: Axes, x: np.ndarray, ends: xr.Dataset, style: canvas.Style) -> None:
    """Optima of the budgets asked for, with their intervals."""
    aside = marks.APART * style.place
    marks.draw_bars(ax, x, ends, style, aside, gid="budget bars")
    marks.draw_marks(ax, x, ends["median"].values, style, aside).set_gid("budgets")

"""fit_curves: the runs, and the band of the expected loss that was fitted to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from bayes_scaling.display.intervals import SAMPLE_DIMS, intervals
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.laws.law import SPLIT
from bayes_scaling.plots import canvas, legends, marks, sizes, sources
from bayes_scaling.plots.asking import asked_kind
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN, format_count


@asked_kind
def fit_curves(fit: ScalingFit, *, ax: Axes | None = None, prob: float | None = None) -> Axes:
    """Draw the runs and the credible band of the expected loss, by group.

    For a law of params and tokens: loss against compute. The band is the expected loss of the
    compute-optimal run, which runs should lie on or above; thin lines are the median expected
    loss at fixed model sizes, which runs of that size should lie on. Colour is the group, or the
    size in a model without groups. For a law of one input: loss against that input. Of another
    response than a loss there is no compute-optimal run: bands are those of the model sizes.

    Bands end where the runs of the group end; for what lies beyond, see :func:`forecast_fan`.
    With many groups every k-th draw is used.

    Parameters
    ----------
    fit : ScalingFit
    ax, prob
        Axes, and the probability of the band, as for all plots (:mod:`bayes_scaling.plots`).

    Raises
    ------
    ModelError
        The law has several inputs, and not params and tokens alone: see :func:`residuals`.
    """
    _check_inputs(fit)
    sheet = canvas.Sheet.of(ax)
    ax = sheet.ax
    groups = sources.groups_of(fit.runs, fit.model)
    looks = canvas.styles(groups)
    one_input = len(fit.model.law.inputs) == 1
    drawing = _Drawing(ax, fit, prob)
    for group, rows in groups.items():
        if one_input:
            drawing.curve(group, rows, looks[group])
        elif group:
            drawing.sizes_of(group, rows, looks[group])
        else:
            drawing.all_sizes(rows)
    canvas.log_input_axis(ax.xaxis, sources.horizontal(fit.model))
    canvas.log_loss_axis(ax, fit.runs)
    by_size = not one_input and () in groups
    # A colour bar is where a legend beside the axes would go; losses leave the top right free.
    beside = replace(sheet, made=sheet.made and not by_size)
    beside.legend(_entries(fit, looks, prob))
    sheet.title(f"{fit.model.law.name} fitted to {len(fit.runs)} runs", fit)
    return ax


def _check_inputs(fit: ScalingFit) -> None:
    law = fit.model.law
    if len(law.inputs) > 1 and not set(law.inputs) <= SPLIT:
        raise ModelError(
            f"fit_curves: {law.name} is a function of {', '.join(law.inputs)}, and one horizontal "
            "axis does not show how the loss depends on all of them. Use bs.plots.residuals, "
            "which works for every law."
        )


def _entries(
    fit: ScalingFit, looks: Mapping[sources.Group, canvas.Style], prob: float | None
) -> list[Artist]:
    one_input = len(fit.model.law.inputs) == 1
    by_size = not one_input and () in looks
    colour = canvas.neutral() if by_size else legends.colour_of(looks)
    runs = [] if len(looks) > 1 else [legends.point_entry("runs", colour)]
    of = " if compute-optimal" if _has_frontier(fit) else ""
    what = f"{canvas.expected_label(fit.runs)}{of}"
    band = legends.band_entry(legends.with_interval(what, prob), colour)
    sizes = [] if one_input else [legends.line_entry("median at one model size", colour, width=0.9)]
    return [*legends.group_entries(looks), *runs, band, *sizes]


def _has_frontier(fit: ScalingFit) -> bool:
    """True if there is a run of least expected loss at each compute."""
    return len(fit.model.law.inputs) > 1 and fit.runs.response == "loss"


@dataclass(frozen=True)
class _Drawing:
    """Drawing of a fit on its axes, group by group."""

    ax: Axes
    fit: ScalingFit
    prob: float | None

    def curve(self, group: sources.Group, rows: np.ndarray, style: canvas.Style) -> None:
        """A law of one input."""
        fit = self.fit
        [name] = fit.model.law.inputs
        values = fit.runs.values(name)[rows]
        grid = np.geomspace(values.min(), values.max(), sources.CURVE_POINTS)
        table = sources.with_levels(pd.DataFrame({name: grid}), group, fit.model)
        draws = sources.thinned(fit, sources.CURVE_POINTS).expected_loss(at=table)
        self._runs(values, group, rows, style)
        self._band(grid, draws, canvas.expected_label(fit.runs), group, style)

    def sizes_of(self, group: sources.Group, rows: np.ndarray, style: canvas.Style) -> None:
        """One group of a pooled law of params and tokens, in the colour of the group."""
        flops = sources.run_values(self.fit.model, self.fit.runs, "flops")[rows]
        params = self.fit.runs.values("params")
        for size, of_size in sizes.representative_sizes(params, rows):
            self._size(group, size, of_size, style.colour)
        self._runs(flops, group, rows, style)
        self._frontier(group, flops, style)

    def all_sizes(self, rows: np.ndarray) -> None:
        """A law of params and tokens without groups, in the colours of model sizes."""
        fit, ax = self.fit, self.ax
        flops, params = sources.run_values(fit.model, fit.runs, "flops"), fit.runs.values("params")
        colours = sizes.size_colours(params)
        for size, of_size in sizes.representative_sizes(params, rows):
            self._size((), size, of_size, colours.to_rgba(np.array(size)))
        shades, loss = colours.to_rgba(params), fit.runs.values("loss")
        ax.scatter(flops, loss, c=shades, s=16, linewidths=0, zorder=3, label="runs")
        if np.ptp(params) > 0:
            bar = ax.figure.colorbar(colours, ax=ax, label="parameters")
            canvas.readable_log_ticks(bar.ax.yaxis, format_count)
        self._frontier((), flops, canvas.Style(canvas.neutral()))

    def _runs(
        self, x: np.ndarray, group: sources.Group, rows: np.ndarray, style: canvas.Style
    ) -> None:
        loss = self.fit.runs.values("loss")[rows]
        marks.draw_runs(self.ax, x, loss, style, sources.named("runs", group))

    def _band(
        self, x: Any, draws: xr.DataArray, what: str, group: sources.Group, style: canvas.Style
    ) -> None:
        label = legends.with_interval(what, self.prob, group)
        marks.draw_band(self.ax, x, intervals(draws, self.prob), style, label)

    def _frontier(self, group: sources.Group, flops: np.ndarray, style: canvas.Style) -> None:
        if not _has_frontier(self.fit):
            return
        draws = sources.frontier(self.fit, flops.min(), flops.max()).draws
        optimal = sources.by_group(draws, self.fit.model.factors)[group]
        what = "expected loss if compute-optimal"
        self._band(optimal["flops"].values, optimal["expected_loss"], what, group, style)

    def _size(self, group: sources.Group, size: float, of_size: np.ndarray, colour: Any) -> None:
        """Median at one size over the compute of its runs; its band where no other is drawn."""
        fit, ax = self.fit, self.ax
        flops = sources.run_values(fit.model, fit.runs, "flops")[of_size]
        grid = np.geomspace(flops.min(), flops.max(), sources.CURVE_POINTS // 3)
        table = pd.DataFrame({"params": size, "tokens": grid / FLOPS_PER_PARAM_TOKEN / size})
        few = sources.thinned(fit, sizes.MOST_SIZES * sources.CURVE_POINTS)
        draws = few.expected_loss(at=sources.with_levels(table, group, fit.model))
        if not _has_frontier(fit):
            ends, look = intervals(draws, self.prob), {"color": colour, "alpha": 0.25}
            ax.fill_between(grid, ends["lower"], ends["upper"], linewidth=0, **look)
        median = draws.median(SAMPLE_DIMS).values
        label = sources.named(f"median at {format_count(size)} parameters", group)
        ax.plot(grid, median, color=colour, linewidth=0.9, zorder=2, label=label)

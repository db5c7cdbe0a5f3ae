"""loss_curves: the loss along runs of several schedules, with the curves observed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from bayes_scaling.display.intervals import intervals
from bayes_scaling.display.wording import tellable
from bayes_scaling.plots.asking import asked_kind
from bayes_scaling.plots.canvas import Sheet, neutral, styles
from bayes_scaling.plots.legends import band_entry, line_entry, point_entry, with_interval
from bayes_scaling.plots.marks import draw_band
from bayes_scaling.schedules import CurveForecast, Curves
from bayes_scaling.schedules.sums import POINT
from bayes_scaling.units import format_count

SHOWN = 60
"""Points of an observed curve that are drawn at the most."""


@asked_kind
def loss_curves(
    forecast: CurveForecast,
    *,
    observed: Curves | None = None,
    ax: Axes | None = None,
    prob: float | None = None,
) -> Axes:
    """Draw the loss along runs of each schedule of a forecast, and the curves that were fitted.

    Bands hold the loss of a new run, lines are their medians. Fitted curves are grey points.

    Parameters
    ----------
    forecast : CurveForecast
    observed : Curves, optional
        Losses that such runs then had, drawn in the colour of the schedule of that name.
    ax, prob
        Axes, and the probability of the bands, as for all plots (:mod:`bayes_scaling.plots`).
    """
    sheet = Sheet.of(ax)
    ax = sheet.ax
    names = forecast.draws["schedule"].to_numpy()
    looks = styles(forecast.schedules)
    for name, look in looks.items():
        of_one = forecast.draws.isel({POINT: np.flatnonzero(names == name)})
        ends = intervals(of_one["loss"], prob)
        draw_band(ax, of_one["step"].to_numpy(), ends, look, name)
    colours = {name: look.colour for name, look in looks.items()}
    _draw_points(ax, forecast.fit.curves, dict.fromkeys(forecast.fit.curves.names, neutral()))
    if observed is not None:
        _draw_points(ax, observed, colours)
    ax.set(xlabel="step", ylabel="loss (nats per token)")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_count(value)))
    shown = zip(tellable(looks), looks.values(), strict=True)
    entries = [line_entry(name, look.colour, look.line) for name, look in shown]
    band = band_entry(with_interval("a new run", prob), neutral())
    sheet.legend([*entries, band, point_entry("fitted curves", neutral())])
    sheet.title(f"Loss curves by {type(forecast.fit.law).__name__}", forecast)
    return ax


def _draw_points(ax: Axes, curves: Curves, colours: Mapping[str, str]) -> None:
    for name in filter(colours.__contains__, curves.names):
        of_one: pd.DataFrame = curves.table[curves.table["curve"] == name]
        rows = np.unique(np.linspace(0, len(of_one) - 1, SHOWN).astype(int))
        shown = of_one.iloc[rows]
        ax.scatter(shown["step"], shown["loss"], s=5, color=colours[name], linewidths=0, zorder=3)

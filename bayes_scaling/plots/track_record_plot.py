"""track_record: runs in the intervals that were sealed before they were made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from bayes_scaling.display.intervals import interval_percent
from bayes_scaling.errors import SealError
from bayes_scaling.plots.asking import asked_kind
from bayes_scaling.plots.canvas import COLOURS, WARNING_COLOUR, Sheet
from bayes_scaling.plots.marks import draw_reference
from bayes_scaling.validation.track_record import TrackRecord

ROW = 0.32
"""Inches of a figure for each run."""


@asked_kind
def track_record(record: TrackRecord, *, ax: Axes | None = None, prob: float | None = None) -> Axes:
    """Draw each run that was made, in the interval of the loss that was predicted for it.

    One row for each run, in the order of sealing: the interval about the median of the forecast,
    and the run. For losses all are relative to that median. A run outside its interval is orange.

    Parameters
    ----------
    record : TrackRecord
    ax, prob
        Axes, and the probability of the intervals, as for all plots (:mod:`bayes_scaling.plots`).

    Raises
    ------
    SealError
        No run that was forecast has been made.
    """
    table = record.table(prob).dropna(subset="observed")
    if table.empty:
        raise SealError(
            "track_record: none of the runs that were forecast has been made, so there is nothing "
            "to draw. Score the forecasts when there is a loss: bs.score(folder, {'name': 2.1})."
        )
    sheet = Sheet.of(ax, cell=(8.5, 1.4 + ROW * len(table)))
    ax = sheet.ax
    rows, inside = np.arange(len(table)), table["inside"].to_numpy(bool)
    responses = {one.response for one in record.forecasts.values()}
    response = responses.pop() if len(responses) == 1 else "response"
    relative = response == "loss"
    lower, upper, observed = (
        table[name] / table["median"] - 1 if relative else table[name] - table["median"]
        for name in ("lower", "upper", "observed")
    )
    share = f"{interval_percent(prob)} interval"
    ax.hlines(rows, lower, upper, COLOURS[0], linewidth=5, alpha=0.35, label=share, gid="interval")
    draw_reference(ax, x=0.0, label="median of the forecast")
    _draw_runs(ax, observed, rows, inside)
    ax.set_title(f"{inside.sum()} of {len(table)} runs in their {share}", fontsize="medium")
    _label(ax, _labels(table.index), response)
    sheet.legend()
    return ax


def _draw_runs(ax: Axes, observed: pd.Series[float], rows: np.ndarray, inside: np.ndarray) -> None:
    for there, name, colour, marker in (
        (inside, "inside", COLOURS[0], "o"),
        (~inside, "outside", WARNING_COLOUR, "D"),
    ):
        if there.any():
            dots = ax.scatter(observed[there], rows[there], color=colour, marker=marker, s=26)
            dots.set(zorder=3, label=f"run {name}", gid=name)


def _label(ax: Axes, labels: list[str], response: str) -> None:
    """Rows by their names, the first on top, and the axis of what is left."""
    ax.set_yticks(range(len(labels)), labels, fontsize="small")
    ax.invert_yaxis()
    ax.set_xlabel(f"{response} less the median of its forecast")
    if response == "loss":
        ax.xaxis.set_major_formatter(PercentFormatter(1.0))


def _labels(index: pd.Index[Any]) -> list[str]:
    """The forecast, and the run where it is of several."""
    several = index.get_level_values("forecast").duplicated(keep=False)
    return [
        f"{forecast}: {run}" if more else str(forecast)
        for (forecast, run), more in zip(index, several, strict=True)
    ]

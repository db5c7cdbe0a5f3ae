"""residuals: distance of each run from its expected loss, for a law of any inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from bayes_scaling.display.intervals import SAMPLE_DIMS, intervals
from bayes_scaling.fitting.posterior import new_runs
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.as_points import run_points
from bayes_scaling.model.inputs import input_values
from bayes_scaling.model.points import points
from bayes_scaling.plots import canvas, legends, marks, sources
from bayes_scaling.plots.asking import asked_kind

BAND_POINTS = 40
"""Runs at which the band of scatter is worked out, evenly among them."""


@asked_kind
def residuals(
    fit: ScalingFit,
    *,
    against: str | None = None,
    ax: Axes | None = None,
    prob: float | None = None,
) -> Axes:
    """Draw the distance of each run from its expected loss, in per cent of that.

    A trend, or a group on one side of zero, is a way in which the law is wrong. The band is where
    runs are to be expected from their scatter alone. Responses other than a loss are drawn as
    differences. With very many runs every k-th draw is used.

    Parameters
    ----------
    fit : ScalingFit
    against : str, optional
        The input to draw against; compute, or the law's first input, if not given.
    ax, prob
        Axes, and the probability of the band, as for all plots (:mod:`bayes_scaling.plots`).

    Raises
    ------
    RunsError
        The runs have no input `against`.
    """
    name = sources.horizontal(fit.model) if against is None else against
    values = input_values(fit.runs, name)
    sheet = canvas.Sheet.of(ax)
    ax = sheet.ax
    few = sources.thinned(fit, len(fit.runs))
    expected = few.expected_loss(at=run_points(fit.model, fit.runs))
    off = _off(fit, fit.runs.values("loss"), expected.median(SAMPLE_DIMS).values)
    groups = sources.groups_of(fit.runs, fit.model)
    looks = canvas.styles(groups)
    names = sources.group_names(groups)
    for group, rows in groups.items():
        label = sources.named("runs", (names[group],) if group else ())
        marks.draw_runs(ax, values[rows], off[rows], looks[group], label)
    _draw_scatter(ax, few, expected, values, prob)
    ax.set_ylabel(_off_label(fit))
    canvas.log_input_axis(ax.xaxis, name)
    sheet.legend()
    sheet.title(f"Runs about {fit.model.law.name}", fit)
    return ax


def _off(fit: ScalingFit, observed: Any, expected: Any) -> Any:
    return 100 * (observed / expected - 1) if fit.runs.response == "loss" else observed - expected


def _off_label(fit: ScalingFit) -> str:
    if fit.runs.response == "loss":
        return "observed loss relative to expected (%)"
    return f"observed minus expected {fit.runs.response}"


def _draw_scatter(
    ax: Axes, fit: ScalingFit, expected: xr.DataArray, values: np.ndarray, prob: float | None
) -> None:
    """Band of new runs about the expected loss, at some of the runs in the order of `values`.

    The scatter of a draw is the same at all of them, so that the ends of the band are smooth.
    """
    order = np.argsort(values)
    chosen = order[np.linspace(0, len(order) - 1, min(BAND_POINTS, len(order))).round().astype(int)]
    where = points(fit.model, fit.runs, at=run_points(fit.model, fit.runs).iloc[chosen])
    off = []
    for number, run in enumerate(chosen):
        rng, at = np.random.default_rng(fit.settings.seed), where.isel(point=number)
        middle = expected.isel(point=run)
        loss = new_runs(fit.posterior, fit.model, fit.runs, middle, at, rng)
        off.append(_off(fit, loss, middle).reset_coords(drop=True))
    ends = intervals(xr.concat(off, "point"), prob)
    band = ax.fill_between(values[chosen], ends["lower"], ends["upper"], color=canvas.neutral())
    label = legends.with_interval("scatter of a run", prob)
    band.set(alpha=0.12, linewidth=0, zorder=0, label=label)
    marks.draw_reference(ax, y=0.0, line="--")

"""shrinkage: the levels of a factor, and their pull towards the typical value."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from bayes_scaling.display.intervals import intervals
from bayes_scaling.display.wording import counted, listed, tellable
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting.posterior import parameters_at
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.hierarchy import NewLevels
from bayes_scaling.model.inputs import scales
from bayes_scaling.plots import canvas, legends, marks
from bayes_scaling.plots.asking import asked_kind

POOLED, UNPOOLED = canvas.COLOURS[0], canvas.COLOURS[-1]
ROW_HEIGHT = 0.5
LIFT = 0.3
"""Rows by which the estimate of a level alone is drawn above the pooled one."""

ANY_LEVEL = ("",)
"""The label of no level that was fitted."""


@asked_kind
def shrinkage(
    fit: ScalingFit,
    parameter: str | None = None,
    *,
    by: str | None = None,
    unpooled: Mapping[str, ScalingFit] | None = None,
    ax: Axes | None = None,
    prob: float | None = None,
) -> Axes:
    """Draw a varying parameter in each level of a factor, beside its typical value.

    Each level has its pooled estimate with interval and its number of runs. The line and the band
    about it are the typical value; the wide pale band is where a level not yet seen would lie,
    which is the spread between levels. Arrows lead from estimates of each level alone, where
    given, to the pooled ones.

    Parameters
    ----------
    fit : ScalingFit
        Of a pooled model.
    parameter : str, optional
        A parameter of the law that varies, the first of them if not given; in paper units.
    by : str, optional
        The factor, if the parameter varies by several. Other factors are then at no offset.
    unpooled : mapping of str to ScalingFit, optional
        For some levels, the same law fitted to the runs of that level alone.
    ax, prob
        Axes, and the probability of the intervals, as for all plots (:mod:`bayes_scaling.plots`).

    Raises
    ------
    ModelError
        The parameter does not vary, or by several factors and `by` does not say which; an
        unpooled fit is of no level of the fit, or not of a comparable parameter.
    """
    parameter = _first_varying(fit) if parameter is None else parameter
    factor = _factor(fit, parameter, by)
    levels = fit.runs.levels(factor)
    alone = dict(unpooled or {})
    _check_unpooled(fit, parameter, levels, alone)
    sheet = canvas.Sheet.of(ax, cell=(7.5, 1.6 + ROW_HEIGHT * len(levels)))
    ax = sheet.ax
    _draw_typical(ax, fit, parameter, factor, prob)
    pooled = intervals(_values(fit, parameter, factor, levels), prob)
    once = legends.with_interval("pooled", prob)
    for row in range(len(levels)):
        _draw_estimate(ax, row, pooled.isel(level=row), "o", POOLED, None if row else once)
    for number, (level, other) in enumerate(alone.items()):
        row = levels.index(level)
        ends = intervals(other.posterior[parameter], prob)
        once = legends.with_interval("each level alone", prob)
        _draw_unpooled(ax, row, ends, pooled.isel(level=row), None if number else once)
    _label(ax, fit, parameter, factor)
    sheet.legend()
    sheet.title(f"{parameter} by {factor}", fit)
    return ax


def _first_varying(fit: ScalingFit) -> str:
    if fit.model.vary:
        return fit.model.vary[0].parameter
    raise ModelError(
        f"shrinkage: nothing varies in {fit.model!r}, so there are no levels to draw. Fit a model "
        "with vary=[bs.Vary(parameter, by=factor)]."
    )


def _factor(fit: ScalingFit, parameter: str, by: str | None) -> str:
    factors = [vary.by for vary in fit.model.varying(parameter)]
    wanted = factors if by is None else [by]
    if len(wanted) == 1 and wanted[0] in factors:
        return wanted[0]
    varying = dict.fromkeys(f"{vary.parameter} by {vary.by}" for vary in fit.model.vary)
    if not factors or by is not None:
        what = f"does not vary{f' by {by!r}' if by else ''}, so there are no levels to draw"
    else:
        what = f"varies by {listed(factors)}, and one plot shows the levels of one factor"
    raise ModelError(
        f"shrinkage: {parameter!r} {what}. Ask for one of what varies: {listed(varying, 20)}"
        f"{'; name the factor with by=' if factors else ''}."
    )


def _check_unpooled(
    fit: ScalingFit, parameter: str, levels: tuple[str, ...], alone: Mapping[str, ScalingFit]
) -> None:
    unknown = [level for level in alone if level not in levels]
    if unknown:
        raise ModelError(
            f"shrinkage: unpooled has fits of {listed(unknown)}, which the pooled fit does not "
            f"have, so there is nothing to compare. Its levels are {listed(levels, 20)}."
        )
    here = scales(fit.model.law, fit.runs)
    for level, other in alone.items():
        if other.model.law != fit.model.law or other.model.varying(parameter):
            raise ModelError(
                f"shrinkage: the unpooled fit of {level!r} is {other.model!r}, whose {parameter} "
                f"is not that of {fit.model!r}. Fit {fit.model.law.name} without Vary to the runs "
                "of that level."
            )
        if not fit.model.law.scaled and scales(other.model.law, other.runs) != here:
            raise ModelError(
                f"shrinkage: {fit.model.law.name} has no paper units, and the runs of {level!r} "
                "have reference scales of their own, so the estimates do not compare. Fit them "
                "with runs.with_reference(**fit.runs.reference)."
            )


def _values(
    fit: ScalingFit, parameter: str, factor: str, levels: tuple[str, ...], drawn: bool = False
) -> xr.DataArray:
    """The parameter in paper units at levels of one factor, without offsets of other factors.

    An unknown level is drawn from the spread if `drawn`, and else has no offset.
    """
    others = [vary for vary in fit.model.vary if vary.by != factor]
    without = {vary.spread_name: 0 * fit.posterior[vary.spread_name] for vary in others}
    here = {
        name: levels if name == factor else ANY_LEVEL * len(levels) for name in fit.model.factors
    }
    labels = {name: xr.DataArray(list(values), dims="level") for name, values in here.items()}
    posterior, rng = fit.posterior.assign(without), np.random.default_rng(fit.settings.seed)
    kind: NewLevels = "draw" if drawn else "typical"
    theta = parameters_at(posterior, fit.model, labels, kind, rng)
    values: xr.DataArray = fit.model.law.rescale(scales(fit.model.law, fit.runs), theta)[parameter]
    return values


def _draw_typical(
    ax: Axes, fit: ScalingFit, parameter: str, factor: str, prob: float | None
) -> None:
    for drawn, alpha, what in ((True, 0.1, "a new level"), (False, 0.25, "typical value")):
        draws = _values(fit, parameter, factor, ANY_LEVEL, drawn).isel(level=0)
        ends = intervals(draws, prob)
        span = ax.axvspan(float(ends["lower"]), float(ends["upper"]), color=canvas.neutral())
        span.set(alpha=alpha, linewidth=0, zorder=0, label=legends.with_interval(what, prob))
    marks.draw_reference(ax, x=float(ends["median"]), line="--", linewidth=1.0)


def _draw_estimate(
    ax: Axes, row: float, ends: xr.Dataset, marker: str, colour: str, label: str | None
) -> None:
    width = 2.0 if marker == "o" else 1.0
    ax.hlines(row, ends["lower"], ends["upper"], color=colour, linewidth=width, zorder=2)
    ax.plot(
        ends["median"],
        row,
        linestyle="none",
        marker=marker,
        markerfacecolor=colour if marker == "o" else "none",
        markeredgecolor=colour,
        label=label,
        gid="pooled" if marker == "o" else "alone",
        zorder=3,
    )


def _draw_unpooled(
    ax: Axes, row: int, ends: xr.Dataset, pooled: xr.Dataset, label: str | None
) -> None:
    """The estimate of the level alone above the pooled one, with an arrow to it."""
    _draw_estimate(ax, row - LIFT, ends, "D", UNPOOLED, label)
    ax.annotate(
        "",
        xy=(float(pooled["median"]), row),
        xytext=(float(ends["median"]), row - LIFT),
        arrowprops={"arrowstyle": "->", "color": canvas.neutral(), "shrinkA": 4, "shrinkB": 4},
    )


def _label(ax: Axes, fit: ScalingFit, parameter: str, factor: str) -> None:
    """Levels downwards in their order, each with its number of runs."""
    levels = fit.runs.levels(factor)
    counts = np.bincount(fit.runs.codes(factor))
    short = zip(tellable(levels), counts, strict=True)
    names = [f"{level} ({counted(int(n), 'run')})" for level, n in short]
    ax.set_yticks(range(len(levels)), names)
    ax.set_ylim(len(levels) - 0.5, -0.5 - LIFT)
    ax.xaxis.set_major_locator(MaxNLocator(6))
    paper = parameter in fit.model.law.scaled
    ax.set_xlabel(f"{parameter} (paper units)" if paper else parameter)

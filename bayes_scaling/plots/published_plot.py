"""published: the parameters of a fit beside those that papers have printed for the same law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from bayes_scaling.display.intervals import SAMPLE_DIMS, intervals
from bayes_scaling.display.wording import listed
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.laws import Law, PublishedSet, published_set
from bayes_scaling.laws.published_parameters.lookup import published_sets
from bayes_scaling.plots import canvas, legends, sources
from bayes_scaling.plots.asking import asked_kind

POSTERIOR, PUBLISHED = canvas.COLOURS[0], canvas.COLOURS[-1]
COLUMNS = 3
ROW_HEIGHT = 0.22

LOG_FROM = 10.0
"""Ratio of the ends of what is drawn from which an axis is logarithmic."""

_TOP = "posterior"


@asked_kind
def published(
    fit: ScalingFit,
    sets: Sequence[PublishedSet | str] | None = None,
    *,
    var_names: Sequence[str] | None = None,
    ax: canvas.Panels | None = None,
    prob: float | None = None,
) -> np.ndarray:
    """Draw the posterior of each parameter above its published values, in paper units.

    One panel for each parameter, one row for the posterior (or one for each group) and one for
    each published set. Published intervals are of the kind and probability that the paper chose:
    ``bs.laws.published()`` says which. Hollow marks are of secondary sources. A set whose paper
    does not count embeddings as parameters says so in its label: its `A` is not that of a law of
    all parameters.

    Parameters
    ----------
    fit : ScalingFit
    sets : sequence of PublishedSet or str, optional
        Sets, or their keys; all of the fit's law and options if not given.
    var_names : sequence of str, optional
        Parameters and derived quantities; all that fit and law have if not given.
    ax, prob
        Axes, and the probability of the posterior's interval, as for all plots
        (:mod:`bayes_scaling.plots`).

    Raises
    ------
    ModelError
        There is no published set of the law, a set is of another law, or a name is no parameter.
    """
    entries = _entries(fit, sets)
    names = _names(fit, entries, var_names)
    rows = _posterior_rows(fit, names, prob)
    labels = [*rows, *map(_label, entries)]
    cell = (2.9, 0.8 + ROW_HEIGHT * len(labels))
    sheet = canvas.Sheet.of(ax, len(names), columns=COLUMNS, cell=cell)
    for number, (panel, name) in enumerate(zip(sheet.panels, names, strict=True)):
        _draw_panel(panel, name, rows, entries)
        shown = labels if not sheet.made or number % COLUMNS == 0 else [""] * len(labels)
        panel.set_yticks(range(len(labels)), shown, fontsize="small")
    sheet.legend_below(_legend_entries(entries, prob))
    sheet.title(f"{fit.model.law.name}, posterior and published", fit, 110)
    return sheet.panels


def _entries(fit: ScalingFit, sets: Sequence[PublishedSet | str] | None) -> list[PublishedSet]:
    law = fit.model.law
    if sets is not None:
        return _checked([published_set(e) if isinstance(e, str) else e for e in sets], law)
    entries = [entry for entry in published_sets().values() if entry.law == law]
    if not entries:
        laws = dict.fromkeys(repr(entry.law) for entry in published_sets().values())
        raise ModelError(
            f"published: there is no published set of {law!r}, so nothing can be drawn beside the "
            f"posterior. There are sets of {', '.join(laws)}; or give sets of your own."
        )
    return entries


def _checked(entries: list[PublishedSet], law: Law) -> list[PublishedSet]:
    if not entries:
        raise ModelError(
            "published: sets is empty, and the posterior alone has other plots. Leave it out for "
            "all sets of the law, or choose from bs.laws.published()."
        )
    others = [entry.key for entry in entries if entry.law != law]
    if others:
        raise ModelError(
            f"published: {listed(others)} is of another law than the fit, {law!r}, so the "
            "parameters do not compare. Choose from bs.laws.published()."
        )
    return entries


def _names(
    fit: ScalingFit, entries: Sequence[PublishedSet], var_names: Sequence[str] | None
) -> list[str]:
    known = [*fit.model.parameters, *entries[0].derived]
    names = known if var_names is None else list(var_names)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ModelError(
            f"published: {listed(unknown)} is no parameter of {fit.model.law.name} and follows "
            f"from none, so no paper has a value. Choose from {listed(known, 100)}."
        )
    return names


def _posterior_rows(
    fit: ScalingFit, names: Sequence[str], prob: float | None
) -> dict[str, xr.Dataset]:
    """Interval of every parameter, dims (variable,), by the label of its row."""
    # A parameter that does not vary is the same for all levels of those that do.
    alike = xr.broadcast(*[fit.posterior[name] for name in names])
    draws = xr.concat(list(alike), xr.Variable("variable", list(names)))
    ends = intervals(draws, prob)
    dims = [dim for dim in draws.dims if dim not in (*SAMPLE_DIMS, "variable")]
    if not dims:
        return {_TOP: ends}
    stacked = ends.stack(point=dims)
    return {
        f"{_TOP}, {sources.group_name(group)}": stacked.isel(point=number)
        for number, group in enumerate(stacked["point"].values)
    }


def _label(entry: PublishedSet) -> str:
    usual = entry.counts in ("total", "no parameters")
    return entry.key if usual else f"{entry.key} (params: {entry.counts})"


def _draw_panel(
    ax: Axes, name: str, rows: Mapping[str, xr.Dataset], entries: Sequence[PublishedSet]
) -> None:
    reach: list[float] = []
    for row, ends in enumerate(rows.values()):
        low, median, high = (
            float(ends[end].sel(variable=name)) for end in ("lower", "median", "upper")
        )
        ax.hlines(row, low, high, color=POSTERIOR, linewidth=2.0)
        ax.plot(median, row, marker="o", color=POSTERIOR, gid="posterior")
        reach += [low, high]
    for row, entry in enumerate(entries, start=len(rows)):
        reach += _draw_entry(ax, row, entry, name)
    ax.axhline(len(rows) - 0.5, color="0.5", linewidth=0.5)
    ax.set_ylim(len(rows) + len(entries) - 0.5, -0.5)
    ax.set_xlabel(name)
    if min(reach) > 0 and max(reach) > LOG_FROM * min(reach):
        ax.set_xscale("log")
        canvas.readable_log_ticks(ax.xaxis, canvas.format_number)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(4))


def _draw_entry(ax: Axes, row: int, entry: PublishedSet, name: str) -> list[float]:
    """A published value, with its interval where it has one; both are returned."""
    value = float({**entry.derived, **entry.parameters}[name])
    ends = entry.intervals.get(name, ())
    if ends:
        ax.hlines(row, *ends, color=PUBLISHED, linewidth=1.0)
    [point] = ax.plot(value, row, marker="D", markersize=4, color=PUBLISHED, gid=entry.key)
    if entry.status == "S":
        point.set_markerfacecolor("none")
    return [value, *ends]


def _legend_entries(entries: Sequence[PublishedSet], prob: float | None) -> list[Artist]:
    handles = [
        legends.point_entry(legends.with_interval("posterior", prob), POSTERIOR),
        legends.point_entry("published", PUBLISHED, "D"),
    ]
    if any(entry.status == "S" for entry in entries):
        hollow = legends.point_entry("published, from a secondary source", PUBLISHED, "D")
        hollow.set(markerfacecolor="none")
        handles.append(hollow)
    return handles

"""Marks that plots are made of: runs, bands, bars, estimates, and the shade beyond the runs."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.lines import Line2D
from matplotlib.transforms import Transform, offset_copy

from bayes_scaling.plots.canvas import Style, neutral

LABEL_INCHES = 1.0
"""Width that the word of :func:`shade_extrapolation` needs; in a narrower region it stands."""

APART = 6.0
"""Points between the marks of groups at one place."""

type End = Literal["top", "bottom"]
"""An end of the axes."""


def draw_runs(
    ax: Axes, x: np.ndarray, y: np.ndarray, style: Style, label: str | None = None
) -> PathCollection:
    """Runs of one group as points."""
    return ax.scatter(
        x, y, color=style.colour, marker=style.marker, s=16, linewidths=0, zorder=3, label=label
    )


def draw_background(ax: Axes, x: np.ndarray, y: np.ndarray) -> None:
    """All runs as pale points, to show where they lie."""
    ax.scatter(x, y, s=8, color=neutral(), alpha=0.35, linewidths=0, zorder=1.5, label="runs")


def draw_band(
    ax: Axes, x: np.ndarray, ends: xr.Dataset, style: Style, label: str, alpha: float = 0.3
) -> None:
    """A credible band, named in the legend, and the line of its median."""
    look: dict[str, Any] = {"color": style.colour, "linewidth": 0, "zorder": 2.5}
    ax.fill_between(x, ends["lower"], ends["upper"], alpha=alpha, label=label, **look)
    draw_line(ax, x, ends["median"], style, linewidth=1.2, zorder=2.6)


def draw_line(ax: Axes, x: Any, y: Any, style: Style, **look: Any) -> Line2D:
    """A line in colour and dashes of its group."""
    [line] = ax.plot(x, y, **{"color": style.colour, "linestyle": style.line, **look})
    return line


def draw_marks(ax: Axes, x: Any, y: Any, style: Style, aside: float = 0.0) -> Line2D:
    """Estimates as framed marks in the colour of their group, some points to the side."""
    [marks] = ax.plot(x, y, style.marker, color=style.colour, markersize=5, zorder=6)
    marks.set(markeredgecolor=neutral(), markeredgewidth=0.7, transform=beside(ax, aside))
    return marks


def draw_bars(
    ax: Axes, x: Any, ends: Any, style: Style, aside: float = 0.0, **look: Any
) -> LineCollection:
    """Intervals as vertical bars, some points to the side."""
    lower, upper = np.asarray(ends["lower"]), np.asarray(ends["upper"])
    look = {"color": style.colour, "zorder": 4, **look}
    return ax.vlines(x, lower, upper, transform=beside(ax, aside), **look)


def draw_reference(
    ax: Axes, *, x: float | None = None, y: float | None = None, line: str = ":", **look: Any
) -> None:
    """A thin line across the axes at a value of x or of y, in no group's colour."""
    look = {"color": neutral(), "linewidth": 0.8, "linestyle": line, "zorder": 1, **look}
    if x is not None:
        ax.axvline(x, **look)
    if y is not None:
        ax.axhline(y, **look)


def beside(ax: Axes, points: float) -> Transform:
    """Data coordinates moved sideways by points, to set bars at the same place apart."""
    if not points:
        return ax.transData
    return offset_copy(ax.transData, fig=ax.get_figure(root=True), x=points, units="points")


def shade_extrapolation(ax: Axes, last: float, reach: float, at: End = "top") -> None:
    """Shade the axes beyond the largest run, if curves reach there, and say what the shade means.

    `at` is the end of the axes that the curves leave free for the word.
    """
    if reach <= last:
        return
    left, right = ax.get_xlim()
    ax.axvspan(last, right, color=neutral(), alpha=0.08, linewidth=0, zorder=0, gid="extrapolated")
    draw_reference(ax, x=last)
    ax.set_xlim(left, right)
    share = float(np.log(right / last) / np.log(right / left))
    inches = share * ax.get_window_extent().width / ax.figure.dpi
    ax.text(
        np.sqrt(last * right),
        0.98 if at == "top" else 0.02,
        "extrapolated",
        transform=ax.get_xaxis_transform(),
        rotation="horizontal" if inches > LABEL_INCHES else "vertical",
        horizontalalignment="center",
        verticalalignment=at,
        fontsize="small",
        alpha=0.8,
    )

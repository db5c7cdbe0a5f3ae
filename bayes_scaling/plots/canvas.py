"""Axes, colours, log axes with readable numbers, and titles, for all plots.

Nothing here knows of draws. Neutral parts take their colour from Matplotlib's rcParams, so that
figures are legible on dark backgrounds; groups differ in colour, marker and line, so that they are
told apart in greyscale too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice, pairwise
from textwrap import fill
from typing import Any, Literal

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import PathCollection
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, Locator, MaxNLocator, NullLocator
from matplotlib.transforms import Transform, offset_copy

from bayes_scaling.fitting.diagnostics import Diagnosed
from bayes_scaling.runs import Runs
from bayes_scaling.units import format_count, format_flops

COLOURS = ("#2E8BCB", "#E69F00", "#009E73", "#CC79A7", "#D55E00")
"""Okabe and Ito's colours for the colour-blind, with one blue, a little lighter than theirs, and
without black and yellow, which a dark or a white page swallows."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES: tuple[LineStyle, ...] = ("-", "--", "-.", ":")
WARNING_COLOUR = "#D55E00"

MOST_TICKS = 8
ROUND = ((1, 1.5, 2, 2.5, 3, 4, 5, 6, 8), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,))
"""Steps within a decade at which ticks stand, the densest first."""

LABEL_INCHES = 1.0
"""Width that the word of :func:`shade_extrapolation` needs; in a narrower region it stands."""

INPUT_LABELS = {
    "params": "parameters",
    "tokens": "training tokens",
    "flops": "compute (FLOP)",
    "tokens_per_param": "tokens per parameter",
}

type LineStyle = Literal["-", "--", "-.", ":"]


@dataclass(frozen=True)
class Style:
    """Colour, marker and line of one group of runs."""

    colour: str
    marker: str = "o"
    line: LineStyle = "-"


def styles[Group](groups: Sequence[Group]) -> dict[Group, Style]:
    """A style for each group; colours, markers and lines repeat in different rhythms."""
    looks = zip(cycle(COLOURS), cycle(MARKERS), cycle(LINES), strict=False)
    return {
        group: Style(*look) for group, look in zip(groups, islice(looks, len(groups)), strict=True)
    }


def neutral() -> str:
    """The colour of text on this page, for what belongs to no group."""
    return str(rcParams["text.color"])


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


def draw_marks(ax: Axes, x: Any, y: Any, style: Style, place: Transform | None = None) -> Line2D:
    """Estimates as framed marks in the colour of their group."""
    [marks] = ax.plot(x, y, style.marker, color=style.colour, markersize=5, zorder=6)
    marks.set(markeredgecolor=neutral(), markeredgewidth=0.7, transform=place or ax.transData)
    return marks


def draw_band(
    ax: Axes, x: np.ndarray, ends: xr.Dataset, style: Style, label: str, alpha: float = 0.3
) -> None:
    """A credible band, named in the legend, and the line of its median."""
    ax.fill_between(
        x,
        ends["lower"],
        ends["upper"],
        color=style.colour,
        alpha=alpha,
        linewidth=0,
        label=label,
        zorder=2.5,
    )
    ax.plot(x, ends["median"], color=style.colour, linestyle=style.line, linewidth=1.2, zorder=2.6)


def beside(ax: Axes, points: float) -> Transform:
    """Data coordinates moved sideways by points, to set bars at the same place apart."""
    figure = ax.get_figure(root=True)
    return offset_copy(ax.transData, fig=figure, x=points, units="points")


def one_axes(ax: Axes | None, size: tuple[float, float] = (7.5, 4.5)) -> Axes:
    """`ax`, or the axes of a new figure."""
    if ax is not None:
        return ax
    return plt.subplots(figsize=size, layout="constrained")[1]


def several_axes(
    ax: Sequence[Axes] | np.ndarray | None, number: int, columns: int, cell: tuple[float, float]
) -> np.ndarray:
    """`ax` as an array of `number` axes, or those of a new figure.

    Raises
    ------
    ValueError
        `ax` does not hold that many.
    """
    if ax is not None:
        given = np.asarray(ax, dtype=object).ravel()
        if given.size != number:
            raise ValueError(
                f"ax holds {given.size} axes and the plot has {number} panels, so they cannot be "
                f"paired. Give {number} axes, or none to have a figure made."
            )
        return given
    columns = min(columns, number)
    rows = -(-number // columns)
    size = (cell[0] * columns, cell[1] * rows)
    axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)[1].ravel()
    for unused in axes[number:]:
        unused.remove()
    return axes[:number]


def input_label(name: str) -> str:
    """An input with its unit; inputs that are not the package's own have their column's name."""
    return INPUT_LABELS.get(name, name)


def loss_label(runs: Runs) -> str:
    """The response with its unit."""
    return {"loss": "loss (nats per token)"}.get(runs.response, runs.response)


def format_input(name: str, value: float) -> str:
    """A value of an input as axes and labels print it: ``70B``, ``5.76e23``."""
    if name == "flops":
        return format_flops(value)
    return format_count(value) if name in INPUT_LABELS else format_number(value)


def format_number(value: float) -> str:
    """A number without unit to three digits, in the short e-notation of compute if need be."""
    plain = f"{value:.3g}"
    return format_flops(value) if "e" in plain else plain


def log_input_axis(axis: Axis, name: str) -> None:
    """Make an axis logarithmic, labelled as an input, its ticks as people write counts.

    To be called when everything is drawn: how many ticks there are depends on the range.
    """
    which = _which(axis)
    axis.axes.set(**{f"{which}scale": "log", f"{which}label": input_label(name)})
    readable_log_ticks(axis, lambda value: format_input(name, value))


def _which(axis: Axis) -> str:
    return "x" if axis is axis.axes.xaxis else "y"


def log_loss_axis(ax: Axes, runs: Runs) -> None:
    """Label the vertical axis; a loss is logarithmic, other responses are linear."""
    ax.set_ylabel(loss_label(runs))
    if runs.response == "loss":
        ax.set_yscale("log")
        readable_log_ticks(ax.yaxis, format_number)


def readable_log_ticks(axis: Axis, text: Callable[[float], str]) -> None:
    """Put ticks at round numbers, as many as the axis has room for when it is drawn."""
    axis.set_major_locator(RoundNumbers())
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: text(value)))


class RoundNumbers(Locator):
    """Ticks of a logarithmic axis: the densest of round numbers whose labels do not collide."""

    def __call__(self) -> Sequence[float]:
        """Places of the ticks in view."""
        assert self.axis is not None
        return self.tick_values(*sorted(self.axis.get_view_interval()))

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """Places of the ticks between two values."""
        assert self.axis is not None
        room = max(2, self.axis.get_tick_space())
        apart = math.log10(vmax / vmin) / room
        powers = range(math.floor(math.log10(vmin)), math.floor(math.log10(vmax)) + 1)
        for steps in ROUND:
            ticks = [step * 10.0**power for power in powers for step in steps]
            inside = [tick for tick in ticks if vmin <= tick <= vmax]
            gaps = [math.log10(right / left) for left, right in pairwise(inside)]
            if 2 < len(inside) <= MOST_TICKS and min(gaps) >= apart:
                return inside
        decades = [10.0**power for power in powers if vmin <= 10.0**power <= vmax]
        if len(decades) > 2:
            return decades[:: -(-len(decades) // min(room, MOST_TICKS))]
        even = MaxNLocator(min(room, MOST_TICKS), steps=[1, 2, 2.5, 5, 10])
        return [tick for tick in even.tick_values(vmin, vmax) if vmin <= tick <= vmax]


def shade_extrapolation(
    ax: Axes, last: float, reach: float, at: Literal["top", "bottom"] = "top"
) -> None:
    """Shade the axes beyond the largest run, if curves reach there, and say what the shade means.

    `at` is the end of the axes that the curves leave free for the word.
    """
    if reach <= last:
        return
    left, right = ax.get_xlim()
    ax.axvspan(last, right, color=neutral(), alpha=0.08, linewidth=0, zorder=0, gid="extrapolated")
    ax.axvline(last, color=neutral(), linewidth=0.8, linestyle=":", zorder=1)
    ax.set_xlim(left, right)
    share = float(np.log(right / last) / np.log(right / left))
    inches = share * ax.get_window_extent().width / ax.figure.dpi
    ax.text(
        np.exp((np.log(last) + np.log(right)) / 2),
        0.98 if at == "top" else 0.02,
        "extrapolated",
        transform=ax.get_xaxis_transform(),
        rotation="horizontal" if inches > LABEL_INCHES else "vertical",
        horizontalalignment="center",
        verticalalignment=at,
        fontsize="small",
        alpha=0.8,
    )


def titled(ax: Axes, title: str, about: Diagnosed, made: bool, width: int = 50) -> None:
    """Set the title, and under it, in another colour, that the chains have not converged.

    It goes over the whole figure where the figure was made here and has several panels.
    """
    found = about.diagnostics
    problems = found.problems
    text = "\n".join([title, *([fill(found.diagnosis, width)] if problems else [])])
    colour = WARNING_COLOUR if problems else neutral()
    figure = ax.get_figure(root=True)
    if made and figure is not None and len(figure.axes) > 1 and figure.axes[0] is ax:
        figure.suptitle(text, color=colour, fontsize="medium")
    else:
        ax.set_title(text, color=colour, fontsize="medium")

"""Panels with title and legend, styles of groups, and log axes with readable numbers.

Nothing here knows of draws. Neutral parts take their colour from Matplotlib's rcParams, so that
figures are legible on dark backgrounds; groups differ in colour, marker and line, so that they are
told apart in greyscale too. Marks are in :mod:`bayes_scaling.plots.marks`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice, pairwise
from textwrap import fill
from typing import Any, Literal, Self

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, Locator, MaxNLocator, NullLocator

from bayes_scaling.display.digits import label_writer
from bayes_scaling.fitting.diagnostics import Diagnosed
from bayes_scaling.runs import Runs
from bayes_scaling.runs.conventions import bits_per
from bayes_scaling.units import format_flops

COLOURS = ("#2E8BCB", "#E69F00", "#009E73", "#CC79A7", "#D55E00")
"""Okabe and Ito's colours for the colour-blind, with one blue, a little lighter than theirs, and
without black and yellow, which a dark or a white page swallows."""

FURTHER = ("#8073AC", "#8C564B", "#BCBD22", "#17BECF", "#B03060")
"""Colours of the groups after the fifth, which those with poor sight for colour tell by marks."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES: tuple[LineStyle, ...] = ("-", "--", "-.", ":")
WARNING_COLOUR = "#D55E00"

MOST_TICKS, ROUNDING = 8, 1e-9
ROUND = ((1, 1.5, 2, 2.5, 3, 4, 5, 6, 8), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,))
"""Steps within a decade at which ticks stand, the densest first."""

INPUT_LABELS = {
    "params": "parameters",
    "tokens": "training tokens",
    "flops": "compute (FLOP)",
    "tokens_per_param": "tokens per parameter",
}

BEYOND_TARGETS = 1.02
"""Factor by which an axis of losses goes on beyond those asked for."""

WIDER = 20
"""Characters that a line of a title has beyond one of what is said under it."""

type LineStyle = Literal["-", "--", "-.", ":"]

type Panels = Sequence[Axes] | np.ndarray
"""Axes that a plot of several panels draws on, one for each."""


@dataclass(frozen=True)
class Style:
    """Colour, marker and line of one group of runs.

    Attributes
    ----------
    colour, marker, line : str
    place : float
        Steps to the right of the middle of all groups, for bars that are set beside each other.
    """

    colour: str
    marker: str = "o"
    line: LineStyle = "-"
    place: float = 0.0


def styles[Group](groups: Collection[Group]) -> dict[Group, Style]:
    """A style for each group; colours, markers and lines repeat in different rhythms."""
    looks = islice(zip(cycle(COLOURS + FURTHER), cycle(MARKERS), cycle(LINES)), len(groups))
    middle = (len(groups) - 1) / 2
    return {
        group: Style(*look, number - middle)
        for number, (group, look) in enumerate(zip(groups, looks, strict=True))
    }


@dataclass(frozen=True, eq=False)
class Sheet:
    """Panels that a plot draws on, with their title and legend.

    Attributes
    ----------
    panels : numpy.ndarray of matplotlib.axes.Axes
    made : bool
        True if their figure was made for this plot, and is not the user's.
    """

    panels: np.ndarray
    made: bool

    @classmethod
    def of(
        cls,
        ax: Axes | Panels | None,
        number: int = 1,
        *,
        columns: int = 1,
        cell: tuple[float, float] = (7.5, 4.5),
    ) -> Self:
        """The axes given, or those of a new figure with `cell` inches for each panel.

        Raises
        ------
        ValueError
            `ax` does not hold as many axes as there are panels.
        """
        if ax is None:
            columns = min(columns, number)
            rows = -(-number // columns)
            size = (cell[0] * columns, cell[1] * rows)
            grid = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
            axes = grid[1].ravel()
            for unused in axes[number:]:
                unused.remove()
            return cls(axes[:number], True)
        given = np.asarray(ax, dtype=object).ravel()
        if given.size != number:
            raise ValueError(
                f"ax holds {given.size} axes and the plot has {number} panels, so they cannot be "
                f"paired. Give {number} axes, or none to have a figure made."
            )
        return cls(given, False)

    @classmethod
    def over_chance(cls, ax: Axes | Panels | None, of: str) -> Self:
        """Two panels, of which the lower one is for the probability of something."""
        sheet = cls.of(ax, 2, cell=(7.5, 2.8))
        sheet.panels[1].set(ylim=(-0.04, 1.04), ylabel=f"probability {of}")
        return sheet

    @property
    def ax(self) -> Axes:
        """The first panel."""
        first: Axes = self.panels[0]
        return first

    def legend(
        self, handles: Sequence[Artist] | None = None, title: str | None = None, panel: int = 0
    ) -> None:
        """Legend beside a panel of a figure made here, and where there is room in the user's.

        Without `handles`, of what is labelled on the panel.
        """
        ax: Axes = self.panels[panel]
        found = ax.get_legend_handles_labels()[0] if handles is None else list(handles)
        place: dict[str, Any] = {"loc": "best"}
        if self.made:
            place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "frameon": False}
        ax.legend(handles=found, title=title, fontsize="small", title_fontsize="small", **place)

    def legend_below(self, handles: Sequence[Artist]) -> None:
        """Legend under all panels of a figure made here; in the last panel of the user's."""
        if not self.made:
            self.legend(handles, panel=-1)
            return
        look: dict[str, Any] = {"loc": "outside lower center", "frameon": False}
        columns = min(len(handles), 5)
        self.ax.figure.legend(handles=handles, ncols=columns, fontsize="small", **look)

    def title(self, title: str, about: Diagnosed, width: int = 50) -> None:
        """Set the title, and under it, in another colour, that the chains have not converged.

        It goes over the whole figure where the figure was made here and has several panels.
        """
        found = about.diagnostics
        text, colour = fill(title, width + WIDER), neutral()
        if found.problems:
            text, colour = f"{text}\n{fill(found.diagnosis, width)}", WARNING_COLOUR
        if self.made and len(self.ax.figure.axes) > 1:
            self.ax.figure.suptitle(text, color=colour, fontsize="medium")
        else:
            self.ax.set_title(text, color=colour, fontsize="medium")


def neutral() -> str:
    """The colour of text on this page, for what belongs to no group."""
    return str(rcParams["text.color"])


def input_label(name: str) -> str:
    """An input with its unit; inputs that are not the package's own have their column's name."""
    return INPUT_LABELS.get(name, name)


def loss_label(runs: Runs) -> str:
    """The response with its unit."""
    if runs.response != "loss":
        return runs.response
    unit = bits_per(runs.sources.get("loss", ""))
    return f"loss (bits per {unit})" if unit else "loss (nats per token)"


def expected_label(runs: Runs) -> str:
    """Expected response of a run, as legends call it: ``expected loss``."""
    return f"expected {runs.response}"


def format_number(value: float) -> str:
    """A number without unit to three digits, in the short e-notation of compute if need be."""
    plain = f"{value:.3g}"
    return format_flops(value) if "e" in plain else plain


def log_input_axis(axis: Axis, name: str) -> None:
    """Make an axis logarithmic, labelled as an input, its ticks as people write counts.

    To be called when everything is drawn: how many ticks there are depends on the range.
    """
    which = "x" if axis is axis.axes.xaxis else "y"
    axis.axes.set(**{f"{which}scale": "log", f"{which}label": input_label(name)})
    readable_log_ticks(axis, label_writer(name))


def log_loss_axis(ax: Axes, runs: Runs) -> None:
    """Label the vertical axis; a loss is logarithmic, other responses are linear."""
    ax.set_ylabel(loss_label(runs))
    if runs.response == "loss":
        ax.set_yscale("log")
        readable_log_ticks(ax.yaxis, format_number)


def target_loss_axis(ax: Axes, targets: Any, runs: Runs) -> None:
    """Make the horizontal axis one of losses that are asked for, and somewhat longer than these."""
    ends = (float(targets.min()) / BEYOND_TARGETS, float(targets.max()) * BEYOND_TARGETS)
    ax.set(xscale="log", xlim=ends, xlabel=f"target {loss_label(runs)}")
    readable_log_ticks(ax.xaxis, format_number)


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
        # Even steps, as for less than a decade, would crowd at the end of more.
        least = 2 if vmax > 10 * vmin else 3
        for ticks in _round_numbers(vmin, vmax, min(room, MOST_TICKS)):
            gaps = [math.log10(right / left) for left, right in pairwise(ticks)]
            if least <= len(ticks) <= MOST_TICKS and min(gaps) >= apart:
                return ticks
        powers = _within(vmin, vmax, [10.0**power for power in _powers(vmin, vmax)])
        return powers[:: -(-len(powers) // room)] if len(powers) > 2 else [vmin, vmax]


def _round_numbers(vmin: float, vmax: float, most: int) -> Iterator[list[float]]:
    """Round numbers between two: of each decade the densest first, then in even steps."""
    for steps in ROUND:
        ticks = [step * 10.0**power for power in _powers(vmin, vmax) for step in steps]
        yield _within(vmin, vmax, ticks)
    for most_bins in range(most, 1, -1):
        even = MaxNLocator(most_bins, steps=[1, 2, 2.5, 5, 10])
        yield _within(vmin, vmax, even.tick_values(vmin, vmax))


def _powers(vmin: float, vmax: float) -> Iterable[int]:
    return range(math.floor(math.log10(vmin)), math.floor(math.log10(vmax)) + 1)


def _within(vmin: float, vmax: float, ticks: Iterable[float]) -> list[float]:
    """Ticks between two values; an end that is a round number may differ by rounding."""
    low, high = vmin * (1 - ROUNDING), vmax * (1 + ROUNDING)
    return [float(tick) for tick in ticks if low <= tick <= high]

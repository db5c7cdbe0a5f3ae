"""Entries of legends: one for each group, and one for each kind of mark, in no group's colour.

A legend of every group's every mark would be longer than the plot is high. The probability and the
kind of an interval are named wherever one is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bayes_scaling.display.intervals import interval_attrs, interval_percent
from bayes_scaling.plots import canvas, sources


def interval_label(prob: float | None) -> str:
    """Probability and kind of an interval: ``90 % ETI``."""
    return f"{interval_percent(prob)} {str(interval_attrs(prob)['ci_kind']).upper()}"


def with_interval(what: str, prob: float | None, group: sources.Group = ()) -> str:
    """A label with its group and interval: ``expected loss, web, 90 % ETI``."""
    return ", ".join([what, *group, interval_label(prob)])


def group_entries(looks: Mapping[sources.Group, canvas.Style]) -> list[Artist]:
    """Entry of each group; none for a model without groups."""
    return [
        Line2D([], [], color=s.colour, marker=s.marker, linestyle=s.line, label=name)
        for name, s in zip(sources.group_names(looks).values(), looks.values(), strict=True)
        if name
    ]


def colour_of[Group](looks: Mapping[Group, canvas.Style]) -> str:
    """Colour of marks in the legend: that of the only group, or the neutral one."""
    return next(iter(looks.values())).colour if len(looks) == 1 else canvas.neutral()


def entries(
    looks: Mapping[sources.Group, canvas.Style], what: str, prob: float | None, *more: Artist
) -> list[Artist]:
    """Entries of groups and of the band of each, with its interval, and those of other marks."""
    band = band_entry(with_interval(what, prob), colour_of(looks))
    return [*group_entries(looks), band, *more]


def band_entry(label: str, colour: str, alpha: float = 0.3) -> Artist:
    """Entry of a band."""
    return Patch(color=colour, alpha=alpha, linewidth=0, label=label)


def line_entry(label: str, colour: str, line: canvas.LineStyle = "-", width: float = 1.0) -> Artist:
    """Entry of a line."""
    return Line2D([], [], color=colour, linestyle=line, linewidth=width, label=label)


def point_entry(label: str, colour: str, marker: str = "o") -> Artist:
    """Entry of points."""
    return Line2D([], [], color=colour, linestyle="none", marker=marker, label=label, markersize=4)

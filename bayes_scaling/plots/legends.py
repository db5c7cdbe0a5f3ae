"""Legends: one entry for each group, and one for each kind of mark, in no group's colour.

A legend of every group's every mark would be longer than the plot is high. The probability and the
kind of an interval are named wherever one is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bayes_scaling.display.intervals import interval_attrs, percent
from bayes_scaling.plots import canvas, sources


def interval_label(prob: float | None) -> str:
    """Probability and kind of an interval: ``90 % ETI``."""
    return f"{percent(prob)} {str(interval_attrs(prob)['ci_kind']).upper()}"


def with_interval(what: str, prob: float | None) -> str:
    """A label with its interval: ``expected loss, 90 % ETI``."""
    return f"{what}, {interval_label(prob)}"


def group_entries(looks: Mapping[sources.Group, canvas.Style]) -> list[Artist]:
    """Marker and line of each group; of none in a model without groups."""
    return [
        Line2D(
            [],
            [],
            color=s.colour,
            marker=s.marker,
            linestyle=s.line,
            label=sources.group_name(group),
        )
        for group, s in looks.items()
        if group
    ]


def colour_of(looks: Mapping[sources.Group, canvas.Style]) -> str:
    """Colour of marks in the legend: that of the only group, or none's."""
    return next(iter(looks.values())).colour if len(looks) == 1 else canvas.neutral()


def band_entry(label: str, colour: str, alpha: float = 0.3) -> Artist:
    """A band."""
    return Patch(color=colour, alpha=alpha, linewidth=0, label=label)


def line_entry(label: str, colour: str, line: canvas.LineStyle = "-", width: float = 1.0) -> Artist:
    """A line."""
    return Line2D([], [], color=colour, linestyle=line, linewidth=width, label=label)


def point_entry(label: str, colour: str, marker: str = "o") -> Artist:
    """Points."""
    return Line2D([], [], color=colour, linestyle="none", marker=marker, label=label, markersize=4)


def legend(
    ax: Axes, made: bool, handles: Sequence[Artist] | None = None, title: str | None = None
) -> None:
    """Legend beside the axes of a figure made here, and where there is room in the user's.

    Without `handles`, of what is labelled on the axes.
    """
    found = ax.get_legend_handles_labels()[0] if handles is None else list(handles)
    look = {"frameon": not made, "fontsize": "small", "title_fontsize": "small"}
    if made:
        ax.legend(handles=found, loc="upper left", bbox_to_anchor=(1.01, 1.0), title=title, **look)
    else:
        ax.legend(handles=found, loc="best", title=title, **look)


def figure_legend(ax: Axes, made: bool, handles: Sequence[Artist]) -> None:
    """Legend under all panels of a figure made here; in `ax` of the user's."""
    figure = ax.get_figure(root=True)
    if not made or figure is None:
        legend(ax, made, handles)
        return
    look: dict[str, Any] = {"loc": "outside lower center", "frameon": False, "fontsize": "small"}
    figure.legend(handles=handles, ncols=min(len(handles), 5), **look)

"""Figures of a report: the package's own plots, drawn to be read on a phone and on dark pages.

User text is drawn as it is written: no dollar sign in a name starts a formula.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from textwrap import fill
from typing import Any, Literal

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.legend import Legend

from bayes_scaling.errors import BayesScalingError
from bayes_scaling.reporting.sections.contents import Block, Paragraph, Picture

INK, PAPER = "#1b1b1b", "#ffffff"
"""Colours of text and of what lies behind it; a page puts its own in their places."""

SETTINGS = {
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "bayes_scaling",
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "axes.facecolor": "none",
    "font.size": 11.0,
    "figure.constrained_layout.w_pad": 0.08,
    **dict.fromkeys(
        ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK
    ),
}
"""Text stays text in a vector figure, so that it has the font of the page around it."""

WIDTH, HEIGHT = 4.6, 3.0
"""Inches of a figure of one panel: text of 11 points is that large on a phone of 390 pixels."""

PANEL_HEIGHT = 2.1
LEGEND_ROW = 0.21
LONGEST_LABEL = 26
LONGEST_ENTRY = 48
SHORT_LABEL = 22
"""Characters up to which entries of a legend stand two abreast."""


@contextmanager
def plain_style() -> Iterator[None]:
    """Matplotlib's defaults and ours, whatever the user has set, and no window."""
    with warnings.catch_warnings(), plt.style.context(["default", SETTINGS]), plt.ioff():
        # A name may hold an emoji for which there is no glyph; a box stands for it.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        warnings.filterwarnings("ignore", "Matplotlib currently does not support", UserWarning)
        yield


def drawn(
    name: str, alt: str, caption: str, plot: Callable[[Any], Any], panels: int | None = 1
) -> Block:
    """The figure that a plot makes on given axes, or the reason why there is none.

    Without a number of `panels` the plot is given no axes and makes as many as it needs.
    """
    with plain_style():
        before = set(plt.get_fignums())
        try:
            made = plot(_axes(panels))
            figure = np.ravel(np.asarray(made, dtype=object))[0].get_figure(root=True)
            _lay_out(figure)
        except BayesScalingError as error:
            return Paragraph(f"{caption} This figure is not drawn: {error}")
        except Exception as error:  # one figure that fails must not hide the verdict
            reason = f"{type(error).__name__}: {error}"
            return Paragraph(f"{caption} This figure could not be drawn ({reason}).", warning=True)
        finally:
            for number in set(plt.get_fignums()) - before:
                plt.close(number)
    return Picture(name, alt, caption, figure)


def _axes(panels: int | None) -> Any:
    if panels is None:
        return None
    size, columns = _size(panels)
    figure = plt.figure(figsize=size, layout="constrained")
    axes = figure.subplots(-(-panels // columns), columns, squeeze=False).ravel()
    for unused in axes[panels:]:
        unused.remove()
    return axes[0] if panels == 1 else axes[:panels]


def _size(panels: int) -> tuple[tuple[float, float], int]:
    """Width and height in inches, and panels abreast."""
    if panels == 1:
        return (WIDTH, HEIGHT), 1
    return (WIDTH, PANEL_HEIGHT * -(-panels // 2)), 2


def _lay_out(figure: Figure) -> None:
    """Panels at most two abreast, legends below all, no titles: the caption says what it is."""
    panels = [ax for ax in figure.axes if ax.get_subplotspec() is not None]
    size, columns = _size(len(panels))
    grid = GridSpec(-(-len(panels) // columns), columns, figure=figure)
    for place, panel in enumerate(panels):
        panel.set_subplotspec(grid[divmod(place, columns)])
        panel.set_title("")
    figure.suptitle("")
    for ax in figure.axes:
        ax.set_ylabel(fill(ax.get_ylabel(), LONGEST_LABEL))
    taller = sum(_ticks_wrapped(panel) for panel in panels)
    found = [*figure.legends, *filter(None, (ax.get_legend() for ax in panels))]
    rows = sum(_moved_below(figure, legend) for legend in found)
    figure.set_size_inches(size[0], size[1] + LEGEND_ROW * (rows + taller))


def _ticks_wrapped(ax: Axes) -> int:
    """Wrap long names of rows, and return the number of lines that this adds."""
    names = [label.get_text() for label in ax.get_yticklabels()]
    if max(map(len, names), default=0) <= LONGEST_LABEL:
        return 0
    wrapped = [fill(name, LONGEST_LABEL, break_long_words=False) for name in names]
    ax.set_yticks(ax.get_yticks(), wrapped, fontsize="small")
    return sum(name.count("\n") for name in wrapped)


def _moved_below(figure: Figure, legend: Legend) -> int:
    """Move a legend below all panels, and return its number of rows."""
    labels = [
        fill(text.get_text().replace("ETI", "interval"), LONGEST_ENTRY)
        for text in legend.get_texts()
    ]
    abreast = 2 if max(map(len, labels), default=0) <= SHORT_LABEL else 1
    title = legend.get_title().get_text() or None
    figure.legend(
        handles=list(filter(None, legend.legend_handles)),
        labels=labels,
        title=title,
        loc="outside lower left",
        ncols=abreast,
        frameon=False,
        fontsize="small",
        alignment="left",
    )
    legend.remove()
    lines = len(labels) + sum(label.count("\n") for label in labels)
    return -(-lines // abreast) + bool(title)


def encoded(figure: Figure, kind: Literal["svg", "png", "pdf"]) -> bytes:
    """The figure as a file."""
    buffer = io.BytesIO()
    dates: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    with plain_style():
        figure.savefig(buffer, format=kind, dpi=200, metadata=dates[kind])
    return buffer.getvalue()


def inline_svg(svg: str, name: str, alt: str, *, sized: bool = False) -> str:
    """A drawing as part of a page: the page's font and colours, and no styles of its own.

    A page whose policy allows no inline styles shows it all the same. `name` keeps the
    identifiers of several drawings apart; a drawing that is not `sized` fills its place.
    """
    text = re.sub(r"(?s)<(metadata|style).*?</\1>", "", svg[svg.index("<svg") :])
    text = re.sub(r' style="([^"]*)"', lambda found: _attributes(found.group(1)), text)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    text = text.replace(INK, "currentColor").replace(PAPER, "var(--back)")
    size = r' (?:viewBox|width|height)="[^"]*"' if sized else r' viewBox="[^"]*"'
    kept = "".join(re.findall(size, text[: text.index(">")]))
    head = f'<svg xmlns:xlink="http://www.w3.org/1999/xlink"{kept} role="img"'
    return f'{head} aria-label="{escape(alt)}"{text[text.index(">") :]}'


def _attributes(style: str) -> str:
    """Declarations of a style as attributes of their own, without the font."""
    pairs = (one.split(":", 1) for one in style.split(";") if ":" in one)
    kept = ((key.strip(), value.strip()) for key, value in pairs)
    return "".join(f' {key}="{value}"' for key, value in kept if key not in ("font", "font-family"))


def formula_svg(latex: str) -> str | None:
    """A formula as a drawing; None where Matplotlib's LaTeX does not reach."""
    drawn_as_paths: Any = {
        "text.parse_math": True,
        "mathtext.fontset": "cm",
        "svg.fonttype": "path",
    }
    with plain_style(), mpl.rc_context(drawn_as_paths):
        figure = Figure(figsize=(0.1, 0.1), facecolor="none")
        figure.text(0, 0, f"${latex}$", fontsize=14)
        buffer = io.BytesIO()
        try:
            figure.savefig(
                buffer, format="svg", bbox_inches="tight", metadata={"Date": None}, facecolor="none"
            )
        except ValueError:
            return None
    return buffer.getvalue().decode()

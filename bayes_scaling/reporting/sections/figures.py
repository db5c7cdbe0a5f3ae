"""The figures of a report: the package's own plots, drawn away from the user's settings.

User text is drawn as it is written: no dollar sign in a name starts a formula.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from bayes_scaling.errors import BayesScalingError
from bayes_scaling.reporting.sections.contents import Block, Paragraph, Picture

SETTINGS = {
    "text.parse_math": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "bayes_scaling",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.size": 11.0,
}
"""Text as paths needs no font on the reader's machine; light behind it, dark pages too."""


@contextmanager
def plain_style() -> Iterator[None]:
    """Matplotlib's defaults and ours, whatever the user has set, and no window."""
    with warnings.catch_warnings(), plt.style.context(["default", SETTINGS]), plt.ioff():
        # A name may hold an emoji for which there is no glyph; a box stands for it.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        warnings.filterwarnings("ignore", "Matplotlib currently does not support", UserWarning)
        yield


def drawn(name: str, alt: str, caption: str, plot: Callable[[], Any]) -> Block:
    """The figure that a plot makes, or the reason why there is none."""
    with plain_style():
        before = set(plt.get_fignums())
        try:
            axes = np.ravel(np.asarray(plot(), dtype=object))[0]
            figure = axes.get_figure(root=True)
        except BayesScalingError as error:
            return Paragraph(f"{caption} This figure is not drawn: {error}")
        except Exception as error:  # one figure that fails must not hide the verdict
            reason = f"{type(error).__name__}: {error}"
            return Paragraph(f"{caption} This figure could not be drawn ({reason}).", warning=True)
        finally:
            for number in set(plt.get_fignums()) - before:
                plt.close(number)
    return Picture(name, alt, caption, figure)


def encoded(figure: Figure, kind: Literal["svg", "png", "pdf"]) -> bytes:
    """The figure as a file."""
    buffer = io.BytesIO()
    dates: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    with plain_style():
        figure.savefig(buffer, format=kind, dpi=130, metadata=dates[kind])
    return buffer.getvalue()


def formula_svg(latex: str) -> bytes | None:
    """A formula as a picture; None where Matplotlib's LaTeX does not reach."""
    with plain_style(), mpl.rc_context({"text.parse_math": True, "mathtext.fontset": "cm"}):
        figure = Figure(figsize=(0.1, 0.1))
        figure.text(0, 0, f"${latex}$", fontsize=17)
        buffer = io.BytesIO()
        try:
            figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
        except ValueError:
            return None
    return buffer.getvalue()

"""Artists of a plot: by name, bands, ends of bars, and the texts of legends."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.legend import Legend


def marked(ax: Axes, gid: str) -> list[Artist]:
    """Artists drawn under a name."""
    return [artist for artist in ax.get_children() if artist.get_gid() == gid]


def bands(ax: Axes) -> dict[str, FillBetweenPolyCollection]:
    """Bands by label, in the order in which they were drawn."""
    found = [c for c in ax.collections if isinstance(c, FillBetweenPolyCollection)]
    return {str(band.get_label()): band for band in found}


def bar_ends(bars: Artist, axis: int = 1) -> np.ndarray:
    """Ends of bars along an axis, a row for each; vertical ones unless told otherwise."""
    return np.array([segment[:, axis] for segment in bars.get_segments()])


def legend_texts(legend: Legend) -> list[str]:
    return [text.get_text() for text in legend.get_texts()]

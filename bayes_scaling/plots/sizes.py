"""Curves of the loss at fixed model sizes, and the colour scale of model size.

Owns which sizes of a sweep get a curve; sweeps with many slightly different sizes are binned.
"""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm
from scipy.stats import gmean

MOST_SIZES = 7
"""Sizes of model that get a curve of their own; more are binned."""


SHADES = ListedColormap(mpl.colormaps["viridis"](np.linspace(0.15, 0.9, 256)))
"""Viridis without its ends, which a dark or a white page swallows."""


def size_colours(params: np.ndarray) -> ScalarMappable:
    """Matplotlib's map from model sizes, in parameters on a log scale, to colours."""
    smallest, largest = float(params.min()), float(params.max())
    return ScalarMappable(LogNorm(smallest, max(largest, 1.01 * smallest)), SHADES)


def representative_sizes(params: np.ndarray, rows: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """Model sizes that curves are drawn at, each with the runs (of `rows`) that it stands for.

    Sizes of two runs or more each; if there are more than seven sizes, the geometric means of
    seven bins.
    """
    sizes = np.unique(params[rows])
    if len(sizes) <= MOST_SIZES:
        of_size = [(float(size), rows & (params == size)) for size in sizes]
    else:
        edges = np.geomspace(sizes[0], sizes[-1], MOST_SIZES + 1)
        bins = np.clip(np.searchsorted(edges, params, side="right"), 1, MOST_SIZES)
        of_size = [(np.nan, rows & (bins == number)) for number in range(1, MOST_SIZES + 1)]
        of_size = [(float(gmean(params[found])), found) for _, found in of_size if found.any()]
    return [(size, found) for size, found in of_size if found.sum() > 1]

"""Minima and roots of many functions of one variable at once, one for each posterior draw.

Functions take and give arrays of the shape of the result, or of that with a dim before: grids have
their places along such a dim. What a grid brackets is refined by SciPy's element-wise solvers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import elementwise

type Array = np.ndarray
type Functions = Callable[[Array], Array]

OUTWARDS = np.sinh(np.linspace(0, 3.4, 21)) / np.sinh(3.4)
"""Shares of the way from where a minimum is likely to the ends of its range: closest there."""

LEAST_SIDE = 0.01
"""Share of the range that is left on either side of where the minimum is likely."""

NEAR = 1e-6
"""Distance from an end at which a function must be lower for its minimum not to be that end."""

MINIMUM_TOLERANCE = {"xatol": 1e-5, "xrtol": 0.0, "fatol": 0.0, "frtol": 0.0}
ROOT_TOLERANCE = 1e-11

BLOCK = 8192
"""Most numbers that a function is asked for at once, but for one place of a grid: calls take longer
than the work for few, and arrays of more would pass the cache."""

HIGH = 1e30
"""Stands for values that are missing or infinite, which solvers do not handle."""


def minimum(function: Functions, low: Array, likely: Array, high: Array) -> tuple[Array, Array]:
    """Find where each of many functions is least in [low, high], and the end if it is at one.

    Parameters
    ----------
    function : callable
        Missing values count as high.
    low, likely, high : numpy.ndarray
        Ends of the range searched, and where in it most places are looked at, of the shape of the
        result.

    Returns
    -------
    place : numpy.ndarray
    end : numpy.ndarray of int
        -1 where that is `low`, 1 where it is `high`, and 0 for a minimum between them.

    Examples
    --------
    >>> centre, one = np.array([-20.0, 0.1234, 20.0]), np.ones(3)
    >>> place, end = minimum(lambda x: (x - centre) ** 2, -10 * one, 0 * one, 10 * one)
    >>> place.round(4).tolist(), end.tolist()
    ([-10.0, 0.1234, 10.0], [-1, 0, 1])
    """

    def known(places: Array) -> Array:
        values: Array = np.nan_to_num(function(places), nan=HIGH, posinf=HIGH)
        return values

    side = LEAST_SIDE * (high - low)
    likely = np.clip(likely, low + side, high - side)
    out = OUTWARDS.reshape(-1, *[1] * likely.ndim)
    left, right = likely + (low - likely) * out[:0:-1], likely + (high - likely) * out
    grid = np.concatenate([left, right])
    values = _along(known, grid)
    best = values.argmin(0)
    inner = np.clip(_taken(grid, best), low + NEAR, high - NEAR)
    at_end = np.isin(best, (0, len(grid) - 1)) & (known(inner) >= values.min(0))
    at_end |= high - low <= 2 * NEAR
    bracket = (_taken(grid, best - 1), inner, _taken(grid, best + 1))
    some, number = _elementwise(known, low.shape)
    with np.errstate(all="ignore"):
        found = elementwise.find_minimum(
            some, bracket, args=(number,), tolerances=MINIMUM_TOLERANCE
        )
    end = at_end * np.where(best < len(OUTWARDS), -1, 1)
    return np.where(at_end, np.where(end < 0, low, high), found.x), end


def first_change(function: Functions, grid: Array, tolerance: float = ROOT_TOLERANCE) -> Array:
    """Find where the sign of each of many functions first changes along a grid.

    Parameters
    ----------
    function : callable
        Finite values.
    grid : numpy.ndarray
        Places along its first dim, upwards or downwards.
    tolerance : float
        By how much place or value may be off; what is itself searched for has an error.

    Returns
    -------
    numpy.ndarray
        NaN where the sign is the same throughout.

    Examples
    --------
    >>> roots = np.array([2.0, 9.0, 1e6])
    >>> first_change(lambda x: x**2 - roots, np.linspace(np.zeros(3), np.full(3, 10.0), 5)).round(6)
    array([1.414214, 3.      ,      nan])
    """
    above = _along(function, grid) > 0
    changed = above != above[0]
    cell = np.where(changed.any(0), changed.argmax(0) - 1, -1)
    return _root(function, grid, cell, tolerance)


def first_below(function: Functions, grid: Array) -> Array:
    """Find where each of many functions falls to zero for good, on its way to its least.

    Parameters
    ----------
    function : callable
        Finite values, that fall along the grid but for small wiggles, or until far along it.
    grid : numpy.ndarray
        Places along its first dim, upwards.

    Returns
    -------
    numpy.ndarray
        Minus infinity where it is not above zero before its least, infinity where it is above zero
        throughout, NaN where it has no value.
    """
    values = _along(function, grid)
    before = np.arange(len(grid)).reshape(-1, *[1] * (values.ndim - 1))
    above = (values > 0) & (before < values.argmin(0))
    cell = np.where(above, before, -1).max(0)
    least = values.min(0)
    reached = np.where(cell < 0, -np.inf, _root(function, grid, cell, ROOT_TOLERANCE))
    return np.where(least > 0, np.inf, np.where(np.isnan(least), np.nan, reached))


def _root(function: Functions, grid: Array, cell: Array, tolerance: float) -> Array:
    """Find where functions are zero within cells of a grid; NaN for cells below 0."""
    some, number = _elementwise(function, cell.shape)
    bracket = (_taken(grid, cell), _taken(grid, cell + 1))
    tolerances = {"xatol": tolerance, "xrtol": 0.0, "fatol": tolerance, "frtol": 0.0}
    with np.errstate(all="ignore"):
        found = elementwise.find_root(some, bracket, args=(number,), tolerances=tolerances)
    return np.where(cell < 0, np.nan, found.x)


def _along(function: Functions, grid: Array) -> Array:
    """Values along a grid, by blocks of its places."""
    blocks = min(len(grid), -(-grid.size // BLOCK))
    return np.concatenate([function(part) for part in np.array_split(grid, blocks)])


def _taken(grid: Array, places: Array) -> Array:
    """Elements of a grid along its first dim; the last ones for places beyond it."""
    taken: Array = np.take_along_axis(grid, places.clip(0, len(grid) - 1)[np.newaxis], 0)[0]
    return taken


def _elementwise(
    function: Functions, shape: tuple[int, ...]
) -> tuple[Callable[[Array, Array], Array], Array]:
    """The functions as SciPy's solvers call them: at some elements, given by number."""
    size = int(np.prod(shape))
    places = np.zeros(size)

    def some(place: Array, number: Array) -> Array:
        places[number] = place
        values: Array = function(places.reshape(shape)).ravel()[number]
        return values

    return some, np.arange(size).reshape(shape)

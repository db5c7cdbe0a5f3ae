"""Root finding for many functions of one variable at once, one for each posterior draw.

Works on NumPy arrays of any one shape; owns nothing of laws.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

type Array = np.ndarray

HALVINGS = 48
"""A range of 200 is narrowed to less than 1e-12."""

TOLERANCE = 1e-11
MOST_STEPS = 80


def last_where(holds: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Where a condition that holds at `low` ceases to hold, by bisection.

    Parameters
    ----------
    holds : callable
        Booleans, of the shape of its argument.
    low, high : numpy.ndarray
        Ends of the range searched, of one shape.

    Returns
    -------
    numpy.ndarray
        NaN where the condition does not hold at `low`, or still holds at `high`.

    Examples
    --------
    >>> low, high = np.zeros(3), np.full(3, 10.0)
    >>> last_where(lambda x: x**2 < np.array([2.0, 9.0, 1e6]), low, high).round(6)
    array([1.414214, 3.      ,      nan])
    """
    found = holds(low) & ~holds(high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = holds(middle)
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(found, (low + high) / 2, np.nan)


def find_root(function: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Where each of many continuous functions is zero, inside (low, high).

    Parameters
    ----------
    function : callable
        Finite values, of the shape of its argument.
    low, high : numpy.ndarray
        Ends of the range searched, of one shape.

    Returns
    -------
    numpy.ndarray
        NaN where the function has the same sign at both ends.

    References
    ----------
    Chandrupatla (1997), A new hybrid quadratic/bisection algorithm for finding the zero of a
    nonlinear function without using derivatives, Advances in Engineering Software 28.

    Examples
    --------
    >>> find_root(lambda x: np.exp(x) - np.array([2.0, 5.0]), np.zeros(2), np.full(2, 9.0)).round(6)
    array([0.693147, 1.609438])
    """
    with np.errstate(all="ignore"):
        return _chandrupatla(function, low, high)


def _chandrupatla(function: Callable[[Array], Array], low: Array, high: Array) -> Array:
    a, b = high, low
    f_a, f_b = function(a), function(b)
    bracketed = np.sign(f_a) * np.sign(f_b) <= 0
    share = np.full(np.shape(f_a), 0.5)
    for _ in range(MOST_STEPS):
        x = a + share * (b - a)
        f_x = function(x)
        same = np.sign(f_x) == np.sign(f_a)
        c, f_c = np.where(same, a, b), np.where(same, f_a, f_b)
        b, f_b = np.where(same, b, a), np.where(same, f_b, f_a)
        a, f_a = x, f_x
        closer = np.abs(f_a) < np.abs(f_b)
        least = TOLERANCE / np.abs(b - a)
        if np.all((least > 0.5) | (np.where(closer, f_a, f_b) == 0) | ~bracketed):
            break
        share = np.clip(_next_share((a, b, c), (f_a, f_b, f_c)), least, 1 - least)
        share = np.where(least < 0.5, share, 0.5)
    root = np.where(np.abs(f_a) < np.abs(f_b), a, b)
    return np.where(bracketed, root, np.nan)


def _next_share(x: tuple[Array, Array, Array], f: tuple[Array, Array, Array]) -> Array:
    """How far from a to b the next point lies: interpolated inversely where that is safe."""
    (a, b, c), (f_a, f_b, f_c) = x, f
    xi, phi = (a - b) / (c - b), (f_a - f_b) / (f_c - f_b)
    inverse = f_a / (f_b - f_a) * f_c / (f_b - f_c)
    inverse += (c - a) / (b - a) * f_a / (f_c - f_a) * f_b / (f_c - f_b)
    safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi) & np.isfinite(inverse)
    return np.where(safe, inverse, 0.5)

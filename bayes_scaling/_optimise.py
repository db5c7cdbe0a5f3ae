"""Minima and roots of many functions of one variable at once, one for each posterior draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

FIRST_GRID = 101
NEXT_GRID = 11
NARROWINGS = 12
RESOLUTION = 1e-3
"""Width of the cell in which a parabola is trusted to place the minimum."""

STEPS = 60
TOLERANCE = 1e-11


def minimise(
    function: Callable[[xr.DataArray], xr.DataArray], low: xr.DataArray, high: xr.DataArray
) -> xr.DataArray:
    """Where each of many functions is least inside (low, high); NaN where that is at an end."""
    lowest, end = minimise_within(function, low, high)
    return lowest.where(end == 0)


def minimise_within(
    function: Callable[[xr.DataArray], xr.DataArray], low: xr.DataArray, high: xr.DataArray
) -> tuple[xr.DataArray, xr.DataArray]:
    """Where each of many functions is least in [low, high], and at which end if at one.

    A grid finds the cell of the minimum, a smaller one is laid over it until it is narrow, and a
    parabola through the last three points places it within.

    Parameters
    ----------
    function : callable
        Values, with the draws' dims, at points that have a dim ``search`` besides.
    low, high : xarray.DataArray
        Ends of the range searched.

    Returns
    -------
    lowest : xarray.DataArray
    end : xarray.DataArray of int
        -1 where that is `low`, 1 where it is `high`, and 0 for a minimum between them.
    """
    left, right, number = low, high, FIRST_GRID
    at_low: Any = True
    at_high: Any = True
    for _ in range(NARROWINGS):
        unit = xr.DataArray(np.linspace(0, 1, number), dims="search")
        grid = left + (right - left) * unit
        values = function(grid).fillna(np.inf)
        best = values.argmin("search")
        at_low, at_high = at_low & (best == 0), at_high & (best == number - 1)
        inner = best.clip(1, number - 2)
        step, last = (right - left) / (number - 1), number - 1
        left = grid.isel(search=(best - 1).clip(0, last))
        right = grid.isel(search=(best + 1).clip(0, last))
        if step.max() < RESOLUTION:
            break
        number = NEXT_GRID
    lowest = grid.isel(search=inner) + _vertex(values, inner) * step
    lowest = lowest.where(~at_low, low).where(~at_high, high)
    return lowest, at_high.astype(int) - at_low.astype(int)


def _vertex(values: xr.DataArray, inner: xr.DataArray) -> xr.DataArray:
    """Where a parabola through three neighbours is least, in steps from the middle one."""
    before, at, after = (values.isel(search=inner + shift) for shift in (-1, 0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        curvature = before - 2 * at + after
        shift = (before - after) / (2 * curvature)
    return shift.where(curvature > 0, 0.0).clip(-1, 1)


def root(function: Callable[[Any], Any], low: Any, high: Any) -> xr.DataArray:
    """Where each of many increasing functions is zero, in [low, high].

    By Chandrupatla's method: bisection, and inverse quadratic interpolation where that is safe.

    Returns
    -------
    xarray.DataArray
        `low` where the function is positive throughout, `high` where it is negative; missing
        where it has no value at one of them.

    References
    ----------
    Chandrupatla (1997), Advances in Engineering Software 28, 145-149.
    """
    low, high = xr.DataArray(low), xr.DataArray(high)
    at_low, at_high = xr.DataArray(function(low)), xr.DataArray(function(high))
    a, b, value_a, value_b, part = low, high, at_low, at_high, xr.DataArray(0.5)
    with np.errstate(all="ignore"):
        for _ in range(STEPS):
            point = a + part * (b - a)
            value = function(point)
            same = np.sign(value) == np.sign(value_a)
            c, value_c = _either(same, a, b), _either(same, value_a, value_b)
            b, value_b = _either(same, b, a), _either(same, value_b, value_a)
            a, value_a = point, value
            if not ((np.abs(b - a) > TOLERANCE) & (value != 0)).any():
                break
            part = _next_part((a, b, c), (value_a, value_b, value_c))
    found = _either(np.abs(value_a) <= np.abs(value_b), a, b)
    found = _either(at_low > 0, low, _either(at_high < 0, high, found))
    return found.where(at_low.notnull() & at_high.notnull())


def _either(condition: Any, first: Any, second: Any) -> xr.DataArray:
    chosen: xr.DataArray = xr.where(condition, first, second)  # type: ignore[no-untyped-call]
    return chosen


def _next_part(places: tuple[Any, Any, Any], values: tuple[Any, Any, Any]) -> xr.DataArray:
    """How far to go from the newest point towards the other end of the bracket, from 0 to 1."""
    a, b, c = places
    at_a, at_b, at_c = values
    xi, phi = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
    safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
    guess = at_a / (at_b - at_a) * at_c / (at_b - at_c)
    guess = guess + (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
    margin = (TOLERANCE / np.abs(b - a)).clip(0, 0.5)
    part: xr.DataArray = guess.where(safe, 0.5).fillna(0.5).clip(margin, 1 - margin)
    return part

"""Minimisation of many functions of one variable at once, one for each posterior draw."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

GRID = 201
NARROWINGS = 4


def minimise(
    function: Callable[[xr.DataArray], xr.DataArray], low: xr.DataArray, high: xr.DataArray
) -> xr.DataArray:
    """Where each of many functions is least, inside (low, high).

    A grid finds the cell of the minimum and is laid again over it, and a parabola through the last
    three points places it within.

    Parameters
    ----------
    function : callable
        Values, with the draws' dims, at points that have a dim ``search`` besides.
    low, high : xarray.DataArray
        Ends of the range searched, without draws' dims.

    Returns
    -------
    xarray.DataArray
        NaN where the least value is at an end of the range: there is no interior minimum.
    """
    unit = xr.DataArray(np.linspace(0, 1, GRID), dims="search")
    left, right = low, high
    interior: xr.DataArray | bool = True
    for narrowing in range(NARROWINGS):
        grid = left + (right - left) * unit
        values = function(grid)
        best = values.argmin("search")
        if narrowing == 0:
            interior = (best > 0) & (best < GRID - 1)
        inner = best.clip(1, GRID - 2)
        left, right = grid.isel(search=inner - 1), grid.isel(search=inner + 1)
        if (right - left).max() < 1e-3:
            break
    before, at, after = (values.isel(search=inner + shift) for shift in (-1, 0, 1))
    curvature = before - 2 * at + after
    shift = ((before - after) / (2 * curvature)).where(curvature > 0, 0.0)
    lowest: xr.DataArray = grid.isel(search=inner) + shift * (right - left) / 2
    return lowest.where(interior)

"""Misfit of the law of a loss curve: error of the gain, wandering, and noise.

Losses along a run lie within a few hundredths of a per cent of a smooth line, and that line misses
the law by several times as much, in three ways that are told apart here.

*Gain*: what a run gains by the falls of its learning rate is ``exp(miss)`` times what the law says,
one `miss` for each run: new runs differ by their schedules, and schedules enter there. Curves that
were fitted say little of its size, for the law's parameters have adapted to them. Beyond the
longest fitted curve it is a random walk: each doubling of the steps adds as much variance as a new
run has.
*Wandering*: log loss less that of the law is an Ornstein-Uhlenbeck process along the run. Its
correlation falls to 1/e while the steps grow by a factor of e, or while the learning rate falls
from the peak to zero. Points of one curve so count for less than their number.
*Noise*: what is left, at each point by itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.priors import Prior
from bayes_scaling.schedules.sums import POINT

GAIN_MISS_SD = Prior.between(0.06, 0.25)
"""Size of the miss of the gain: of the order of the published errors on schedules that were not
fitted. Luo et al. (2025) miss them by 0.11 to 0.17 % of the loss on average, half of which is
wandering, where the mean gain is 0.9 % of the loss; Tissue et al. (2024) by 0.2 %."""

WANDER_SD = Prior.between(0.0005, 0.003)
"""Size of wandering, in log loss: about the mean errors of both papers."""

NOISE_SD = Prior.between(0.0001, 0.002)
"""Size of noise, in log loss: validation losses scatter little, training losses more."""

PRIORS = {"gain_miss_sd": GAIN_MISS_SD, "wander_sd": WANDER_SD, "noise_sd": NOISE_SD}


def path_length(sums: xr.Dataset) -> np.ndarray:
    """Place of each point along its run, for the correlation of wandering."""
    return np.asarray(np.log(sums["step"] + 1.0) + sums["travel"])


def wander_directions(sums: xr.Dataset, curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions in which wandering is independent, and its variance in each.

    Parameters
    ----------
    sums : xarray.Dataset, dims (point, node)
    curve : array, shape (points,)
        Number of the curve of each point; curves are independent.

    Returns
    -------
    directions : numpy.ndarray, dims (direction, point)
    variance : numpy.ndarray, dims (direction,)
    """
    at = path_length(sums)
    correlation = np.exp(-np.abs(at[:, None] - at)) * (curve[:, None] == curve)
    variance, directions = np.linalg.eigh(correlation)
    return directions.T, np.maximum(variance, 0.0)


def drawn_misses(
    posterior: xr.Dataset, sums: xr.Dataset, longest: int, rng: np.random.Generator
) -> tuple[xr.DataArray, xr.DataArray]:
    """Misses of one new run in each draw: of the log gain, and of log loss by wandering and noise.

    Parameters
    ----------
    posterior : xarray.Dataset, dims (chain, draw)
    sums : xarray.Dataset, dims (point, node)
        Of the run, its points in order of their steps.
    longest : int
        Last step of the longest fitted curve.

    Returns
    -------
    gain, log_loss : xarray.DataArray, dims (chain, draw, point)
    """
    like = posterior["wander_sd"].expand_dims({POINT: sums.sizes[POINT]}, axis=-1)
    normal = [like.copy(data=rng.standard_normal(like.shape)) for _ in range(3)]
    beyond = np.maximum(0.0, np.log2((sums["step"].to_numpy() + 1.0) / (longest + 1.0)))
    steps = xr.DataArray(np.sqrt(np.diff(beyond, prepend=-1.0)), dims=POINT)
    gain = posterior["gain_miss_sd"] * (steps * normal[0]).cumsum(POINT)
    wander = posterior["wander_sd"] * _correlated(normal[1], path_length(sums))
    return gain, wander + posterior["noise_sd"] * normal[2]


def _correlated(normal: xr.DataArray, at: np.ndarray) -> xr.DataArray:
    """Independent normals, along their last dim, made the steps of a process of unit variance."""
    kept = np.exp(-np.diff(at, prepend=-np.inf))
    values: Any = normal.values
    for place in range(1, len(at)):
        share = kept[place]
        values[..., place] = (
            share * values[..., place - 1] + np.sqrt(1 - share**2) * values[..., place]
        )
    return normal

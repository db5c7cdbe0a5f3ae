"""Where chains start: high up where there are many runs, and longer rounds where mass was found."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from scipy import optimize

from bayes_scaling.fitting.compiling import entered

PLACES = "places"
"""Group of a sampled tree: where each draw lies on the sampler's own scale, and how high."""

MANY = 1000
"""Runs from which chains climb first. The posterior of so many is so narrow that a chain from a
random start is on its way for most of a short warm-up, and tunes its steps to that: six thousand
runs then take a hundred steps a draw instead of twelve."""

CLIMBS = 500
"""Steps that a chain climbs at the most."""

STARTS = 100
"""Draws of which those are chosen that chains start from."""


def started(density: Any, before: xr.DataTree | None, rows: int) -> Any:
    """The density, with chains that start from what was sampled before, or high up of many rows."""
    if before is None and rows < MANY:
        return density
    if before is None:
        return replace(density, initial_point_func=partial(climbed, density))
    points = starting_points(before)

    def one_of(seed: int | None) -> np.ndarray:
        chosen: np.ndarray = points[np.random.default_rng(seed).integers(len(points))].copy()
        return chosen

    return replace(density, initial_point_func=one_of)


def climbed(density: Any, seed: int | None) -> np.ndarray:
    """Where a chain climbs to from its own random start, by L-BFGS on the compiled log density."""

    def depth(place: np.ndarray) -> tuple[float, np.ndarray]:
        failed, height, slope = entered(density, np.ascontiguousarray(place))
        # Where there is no density the climb turns back.
        return (np.inf, np.zeros_like(slope)) if failed else (-height, -slope)

    begin = density.initial_point_func(seed)
    options = {"maxiter": CLIMBS}
    found = optimize.minimize(depth, begin, jac=True, method="L-BFGS-B", options=options)
    top: np.ndarray = found.x
    return top if np.isfinite(found.fun) else begin


def starting_points(before: xr.DataTree) -> np.ndarray:
    """Draws of each chain in proportion to the mass about it, dims (start, place).

    Chains that have not met are in modes of their own, or on their way. A chain's mass is taken to
    be that of a normal distribution with its draws' covariance and mean log density, so that modes
    which hold next to nothing do not keep a chain for ever, and those that hold their share do.
    """
    found, rng = before[PLACES].to_dataset(), np.random.default_rng(0)
    places, log_density = found["place"].values, found["log_density"].values
    volume = [np.linalg.slogdet(np.cov(chain.T))[1] / 2 for chain in places]
    log_mass = np.nan_to_num(log_density.mean(axis=1) + volume, nan=-1e300, neginf=-1e300)
    mass = np.exp(log_mass - log_mass.max())
    chains = rng.choice(len(places), STARTS, p=mass / mass.sum())
    points: np.ndarray = places[chains, rng.integers(places.shape[1], size=STARTS)]
    return points

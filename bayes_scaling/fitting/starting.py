"""Where chains start that are sampled for longer: where those before have found mass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

PLACES = "places"
"""Group of a sampled tree: where each draw lies on the sampler's own scale, and how high."""

STARTS = 100
"""Draws of which those are chosen that chains start from."""


def started(density: Any, before: xr.DataTree | None) -> Any:
    """The density, with chains that start from what was sampled before."""
    if before is None:
        return density
    points = starting_points(before)

    def start(seed: int | None) -> np.ndarray:
        chosen: np.ndarray = points[np.random.default_rng(seed).integers(len(points))].copy()
        return chosen

    return replace(density, initial_point_func=start)


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

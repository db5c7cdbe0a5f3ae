"""Where chains start: where many runs put the law, and longer rounds where mass was found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.fitting.compiling import in_coordinates
from bayes_scaling.fitting.coordinates import Coordinates, directions_of_delta, sampled_names

PLACES = "places"
"""Group of a sampled tree: where each draw lies in the sampler's coordinates, and how high."""

STARTS = 100
"""Draws of which those are chosen that chains start from."""

LOST = -20.0
"""Log mass about a chain, over that about another, below which it lies in no part of the posterior
that counts: far lower than what a normal distribution may be off by."""


def started(density: Any, coordinates: Coordinates | None, before: xr.DataTree | None) -> Any:
    """The density in coordinates, if there are any, with the points that chains start from.

    Directions of `delta`, which are sampled as distances from where the runs put them, and what has
    coordinates start a standard deviation from the centre; all else where PyMC has it start.
    """
    names = sampled_names(density)
    normal = directions_of_delta(names)
    mapped = density
    if coordinates is not None:
        place = {name: number for number, name in enumerate(names)}
        numbers = np.array([place[name] for name in coordinates.names])
        normal += numbers.tolist()
        mapped = in_coordinates(density, numbers, coordinates.centre, coordinates.spread)
    points = None if before is None else starting_points(before)

    def point(seed: int | None) -> np.ndarray:
        rng = np.random.default_rng(seed)
        if points is not None:
            return np.array(points[rng.integers(len(points))])
        begin: np.ndarray = density.initial_point_func(seed)
        # By the gradient there the sampler's first mass matrix is that of standard normal numbers.
        begin[normal] = rng.choice([-1.0, 1.0], len(normal))
        return begin

    return replace(mapped, initial_point_func=point)


def starting_points(before: xr.DataTree) -> np.ndarray:
    """Draws of each chain in proportion to the mass about it, dims (start, place)."""
    places, rng = before[PLACES].to_dataset()["place"].values, np.random.default_rng(0)
    mass = np.exp(_log_masses(before))
    chains = rng.choice(len(places), STARTS, p=mass / mass.sum())
    points: np.ndarray = places[chains, rng.integers(places.shape[1], size=STARTS)]
    return points


def a_chain_is_lost(tree: xr.DataTree) -> bool:
    """True if a chain lies where the posterior has next to no mass."""
    return bool(_log_masses(tree).min() < LOST)


def _log_masses(tree: xr.DataTree) -> np.ndarray:
    """Log of the mass about each chain over the largest, dims (chain,).

    Chains that have not met are in modes of their own, or on their way. A chain's mass is taken to
    be that of a normal distribution with its draws' covariance and mean log density, so that modes
    which hold next to nothing do not keep a chain for ever, and those that hold their share do.
    """
    found = tree[PLACES].to_dataset()
    places, log_density = found["place"].values, found["log_density"].values
    volume = [np.linalg.slogdet(np.cov(chain.T))[1] / 2 for chain in places]
    log_mass = np.nan_to_num(log_density.mean(axis=1) + volume, nan=-1e300, neginf=-1e300)
    return np.asarray(log_mass - log_mass.max())

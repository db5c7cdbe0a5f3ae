"""Mixtures: draws of several fits at the same points as draws of one average."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from bayes_scaling.fitting.average import FitAverage
from bayes_scaling.fitting.posterior import taken
from bayes_scaling.model.hierarchy import NewLevels
from bayes_scaling.model.points import At, Numbers, asked_table, crossed, points


def average_points(
    average: FitAverage, given: Mapping[str, Numbers | None], at: At | None, new_levels: NewLevels
) -> dict[str, xr.Dataset]:
    """Points for each fit, with the inputs of its law; a factor left out is crossed."""
    table = asked_table(given, at)
    for fit in average.fits.values():
        table = crossed(table, fit.model, fit.runs)
    return {
        name: points(fit.model, fit.runs, at=table, new_levels=new_levels)
        for name, fit in average.fits.items()
    }


def mixture(average: FitAverage, draws: Mapping[str, xr.Dataset], seed: int) -> xr.Dataset:
    """Draws of the mixture from draws of each fit.

    Parameters
    ----------
    average : FitAverage
    draws : mapping of str to xarray.Dataset, dims (chain, draw, ...)
        Of each fit, at the same points. Variables that not all of them have are dropped.
    seed : int

    Returns
    -------
    xarray.Dataset
        With the chains and draws of the heaviest fit, and all coordinates that any fit has but
        those in which they differ: compute that follows from other inputs, as each counts it.
    """
    like = draws[average.heaviest]
    names = [name for name in like.data_vars if all(name in part for part in draws.values())]
    sizes = like.sizes["chain"], like.sizes["draw"]
    chosen = xr.DataArray(
        components(list(average.weights.values()), sizes, np.random.default_rng([seed, 2])),
        dims=("chain", "draw"),
    )
    mixed = like[names].reset_coords(drop=True).drop_vars(["chain", "draw"])
    for number, name in enumerate(average.weights):
        part = draws[name][names].reset_coords(drop=True)
        mixed = mixed.where(chosen != number, _spread(part, sizes))
    own = {"chain": like["chain"], "draw": like["draw"]}
    return mixed.transpose("chain", "draw", ...).assign_coords({**own, **_shared(draws)})


def _shared(draws: Mapping[str, xr.Dataset]) -> dict[str, xr.Variable]:
    """Coordinates of the points that some fits have, and all of these alike."""
    found: dict[str, list[xr.Variable]] = {}
    for part in draws.values():
        for name in part.coords:
            if name not in ("chain", "draw"):
                found.setdefault(str(name), []).append(part[name].variable)
    return {n: some[0] for n, some in found.items() if all(map(some[0].equals, some))}


def components(
    weights: list[float], sizes: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Number of the fit of each draw, dims (chain, draw): in each chain as often as it weighs.

    Shuffled, so that no stretch of a chain is of one fit and its diagnostics stay those of draws.
    """
    chains, count = sizes
    even = (np.arange(count) + 0.5) / count
    places = np.stack([rng.permutation(even) for _ in range(chains)])
    chosen = np.searchsorted(np.cumsum(weights), places)
    return np.asarray(chosen.clip(max=len(weights) - 1))


def _spread(draws: xr.Dataset, sizes: tuple[int, int]) -> xr.Dataset:
    """Evenly spaced draws of a wanted number of chains and draws, without their numbers."""
    if (draws.sizes["chain"], draws.sizes["draw"]) == sizes:
        return draws.drop_vars(["chain", "draw"], errors="ignore")
    total = sizes[0] * sizes[1]
    places = np.arange(total) * (draws.sizes["chain"] * draws.sizes["draw"]) // total
    return taken(draws, places.reshape(sizes))

"""Draws of how a surface goes on beyond the runs, as other sweeps and these runs say.

No run informs `miss` and what is not known of `drift`; what the runs show of `drift` is where
`delta` had to move the best ratio of tokens to parameters among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import numpy as np
import xarray as xr
from scipy import special

from bayes_scaling.fitting.left_out import LeftOut, coefficients
from bayes_scaling.fitting.loss_surface import LossSurface
from bayes_scaling.model.axes import compute_and_ratio, inputs_at
from bayes_scaling.model.inputs import scales
from bayes_scaling.model.nodes import Placement
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.model.surface import DRIFT, DRIFT_SIZE, EDGE, LEVEL_MISS, MISS, MISS_SIZE, SIZE
from bayes_scaling.runs import Runs

MOST_DRIFT = 0.9
"""Largest drift: beyond 1 a run larger on the same path would be worse than a smaller one."""

PLACES = 61
"""Ratios among which the best one is looked for, before a parabola refines it."""


def beyond(
    draws: xr.Dataset,
    typical: Mapping[str, xr.DataArray],
    model: ScalingModel,
    runs: Runs,
    seed: int,
) -> dict[str, xr.DataArray]:
    """Draws of `miss`, `drift`, `floor_drop`, of their sizes, and of each level's own `miss`.

    Parameters
    ----------
    draws : xarray.Dataset, dims (chain, draw, node)
        With the size and the weights of `delta`.
    typical : mapping of str to xarray.DataArray, dims (chain, draw)
        Typical values of the law's parameters on the reference scale.
    seed : int
        Draws of other runs are others by the same seed: what two sweeps miss is independent.
    """
    assert model.surface is not None
    rng = np.random.default_rng([seed, 1, crc32(runs.values("loss").tobytes())])
    sample = xr.ones_like(draws["chain"], float) * xr.ones_like(draws["draw"], float)
    found: dict[str, xr.DataArray] = {}
    for name, prior in model.surface.priors_beyond(model.law).items():
        values = prior.sample(sample.size, rng).reshape(sample.shape)
        found[name] = sample.copy(data=values)
    size = found[MISS_SIZE]
    found[MISS] = model.surface.mean_miss(model.law) + size * even_normal(sample, rng)
    for factor in model.factors:
        levels = sample * xr.ones_like(draws[factor], float)
        found[f"{MISS}_{factor}"] = LEVEL_MISS * size * even_normal(levels, rng)
    if compute_and_ratio(model.law)[1]:
        found[EDGE], shown = shown_drift(draws, typical, model, runs)
        drift = shown + found[DRIFT_SIZE] * even_normal(sample, rng)
        found[DRIFT] = drift.clip(-MOST_DRIFT, MOST_DRIFT)
    return found


def shown_drift(
    draws: xr.Dataset, typical: Mapping[str, xr.DataArray], model: ScalingModel, runs: Runs
) -> tuple[xr.DataArray, xr.DataArray]:
    """Best tokens per parameter at the compute of the largest run, and the drift that leads there.

    Where `delta` at the largest run would have the best ratio at the smallest, and where it is:
    decades between the two for each decade of compute. Of a pool, at its typical parameters. Over
    the last decade or two alone, best sizes of public sweeps beyond their runs are missed by as
    much and scattered more.
    """
    placement = Placement.of(model.law, runs)
    left_out = LeftOut(placement, *coefficients(placement, draws))
    surface = LossSurface(model.law, scales(model.law, runs), typical, left_out)
    surface = surface.map(lambda values: values.transpose("chain", "draw").to_numpy()[..., None])
    ratios = np.linspace(*placement.ratios, PLACES)

    def best(u: float, delta_from: float) -> Any:
        law = surface.log_reducible(inputs_at(model.law, runs, u, ratios))
        assert surface.left_out is not None
        return lowest(ratios, law + surface.left_out.delta(delta_from, ratios))

    top, least = placement.top, placement.top - placement.span
    shown = (best(least, top) - best(least, least)) / placement.span
    like = draws[SIZE].transpose("chain", "draw")
    return like.copy(data=10 ** best(top, top)), like.copy(data=shown)


def lowest(places: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Places of least heights on a grid, refined by a parabola through the three lowest.

    Parameters
    ----------
    places : numpy.ndarray, dims (place,)
        Evenly spaced.
    heights : numpy.ndarray, dims (..., place)

    Examples
    --------
    >>> grid = np.linspace(-1, 1, 9)
    >>> lowest(grid, (grid - np.array([[0.3], [-5.0]])) ** 2).round(6).tolist()
    [0.3, -1.0]
    """
    inner = heights[..., 1:-1].argmin(-1)[..., None] + 1
    low, middle, high = (np.take_along_axis(heights, inner + k, -1)[..., 0] for k in (-1, 0, 1))
    bend = np.maximum(low - 2 * middle + high, np.finfo(float).tiny)
    step = np.clip((low - high) / (2 * bend), -1.0, 1.0)
    found: np.ndarray = places[inner[..., 0]] + step * (places[1] - places[0])
    return found


def even_normal(like: xr.DataArray, rng: np.random.Generator) -> xr.DataArray:
    """Evenly spaced standard normal quantiles in random order over the draws, of shape of `like`.

    Quantiles of what is made of them vary less with the seed than those of independent draws.
    """
    count = like.sizes["chain"] * like.sizes["draw"]
    rest = like.size // count
    ranks = np.stack([rng.permutation(count) for _ in range(rest)], axis=-1)
    return like.copy(data=special.ndtri((ranks + 0.5) / count).reshape(like.shape))

"""Discrepancy: what a law leaves out, and how it grows beyond the runs.

A power law extrapolates its own certainty. Runs beyond those fitted miss it together, in one
direction, and the more the farther they lie: a miss that no scatter of single runs explains. Owns
that miss, and which posterior answers at which reach. What was tried, and how it scored, stands in
``tests/benchmarks/test_extrapolation.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy import special

from bayes_scaling._display import AsCode
from bayes_scaling._focus import focuses
from bayes_scaling.errors import ModelError
from bayes_scaling.priors import Prior

if TYPE_CHECKING:
    from bayes_scaling.fitting import ScalingFit

RATE = Prior.between(0.0165, 0.083)
"""Size of the miss of log loss for each tenfold of compute: 3.7 %, as 28 public sweeps and learning
curves have it; single ones 0.5 % (digitised Chinchilla runs) to 15 % (translation curves)."""

RATES = (5e-4, 2.0)
"""Rates beyond which none is looked for."""

HANDOVER = 0.3
"""Decades beyond the largest run, to twice its compute, over which draws change over from the
posterior of all runs alike to the one focused on the largest. Inside the runs the latter is too
sure of itself: where all runs scatter alike, it takes the largest for more precise than they are.
Beyond, the discrepancy is more than that."""


@dataclass(frozen=True)
class Discrepancy(AsCode):
    """How far the truth departs from the law beyond the largest run.

    The log of the expected loss is that of the law plus ``rate * z * reach``: `reach` is the number
    of decades of compute beyond the largest run (of the point's own level, in a pooled model),
    zero below it; ``z`` is standard normal, and with `rate` one draw for all points, since the
    misses of one sweep are alike. It knows compute only: a target of the compute of the runs but
    with far other tokens per parameter has none.

    Parameters
    ----------
    rate : Prior
        Size of the miss of log loss for each tenfold of compute. The default was learned from
        public sweeps; :meth:`bayes_scaling.Backtest.discrepancy` updates it by a sweep's own.

    Examples
    --------
    >>> Discrepancy(Prior.between(0.01, 0.03))
    Discrepancy(rate=Prior.between(0.01, 0.03))
    """

    rate: Prior = RATE

    def __post_init__(self) -> None:
        if self.rate.support != "positive" and not (self.rate.fixed and self.rate.numbers[0] > 0):
            raise ModelError(
                f"Discrepancy: rate={self.rate!r} allows sizes that are not positive, and a size "
                "of a miss is. Give Prior.between(0.01, 0.1), or discrepancy=None for none."
            )

    def shift(self, fit: ScalingFit, reach: xr.DataArray, seed: int) -> xr.DataArray:
        """Draws of what is added to the log of the expected loss, along the dim of `reach`."""
        return self.slopes(fit, seed) * reach.clip(min=0.0)

    def slopes(self, fit: ScalingFit, seed: int) -> xr.DataArray:
        """Draws of the miss of log loss for each decade, dims (chain, draw)."""
        named = fit.posterior[["chain", "draw"]]
        shape = (named.sizes["chain"], named.sizes["draw"])
        count = shape[0] * shape[1]
        rng = np.random.default_rng([seed, 1])
        standard = shuffled_normal(rng, count)
        slope = (self.rate.sample(count, rng) * standard).reshape(shape)
        return xr.DataArray(slope, dims=("chain", "draw"), coords=named.coords)


DEFAULT = Discrepancy()


def shuffled_normal(rng: np.random.Generator, count: int) -> np.ndarray:
    """Evenly spaced standard normal quantiles in random order, dims (sample,).

    What is added so leaves the median where it was.
    """
    return np.asarray(special.ndtri((rng.permutation(count) + 0.5) / count))


def updated_rate(prior: Prior, misses: np.ndarray) -> Prior:
    """A prior of the rate after the shared miss of a sweep was seen, as a log-normal.

    Parameters
    ----------
    misses : array, dims (fold, 2)
        Miss of log loss for each decade, and its standard error. The folds of a sweep all hold out
        its largest runs, and miss them alike: together they count as one observation, each with an
        equal share of its likelihood.

    Examples
    --------
    >>> updated_rate(RATE, np.array([[0.003, 0.002], [-0.002, 0.003]]))
    Prior.between(0.01309, 0.0653)
    """
    rate = np.geomspace(*RATES, 400)
    variance = rate[:, None] ** 2 + misses[:, 1] ** 2
    likelihood = -0.5 * (np.log(variance) + misses[:, 0] ** 2 / variance).mean(axis=1)
    # Evenly spaced in the logarithm, so the density is that of the logarithm.
    density = np.asarray(prior.log_density(rate)) + np.log(rate) + likelihood
    weight = np.exp(density - density.max())
    mean = np.average(np.log(rate), weights=weight)
    spread = np.sqrt(np.average((np.log(rate) - mean) ** 2, weights=weight))
    return Prior.log_normal(float(mean), float(spread))


def misses(fit: ScalingFit, discrepancy: Discrepancy | None) -> bool:
    """Whether forecasts of this fit are widened: of losses, unless the pure posterior is asked."""
    return discrepancy is not None and focuses(fit.model, fit.runs)


def lies_beyond(draws: xr.Dataset, discrepancy: Discrepancy | None) -> bool:
    """Whether any of the points answered lies beyond the runs, and rests on the focused posterior.

    There alone is a discrepancy. Mixed with what has none it is not in the draws: it may be so.
    """
    if discrepancy is None:
        return False
    return "discrepancy" not in draws or bool((draws["discrepancy"] != 0).any())


def answered[Draws: (xr.DataArray, xr.Dataset)](
    fit: ScalingFit,
    reach: xr.DataArray,
    ask: Callable[[ScalingFit], Draws],
) -> Draws:
    """What a function of a fit gives at points, each draw from the posterior that answers there.

    Up to the largest run that is the posterior of all runs alike, from :data:`HANDOVER` decades
    beyond it the focused one; between them the share of draws changes linearly.
    """
    plain = ask(fit)
    if fit.focused is None:
        return plain
    above = reach / HANDOVER
    # Both are draws of their posteriors by position, whatever they are numbered.
    other = ask(fit.focused).assign_coords(chain=plain["chain"], draw=plain["draw"])
    return plain.where(thresholds(plain) > above, other).transpose("chain", "draw", ...)


def thresholds(draws: xr.DataArray | xr.Dataset) -> xr.DataArray:
    """The share of :data:`HANDOVER` at which each draw changes over, dims (draw,)."""
    count = draws.sizes["draw"]
    return xr.DataArray((np.arange(count) + 0.5) / count, dims="draw")

"""Draws of the responses of runs not yet made, beside those of a goal.

Owns the scales on which the two are taken to be jointly normal, and the variance of a run's scatter
that says how much one run is worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_scaling.decisions.next_runs.goals import Goal
from bayes_scaling.decisions.next_runs.greedy import Candidates
from bayes_scaling.display.wording import per_cent
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting.posterior import new_runs, noise_at
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.noise.location_scale import LocationScale

LEAST_SPREAD = 1e-12
"""Relative spread of draws below which a quantity is a constant."""

MOST_MISSING = 0.5
"""Share of draws without a value from which on a goal is refused."""


@dataclass(frozen=True)
class Scaled:
    """Draws of a goal, as logarithms where all are positive.

    Attributes
    ----------
    values : xarray.DataArray, dims (chain, draw)
        NaN in draws without a value.
    log : bool
        Whether they are logarithms.
    """

    values: xr.DataArray
    log: bool

    def shrunk(self, share: float) -> xr.DataArray:
        """Draws in their own unit, with `share` of the spread about the same centre."""
        centre = self.values.median()
        shrunk: xr.DataArray = centre + share * (self.values - centre)
        return xr.apply_ufunc(np.exp, shrunk) if self.log else shrunk


def scaled_draws(goal: Goal, fit: ScalingFit) -> Scaled:
    """Draws of a goal, on the scale on which new runs change it about linearly.

    Raises
    ------
    ModelError
        It is the same in all draws, or has no value in most.
    """
    draws = goal.draws(fit)
    missing = float(draws.isnull().mean())
    if missing > MOST_MISSING:
        raise ModelError(
            f"next_runs: {goal!r} has no value in {per_cent(missing, 1)} of draws, so its spread "
            "is unknown. Choose a budget nearer to the runs, or Goal.loss at the run you plan."
        )
    centre = float(draws.median())
    if float(draws.std()) <= LEAST_SPREAD * abs(centre):
        raise ModelError(
            f"next_runs: {goal!r} is {centre:.4g} in all draws, so there is nothing to learn of "
            "it. Choose a quantity that the fit is uncertain of."
        )
    log = bool((draws > 0).where(draws.notnull(), True).all())
    return Scaled(xr.apply_ufunc(np.log, draws) if log else draws, log)


def learnable(goal: Scaled, fit: ScalingFit, where: xr.Dataset, costs: np.ndarray) -> Candidates:
    """Draws of the goal and of the responses expected of runs at `where`, dims (point,)."""
    expected = fit.expected_at(where)
    on_scale = fit.model.noise.on_scale(expected.values).reshape(-1, where.sizes["point"])
    quantity = goal.values.transpose("chain", "draw").values.ravel()
    kept = np.isfinite(quantity)
    noise = noise_variance(fit, where, expected)
    return Candidates(quantity[kept], on_scale[kept], noise, costs)


def noise_variance(fit: ScalingFit, where: xr.Dataset, expected: xr.DataArray) -> np.ndarray:
    """Variance of the normal scatter that is as informative as the scatter of one run.

    It is the inverse of the Fisher information on the location, averaged over the draws: for a
    Student-t of scale s and nu degrees of freedom s^2 (nu + 3) / (nu + 1), for a Laplace of scale
    b its square. For noise that is not of location and scale it is the variance itself.

    Returns
    -------
    numpy.ndarray, dims (point,)
        On the scale on which the response scatters.
    """
    noise, draws = fit.model.noise, fit.posterior
    if isinstance(noise, LocationScale):
        theta, columns = noise_at(draws, fit.model, fit.runs, where)
        spread = noise.location_and_spread(expected, theta, columns)[1]
        variance = spread**2 * noise.shape.informative(theta)
    else:
        rng = np.random.default_rng(fit.settings.seed)
        loss = new_runs(draws, fit.model, fit.runs, expected, where, rng)
        scatter = noise.on_scale(loss.values) - noise.on_scale(expected.values)
        variance = loss.copy(data=scatter**2)
    return np.asarray(variance.mean(("chain", "draw")) + xr.zeros_like(where["point"], float))

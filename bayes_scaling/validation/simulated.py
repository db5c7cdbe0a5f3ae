"""Simulated sweeps: the runs of a design with responses drawn from known parameters.

Owns where the true parameters come from, and how a whole table of runs is drawn from them.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import xarray as xr

from bayes_scaling.fitting.posterior import complete, new_runs, parameters_at, stages_at, taken
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.fitting.tree import run_data
from bayes_scaling.model.inputs import scales
from bayes_scaling.model.replicates import earlier_replicates
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.noise.location_scale import EARLIER_RUNS
from bayes_scaling.runs import Runs

PRIOR_DRAWS = 1000
"""Least number of prior draws, by which shrinkage is measured."""


@lru_cache(maxsize=4)
def prior_draws(model: ScalingModel, runs: Runs, draws: int, seed: int) -> xr.Dataset:
    """Draws from the prior of every variable of the posterior.

    Those of a few models and their runs are kept: verdicts on further targets of one fit, and its
    prior beside its posterior, ask for the same, which takes longer than all else that a quick
    verdict needs.
    """
    drawn = model.prior_predictive(runs, draws=draws, seed=seed)
    return complete(drawn["prior"].to_dataset(), model, runs)


def prior_source(model: ScalingModel, runs: Runs, count: int, seed: int) -> ScalingFit:
    """A fit with draws of the prior in place of the posterior."""
    size = max(count, PRIOR_DRAWS)
    posterior = prior_draws(model, runs, size, seed)
    never = xr.zeros_like(posterior[["chain", "draw"]])
    return ScalingFit(model, runs, posterior, never, Settings(size, 1, 1, seed))


def drawn_truths(source: ScalingFit, count: int, rng: np.random.Generator) -> ScalingFit:
    """The fit with `count` of its draws, dims (chain, draw) with one chain."""
    posterior = source.posterior
    size = posterior.sizes["chain"] * posterior.sizes["draw"]
    picked = taken(posterior, rng.choice(size, (1, count), replace=count > size))
    # The reference scales stay: they are part of the priors, and would follow the new losses.
    runs = source.runs.with_reference(**source.runs.reference)
    numbered = picked.assign_coords(chain=[0], draw=np.arange(count))
    return replace(source, runs=runs, posterior=numbered)


def simulated_runs(truth: ScalingFit, seed: int, design: Runs | None = None) -> Runs:
    """Runs with responses simulated from the only draw of a fit: its own, or those of a design.

    A design has the reference scales of the fit.

    Raises
    ------
    RunsError
        A response drawn cannot be one, such as a loss beyond the largest number.
    """
    model, runs = truth.model, truth.runs if design is None else design
    for _ in range(_passes(model, runs)):
        where = run_data(model, runs).rename(run="point")
        rng = np.random.default_rng(seed)
        expected = truth.expected_at(where).transpose("chain", "draw", "point")
        response = new_runs(truth.posterior, model, runs, expected, where, rng)
        columns = {"loss": response, **_stages(truth, where, rng)}
        values = {name: drawn.values.reshape(-1) for name, drawn in columns.items()}
        runs = replace(runs, table=runs.table.assign(**values))
    return runs


def _passes(model: ScalingModel, runs: Runs) -> int:
    """Number of times that runs are drawn anew: replicates depend on earlier ones."""
    if EARLIER_RUNS not in model.noise.columns:
        return 1
    return 1 + int(earlier_replicates(model.noise, runs, 1.0)[EARLIER_RUNS].max())


def _stages(
    truth: ScalingFit, where: xr.Dataset, rng: np.random.Generator
) -> dict[str, xr.DataArray]:
    """Simulated observations on the way to the response."""
    model, draws = truth.model, truth.posterior
    units = scales(model.law, truth.runs)
    theta = parameters_at(draws, model, {factor: where[factor] for factor in model.factors})
    return {
        stage: model.stage_noise.draw(expected.transpose("chain", "draw", "point"), scatter, rng)
        for stage, (expected, scatter) in stages_at(draws, model, theta, where, units).items()
    }

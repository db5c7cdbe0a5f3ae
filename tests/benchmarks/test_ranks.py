"""Simulation-based calibration: ranks of true parameters among posterior draws are uniform.

``pytest tests/benchmarks/test_ranks.py -m benchmark -s`` (some ten minutes). Parameters and losses
are drawn from the model's own prior, with the surface on, and fitted again (Talts et al., 2018,
arXiv:1804.06788). The reference loss is held, since it would otherwise follow the losses.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.errors import IncompletePosteriorError

pytestmark = pytest.mark.benchmark

SIMULATIONS = 200
WIDEST = 200.0
"""Largest over smallest loss beyond which no sweep would be believed."""

THINNED = 6
"""One in so many draws has a rank, so that they are about independent."""

LEAST_P = 1e-4
"""Of some twenty tests, uniform ranks give one below this in 500 runs."""


def grid() -> pd.DataFrame:
    params = np.repeat(np.geomspace(5e7, 2e9, 5), 5)
    return pd.DataFrame({"params": params, "tokens": params * np.tile([5, 10, 20, 40, 80], 5)})


def grids() -> pd.DataFrame:
    return pd.concat([grid().iloc[::2].assign(corpus=name) for name in ("books", "code", "web")])


CASES = {
    "Chinchilla": (bs.ScalingModel("Chinchilla"), grid()),
    "PowerLaw": (
        bs.ScalingModel(bs.laws.PowerLaw("tokens")),
        pd.DataFrame({"tokens": np.geomspace(1e9, 1e11, 14)}),
    ),
    "pooled": (bs.ScalingModel("Chinchilla", [bs.Vary("E", by="corpus")]), grids()),
}


def runs_of(design: pd.DataFrame, loss: np.ndarray) -> bs.Runs:
    factors = [name for name in ("corpus",) if name in design]
    table = design.assign(loss=loss).reset_index(drop=True)
    return bs.Runs.from_frame(table, factors=factors).with_reference(loss=1.0)


@pytest.mark.parametrize("name", CASES)
def test_ranks_are_uniform(name: str) -> None:
    model, design = CASES[name]
    start = runs_of(design, np.linspace(2.5, 1.5, len(design)))
    prior = model.prior_predictive(start, draws=2 * SIMULATIONS, seed=2)
    truth = prior["prior"].to_dataset().isel(chain=0)
    # Heavy tails draw a few losses that no float holds.
    response = prior["prior_predictive"].to_dataset()["response"].isel(chain=0)
    losses = np.exp(np.clip(response.values, -50, 50))
    ranks: dict[str, list[float]] = {str(n): [] for n in model.sampled_priors(start)}
    usable = [i for i, one in enumerate(losses) if one.max() / one.min() < WIDEST][:SIMULATIONS]
    failed = 0
    for i in usable:
        runs = runs_of(design, losses[i])
        try:
            fit = bs.fit(model, runs, draws=300, tune=600, chains=2, seed=i, progress=False)
        except IncompletePosteriorError:
            failed += 1
            continue
        for parameter, found in ranks.items():
            draws = fit.posterior[parameter].values.ravel()[::THINNED]
            found.append(float((draws < float(truth[parameter][i])).mean()))
    tests = {n: round(float(stats.kstest(r, "uniform").pvalue), 4) for n, r in ranks.items()}
    print(f"\n{name}: {len(usable)} simulations, {failed} refused, p of uniform ranks {tests}")
    assert failed <= len(usable) / 20
    assert min(tests.values()) > LEAST_P

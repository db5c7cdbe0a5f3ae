"""Speed of a fit beside the same law in paper units with PyMC's own sampler.

Both run in one process on the same machine, so the ratio is what to read, not the seconds:
``pytest tests/benchmarks -m benchmark -s``.
"""

import time
from pathlib import Path

import arviz as az
import numpy as np
import nutpie
import pandas as pd
import pymc as pm
import pytest

import bayes_scaling as bs

pytestmark = pytest.mark.benchmark

OURS = {"draws": 1000, "chains": 4}
"""Settings of one round of 4 x 1000 draws, with this package's own warm-up."""

THEIRS = {"draws": 1000, "tune": 1000, "chains": 4}
"""PyMC's defaults."""


@pytest.fixture(scope="module")
def kept(shared_data: Path) -> pd.DataFrame:
    table = pd.read_csv(shared_data / "chinchilla.csv")
    return table[~table["dropped_in_replication"]]


def in_paper_units(kept: pd.DataFrame) -> pm.Model:
    """Chinchilla as one would write it by hand: the same priors, moved to paper units."""
    runs = bs.Runs.from_frame(kept)
    ranges = bs.ScalingModel("chinchilla").describe(runs)

    def prior(name: str, variable: str) -> pm.Distribution:
        low, high = np.log(ranges.loc[variable, ["paper_lower", "paper_upper"]].astype(float))
        return pm.LogNormal(name, (low + high) / 2, (high - low) / 2 / 1.645)

    with pm.Model() as model:
        E, A, B = (prior(name, f"{name}_ref") for name in ("E", "A", "B"))
        alpha, beta = prior("alpha", "alpha"), prior("beta", "beta")
        params, tokens = kept["params"].to_numpy(), kept["tokens"].to_numpy()
        loss = E + A * params**-alpha + B * tokens**-beta
        pm.StudentT(
            "loss",
            nu=pm.Gamma("noise_df", 2, 0.1),
            mu=pm.math.log(loss),
            sigma=prior("noise_sd", "noise_sd"),
            observed=np.log(kept["loss"].to_numpy()),
        )
    return model


def test_a_warm_fit_takes_a_twentieth_of_pymc_in_paper_units(kept: pd.DataFrame) -> None:
    runs = bs.Runs.from_frame(kept)
    bs.fit("chinchilla", runs, **OURS, seed=1, progress=False)
    start = time.perf_counter()
    fit = bs.fit("chinchilla", runs, **OURS, seed=2, progress=False)
    ours = time.perf_counter() - start

    with in_paper_units(kept):
        pm.sample(draws=4, tune=4, chains=1, nuts_sampler="pymc", progressbar=False)  # compiles
        start = time.perf_counter()
        tree = pm.sample(**THEIRS, random_seed=2, nuts_sampler="pymc", progressbar=False, cores=2)
        theirs = time.perf_counter() - start
    ess = float(az.summary(tree, round_to="none")["ess_bulk"].min())
    print(
        f"\nbayes_scaling {ours:.2f} s, bulk ESS {fit.diagnostics.ess_bulk:.0f}; "
        f"PyMC in paper units {theirs:.2f} s, bulk ESS {ess:.0f}; ratio {theirs / ours:.0f}"
    )
    assert ours <= theirs / 20


def test_a_second_fit_on_other_rows_does_not_compile(
    kept: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    bs.fit("chinchilla", bs.Runs.from_frame(kept), seed=1, progress=False)
    fewer = bs.Runs.from_frame(kept[kept["flops"] < 1e20])

    def compiles(*args: object, **options: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(nutpie, "compile_pymc_model", compiles)
    start = time.perf_counter()
    bs.fit("chinchilla", fewer, seed=1, progress=False)
    print(f"\nsecond fit on {len(fewer)} other rows: {time.perf_counter() - start:.2f} s")

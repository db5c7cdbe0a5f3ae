"""compare() and average() on simulated sweeps whose law is known: these sample."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.comparison import Comparison, FitAverage

pytestmark = pytest.mark.slow

TRUTH = {"E": 1.82, "A": 482.0, "B": 2085.0, "alpha": 0.348, "beta": 0.366}
LAWS = {"chinchilla": "Chinchilla", "kaplan": "KaplanJoint"}
SEEDS = (1, 2, 3, 4)
CUTOFFS = [2e19, 2e20]


def simulated(seed: int, law: str = "Chinchilla") -> bs.Runs:
    design = bs.datasets.isoflop_design(np.geomspace(1e18, 1e21, 5), 6)
    return bs.datasets.simulate(law, design, TRUTH, noise_sd=0.01, noise_df=None, seed=seed)


def targets() -> pd.DataFrame:
    flops = np.array([1e22, 1e23])
    params = np.sqrt(flops / 6 / 20)
    return pd.DataFrame({"params": params, "tokens": 20 * params})


@pytest.fixture(scope="module")
def compared() -> list[Comparison]:
    def each() -> Iterator[Comparison]:
        for seed in SEEDS:
            runs = simulated(seed)
            fits = {
                name: bs.fit(law, runs, draws=500, tune=500, seed=seed, progress=False)
                for name, law in LAWS.items()
            }
            yield bs.compare(fits, CUTOFFS, progress=False)

    return list(each())


def test_the_law_that_made_the_runs_has_most_weight(compared: list[Comparison]) -> None:
    """Kaplan's law bends nowhere; its misses beyond the cut are several times the scatter."""
    for found in compared:
        assert found.weights("future")["chinchilla"] > 0.5
        assert found.weights("loo")["chinchilla"] > 0.5


def test_the_average_covers_at_least_as_often_as_the_best(compared: list[Comparison]) -> None:
    """Of eight targets. A mixture with a worse law is wider, but shifted, so one may be lost."""
    truth = bs.laws.Chinchilla().loss(
        targets()["params"].to_numpy(), targets()["tokens"].to_numpy(), **TRUTH
    )

    def held(fit: bs.ScalingFit | FitAverage) -> int:
        table = bs.forecast(fit, at=targets()).table(0.9)["expected_loss"]
        return int(((table["lower"] <= truth) & (truth <= table["upper"])).sum())

    best = sum(held(found.fits["chinchilla"]) for found in compared)
    for weights in ("future", "equal"):
        averaged = sum(held(bs.average(found, weights)) for found in compared)  # type: ignore[arg-type]
        assert averaged >= best - 1
    assert best >= 6


def test_equal_weights_widen_where_laws_part(compared: list[Comparison]) -> None:
    for found in compared:
        wide, narrow = (
            bs.forecast(fit, at=targets()).table(0.9)["expected_loss"]
            for fit in (bs.average(found, "equal"), found.fits["chinchilla"])
        )
        assert (wide["upper"] - wide["lower"] > narrow["upper"] - narrow["lower"]).all()

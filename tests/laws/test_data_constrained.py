"""The law of Muennighoff et al. (2023) against what its authors print, and their runs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pytensor import function, grad
from pytensor.graph import rewrite_graph
from pytensor.tensor import dvector
from pytensor.xtensor import as_xtensor

import bayes_scaling as bs
from bayes_scaling.laws import Chinchilla, DataConstrained
from bayes_scaling.laws.data_constrained import effective

# The constants of the README of huggingface/datablations.
PUBLISHED = {
    "E": np.exp(0.6254804),
    "A": np.exp(6.255414),
    "B": np.exp(7.3049974),
    "alpha": 0.3526596,
    "beta": 0.3526596,
    "RD_star": 15.387756,
    "RN_star": 5.309743,
}
TIED = {name: value for name, value in PUBLISHED.items() if name != "beta"}
LAW = DataConstrained()


def loss(params: float, tokens: float, unique: float, **changes: float) -> float:
    at = {"params": params, "tokens": tokens, "unique_tokens": unique}
    return float(LAW.evaluate(at, {**PUBLISHED, **changes}))


@pytest.mark.parametrize(
    ("params", "tokens", "printed"),
    [(6.34e9, 242e9, 2.2256440889984477), (8.67e9, 178e9, 2.2269634075087867)],
)
def test_losses_that_the_authors_print(params: float, tokens: float, printed: float) -> None:
    assert loss(params, tokens, 25e9) == pytest.approx(printed, abs=1e-10)
    at = {"params": params, "tokens": tokens, "unique_tokens": 25e9}
    assert DataConstrained(tied=True).evaluate(at, TIED) == pytest.approx(printed, abs=1e-10)


def test_endless_epochs_are_worth_sixteen() -> None:
    assert effective(np.log(1e12), 0.0, 15.387756) == pytest.approx(16.388, abs=5e-4)
    assert effective(np.log(4.0), 0.0, 15.387756) / 4 == pytest.approx(0.9314, abs=5e-5)


def test_the_first_epoch_is_worth_itself() -> None:
    assert effective(np.log(3e9), np.log(3e9), 15.4) == pytest.approx(3e9, rel=1e-12)


def test_it_is_chinchilla_without_repetition_and_excess() -> None:
    base = {name: PUBLISHED[name] for name in ("E", "A", "B", "alpha", "beta")}
    assert loss(1e9, 1e11, 1e11) == pytest.approx(Chinchilla.loss(1e9, 1e11, **base), rel=1e-12)


def test_useful_parameters_begin_to_decay_at_the_compute_optimal_size() -> None:
    base = {name: PUBLISHED[name] for name in ("A", "B", "alpha", "beta")}
    size, tokens = Chinchilla.optimum(1e21, **base)
    plain = {**base, "E": PUBLISHED["E"]}
    smaller, larger = (
        loss(factor * size, tokens, tokens) - Chinchilla.loss(factor * size, tokens, **plain)
        for factor in (0.99, 1.2)
    )
    assert smaller == pytest.approx(0.0, abs=1e-12)
    assert larger > 1e-4


def test_more_unique_tokens_than_tokens_are_as_many() -> None:
    assert loss(1e9, 1e10, 1e12) == pytest.approx(loss(1e9, 1e10, 1e10), rel=1e-12)


def test_exponents_may_be_tied() -> None:
    law = DataConstrained(tied=True)
    assert "beta" in LAW.priors
    assert "beta" not in law.priors
    assert law != LAW
    units = {"loss": 2.5, "params": 1e9, "tokens": 2e10, "unique_tokens": 2e10}
    theta = {**dict.fromkeys(law.priors, 0.3), "RD_star": 15.0}
    at = {"params": 2.0, "tokens": 3.0, "unique_tokens": 0.5}
    there = {name: value * units[name] for name, value in at.items()}
    in_paper = law.evaluate(there, law.rescale(units, theta))
    assert in_paper == pytest.approx(2.5 * law.evaluate(at, theta), rel=1e-12)


@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e6])
def test_gradient_is_finite_at_extreme_inputs(factor: float) -> None:
    names = tuple(LAW.priors)
    values = dvector()
    theta = {name: as_xtensor(values[i]) for i, name in enumerate(names)}
    for one in LAW.inputs:
        at = {name: as_xtensor(factor if name == one else 1.0) for name in LAW.inputs}
        value = LAW.evaluate(at, theta).values
        value = rewrite_graph(value, include=("lower_xtensor", "canonicalize"))
        slopes = function([values], grad(value, values), mode="FAST_COMPILE")
        centre = [np.sqrt(np.prod(prior.range())) for prior in LAW.priors.values()]
        assert np.isfinite(slopes(centre)).all(), one


def fitted_runs(shared_data: Path) -> bs.Runs:
    runs = pd.read_csv(shared_data / "datablations.csv")
    runs = runs[runs["used_in_paper_fit"]].drop(columns="flops")
    assert len(runs) == 182
    return bs.Runs.from_frame(
        runs, params="params", tokens="tokens", loss="loss", inputs=("unique_tokens",), run="run"
    )


@pytest.mark.slow
def test_worth_of_repetition_is_as_uncertain_as_the_published_fit_hides(shared_data: Path) -> None:
    # The paper's own assumptions: the base law held at its values, absolute deviations of log
    # loss (a Huber loss whose threshold is far below the scatter). Its objective has optima at
    # (15.4, 5.3) and, a little lower, at (47, 2.3): chains need many draws to agree on two optima.
    base = {
        name: bs.Prior.fixed_at(value, units="paper")
        for name, value in TIED.items()
        if name in ("E", "A", "B", "alpha")
    }
    model = bs.ScalingModel(
        DataConstrained(tied=True), priors=base, noise=bs.noise.LogLaplace(), surface=None
    )
    fit = bs.fit(model, fitted_runs(shared_data), tune=2000, draws=4000, seed=1, progress=False)
    assert fit.diagnostics.problems == ()
    low, high = (fit.posterior[["RD_star", "RN_star"]].quantile(q) for q in (0.05, 0.95))
    assert low["RD_star"] < 15.4 < 47 < high["RD_star"]
    assert low["RN_star"] < 2.33 < 5.31 < high["RN_star"]
    # Each of the two optima has a fair share of the draws.
    assert 0.1 < float((fit.posterior["RD_star"] < 20).mean()) < 0.6


def sweep(rng: np.random.Generator) -> pd.DataFrame:
    """Four amounts of unique data, up to 60 epochs, three sizes about the optimal one."""
    return pd.DataFrame(
        [
            {
                "params": size * unique * epochs**0.5,
                "tokens": epochs * unique,
                "unique_tokens": unique,
            }
            for unique in (1e8, 4e8, 1.6e9, 6.4e9)
            for epochs in (1.0, 4.0, 15.0, 60.0)
            for size in (0.01, 0.05, 0.25)
        ]
    )


@pytest.mark.slow
def test_recovers_its_truth(recovers: Callable[..., None]) -> None:
    target = {"params": 3e10, "tokens": 4e11, "unique_tokens": 4e10}
    recovers(LAW, sweep, PUBLISHED, target)

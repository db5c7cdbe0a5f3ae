"""The bounded law with overfitting: bounds, limits, and recovery under repetition."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.laws import BoundedOverfitting, Chinchilla, DataConstrained

THETA = {"E": 1.8, "R": 9.0, "a": 55.0, "alpha": 0.35, "b": 230.0, "beta": 0.37}
THETA |= {"c": 3e-3, "gamma": 0.45, "delta": 0.4}


def test_with_ample_data_it_is_chinchilla_times_the_range() -> None:
    """The abstract: it reduces to Chinchilla in the limit of rich data and one pass."""
    bounded = BoundedOverfitting.loss(1e13, 1e15, 1e40, **THETA)
    terms = {"A": 9.0 * 55.0, "B": 9.0 * 230.0, "alpha": 0.35, "beta": 0.37}
    expected = Chinchilla.loss(1e13, 1e15, E=1.8, **terms)
    assert bounded - 1.8 == pytest.approx(expected - 1.8, rel=0.01)


@pytest.mark.parametrize("at", [(1e-9, 1e10, 1e10), (1e9, 1e-20, 1e10), (1e30, 1e10, 1e-9)])
def test_without_size_training_or_data_nothing_is_known(at: tuple[float, ...]) -> None:
    known = BoundedOverfitting.derived(E=1.8, R=9.0)["L_0"]
    assert BoundedOverfitting.loss(*at, **THETA) == pytest.approx(known, rel=1e-3)


def test_a_size_is_best_where_data_are_few() -> None:
    sizes = np.geomspace(1e5, 1e12, 200)
    losses = BoundedOverfitting.loss(sizes, 1e10, 1e8, **THETA)
    best = int(np.argmin(losses))
    assert 0 < best < 199
    assert (np.diff(losses[best:]) > 0).all()


def sweep(rng: np.random.Generator) -> pd.DataFrame:
    cells = product(np.geomspace(1e7, 3e9, 5), np.geomspace(3e8, 1e11, 4), (1.0, 8.0, 64.0, 512.0))
    table = pd.DataFrame(list(cells), columns=["params", "tokens", "epochs"])
    return table.assign(unique_tokens=table["tokens"] / table["epochs"]).drop(columns="epochs")


@pytest.mark.slow
def test_recovers_its_truth(recovers: Callable[..., None]) -> None:
    noise = {"noise_sd": 0.003, "noise_df": 4.0}
    target = {"params": 1e10, "tokens": 3e11, "unique_tokens": 3e10}
    recovers(BoundedOverfitting(), sweep, THETA, target, noise=noise, sweeps=10)


@pytest.mark.slow
def test_public_runs_of_more_compute_beside_the_law_of_repeated_data(shared_data: Path) -> None:
    """Muennighoff et al.'s runs, cut at the 70 % quantile of compute: up to 400 epochs beyond."""
    columns = ["params", "tokens", "unique_tokens", "loss"]
    table = pd.read_csv(shared_data / "datablations.csv").query("variant == 'standard'")
    cut = table["flops"].quantile(0.7)
    early, later = table[table["flops"] <= cut], table[table["flops"] > 1.02 * cut]
    runs = bs.Runs.from_frame(early[columns].reset_index(drop=True), inputs=("unique_tokens",))
    asked, seen = later[columns[:3]].reset_index(drop=True), later["loss"].to_numpy()
    often = (later["epochs"] > 8).to_numpy()
    errors, held = {}, {}
    for law in (BoundedOverfitting(), DataConstrained()):
        fit = bs.fit(bs.ScalingModel(law, surface=None), runs, seed=1, progress=False)
        said = bs.forecast(fit, at=asked, seed=1).table(prob=0.9)["loss"]
        errors[law.name] = np.abs(np.log(said["median"].to_numpy() / seen))
        held[law.name] = np.mean((said["lower"] <= seen) & (seen <= said["upper"]))
    bounded, repeated = errors.values()
    assert held["BoundedOverfitting"] >= 0.85
    assert np.sqrt(np.mean(bounded**2)) < np.sqrt(np.mean(repeated**2))
    # But within eight epochs the law of repeated data is nearer.
    assert np.median(bounded[~often]) > np.median(repeated[~often])

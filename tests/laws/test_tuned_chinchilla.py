"""Chinchilla's law over a tuning grid: the optimum, and its recovery from all runs at once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.laws import Chinchilla, TunedChinchilla, published_set

LOSS = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}
THETA = {**LOSS, "c": 0.05, "K": 1.79, "a": -0.713, "b": 0.307}
CELL = ["params", "tokens"]
STEP = {name: THETA[name] for name in "Kab"}


def test_at_the_best_rate_it_is_chinchilla() -> None:
    best = TunedChinchilla.best(1e9, 1e11, **STEP)
    assert best == pytest.approx(
        published_set("li2025-learning-rate").loss(params=1e9, tokens=1e11)
    )
    at_best = TunedChinchilla.loss(1e9, 1e11, best, **THETA)
    assert at_best == pytest.approx(Chinchilla.loss(1e9, 1e11, **LOSS), rel=1e-14)


@pytest.mark.parametrize("factor", [0.3, 0.9, 1.1, 3.0])
def test_any_other_rate_costs_a_share_of_the_reducible_loss(factor: float) -> None:
    best = TunedChinchilla.best(1e9, 1e11, **STEP)
    reducible = Chinchilla.loss(1e9, 1e11, **LOSS) - LOSS["E"]
    cost = TunedChinchilla.loss(1e9, 1e11, factor * best, **THETA) - LOSS["E"] - reducible
    assert cost == pytest.approx(0.05 * np.log(factor) ** 2 * reducible, rel=1e-9)


def grid(rng: np.random.Generator) -> pd.DataFrame:
    """Five rates a factor of two apart in each cell, about what someone guessed."""
    cells = [(n, d) for n in np.geomspace(6e7, 1e9, 4) for d in np.geomspace(2e9, 1e11, 4)]
    rates = [2e-3 * (n / 2.5e8) ** -0.5 * 2.0**k for n, _ in cells for k in (-2, -1, 0, 1, 2)]
    table = pd.DataFrame(np.repeat(cells, 5, axis=0), columns=["params", "tokens"])
    return table.assign(learning_rate=rates)


@pytest.mark.slow
def test_recovers_its_truth(recovers: Callable[..., None]) -> None:
    target = {"params": 7e9, "tokens": 1e12, "learning_rate": 1e-3}
    noise = {"noise_sd": 0.003, "noise_df": 4.0}
    recovers(TunedChinchilla(), grid, THETA, target, noise=noise, sweeps=10)


def tuning_grid(folder: Path) -> pd.DataFrame:
    """Public cells of three or more learning rates, which are a factor of two or 2.5 apart."""
    table = pd.read_csv(folder / "misfitting_sweeps.csv").rename(columns={"lr": "learning_rate"})
    several = table.groupby(CELL)["learning_rate"].transform("nunique") >= 3
    return table.loc[several, [*CELL, "learning_rate", "loss"]].reset_index(drop=True)


def fitted(table: pd.DataFrame) -> bs.ScalingFit:
    runs = bs.Runs.from_frame(table.reset_index(drop=True), inputs=("learning_rate",))
    model = bs.ScalingModel(TunedChinchilla, noise=bs.noise.LogExGaussian(), surface=None)
    return bs.fit(model, runs, seed=1, progress=False)


def best_rates(fit: bs.ScalingFit, cells: pd.DataFrame) -> np.ndarray:
    """Draws of the best learning rate of each cell, dims (draw, cell)."""
    draws = [fit.posterior[name].values.ravel()[:, None] for name in "Kab"]
    sizes = (cells[name].to_numpy() for name in CELL)
    return np.asarray(TunedChinchilla.best(*sizes, *draws))


@pytest.mark.slow
def test_best_rates_of_a_public_sweep_are_where_its_grid_has_them(shared_data: Path) -> None:
    table = tuning_grid(shared_data)
    fit = fitted(table)
    found = table.loc[table.groupby(CELL)["loss"].idxmin()]
    off = np.log(np.median(best_rates(fit, found), 0) / found["learning_rate"])
    assert fit.diagnostics.problems == ()
    assert np.median(np.abs(off)) < np.log(1.5)
    # The exponent of size that Li et al. found on runs of their own.
    low, high = fit.summary(0.9).loc["a", ["lower", "upper"]]
    assert low < STEP["a"] < high < -0.36


@pytest.mark.slow
def test_best_rates_of_larger_runs_are_forecast_from_smaller_ones(shared_data: Path) -> None:
    """From the half of the runs with less compute: those of the other half, to half a grid step."""
    table = tuning_grid(shared_data)
    compute = table["params"] * table["tokens"]
    small, large = table[compute <= compute.median()], table[compute > compute.median()]
    found = large.loc[large.groupby(CELL)["loss"].idxmin()]
    draws, rates = best_rates(fitted(small), found), found["learning_rate"].to_numpy()
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    assert np.median(np.abs(np.log(np.median(draws, 0) / rates))) < np.log(1.5)
    assert np.mean((low / 2**0.5 <= rates) & (rates <= high * 2**0.5)) >= 0.8

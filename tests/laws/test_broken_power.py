"""The broken power law of Caballero et al. (2023) on the addition curve that they extrapolate."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import bayes_scaling as bs
from bayes_scaling.errors import ModelError
from bayes_scaling.laws import BrokenPowerLaw, PowerLaw

# Four-digit addition, by the authors' code; their `a` is the floor `E`.
ADDITION = {"E": 0.414, "b": 2.277, "c0": 0.0551, "c1": 5.663, "d1": 612.6, "f1": 0.0592}
LAW = BrokenPowerLaw("x")


def halves(shared_data: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    curve = pd.read_csv(shared_data / "addition_broken_curve.csv").astype({"x": float})
    train, test = curve[curve["split"] == "train"], curve[curve["split"] == "test"]
    assert (len(train), len(test)) == (14, 3)
    return train, test


def rmsle(theta: dict[str, float], points: pd.DataFrame) -> float:
    predicted = LAW.evaluate({"x": points["x"].values}, theta)
    return float(np.sqrt(np.mean(np.log(predicted / points["y"].values) ** 2)))


def test_a_fit_as_the_authors_do_it_extrapolates_as_well_as_theirs(shared_data: Path) -> None:
    train, test = halves(shared_data)

    def log_one_plus(x: np.ndarray, *theta: float) -> np.ndarray:
        return np.log1p(LAW.evaluate({"x": x}, dict(zip(ADDITION, theta, strict=True))))

    found, _ = optimize.curve_fit(
        log_one_plus, train["x"], np.log1p(train["y"]), p0=list(ADDITION.values()), maxfev=100_000
    )
    theta = dict(zip(ADDITION, found, strict=True))
    assert theta == pytest.approx(ADDITION, rel=0.01)
    assert rmsle(theta, train) <= 7e-4
    assert rmsle(theta, test) <= 0.012


def test_published_constants_to_the_digits_given(shared_data: Path) -> None:
    train, test = halves(shared_data)
    # Rounding to three or four digits moves the sharp break by a fraction of a per cent.
    assert rmsle(ADDITION, train) <= 2e-3
    assert rmsle(ADDITION, test) <= 0.015


def test_exponent_before_and_after_the_break() -> None:
    theta = {**ADDITION, "E": 0.0}
    for x, exponent in ((1.0, 0.0551), (1e6, 0.0551 + 5.663)):
        low, high = LAW.evaluate({"x": np.array([x, 1.001 * x])}, theta)
        assert -np.log(high / low) / np.log(1.001) == pytest.approx(exponent, rel=1e-6)


def test_two_breaks_are_the_product_of_the_paper() -> None:
    law = BrokenPowerLaw("x", breaks=2)
    theta = {"E": 0.1, "b": 3.0, "c0": 0.1, "c1": 0.4, "d1": 50.0, "f1": 0.3}
    theta |= {"c2": 0.7, "step2": 2.0, "f2": 0.5}
    x, d2 = np.geomspace(1, 1e5, 7), 50 * np.exp(2.0)
    first = (1 + (x / 50) ** (1 / 0.3)) ** (-0.4 * 0.3)
    second = (1 + (x / d2) ** (1 / 0.5)) ** (-0.7 * 0.5)
    expected = 0.1 + 3 * x**-0.1 * first * second
    assert set(law.priors) == set(theta)
    np.testing.assert_allclose(law.evaluate({"x": x}, theta), expected, rtol=1e-12)
    units = {"loss": 3.0, "x": 70.0}
    np.testing.assert_allclose(
        law.evaluate({"x": 70 * x}, law.rescale(units, theta)), 3 * expected, rtol=1e-12
    )


def test_a_break_may_turn_the_loss_up_where_that_is_asked_for() -> None:
    assert LAW.priors["c1"].support == "positive"
    law = BrokenPowerLaw("x", turns="either")
    assert law.priors["c1"].support == "real"
    rising = {**ADDITION, "c1": -0.5}
    losses = law.evaluate({"x": np.array([700.0, 7000.0])}, rising)
    assert losses[1] > losses[0]


def test_the_equation_names_input_and_breaks() -> None:
    assert r"\prod_{i=1}^{3}" in BrokenPowerLaw("params", breaks=3).equation
    assert "N^{-c_0}" in BrokenPowerLaw("params", breaks=3).equation


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"breaks": 0}, "breaks is 0.*Give 1 or more"),
        ({"breaks": 1.0}, r"breaks is 1\.0.*whole number"),
        ({"breaks": True}, "breaks is True"),
        ({"turns": "up"}, "turns is 'up'.*'down' or 'either'"),
        ({"input": "loss"}, "BrokenPowerLaw: input holds 'loss'"),
    ],
)
def test_options_that_are_none(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        BrokenPowerLaw(**options)


@pytest.mark.slow
def test_held_out_points_lie_within_its_interval(shared_data: Path) -> None:
    train, test = halves(shared_data)
    runs = bs.Runs.from_frame(train, loss="y", inputs=("x",))
    fit = bs.fit(LAW, runs, seed=1, progress=False)
    draws = bs.forecast(fit, at=test[["x"]]).draws["loss"]
    low, high = draws.quantile([0.05, 0.95], ("chain", "draw")).values
    assert np.all((low <= test["y"].values) & (test["y"].values <= high))


@pytest.mark.slow
def test_a_power_law_does_not_reproduce_the_curve(shared_data: Path) -> None:
    train, _ = halves(shared_data)
    runs = bs.Runs.from_frame(train, loss="y", inputs=("x",))
    shares = {}
    for law in (LAW, PowerLaw("x")):
        model = bs.ScalingModel(law, surface=None)
        fit = bs.fit(model, runs, seed=1, progress=False)
        expected = fit.expected_loss(at=train[["x"]]).values
        drawn = fit.tree["posterior_predictive"]["loss"].transpose("chain", "draw", "run").values
        observed, replicated = (trend(loss - expected) for loss in (train["y"].values, drawn))
        shares[law.name] = float((replicated >= observed).mean())
    # Posterior predictive p-value of how alike the residuals of neighbours are.
    assert shares["PowerLaw"] < 0.01
    assert shares["BrokenPowerLaw"] > 0.02


def trend(residuals: np.ndarray) -> np.ndarray:
    """Rank correlation of neighbouring residuals; ranks, for the tails of the noise are heavy."""
    ranks = stats.rankdata(residuals, axis=-1) - (residuals.shape[-1] + 1) / 2
    products: np.ndarray = (ranks[..., 1:] * ranks[..., :-1]).sum(-1) / (ranks**2).sum(-1)
    return products


def sweep(rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame({"tokens": np.geomspace(1e7, 1e11, 50)})


TRUTH = {"E": 1.6, "b": 12.0, "c0": 0.05, "c1": 0.35, "d1": 1e9, "f1": 0.3}


@pytest.mark.slow
def test_recovers_its_truth(recovers: Callable[..., None]) -> None:
    recovers(BrokenPowerLaw(), sweep, TRUTH, {"tokens": 1e12})

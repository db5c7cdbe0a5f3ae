"""The law of Alabdulmohsin et al. (2022) that saturates at both ends, against a root finder."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from pytensor import function, grad
from pytensor.graph import rewrite_graph
from pytensor.tensor import dscalars
from pytensor.xtensor import as_xtensor
from scipy import optimize

from bayes_scaling.laws import BoundedPowerLaw, PowerLaw

LAW = BoundedPowerLaw("x")
X = np.geomspace(1e-6, 1e6, 25)


def root(x: float, E: float, R: float, A: float, alpha: float, c: float) -> float:
    """The reducible loss as the root of the paper's equation, in logarithms."""

    def gap(z: float) -> float:
        # With z the logit of the share of the range, neither end is ever reached.
        log_share, log_rest = -np.logaddexp(0, -z), -np.logaddexp(0, z)
        return float(np.log(R) + log_share - alpha * log_rest - np.log(A) + c * np.log(x))

    z = optimize.brentq(gap, -1e4, 1e4, xtol=1e-14, rtol=1e-15, maxiter=500)
    return float(R * np.exp(-np.logaddexp(0, -z)))


def reducible(x: Any, **theta: float) -> Any:
    """The loss less its floor; with no floor, so that no digit is lost in the difference."""
    return LAW.evaluate({"x": x}, {**theta, "E": 0.0})


@given(
    x=st.floats(1e-6, 1e6),
    R=st.floats(0.01, 100),
    A=st.floats(1e-3, 100),
    alpha=st.floats(0.01, 100),
    c=st.floats(0.01, 3),
)
def test_value_is_the_root_of_the_equation(
    x: float, R: float, A: float, alpha: float, c: float
) -> None:
    theta = {"R": R, "A": A, "alpha": alpha, "c": c}
    assert reducible(x, **theta) == pytest.approx(root(x, E=0.0, **theta), rel=1e-12)


@pytest.mark.parametrize("alpha", [0.05, 0.5, 1.0, 2.0, 20.0])
def test_root_on_numpy_xarray_and_xtensor(alpha: float) -> None:
    theta = {"E": 0.0, "R": 3.0, "A": 0.4, "alpha": alpha, "c": 0.5}
    expected = [root(x, **theta) for x in X]
    np.testing.assert_allclose(LAW.evaluate({"x": X}, theta), expected, rtol=1e-12)
    labelled = LAW.evaluate({"x": xr.DataArray(X, dims="run")}, theta)
    np.testing.assert_allclose(labelled, expected, rtol=1e-12)
    symbolic = LAW.evaluate(
        {"x": as_xtensor(X, dims=("run",))}, {n: as_xtensor(v) for n, v in theta.items()}
    )
    np.testing.assert_allclose(symbolic.eval(mode="FAST_COMPILE"), expected, rtol=1e-12)


NAMES = ("R", "A", "alpha", "c")


@pytest.fixture(scope="module")
def gradient() -> Callable[..., list[float]]:
    given, *values = dscalars("x", *NAMES)
    theta = {name: as_xtensor(value) for name, value in zip(NAMES, values, strict=True)}
    value = LAW.evaluate({"x": as_xtensor(given)}, {"E": as_xtensor(0.0), **theta}).values
    value = rewrite_graph(value, include=("lower_xtensor", "canonicalize"))
    # In Python mode a sum has 32 terms at most, and this gradient has more.
    return function([given, *values], grad(value, values), mode="NUMBA")


@pytest.mark.parametrize("x", [1e-2, 0.1, 1.0, 1e6])
@pytest.mark.parametrize("alpha", [0.05, 1.0, 20.0])
def test_gradient_is_that_of_the_root(
    gradient: Callable[..., list[float]], x: float, alpha: float
) -> None:
    at = {"R": 3.0, "A": 0.4, "alpha": alpha, "c": 0.5}
    # From the equation: log y - alpha log(R - y) + alpha log R - log A + c log x = 0.
    y = root(x, E=0.0, **at)
    rest = at["R"] - y
    steepness = 1 / y + alpha / rest
    expected = {
        "R": (alpha / rest - alpha / at["R"]) / steepness,
        "A": 1 / at["A"] / steepness,
        "alpha": np.log(rest / at["R"]) / steepness,
        "c": -np.log(x) / steepness,
    }
    np.testing.assert_allclose(
        gradient(x, *at.values()), [expected[n] for n in NAMES], rtol=1e-6, atol=1e-12
    )


def test_it_saturates_at_both_ends() -> None:
    theta = {"E": 1.5, "R": 4.0, "A": 2.0, "alpha": 1.3, "c": 0.5}
    low, high = LAW.evaluate({"x": np.array([1e-30, 1e30])}, theta)
    assert low == pytest.approx(5.5)
    assert high == pytest.approx(1.5)


def test_far_below_the_ceiling_it_is_a_power_law() -> None:
    theta = {"E": 1.5, "A": 0.4, "c": 0.5}
    bounded = LAW.evaluate({"x": X[12:]}, {**theta, "R": 1e9, "alpha": 1.3})
    power = PowerLaw("x").evaluate({"x": X[12:]}, {"E": 1.5, "A": 0.4, "alpha": 0.5})
    np.testing.assert_allclose(bounded, power, rtol=1e-8)


def test_derived_quantities_are_those_of_the_papers_form() -> None:
    theta = {"E": 1.5, "R": 4.0, "A": 2.0, "alpha": 1.3, "c": 0.5}
    derived = LAW.derived(**{name: theta[name] for name in ("E", "R", "A", "alpha")})
    y = LAW.evaluate({"x": X}, theta)
    left = (y - 1.5) / (derived["E0"] - y) ** 1.3
    # At the ends of the range the differences have few digits left.
    middle = (X > 1e-2) & (X < 1e4)
    np.testing.assert_allclose(left[middle], derived["beta"] * X[middle] ** -0.5, rtol=1e-9)


TRUTH = {"E": 1.7, "R": 6.0, "A": 1.2e3, "alpha": 1.5, "c": 0.35}


def sweep(rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame({"tokens": np.geomspace(1e6, 1e11, 50)})


@pytest.mark.slow
def test_recovers_its_truth(recovers: Callable[..., None]) -> None:
    recovers(BoundedPowerLaw(), sweep, TRUTH, {"tokens": 1e12})

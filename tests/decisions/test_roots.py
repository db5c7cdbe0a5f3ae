"""Root finding over many functions at once, and the cheapest way to a loss."""

import numpy as np
import pytest

from bayes_scaling.decisions._isoloss import (
    amount_reaching,
    cheapest,
    optimal_params,
    optimal_tokens,
)
from bayes_scaling.decisions._roots import find_root, last_where
from bayes_scaling.laws import Chinchilla

REFIT = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}


def test_roots_are_found_or_nan(rng: np.random.Generator) -> None:
    root = rng.uniform(-90, 90, 500)
    root[0] = 200.0
    low, high = np.full(500, -100.0), np.full(500, 100.0)
    found = find_root(lambda x: np.tanh(x - root) + 1e-3 * (x - root), low, high)
    np.testing.assert_allclose(found[1:], root[1:], atol=1e-9)
    assert np.isnan(found[0])


def test_the_end_of_a_condition_is_found_or_nan() -> None:
    ends = np.array([0.25, 7.0, -3.0, 12.0])
    found = last_where(lambda x: x < ends, np.zeros(4), np.full(4, 10.0))
    np.testing.assert_allclose(found[:2], ends[:2], atol=1e-12)
    assert np.isnan(found[2:]).all()


def test_optima_are_the_closed_form(rng: np.random.Generator) -> None:
    flops = 10 ** rng.uniform(18, 27, 1000)
    theta = {n: v * np.exp(0.05 * rng.standard_normal(1000)) for n, v in REFIT.items()}

    def loss(params, tokens):
        return Chinchilla.loss(params, tokens, **theta)

    rest = {name: value for name, value in theta.items() if name != "E"}
    params, tokens = Chinchilla.optimum(flops, **rest)
    np.testing.assert_allclose(optimal_params(loss, flops, np.full(1000, 1e9)), params, rtol=1e-5)
    np.testing.assert_allclose(optimal_tokens(loss, params, np.full(1000, 1e9)), tokens, rtol=1e-5)
    centre = (np.full(1000, 1e9), np.full(1000, 1e10))
    found = cheapest(loss, loss(params, tokens), centre, 6.0, 0.0)
    np.testing.assert_allclose(found[0], params, rtol=1e-4)
    # Compute is flat at its least: there the closed form is met far more closely.
    np.testing.assert_allclose(6 * found[0] * found[1], flops, rtol=1e-8)


def test_out_of_reach_is_infinite_and_reached_is_zero() -> None:
    targets = np.array([0.5, 1.5, 1e9])
    found = amount_reaching(lambda x: 1 + np.minimum(1 / x, 1e6), targets, np.ones(3))
    assert found[0] == np.inf
    assert found[1] == pytest.approx(2.0)
    assert found[2] == 0.0


def test_no_trade_off_has_no_cheapest_point() -> None:
    """With data worth nothing, no split is the cheapest."""
    one = np.ones(1)
    params, _ = cheapest(lambda n, d: 1 + 1 / n + 0 * d, 1.5 * one, (one, one), 6.0, 0.0)
    assert np.isnan(params).all()
    assert np.isnan(optimal_params(lambda n, d: 1 + 1 / n + 0 * d, one, one)).all()

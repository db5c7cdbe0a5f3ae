"""The joint law of Kaplan et al. (2020) against its table 2 and what follows from it."""

from collections.abc import Callable

import numpy as np
import pytest

from bayes_scaling.laws import KaplanJoint, PowerLaw

TABLE_2 = {"N_c": 6.4e13, "D_c": 1.8e13, "alpha_N": 0.076, "alpha_D": 0.103}
SIZES = np.geomspace(1e6, 1e11, 11)


def overfitting(params, tokens):  # type: ignore[no-untyped-def]
    """Share by which finite data raise the loss, equation 4.2."""
    return (
        KaplanJoint.loss(params, tokens, **TABLE_2) / KaplanJoint.loss(params, np.inf, **TABLE_2)
        - 1
    )


@pytest.mark.parametrize(
    ("params", "tokens"), [(1e6, 1e8), (1e9, 2.2e10), (1.5e9, 2e9), (1e12, 1e12)]
)
def test_value_is_equation_1_5(params: float, tokens: float) -> None:
    bracket = (6.4e13 / params) ** (0.076 / 0.103) + 1.8e13 / tokens
    assert KaplanJoint.loss(params, tokens, **TABLE_2) == pytest.approx(bracket**0.103, rel=1e-12)


def test_each_limit_is_the_law_of_the_other_input() -> None:
    of_size = PowerLaw("params", floor=False)
    of_data = PowerLaw("tokens", floor=False)
    assert KaplanJoint.loss(1e9, np.inf, **TABLE_2) == pytest.approx(
        of_size.evaluate({"params": 1e9}, of_size.from_critical(6.4e13, 0.076)), rel=1e-12
    )
    assert KaplanJoint.loss(np.inf, 1e10, **TABLE_2) == pytest.approx(
        of_data.evaluate({"tokens": 1e10}, of_data.from_critical(1.8e13, 0.103)), rel=1e-12
    )


def test_overfitting_is_equation_4_3() -> None:
    tokens = 22e9
    ratio = (SIZES / 6.4e13) ** (0.076 / 0.103) * 1.8e13 / tokens
    np.testing.assert_allclose(overfitting(SIZES, tokens), (1 + ratio) ** 0.103 - 1, rtol=1e-9)


def test_overfitting_depends_on_one_combination_of_size_and_data() -> None:
    tokens = 2e9 * (SIZES / 1e9) ** (0.076 / 0.103)
    np.testing.assert_allclose(overfitting(SIZES, tokens), overfitting(1e9, 2e9), rtol=1e-9)


def test_tokens_that_keep_overfitting_at_the_seed_noise() -> None:
    # Found on the law by bisection, not by the closed form that the paper derives from it.
    low, high = np.full_like(SIZES, 1e3), np.full_like(SIZES, 1e20)
    for _ in range(200):
        middle = np.sqrt(low * high)
        enough = overfitting(SIZES, middle) < 0.02
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    exponent, coefficient = np.polyfit(np.log(SIZES), np.log(high), 1)
    assert exponent == pytest.approx(0.7379, abs=5e-5)
    assert np.exp(coefficient) == pytest.approx(5.52e3, rel=0.01)
    np.testing.assert_allclose(overfitting(SIZES, high), 0.02, rtol=1e-9)
    # The paper prints 5e3 N^0.74.
    np.testing.assert_allclose(high, 5e3 * SIZES**0.74, rtol=0.15)


def test_exponent_of_the_optimum() -> None:
    a = KaplanJoint.derived(0.076, 0.103)["a"]
    small, large = (KaplanJoint.optimum(c, **TABLE_2)[0] for c in (1e20, 1e24))
    assert np.log(large / small) / np.log(1e4) == pytest.approx(a, rel=1e-9)
    # Neither Chinchilla's half nor the 0.73 that Kaplan's batch and step laws give.
    assert a == pytest.approx(0.575, abs=5e-4)


def test_no_overflow_where_the_powers_in_the_bracket_leave_floats() -> None:
    theta = {"N_c": 1.0, "D_c": 1.0, "alpha_N": 0.4, "alpha_D": 0.01}
    # (1e20)^(0.4 / 0.01) would be 1e800.
    assert KaplanJoint.loss(1e-20, 1.0, **theta) == pytest.approx(1e8)


@pytest.mark.slow
def test_recovers_its_truth(recovers: Callable[..., None], crossed: Callable[..., object]) -> None:
    design = crossed(params=np.geomspace(1e6, 1e9, 7), tokens=np.geomspace(2e8, 2e10, 6))
    recovers(KaplanJoint(), design, TABLE_2, {"params": 1e10, "tokens": 1e11})

"""The power law of one input against Kaplan et al. (2020)."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from bayes_scaling.laws import PowerLaw

PF_DAY = 8.64e19

# Kaplan et al. (2020), equations 1.1 to 1.3: column, critical scale, exponent.
KAPLAN = [("params", 8.8e13, 0.076), ("tokens", 5.4e13, 0.095), ("flops", 3.1e8 * PF_DAY, 0.050)]


@pytest.mark.parametrize(("column", "critical", "alpha"), KAPLAN)
def test_kaplan_single_variable_laws(column: str, critical: float, alpha: float) -> None:
    law = PowerLaw(column, floor=False)
    theta = law.from_critical(critical, alpha)
    assert law.inputs == (column,)
    assert theta.keys() == law.priors.keys()
    for x in (1e6, 1e9, 1e23):
        assert law.evaluate({column: x}, theta) == pytest.approx((critical / x) ** alpha)
    # The loss is one nat at the critical scale, by definition, and it is found again.
    assert law.evaluate({column: critical}, theta) == pytest.approx(1.0)
    assert law.derived(**theta)["critical"] == pytest.approx(critical)


def test_doubling_the_parameters_multiplies_the_loss_as_the_paper_says() -> None:
    # Section 1.2: "the loss decreases by a factor 2^-alpha_N = 0.95".
    law = PowerLaw(floor=False)
    theta = law.from_critical(8.8e13, 0.076)
    small, large = (law.evaluate({"params": n}, theta) for n in (1e8, 2e8))
    assert large / small == pytest.approx(0.95, abs=0.002)


def test_the_floor_is_what_is_left_and_the_rest_is_the_law_without_it() -> None:
    with_floor, without = PowerLaw("tokens"), PowerLaw("tokens", floor=False)
    theta = {"A": 410.7, "alpha": 0.28}
    reducible = without.evaluate({"tokens": 1e10}, theta)
    assert with_floor.evaluate({"tokens": 1e10}, {"E": 1.69, **theta}) == 1.69 + reducible
    assert with_floor.evaluate({"tokens": np.inf}, {"E": 1.69, **theta}) == 1.69


def test_paper_units_without_a_floor() -> None:
    law = PowerLaw("flops", floor=False)
    theta, scales = {"A": 0.9, "alpha": 0.06}, {"loss": 2.6, "flops": 1e20}
    paper = law.rescale(scales, theta)
    assert law.scaled == {"A"}
    assert law.evaluate({"flops": 7e20}, paper) == pytest.approx(
        2.6 * law.evaluate({"flops": 7.0}, theta)
    )


def test_options_tell_laws_apart() -> None:
    assert PowerLaw() == PowerLaw("params", floor=True)
    assert len({PowerLaw(), PowerLaw("tokens"), PowerLaw(floor=False)}) == 3
    assert repr(PowerLaw("steps", floor=False)) == "PowerLaw(input='steps', floor=False)"
    assert PowerLaw().equation == r"E + \frac{A}{N^{\alpha}}"
    assert PowerLaw("seed_count", floor=False).equation == (
        r"\frac{A}{\mathrm{seed\,count}^{\alpha}}"
    )


def sizes(low: float, high: float, count: int) -> pd.DataFrame:
    return pd.DataFrame({"params": np.geomspace(low, high, count)})


@pytest.mark.slow
def test_recovers_its_truth(recovers: Callable[..., None]) -> None:
    # Besiroglu et al. (2024) with unlimited data.
    recovers(
        PowerLaw(),
        lambda rng: sizes(1e7, 1e10, 40),
        {"E": 1.8172, "A": 482.01, "alpha": 0.3478},
        {"params": 1e11},
    )


@pytest.mark.slow
def test_recovers_its_truth_without_a_floor(recovers: Callable[..., None]) -> None:
    law = PowerLaw(floor=False)
    recovers(
        law, lambda rng: sizes(1e6, 1e9, 30), law.from_critical(8.8e13, 0.076), {"params": 1e10}
    )

"""Products of powers: a plane in logarithms, either direction, and the collinear third column."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from bayes_scaling.datasets import isoflop_design
from bayes_scaling.laws import PowerLaw, ProductPowerLaw

THETA = {"K": 0.05, "a_params": 0.09, "a_tokens": 0.06}


def test_value_is_the_product() -> None:
    at = {"params": 1e9, "tokens": 2e10, "flops": 1.2e20}
    theta = {"K": 0.3, "a_params": 0.1, "a_tokens": -0.2, "a_flops": 0.05}
    expected = 0.3 * 1e9**0.1 * 2e10**-0.2 * 1.2e20**0.05
    assert ProductPowerLaw().evaluate(at, theta) == pytest.approx(expected, rel=1e-14)
    with_floor = ProductPowerLaw(floor=True)
    assert with_floor.evaluate(at, {"E": 2.0, **theta}) == pytest.approx(2.0 + expected)


def test_without_a_floor_it_is_a_plane_in_logarithms() -> None:
    law, rng = ProductPowerLaw(("params", "tokens")), np.random.default_rng(1)
    logs = rng.uniform(15, 25, (50, 2))
    at = dict(zip(law.inputs, np.exp(logs).T, strict=True))
    columns = np.column_stack([np.ones(50), logs])
    fitted = np.linalg.lstsq(columns, np.log(law.evaluate(at, THETA)), rcond=None)[0]
    np.testing.assert_allclose(fitted, [np.log(0.05), 0.09, 0.06], rtol=1e-9)


def test_one_falling_column_is_the_power_law() -> None:
    law, single = ProductPowerLaw(("tokens",), floor=True), PowerLaw("tokens")
    assert law.evaluate({"tokens": 1e10}, {"E": 1.7, "K": 400.0, "a_tokens": -0.28}) == (
        pytest.approx(single.evaluate({"tokens": 1e10}, {"E": 1.7, "A": 400.0, "alpha": 0.28}))
    )


def test_the_data_decide_on_the_sign_of_every_exponent() -> None:
    priors = ProductPowerLaw().priors
    exponents = {name for name, prior in priors.items() if prior.support == "real"}
    assert exponents == {"a_params", "a_tokens", "a_flops"}


def test_with_six_nd_only_sums_with_the_exponent_of_compute_are_measured() -> None:
    law = ProductPowerLaw()
    sweep = isoflop_design([1e19, 1e21], sizes_per_budget=5)
    at = {name: sweep[name].to_numpy() for name in law.inputs}
    theta = {"K": 0.05, "a_params": 0.06, "a_tokens": 0.03, "a_flops": 0.03}
    shift = 0.2
    moved = {
        "K": theta["K"] * 6**shift,
        "a_params": theta["a_params"] + shift,
        "a_tokens": theta["a_tokens"] + shift,
        "a_flops": theta["a_flops"] - shift,
    }
    np.testing.assert_allclose(law.evaluate(at, moved), law.evaluate(at, theta), rtol=1e-12)


@pytest.mark.parametrize("floor", [True, False])
def test_units_with_exponents_of_both_signs(floor: bool) -> None:
    law = ProductPowerLaw(("params", "tokens"), floor=floor)
    theta = {"E": 0.4, "K": 0.6, "a_params": 0.3, "a_tokens": -0.2}
    theta = {name: theta[name] for name in law.priors}
    scales = {"loss": 2.6, "params": 1e9, "tokens": 2e10}
    paper = law.rescale(scales, theta)
    in_paper = law.evaluate({"params": 3e9, "tokens": 8e10}, paper)
    on_reference = law.evaluate({"params": 3.0, "tokens": 4.0}, theta)
    assert in_paper == pytest.approx(2.6 * on_reference, rel=1e-12)
    assert law.scaled == ({"E", "K"} if floor else {"K"})


def test_equation() -> None:
    assert ProductPowerLaw().equation == "K N^{a_{N}} D^{a_{D}} C^{a_{C}}"
    assert ProductPowerLaw(("params",), floor=True).equation == "E + K N^{a_{N}}"


def isoflop(rng: np.random.Generator) -> pd.DataFrame:
    return isoflop_design(np.geomspace(6e18, 3e21, 6), sizes_per_budget=8)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("law", "theta"),
    [
        (ProductPowerLaw(("params", "tokens")), THETA),
        (
            ProductPowerLaw(("params", "tokens"), floor=True),
            {"E": 1.69, "K": 750.0, "a_params": -0.17, "a_tokens": -0.14},
        ),
    ],
    ids=["rising", "falling to a floor"],
)
def test_recovers_its_truth(
    recovers: Callable[..., None], law: ProductPowerLaw, theta: dict[str, float]
) -> None:
    recovers(law, isoflop, theta, {"params": 1.6e10, "tokens": 3.2e11})

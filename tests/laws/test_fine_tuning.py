"""The multiplicative fine-tuning law of Zhang et al. (2024)."""

from collections.abc import Callable

import numpy as np
import pytest

from bayes_scaling.errors import ModelError
from bayes_scaling.laws import FineTuning, ProductPowerLaw

# Of the size of the paper's exponents; it gives them by task and method.
TRUTH = {"E": 0.9, "A": 130.0, "alpha": 0.15, "beta": 0.09}


def test_it_is_a_product_of_powers_above_a_floor() -> None:
    at = {"params": np.array([1e9, 4e9]), "finetuning_tokens": np.array([1e6, 3e8])}
    product = ProductPowerLaw(("params", "finetuning_tokens"), floor=True).evaluate(
        at, {"E": 0.9, "K": 130.0, "a_params": -0.15, "a_finetuning_tokens": -0.09}
    )
    np.testing.assert_allclose(FineTuning().evaluate(at, TRUTH), product, rtol=1e-12)


def test_data_save_the_more_loss_the_smaller_the_model() -> None:
    few, many = (
        FineTuning().evaluate({"params": np.array([1e9, 16e9]), "finetuning_tokens": data}, TRUTH)
        for data in (1e6, 1e8)
    )
    saved = few - many
    assert saved[0] > saved[1] > 0
    np.testing.assert_allclose((many - 0.9) / (few - 0.9), 100**-0.09)


def test_any_column_may_be_what_was_scaled() -> None:
    law = FineTuning("adapter_params")
    assert law.inputs == ("adapter_params", "finetuning_tokens")
    assert law != FineTuning()
    assert r"\mathrm{adapter\,params}" in law.equation
    at = {"adapter_params": 1e6, "finetuning_tokens": 1e8}
    assert law.evaluate(at, TRUTH) == pytest.approx(0.9 + 130 * 1e6**-0.15 * 1e8**-0.09)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("finetuning_tokens", "scaled_column is 'finetuning_tokens'.*same column.*'params'"),
        ("loss", "FineTuning: scaled_column holds 'loss'"),
    ],
)
def test_a_column_that_cannot_be_scaled(column: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        FineTuning(column)


@pytest.mark.slow
def test_recovers_its_truth(recovers: Callable[..., None], crossed: Callable[..., object]) -> None:
    target = {"params": 16e9, "finetuning_tokens": 1e10}
    design = crossed(finetuning_tokens=np.geomspace(1e5, 1e9, 9), params=[1e9, 2e9, 4e9, 8e9, 16e9])
    recovers(FineTuning(), design, TRUTH, target)

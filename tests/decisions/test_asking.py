"""Arguments that several questions share: levels as a mapping, and values of another kind."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import ModelError

WEB = {"corpus": "web"}


@pytest.mark.parametrize(
    "question",
    [
        lambda fit, at: bs.needed(fit, 2.5, at=at),
        lambda fit, at: bs.compute_returns(fit, 1e22, at=at),
        lambda fit, at: bs.decisions.marginal_returns(fit, 1e10, 2e11, at=at),
        lambda fit, at: bs.decisions.lifetime_allocation(fit, 1e12, flops=1e22, at=at),
        lambda fit, at: bs.decisions.isoloss_curves(fit, 2.5, params=1e10, at=at),
        lambda fit, at: bs.decisions.isoflop_curves(fit, 1e22, params=1e10, at=at),
        lambda fit, at: bs.forecast(fit, 1e10, 2e11, at=at),
    ],
)
def test_a_level_may_be_given_as_a_mapping(
    question: Callable[..., bs.Forecast], stored_fit: bs.ScalingFit
) -> None:
    named, listed = question(stored_fit, WEB), question(stored_fit, pd.DataFrame([WEB]))
    assert named.draws.identical(listed.draws)
    assert set(np.ravel(named.draws["corpus"])) == {"web"}


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (lambda fit: bs.allocate(fit, 1e22, cost="flops"), "allocate: cost is of type str"),
        (lambda fit: bs.allocate(fit, 1e22, constraints={"max_params": 7e9}), "bs.Constraints"),
        (lambda fit: bs.allocate(fit, 1e22, inputs=[3.0]), "inputs is of type list"),
        (lambda fit: bs.near_optimal(fit, 1e22, "1%"), "within is of type str.*0.01"),
        (lambda fit: bs.near_optimal(fit, 1e22, cost=6.0), "near_optimal: cost is of type float"),
        (lambda fit: bs.near_optimal(fit, 1e22, constraints={}), "bs.Constraints"),
        (lambda fit: bs.regret(fit, {"a": (1e9, 2e10)}, cost=6.0), "regret: cost is of type"),
        (
            lambda fit: bs.decisions.lifetime_allocation(fit, 1e12, flops=1e22, prices=2.0),
            "bs.decisions.Prices",
        ),
        (lambda fit: bs.forecast(fit, 1e9, 2e10, seed="abc"), "forecast: seed is of type str"),
    ],
)
def test_an_argument_of_another_kind_is_named(
    question: Callable[[bs.ScalingFit], object], message: str, stored_fit: bs.ScalingFit
) -> None:
    with pytest.raises(ModelError, match=message):
        question(stored_fit)

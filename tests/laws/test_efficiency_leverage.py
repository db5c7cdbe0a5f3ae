"""The leverage of mixtures of experts: what the paper states, and recovery."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.laws import EfficiencyLeverage, published_set

TIAN = dict(published_set("tian2025").parameters)


def leverage(ratio: float, granularity: float, flops: float) -> float:
    return float(EfficiencyLeverage.loss(ratio, granularity, flops, **TIAN))


def test_more_than_seven_where_the_paper_says_so() -> None:
    assert 7 < leverage(0.031, 12.0, 1e22) < 7.5


def test_best_granularity_is_between_eight_and_twelve_at_any_compute() -> None:
    granularities = np.geomspace(1.0, 64.0, 200)
    for flops in (1e18, 1e22):
        best = granularities[np.argmax([leverage(0.03, g, flops) for g in granularities])]
        assert 8 <= best <= 12


def test_a_dense_model_has_none() -> None:
    for flops in (1e18, 1e22):
        assert leverage(1.0, 2.0, flops) == pytest.approx(1.0, abs=0.01)


def test_sparser_experts_save_more_and_the_more_the_larger_the_budget() -> None:
    gains = [leverage(0.02, 8.0, flops) / leverage(0.1, 8.0, flops) for flops in (1e19, 1e21)]
    assert 1 < gains[0] < gains[1]


def sweep(rng: np.random.Generator) -> pd.DataFrame:
    """Ratios, granularities and budgets of the paper."""
    ratios, finenesses = (0.008, 0.016, 0.031, 0.063, 0.125, 0.5), (2.0, 4.0, 8.0, 16.0)
    rows = list(product(ratios, finenesses, np.geomspace(1e18, 6e20, 4)))
    return pd.DataFrame(rows, columns=["activation_ratio", "granularity", "flops"])


@pytest.mark.slow
def test_recovers_its_truth(recovery) -> None:  # type: ignore[no-untyped-def]
    # Leverage is the quotient of two budgets, each read off a curve.
    model = bs.ScalingModel(
        EfficiencyLeverage(), noise=bs.noise.LogStudentT(sd=bs.Prior.between(0.005, 0.2))
    )
    target = {"activation_ratio": 0.031, "granularity": 12.0, "flops": 1e22}
    noise = {"noise_sd": 0.05, "noise_df": 4.0}
    result = recovery(model, sweep, TIAN, target, noise=noise, response="metric")
    assert result.parameters >= 0.8
    assert result.target >= 0.8
    assert result.divergent <= 0.005

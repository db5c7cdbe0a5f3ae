"""The law of fine-grained experts: its limits, and recovery of the published parameters."""

from collections.abc import Callable

import numpy as np
import pytest

from bayes_scaling.laws import Chinchilla, FineGrainedExperts, published_set

KRAJEWSKI = {"c": 0.47, "g": 2.1, "gamma": 0.58, "a": 18.1, "alpha": 0.115, "b": 30.8}
KRAJEWSKI |= {"beta": 0.147}


def test_published_parameters_are_these() -> None:
    assert published_set("krajewski2024").parameters == KRAJEWSKI


def test_of_one_granularity_it_is_chinchilla() -> None:
    coarse = FineGrainedExperts.loss(1e10, 1.0, 1e11, **KRAJEWSKI)
    same = Chinchilla.loss(1e10, 1e11, E=0.47, A=20.2, B=30.8, alpha=0.115, beta=0.147)
    assert coarse == pytest.approx(same, rel=1e-12)


def test_granularity_saves_the_share_of_size_that_coarse_experts_cost() -> None:
    fine, coarse = FineGrainedExperts.loss(1e10, np.array([1e12, 1.0]), 1e11, **KRAJEWSKI)
    assert coarse - fine == pytest.approx(2.1 * 1e10**-0.115, rel=1e-6)


def test_granularity_is_worth_the_same_factor_of_parameters_at_any_size() -> None:
    factor = ((2.1 + 18.1) / (2.1 * 16**-0.58 + 18.1)) ** (1 / 0.115)
    for size in (1e9, 1e11):
        fine = FineGrainedExperts.loss(size, 16.0, 1e11, **KRAJEWSKI)
        coarse = FineGrainedExperts.loss(factor * size, 1.0, 1e11, **KRAJEWSKI)
        assert fine == pytest.approx(coarse, rel=1e-12)


@pytest.mark.slow
def test_recovers_its_truth(recovers: Callable[..., None], crossed: Callable[..., object]) -> None:
    target = {"params": 1e12, "granularity": 32.0, "tokens": 1e12}
    noise = {"noise_sd": 0.003, "noise_df": 4.0}
    design = crossed(
        params=np.geomspace(5e8, 1e11, 6),
        granularity=(1.0, 2.0, 4.0, 16.0),
        tokens=np.geomspace(4e9, 1e11, 3),
    )
    recovers(FineGrainedExperts(), design, KRAJEWSKI, target, noise=noise)

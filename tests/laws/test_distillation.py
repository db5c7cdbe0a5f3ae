"""The law of distilled students: what the paper states of it, its limits, and recovery."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

import bayes_scaling as bs
from bayes_scaling.laws import Distillation, Nested, published_set

BUSBRIDGE = dict(published_set("busbridge2025").parameters)
ALONE = ("E", "A", "B", "alpha", "beta", "gamma")
"""Parameters of students without a teacher."""


def student(params: float, tokens: float, teacher: float) -> float:
    return float(Distillation.loss(params, tokens, teacher, **BUSBRIDGE))


def alone(params: float, tokens: float) -> float:
    """The law of students without a teacher, in the terms of its other form."""
    terms = {name: BUSBRIDGE[name] for name in ALONE}
    gamma = terms.pop("gamma")
    terms["A"], terms["B"] = terms["A"] ** gamma, terms["B"] ** gamma
    terms["alpha"], terms["beta"] = gamma * terms["alpha"], gamma * terms["beta"]
    return float(Nested.loss(params, tokens, **Nested.from_terms(**terms, q=gamma)))


@pytest.mark.parametrize("params", [1e8, 1e9, 1e10])
def test_with_endless_tokens_and_its_best_teacher_it_ends_where_it_would_alone(
    params: float,
) -> None:
    """Figure 40: consistent over sizes, which the law does not impose."""
    endless = 1e30
    best = minimize_scalar(
        lambda teacher: student(params, endless, teacher), bounds=(1.3, 4), method="bounded"
    )
    assert best.fun == pytest.approx(alone(params, endless), rel=0.006)
    # The capacity gap: a better teacher than that makes a worse student.
    assert student(params, endless, 0.93 * best.x) > best.fun


def test_an_able_student_ends_at_its_teachers_loss() -> None:
    assert student(1e15, 1e20, 2.0) == pytest.approx(2.0, rel=1e-3)


def test_a_poor_teacher_makes_a_poor_student() -> None:
    assert student(1e9, 1e11, 8.0) == pytest.approx(8.0, rel=1e-9)


def test_optimal_split_of_the_students_compute_is_the_printed_one() -> None:
    alpha, beta = BUSBRIDGE["alpha_prime"], BUSBRIDGE["beta_prime"]
    assert beta / (alpha + beta) == pytest.approx(0.664, abs=0.002)


def sweep(rng: np.random.Generator) -> pd.DataFrame:
    """Students on their isoFLOP curves under each of seven teachers."""
    rows = []
    for flops, size, teacher in product(
        (3e19, 1e20, 3e20, 1e21), (0.25, 0.5, 1.0, 2.0), (2.8, 2.6, 2.5, 2.4, 2.3, 2.2, 2.1)
    ):
        params = size * (flops / 120) ** 0.5
        rows.append((params, flops / (6 * params), teacher))
    return pd.DataFrame(rows, columns=list(Distillation.inputs))


@pytest.mark.slow
def test_recovers_its_truth(recovery) -> None:  # type: ignore[no-untyped-def]
    pinned = {name: bs.Prior.fixed_at(BUSBRIDGE[name], units="paper") for name in ALONE}
    model = bs.ScalingModel(Distillation(), priors=pinned, surface=None)
    target = {"params": 7.75e9, "tokens": 5e11, "teacher_loss": 2.1}
    noise = {"noise_sd": 0.003, "noise_df": 4.0}
    result = recovery(model, sweep, BUSBRIDGE, target, noise=noise)
    assert result.parameters >= 0.8
    assert result.target >= 0.8
    assert result.divergent <= 0.005

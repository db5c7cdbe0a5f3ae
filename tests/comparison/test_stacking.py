"""Stacking: the maximum of the mixture's log score, as ArviZ finds it, on the simplex."""

import warnings
from collections.abc import Callable

import arviz as az
import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.comparison.stacking import stacking
from bayes_scaling.validation.loo import leave_one_out


def alike(count: int) -> np.ndarray:
    return np.full(count, 1 / count)


def test_it_finds_the_best_of_all_mixtures(rng: np.random.Generator) -> None:
    scores = rng.normal(0, 1, (30, 2))
    found = stacking(scores, alike(30))

    def mean_score(weight: np.ndarray) -> np.ndarray:
        mixed = np.exp(scores) @ np.stack([weight, 1 - weight])
        return np.asarray(np.log(mixed).mean(axis=0))

    grid = np.linspace(0, 1, 2001)
    assert found[0] == pytest.approx(grid[mean_score(grid).argmax()], abs=0.01)
    assert found.sum() == pytest.approx(1)


def test_what_counts_more_decides() -> None:
    scores = np.array([[0.0, -2.0], [-2.0, 0.0]])
    first = stacking(scores, np.array([0.8, 0.2]))
    # Where the slope of 0.8 log(w + (1 - w) r) + 0.2 log(w r + 1 - w) is zero, r = exp(-2).
    best = (0.8 - 0.2 * np.exp(-2)) / (1 - np.exp(-2))
    assert first == pytest.approx([best, 1 - best], abs=2e-3)
    assert stacking(scores, np.array([0.2, 0.8])) == pytest.approx(first[::-1])


def test_a_fit_that_is_always_worse_has_no_weight_however_far_off() -> None:
    scores = np.column_stack([np.zeros(20), np.full(20, -1.0), np.full(20, -2000.0)])
    assert stacking(scores, alike(20)).tolist() == [1.0, 0.0, 0.0]


def test_fits_alike_share_alike(rng: np.random.Generator) -> None:
    scores = np.repeat(rng.normal(-3, 1, (12, 1)), 3, axis=1)
    assert stacking(scores, alike(12)) == pytest.approx(1 / 3)


def test_it_agrees_with_arviz(floor_off: Callable[..., bs.ScalingFit]) -> None:
    # Each is wrong for one corpus, so that both are needed.
    found = {name: leave_one_out(floor_off(0.01, name)) for name in ("web", "books")}
    scores = np.column_stack([loo.elpd_i.values for loo in found.values()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        theirs = az.compare(found, method="stacking", round_to="none")["weight"]
    ours = stacking(scores, alike(len(scores)))
    assert 0.2 < ours[0] < 0.8
    # Both stop where no more than a millionth of a log score is to be gained.
    assert ours == pytest.approx(theirs[["web", "books"]].to_numpy(), abs=0.01)

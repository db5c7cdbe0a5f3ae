"""The sequential covariances against plain regression, and batches against all others."""

from itertools import combinations

import numpy as np
import pytest

from bayes_scaling.decisions.next_runs.greedy import (
    Candidates,
    best_batch,
    gains_alone,
    variance_after,
)


@pytest.fixture
def known(rng: np.random.Generator) -> Candidates:
    """A quantity and eight candidates that share three unknowns."""
    unknowns = rng.standard_normal((500, 3)) * [1.0, 0.5, 0.2]
    responses = unknowns @ rng.standard_normal((3, 8))
    quantity = unknowns @ [1.0, -1.0, 2.0]
    return Candidates(quantity, responses, rng.uniform(0.01, 0.3, 8), rng.uniform(1.0, 5.0, 8))


def conditioned(known: Candidates, places: list[int]) -> float:
    """Variance left by all runs at once, from the whole covariance matrix."""
    joint = np.cov(np.column_stack([known.quantity, known.responses]).T)
    seen = [place + 1 for place in places]
    observed = joint[np.ix_(seen, seen)] + np.diag(known.noise[places])
    shared = joint[0, seen]
    return float(joint[0, 0] - shared @ np.linalg.solve(observed, shared))


def test_one_run_takes_off_squared_covariance_over_variance(known: Candidates) -> None:
    alone = [known.quantity.var(ddof=1) - conditioned(known, [place]) for place in range(8)]
    np.testing.assert_allclose(gains_alone(known), alone, rtol=1e-10)


def test_a_batch_is_conditioned_on_exactly(known: Candidates) -> None:
    places = [6, 1, 3, 0]
    left = variance_after(known, places).variances
    expected = [conditioned(known, places[:number]) for number in range(1, 5)]
    np.testing.assert_allclose(left, [known.quantity.var(ddof=1), *expected], rtol=1e-9)
    assert np.all(np.diff(left) < 0)


def test_runs_that_say_the_same_count_once(rng: np.random.Generator) -> None:
    unknowns = rng.standard_normal((1000, 2))
    responses = np.column_stack([unknowns[:, 0], unknowns[:, 0], 0.8 * unknowns[:, 1]])
    noise, costs = np.full(3, 1e-6), np.ones(3)
    same_twice = Candidates(unknowns.sum(axis=1), responses, noise, costs)
    gains = gains_alone(same_twice)
    assert gains[0] == pytest.approx(gains[1])
    chosen = best_batch(same_twice, 2.0, most=2).places
    assert 2 in chosen
    assert len(chosen) == 2


@pytest.mark.parametrize("budget", [3.0, 6.0, 10.0])
def test_greedy_is_close_to_the_best_of_all_batches(known: Candidates, budget: float) -> None:
    affordable = [
        list(places)
        for number in range(1, 9)
        for places in combinations(range(8), number)
        if known.costs[list(places)].sum() <= budget
    ]
    best = min(conditioned(known, places) for places in affordable)
    batch = best_batch(known, budget, most=8)
    assert known.costs[list(batch.places)].sum() <= budget
    # Submodular gains would allow 37 % of the gain to be lost; in practice little is.
    assert batch.variances[-1] <= 1.15 * best
    singles = [conditioned(known, [place]) for place in range(8) if known.costs[place] <= budget]
    assert batch.variances[-1] <= min(singles) * (1 + 1e-9)


def test_gain_per_cost_alone_would_miss_the_run_that_fills_the_budget(
    rng: np.random.Generator,
) -> None:
    quantity = rng.standard_normal(1000)
    other = rng.standard_normal(1000)
    responses = np.column_stack([quantity, 0.3 * quantity + other])
    known = Candidates(quantity, responses, np.full(2, 0.01), np.array([10.0, 0.1]))
    assert gains_alone(known)[1] / 0.1 > 3 * gains_alone(known)[0] / 10
    assert best_batch(known, 10.0, most=2).places == (0,)


def test_the_number_of_runs_is_kept_to(known: Candidates) -> None:
    assert len(best_batch(known, 100.0, most=3).places) == 3
    assert len(best_batch(known, 100.0, most=8).places) > 3


def test_runs_that_teach_nothing_are_left_out(rng: np.random.Generator) -> None:
    quantity = rng.standard_normal(2000)
    noise, costs = np.full(2, 0.1), np.ones(2)
    unrelated = rng.standard_normal((2000, 2))
    unrelated -= np.outer(quantity, quantity @ unrelated / (quantity @ quantity))
    unrelated -= unrelated.mean(axis=0)
    nothing = Candidates(quantity - quantity.mean(), unrelated, noise, costs)
    assert best_batch(nothing, 2.0, most=2).places == ()

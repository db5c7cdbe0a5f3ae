"""Recipes compared by ladders: multipliers of simulated pairs, floors, and one more rung."""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.decisions.recipes import _top, ladder_model
from bayes_scaling.errors import RunsError
from tests.benchmarks.ladders import FLOOR, pair


@pytest.fixture(scope="module")
def ladders() -> bs.Runs:
    """Four rungs of two recipes, of which the new one is worth 1.3 times the compute."""
    return pair(np.random.default_rng(1), multiplier=1.3)


@pytest.fixture(scope="module")
def prior_draws(prior_fit: Callable[..., bs.ScalingFit], ladders: bs.Runs) -> bs.ScalingFit:
    return prior_fit(ladder_model("recipe"), ladders)


def test_recipes_share_the_floor_and_differ_in_the_rest(prior_draws: bs.ScalingFit) -> None:
    assert prior_draws.posterior["E"].dims == ("chain", "draw")
    assert "recipe" in prior_draws.posterior["A"].dims
    assert "recipe" in prior_draws.posterior["alpha"].dims


def test_a_multiplier_can_be_the_goal_of_more_rungs(prior_draws: bs.ScalingFit) -> None:
    goal = bs.Goal.multiplier("new", "base", 7.7e19)
    found = bs.compare_levels(prior_draws, "new", "base", 7.7e19).draws["multiplier"]
    finite = found.isel(point=0).where(np.isfinite(found.isel(point=0)))
    np.testing.assert_array_equal(goal.draws(prior_draws), finite)
    rungs = pd.DataFrame({"params": 1.6e9, "tokens": 3.2e10, "recipe": ["new", "base"]})
    plan = bs.next_runs(prior_draws, rungs, 1e21, goal)
    assert plan.table()["share"].iloc[-1] < 1
    promised = "the multiple of the compute of 'new' that 'base' needs at 7.7e19"
    assert promised in plan.headline()


def test_the_headline_says_what_the_first_is_worth(prior_draws: bs.ScalingFit) -> None:
    said = bs.compare_levels(prior_draws, "new", "base", [1e19, 1e20]).headline(0.9)
    number = r"[\d.e+]+|inf"
    interval = rf"({number}) \[({number}), ({number})\] times the flops at"
    assert re.fullmatch(
        rf"To reach the loss of new, base needs {interval} 1e19, {interval} 1e20 "
        r"\(median and 90 % interval\)\.",
        said,
    )


def test_a_recipe_needs_a_factor(ladders: bs.Runs) -> None:
    table = ladders.table.drop(columns="recipe")
    with pytest.raises(RunsError, match=r"by=None, and the factors of these runs are none"):
        bs.compare_recipes(bs.Runs.from_frame(table), "new", "base")
    with pytest.raises(RunsError, match=r"by='corpus', and the factors of these runs are recipe"):
        bs.compare_recipes(ladders, "new", "base", by="corpus")


@pytest.mark.slow
def test_one_sided_scatter_is_misled_less_by_a_badly_tuned_rung(ladders: bs.Runs) -> None:
    """The third rung of the new recipe lies 4 % too high."""
    loss = ladders.table["loss"].to_numpy().copy()
    loss[2] *= 1.04
    undertuned = bs.Runs.from_frame(ladders.table.assign(loss=loss), factors=["recipe"])
    symmetric, one_sided = (
        bs.compare_recipes(undertuned, "new", "base", noise=noise, seed=1, progress=False)
        for noise in (None, bs.noise.LogExGaussian())
    )
    misled, less = (
        abs(np.log(float(one.draws["multiplier"].median()) / 1.3)) for one in (symmetric, one_sided)
    )
    # On two simulated pairs it was a third and a half.
    assert less < 0.75 * misled


@pytest.mark.slow
def test_the_multiplier_of_a_ladder_and_what_a_pinned_floor_does(ladders: bs.Runs) -> None:
    """With the floor free or pinned, the multiplier is known to a tenth or two."""
    known = bs.Prior.fixed_at(FLOOR, units="paper")
    free, pinned = (
        bs.compare_recipes(ladders, "new", "base", floor=floor, seed=1, progress=False)
        for floor in (None, known)
    )
    assert float(free.draws["flops"][0]) == pytest.approx(ladders.table["flops"].max())
    for found in (free, pinned):
        assert not found.fit.diagnostics.problems
        # 99 %: a ladder that is one of a hundred would fail whatever the method.
        low, high = found.draws["multiplier"].quantile([0.005, 0.995]).values
        assert low < 1.3 < high
        # A few tenths of a per cent of scatter on four rungs say the multiplier within 1.6 times.
        assert high / low < 1.6


def test_recipes_are_compared_where_both_of_them_have_runs(ladders: bs.Runs) -> None:
    """A third recipe that ends earlier says nothing of the two."""
    first, second = ladders.levels("recipe")[:2]
    short = ladders.where(recipe=first).table.nsmallest(2, "flops").assign(recipe="short")
    table = pd.concat([ladders.table, short], ignore_index=True)
    runs = bs.Runs.from_frame(table, factors=["recipe"])
    both = [float(runs.where(recipe=one).values("flops").max()) for one in (first, second)]
    assert _top(runs, "recipe", first, second) == min(both)
    assert _top(runs, "recipe", first, "short") < min(both)

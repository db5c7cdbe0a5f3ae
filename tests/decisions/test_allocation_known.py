"""Allocations of published laws: printed optima, data that repeat, other costs, constraints."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.decisions import Allocation
from bayes_scaling.decisions.rules import APPROACH_1
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

type KnownFit = Callable[[bs.Law, Mapping[str, float], bs.Runs], bs.ScalingFit]

GOPHER = 5.76e23
UNIQUE = {"unique_tokens": 25e9}
REPEATED = FLOPS_PER_PARAM_TOKEN * 6.34e9 * 242e9
"""Compute of the run that Muennighoff et al. print as the best with 25 billion unique tokens."""


@pytest.fixture(scope="module")
def runs() -> bs.Runs:
    table = pd.DataFrame({"params": [1e8, 1e9, 4e9], "tokens": [8e9, 2e10, 4e10]})
    table = table.assign(unique_tokens=[4e9, 2e10, 1e10], loss=[3.2, 2.7, 2.5])
    return bs.Runs.from_frame(table, inputs=["unique_tokens"])


def published_fit(key: str, known_fit: KnownFit, runs: bs.Runs) -> bs.ScalingFit:
    published = bs.laws.published_set(key)
    return known_fit(published.law, published.parameters, runs)


def only(values: object) -> float:
    """The one value of draws that are all alike."""
    found = np.unique(np.asarray(values))
    assert np.ptp(found) <= 1e-9 * abs(found[0])
    return float(found[0])


@pytest.mark.parametrize(
    ("key", "params", "per_param"),
    [
        ("hoffmann2022", 4.036e10, 58.9),
        ("hoffmann2022-rounded", 3.219e10, 92.6),
        ("besiroglu2024", 7.225e10, 18.39),
    ],
)
def test_the_published_frontiers(
    key: str, params: float, per_param: float, known_fit: KnownFit, runs: bs.Runs
) -> None:
    draws = bs.allocate(published_fit(key, known_fit, runs), GOPHER).draws
    assert only(draws["params"]) == pytest.approx(params, rel=5e-3)
    assert only(draws["tokens_per_param"]) == pytest.approx(per_param, rel=5e-3)
    assert only(6 * draws["params"] * draws["tokens"]) == pytest.approx(GOPHER, rel=1e-12)
    if key == "besiroglu2024":
        assert only(draws["expected_loss"]) == pytest.approx(1.9744, rel=5e-3)


def test_table_3_of_hoffmann_grows_as_its_approach_says() -> None:
    flops, params = np.log(list(APPROACH_1.values())), np.log(list(APPROACH_1))
    a = np.polyfit(flops, params, 1)[0]
    assert a == pytest.approx(0.498, abs=0.002)
    assert 1 - a == pytest.approx(0.502, abs=0.002)


def test_the_compute_of_table_a3_follows_from_the_unrounded_parameters(
    known_fit: KnownFit, runs: bs.Runs
) -> None:
    # The row of 175B is a misprint for 1.26e25, which is 6ND; the largest has no tolerance given.
    printed = {
        400e6: 2.21e19, 1e9: 1.62e20, 10e9: 2.46e22, 67e9: 1.71e24, 175e9: 1.26e25, 280e9: 3.52e25,
        520e9: 1.36e26, 1e12: 5.65e26,
    }  # fmt: skip
    budgets = np.geomspace(1e18, 1e29, 300)
    fit = published_fit("hoffmann2022", known_fit, runs)
    draws = bs.allocate(fit, budgets).draws
    params = draws["params"].isel(chain=0, draw=0).values
    expected = np.exp(np.interp(np.log(list(printed)), np.log(params), np.log(budgets)))
    np.testing.assert_allclose(list(printed.values()), expected, rtol=0.2)


# Data that repeat


@pytest.fixture
def repeating(known_fit: KnownFit, runs: bs.Runs) -> bs.ScalingFit:
    return published_fit("muennighoff2023", known_fit, runs)


def test_with_unique_tokens_the_epochs_are_part_of_the_answer(repeating: bs.ScalingFit) -> None:
    draws = bs.allocate(repeating, REPEATED, inputs=UNIQUE).draws
    assert only(draws["epochs"]) == pytest.approx(only(draws["tokens"]) / 25e9)
    # Smaller and longer than for fresh data, as the authors say of their 6.34B on 9.7 epochs.
    fresh = bs.allocate(repeating, REPEATED, inputs={"unique_tokens": 1e15}).draws
    assert only(draws["params"]) < only(fresh["params"])
    assert only(draws["expected_loss"]) > only(fresh["expected_loss"])
    waste = bs.regret(
        repeating, {"best": (6.34e9, 242e9), "Chinchilla's": (8.67e9, 178e9)}, inputs=UNIQUE
    ).draws
    printed = [2.2256440889984477, 2.2269634075087867]
    np.testing.assert_allclose(waste["expected_loss"].isel(chain=0, draw=0), printed, rtol=1e-6)
    assert (waste["loss_regret"] >= 0).all()
    assert only(draws["expected_loss"]) <= printed[0]


def test_endless_data_leave_the_law_without_repetition(
    repeating: bs.ScalingFit, known_fit: KnownFit, runs: bs.Runs
) -> None:
    theta = bs.laws.published_set("muennighoff2023").parameters
    plain = {name: theta[name] for name in ("E", "A", "B", "alpha")} | {"beta": theta["alpha"]}
    plan = known_fit(bs.laws.Chinchilla(), plain, runs)
    closed = bs.allocate(plan, REPEATED).draws
    searched = bs.allocate(repeating, REPEATED, inputs={"unique_tokens": 1e15}).draws
    assert only(searched["params"]) == pytest.approx(only(closed["params"]), rel=1e-3)
    assert only(searched["expected_loss"]) == pytest.approx(only(closed["expected_loss"]), rel=1e-9)


def test_an_input_that_is_missing_unknown_or_impossible(repeating: bs.ScalingFit) -> None:
    with pytest.raises(ModelError, match=r"missing \['unique_tokens'\].*inputs=\{'unique_tokens'"):
        bs.allocate(repeating, REPEATED)
    with pytest.raises(ModelError, match=r"unknown \['experts'\]"):
        bs.allocate(repeating, REPEATED, inputs={**UNIQUE, "experts": 8})
    with pytest.raises(RunsError, match=r"allocate: unique_tokens is -1\.0.*such as 25e9"):
        bs.allocate(repeating, REPEATED, inputs={"unique_tokens": -1.0})


# Costs


def test_a_cost_that_is_six_n_d_gives_the_same_answer(known_fit: KnownFit, runs: bs.Runs) -> None:
    fit = published_fit("besiroglu2024", known_fit, runs)
    usual = bs.allocate(fit, GOPHER).draws
    cost = bs.decisions.costs.PowerCost(6e-18, 1.0, 1.0)
    hours = bs.allocate(fit, GOPHER / 1e18, cost=cost).draws
    for name in ("params", "tokens", "expected_loss"):
        assert only(hours[name]) == pytest.approx(only(usual[name]), rel=1e-6)
    assert hours["gpu_hours"].values.tolist() == [GOPHER / 1e18]
    assert "flops" not in hours.coords


def test_dear_parameters_make_for_smaller_models(known_fit: KnownFit, runs: bs.Runs) -> None:
    fit = published_fit("besiroglu2024", known_fit, runs)
    theta = bs.laws.published_set("besiroglu2024").parameters
    cost = bs.decisions.costs.PowerCost(6e-18, 1.1, 1.0)
    draws = bs.allocate(fit, 1e6, cost=cost).draws
    params, tokens = only(draws["params"]), only(draws["tokens"])
    # At the optimum a per cent more parameters gain what they cost in tokens: 1.1 per cent.
    gain = theta["alpha"] * theta["A"] * params ** -theta["alpha"]
    loss = theta["beta"] * theta["B"] * tokens ** -theta["beta"]
    assert gain == pytest.approx(1.1 * loss, rel=1e-5)
    assert 6e-18 * params**1.1 * tokens == pytest.approx(1e6)
    # And the growth is that of the constrained optimum, (p beta, alpha) over (alpha + p beta).
    a = theta["beta"] / (theta["alpha"] + 1.1 * theta["beta"])
    assert only(draws["params_exponent"]) == pytest.approx(a, rel=1e-3)
    assert only(1.1 * draws["params_exponent"] + draws["tokens_exponent"]) == pytest.approx(1)


# Constraints


def constrained(stored_fit: bs.ScalingFit, **given: object) -> Allocation:
    kept = bs.Constraints(**given)  # type: ignore[arg-type]
    return bs.allocate(stored_fit, [1e21, GOPHER], constraints=kept)


def test_a_bound_that_does_not_bind_changes_nothing(stored_fit: bs.ScalingFit) -> None:
    free = bs.allocate(stored_fit, [1e21, GOPHER])
    bound = constrained(stored_fit, max_params=1e13)
    # Of a draw with two valleys about as deep, the search may take the other one.
    same = np.isclose(bound.draws["params"], free.draws["params"], rtol=1e-4)
    assert same.mean() > 0.99
    assert not bound.draws["at_limit"].any()
    assert bound.notes == free.notes


def test_draws_at_a_bound_are_there_and_counted(stored_fit: bs.ScalingFit) -> None:
    free = bs.allocate(stored_fit, [1e21, GOPHER]).draws["params"]
    middle = float(free.sel(budget=slice(2, 3)).median())
    plan = constrained(stored_fit, max_params=middle)
    # Of a draw with two valleys about as deep, the search may take the other one.
    same = np.isclose(plan.draws["params"], free.clip(max=middle), rtol=1e-4)
    assert same.mean() > 0.99
    at_limit = plan.draws["at_limit"]
    np.testing.assert_array_equal((at_limit == 1).values[same], (free > middle).values[same])
    share = float((at_limit == 1).mean())
    assert 0.1 < share < 0.5
    [note] = [note for note in plan.notes if "largest" in note]
    assert note.startswith(f"In {100 * share:.1f} % of draws the best size is the largest within")
    assert note in repr(plan)
    # The whole budget is spent, on more tokens, and the loss is worse than without the bound.
    np.testing.assert_allclose(
        6 * plan.draws["params"] * plan.draws["tokens"],
        plan.draws["flops"].broadcast_like(plan.draws["params"].T).T,
    )


def test_a_bound_on_tokens_is_one_on_params_from_below(stored_fit: bs.ScalingFit) -> None:
    plan = constrained(stored_fit, max_tokens=1e10)
    np.testing.assert_allclose(plan.draws["tokens"], 1e10)
    assert (plan.draws["at_limit"] == -1).all()
    assert any("smallest within Constraints(max_tokens=1e+10)" in note for note in plan.notes)


def test_a_budget_that_cannot_be_spent_within_bounds(stored_fit: bs.ScalingFit) -> None:
    with pytest.raises(RunsError, match=r"5\.76e\+23 flops cannot be spent within Cons"):
        constrained(stored_fit, max_params=1e10, max_tokens=1e12)
    with pytest.raises(RunsError, match=r"cannot be spent.*no size of model"):
        constrained(stored_fit, sizes=(1e10,), max_tokens=1e12)


def test_a_ratio_is_kept_to(stored_fit: bs.ScalingFit) -> None:
    plan = constrained(stored_fit, tokens_per_param=20)
    np.testing.assert_allclose(plan.draws["tokens_per_param"], 20)
    np.testing.assert_allclose(plan.draws["params"].isel(budget=2), np.sqrt(GOPHER / 120))
    np.testing.assert_allclose(plan.draws["params_exponent"], 0.5, rtol=1e-6)
    free = bs.allocate(stored_fit, [1e21, GOPHER])
    assert (plan.draws["expected_loss"] >= free.draws["expected_loss"] - 1e-12).all()
    assert "Split at 20 tokens per parameter" in plan.notes[-1]


def test_a_menu_offers_its_sizes_only(stored_fit: bs.ScalingFit) -> None:
    sizes = (1e9, 4e9, 3e10, 7e10)
    plan = constrained(stored_fit, sizes=sizes)
    assert set(np.unique(plan.draws["params"])) <= set(sizes)
    chances = plan.size_chances()
    np.testing.assert_allclose(chances[list(sizes)].sum(axis=1), 1)
    # In each draw no other size of the menu is better.
    best = plan.draws["expected_loss"].sel(budget=2)
    for size in sizes:
        loss = stored_fit.expected_loss(params=size, flops=GOPHER).isel(point=0, drop=True)
        assert (best <= loss + 1e-12).all()
    assert plan.draws["params_exponent"].isnull().all()
    assert any("largest of the menu" in note for note in plan.notes)


def test_growth_stands_beside_the_published_rules(stored_fit: bs.ScalingFit) -> None:
    plan = bs.allocate(stored_fit, GOPHER)
    table = plan.growth_beside_rules(0.8)
    assert table.index[-2:].tolist() == ["Kaplan et al. (2020)", "Hoffmann et al. (2022)"]
    medians = table.xs("median", axis=1, level=1)
    assert medians.iloc[-2:].to_numpy().tolist() == [[5.5, 1.8], [3.16, 3.16]]
    ours = plan.growth(0.8)["params_per_tenfold"]
    np.testing.assert_allclose(table["params_per_tenfold"].iloc[:2], ours)
    assert "Kaplan et al. (2020)" in repr(plan)
    assert "this fit at 5.76e23, books" in repr(plan)

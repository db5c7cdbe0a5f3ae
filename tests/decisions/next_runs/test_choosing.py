"""next_runs on the stored posterior: the promise, the choice, groups, costs, tables and errors."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.datasets import isoflop_design
from bayes_scaling.decisions.next_runs.preposterior import noise_variance
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.model.points import points

CANDIDATES = isoflop_design([1e19, 3e19, 1e20, 3e20, 1e21], 5).rename("c{}".format)
WEB = {"corpus": "web"}
TARGET = bs.Goal.loss(params=7e10, tokens=1.4e12, at=WEB)
DRAWS = ("chain", "draw")


@pytest.fixture(scope="module")
def plan(stored_fit: bs.ScalingFit) -> bs.decisions.NextRuns:
    return bs.next_runs(stored_fit, CANDIDATES.assign(corpus="web"), 1e21, TARGET)


# The promise


def test_the_first_spread_is_that_of_the_draws(
    plan: bs.decisions.NextRuns, stored_fit: bs.ScalingFit
) -> None:
    log_loss = np.log(stored_fit.expected_loss(7e10, 1.4e12).isel(point=1))
    assert plan.sd[0] == pytest.approx(float(log_loss.std(ddof=1)))
    assert (np.diff(plan.sd) < 0).all()


def test_one_run_by_hand(plan: bs.decisions.NextRuns, stored_fit: bs.ScalingFit) -> None:
    goal = np.log(stored_fit.expected_loss(7e10, 1.4e12).isel(point=1)).values.ravel()
    at = CANDIDATES.loc[["c13"]].assign(corpus="web")
    measured = np.log(stored_fit.expected_loss(at=at)).values.ravel()
    draws = stored_fit.posterior.sel(corpus="web")
    own = draws["noise_sd"] * np.exp(draws["noise_sd_sd_corpus"] * draws["noise_sd_z_corpus"])
    df = draws["noise_df"]
    scatter = float((own**2 * (df + 3) / (df + 1)).mean())
    joint = np.cov(goal, measured)
    left = joint[0, 0] - joint[0, 1] ** 2 / (joint[1, 1] + scatter)
    assert plan.after(["c13"]).sd[-1] == pytest.approx(np.sqrt(left))
    assert plan.candidates.loc["c13", "sd_alone"] == pytest.approx(np.sqrt(left))


def test_a_plan_of_ones_own_is_judged_the_same(plan: bs.decisions.NextRuns) -> None:
    again = plan.after(list(plan.chosen.index))
    np.testing.assert_allclose(again.sd, plan.sd)
    pd.testing.assert_frame_equal(again.candidates, plan.candidates)
    backwards = plan.after(list(plan.chosen.index[::-1]))
    assert backwards.sd[-1] == pytest.approx(plan.sd[-1])
    assert list(backwards.chosen.index) == list(plan.chosen.index[::-1])


@pytest.mark.parametrize("runs", [["c99"], ["c1", "c1"]])
def test_a_plan_of_others_is_refused(plan: bs.decisions.NextRuns, runs: list[str]) -> None:
    with pytest.raises(RunsError, match=rf"'{runs[0]}'.*is no candidate, or given twice.*'c0'"):
        plan.after(runs)


def test_no_affordable_batch_that_is_tried_promises_more(
    plan: bs.decisions.NextRuns, rng: np.random.Generator
) -> None:
    costs = plan.candidates["cost"]
    for _ in range(50):
        taken, left = [], plan.budget
        for label in rng.permutation(costs.index):
            if costs[label] <= left:
                taken.append(label)
                left -= costs[label]
        assert plan.after(taken).sd[-1] > 0.995 * plan.sd[-1]


def test_a_heavy_tail_counts_as_the_normal_that_is_as_informative(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    where = points(stored_fit.model, stored_fit.runs, params=[1e9, 2e9], tokens=2e10)
    expected = stored_fit.expected_at(where)
    draws = stored_fit.posterior
    own = np.exp(draws["noise_sd_sd_corpus"] * draws["noise_sd_z_corpus"])
    sd, df = draws["noise_sd"] * own, draws["noise_df"]
    heavy = (sd**2 * (df + 3) / (df + 1)).mean(("chain", "draw")).sel(corpus=where["corpus"])
    np.testing.assert_allclose(noise_variance(stored_fit, where, expected), heavy)
    plain = prior_fit(bs.ScalingModel("chinchilla", noise=bs.noise.LogNormal()), stored_fit.runs)
    where = points(plain.model, plain.runs, params=[1e9], tokens=2e10)
    variance = noise_variance(plain, where, plain.expected_at(where))
    np.testing.assert_allclose(variance, (plain.posterior["noise_sd"] ** 2).mean())


def test_the_student_t_formula_is_its_fisher_information() -> None:
    """One over the mean squared score, by quadrature: s^2 (nu + 3) / (nu + 1)."""
    scale, df = 0.01, 4.0
    x = np.linspace(-60, 60, 400_001)
    density = (1 + x**2 / df) ** (-(df + 1) / 2)
    density /= density.sum()
    score = (df + 1) * x / (df + x**2) / scale
    assert 1 / (score**2 * density).sum() == pytest.approx(scale**2 * (df + 3) / (df + 1), rel=1e-4)


# The choice


def test_the_budget_is_kept_and_the_order_is_told(plan: bs.decisions.NextRuns) -> None:
    assert plan.cost <= 1e21 * (1 + 1e-6)
    assert plan.cost == pytest.approx(plan.chosen["cost"].sum())
    order = plan.candidates["order"]
    assert sorted(order[order > 0]) == list(range(1, len(plan.chosen) + 1))
    assert list(order[order > 0].sort_values().index) == list(plan.chosen.index)
    np.testing.assert_allclose(plan.candidates["cost"], CANDIDATES["flops"])


def test_costs_of_ones_own_change_the_choice(stored_fit: bs.ScalingFit) -> None:
    """The one run that is nearly free is taken too; the budget is in the same unit."""
    hours = CANDIDATES.assign(corpus="web", cost=100.0)
    hours.loc["c20", "cost"] = 1.0
    plan = bs.next_runs(stored_fit, hours, 101.0, TARGET)
    assert "c20" in plan.chosen.index
    assert plan.cost == 101.0
    assert plan.headline().startswith("2 of 25 candidates for 101 of 101; the 90 % interval")


def test_no_more_runs_than_asked(stored_fit: bs.ScalingFit) -> None:
    plan = bs.next_runs(stored_fit, CANDIDATES, 1e22, TARGET, most=2)
    assert len(plan.chosen) == 2


def test_a_factor_left_out_is_crossed(stored_fit: bs.ScalingFit) -> None:
    plan = bs.next_runs(stored_fit, CANDIDATES, 1e21, bs.Goal.parameter("E", at=WEB), most=1)
    assert len(plan.candidates) == 2 * len(CANDIDATES)
    assert list(plan.candidates.index[:1]) == ["c0 books"]
    assert plan.candidates["corpus"].value_counts().to_dict() == {"books": 25, "web": 25}


@pytest.mark.parametrize(
    ("goal", "quantity"),
    [
        (bs.Goal.optimum(5.76e23, at=WEB), "params"),
        (bs.Goal.optimum(5.76e23, of="tokens_per_param", at=WEB), "tokens_per_param"),
        (bs.Goal.parameter("a"), "a"),
        (bs.Goal.parameter("E", at={"corpus": "books"}), "E"),
        (bs.Goal.parameter("E_typical"), "E_typical"),
        (bs.Goal.loss(params=7e10, flops=5.88e23, at=WEB), "expected_loss"),
    ],
)
def test_every_goal_can_be_made_more_certain(
    goal: bs.Goal, quantity: str, stored_fit: bs.ScalingFit
) -> None:
    plan = bs.next_runs(stored_fit, CANDIDATES, 1e21, goal)
    assert goal.quantity == quantity
    assert goal.draws(stored_fit).dims == DRAWS
    assert plan.sd[-1] < plan.sd[0]


def test_goals_are_the_draws_that_others_give(stored_fit: bs.ScalingFit) -> None:
    best = bs.allocate(stored_fit, 5.76e23).draws["params"].isel(budget=1)
    np.testing.assert_allclose(bs.Goal.optimum(5.76e23, at=WEB).draws(stored_fit), best)
    a = stored_fit.posterior["a"]
    xr.testing.assert_identical(bs.Goal.parameter("a").draws(stored_fit), a)


def test_a_run_that_teaches_nothing_is_not_made(
    own_laws: None, stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    class Flat(bs.Law):
        """A law whose response has nothing to do with `gamma`."""

        inputs = ("params",)
        priors = {"E": bs.Prior.between(0.2, 0.9), "gamma": bs.Prior.between(0.1, 0.8)}  # noqa: RUF012 - as typed

        @staticmethod
        def loss(params, E, gamma):  # type: ignore[no-untyped-def]
            return E + 0 * params * gamma

    fit = prior_fit(bs.ScalingModel(Flat, surface=None), stored_fit.runs)
    scatter = 1e-9 * np.random.default_rng(0).standard_normal(fit.posterior["E"].shape)
    unrelated = fit.posterior.assign(E=0.5 + scatter * xr.ones_like(fit.posterior["E"]))
    flat = bs.ScalingFit(fit.model, fit.runs, unrelated, fit.sample_stats, fit.settings)
    candidates = pd.DataFrame({"params": [1e9], "cost": [1.0]})
    plan = bs.next_runs(flat, candidates, 1.0, bs.Goal.parameter("gamma"))
    assert plan.chosen.empty
    assert plan.headline().startswith("None of 1 candidate for 1 would noticeably shrink the 90 %")
    assert list(plan.table().index) == ["(now)"]


# Tables


def test_the_table_starts_now_and_shrinks(
    plan: bs.decisions.NextRuns, stored_fit: bs.ScalingFit
) -> None:
    table = plan.table(0.8)
    pure = bs.forecast(stored_fit, 7e10, 1.4e12)
    known = pure.table(0.8)["expected_loss"].iloc[1]
    assert table.index[0] == "(now)"
    assert table.loc["(now)", "lower"] == pytest.approx(known["lower"])
    assert table.loc["(now)", "upper"] == pytest.approx(known["upper"])
    np.testing.assert_allclose(table["width"], table["upper"] - table["lower"])
    np.testing.assert_allclose(table["share"], plan.sd / plan.sd[0])
    np.testing.assert_allclose(table["total_cost"].iloc[-1], plan.cost)
    assert (table["width"].diff().iloc[1:] < 0).all()
    assert list(table.index[1:]) == list(plan.chosen.index)
    assert table.attrs["ci_prob"] == 0.8
    assert table.attrs["goal"] == repr(TARGET)
    assert (table["diagnosis"] == stored_fit.diagnostics.diagnosis).all()


def test_what_is_printed_says_the_plan_and_its_limits(plan: bs.decisions.NextRuns) -> None:
    text = repr(plan)
    first, last = plan.table()["width"].iloc[[0, -1]]
    assert text.startswith(f"Next runs: {len(plan.chosen)} of 25 candidates for ")
    assert f"to shrink from {first:.4g} to {last:.4g}." in text
    assert "not converged" in text
    assert "if the law does" in text
    html = plan._repr_html_()
    assert "<table" in html
    assert "corpus &#x27;web&#x27;" in html


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        (TARGET, "the expected loss at params 70B, tokens 1.4T, corpus 'web'"),
        (bs.Goal.optimum(1e24, of="tokens_per_param"), "the optimal tokens per parameter at 1e24"),
        (bs.Goal.parameter("E", at=WEB), "E, corpus 'web'"),
    ],
)
def test_goals_are_said_in_words(goal: bs.Goal, words: str) -> None:
    assert goal.words.startswith(words)


@pytest.mark.parametrize(
    "make",
    [
        bs.Goal.loss,
        bs.Goal.optimum,
        bs.Goal.parameter,
        lambda fit: bs.Goal.multiplier(fit, "web", 1e21),
        lambda fit: bs.Goal.multiplier("books", "web", fit),
        lambda fit: bs.Goal.loss(7e10, 1.4e12, at=fit),
    ],
)
def test_a_goal_of_another_type_is_refused_in_words(
    make: Callable[[object], bs.Goal], stored_fit: bs.ScalingFit
) -> None:
    with pytest.raises(ModelError, match=r"^Goal\..*is of type ScalingFit, which cannot be read"):
        make(stored_fit)


def test_goals_print_as_they_are_written() -> None:
    assert repr(TARGET) == "Goal.loss(params=70B, tokens=1.4T, at={'corpus': 'web'})"
    assert bs.Goal.parameter("a") == bs.Goal.parameter("a")
    assert bs.Goal.optimum(1e24) != bs.Goal.optimum(1e24, of="tokens")


# What cannot be answered


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        (CANDIDATES[:0], "table of candidates has no rows.*isoflop_design"),
        (CANDIDATES[["params"]], "No value for tokens"),
        (
            CANDIDATES.assign(cost=[-1.0, *[1.0] * 24]),
            "cost is no positive number in rows 'c0 books', 'c0 web': -1",
        ),
        (CANDIDATES.assign(corpus="code"), "corpus='code' was not fitted"),
        (CANDIDATES.set_axis(["x"] * 25, axis=0), "the same label in row.*'x books'"),
    ],
)
def test_candidates_that_cannot_be_made(
    candidates: pd.DataFrame, message: str, stored_fit: bs.ScalingFit
) -> None:
    with pytest.raises(RunsError, match=message):
        bs.next_runs(stored_fit, candidates, 1e21, TARGET)


def test_candidates_are_a_table(stored_fit: bs.ScalingFit) -> None:
    with pytest.raises(ModelError, match=r"candidates is of type dict.*isoflop_design"):
        bs.next_runs(stored_fit, {"params": [1e9]}, 1e21, TARGET)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("budget", "most", "message"),
    [
        (0.0, None, "a budget of 0.0 cannot be spent"),
        (np.nan, None, "a budget of nan cannot be spent"),
        (1e15, None, "1e15 affords none of the 50 candidates; the cheapest, 'c.*', costs 1e19"),
        (1e21, 0, "most=0 leaves no run to choose"),
    ],
)
def test_budgets_that_cannot_be_spent(
    budget: float, most: int | None, message: str, stored_fit: bs.ScalingFit
) -> None:
    with pytest.raises(RunsError, match=message):
        bs.next_runs(stored_fit, CANDIDATES, budget, TARGET, most=most)


@pytest.mark.parametrize(
    ("goal", "error", "message"),
    [
        (bs.Goal.loss(params=7e10, tokens=1.4e12), RunsError, r"differs by corpus \(books, web\)"),
        (bs.Goal.optimum(1e24), RunsError, r"Give at=\{'corpus': 'books'\}"),
        (bs.Goal.optimum(1e24, at={"corpus": "code"}), RunsError, "corpus='code' was not fitted"),
        (bs.Goal.parameter("E"), RunsError, "differs by corpus"),
        (bs.Goal.parameter("E", at={"corpus": "code"}), RunsError, "corpus='code' was not fitted"),
        (bs.Goal.parameter("gamma"), ModelError, "'gamma' is no quantity of this fit.*E, A, B"),
        (bs.Goal.loss(params=7e10, at=WEB), RunsError, "No value for tokens"),
    ],
)
def test_goals_that_a_fit_does_not_have(
    goal: bs.Goal, error: type[Exception], message: str, stored_fit: bs.ScalingFit
) -> None:
    with pytest.raises(error, match=message):
        bs.next_runs(stored_fit, CANDIDATES, 1e21, goal)


def test_part_of_an_optimum_that_is_none() -> None:
    with pytest.raises(ValueError, match="of='loss' is no part of a split of compute"):
        bs.Goal.optimum(1e24, of="loss")  # type: ignore[arg-type]


def test_what_is_certain_cannot_be_a_goal(stored_fit: bs.ScalingFit) -> None:
    certain = stored_fit.posterior.assign(a=xr.full_like(stored_fit.posterior["a"], 0.5))
    fit = bs.ScalingFit(
        stored_fit.model, stored_fit.runs, certain, stored_fit.sample_stats, stored_fit.settings
    )
    with pytest.raises(ModelError, match=r"parameter\('a'\) is 0.5 in all draws"):
        bs.next_runs(fit, CANDIDATES, 1e21, bs.Goal.parameter("a"))


def test_draws_without_the_goal_are_left_out_and_told(stored_fit: bs.ScalingFit) -> None:
    def with_missing(share: float) -> bs.ScalingFit:
        a = stored_fit.posterior["a"]
        missing = np.zeros(a.size, dtype=bool)
        missing[: round(share * a.size)] = True
        partly = stored_fit.posterior.assign(a=a.where(~missing.reshape(a.shape)))
        return bs.ScalingFit(
            stored_fit.model, stored_fit.runs, partly, stored_fit.sample_stats, stored_fit.settings
        )

    plan = bs.next_runs(with_missing(0.1), CANDIDATES, 1e21, bs.Goal.parameter("a"))
    assert plan.sd[-1] < plan.sd[0]
    assert any("10.0 % of draws have no a" in note for note in plan.notes)
    with pytest.raises(ModelError, match=r"has no value in 80\.0 % of draws"):
        bs.next_runs(with_missing(0.8), CANDIDATES, 1e21, bs.Goal.parameter("a"))


def test_costs_are_needed_where_compute_is_unknown(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    fit = prior_fit(bs.ScalingModel(bs.laws.PowerLaw("params")), stored_fit.runs)
    candidates = pd.DataFrame({"params": [1e8, 1e9]})
    with pytest.raises(RunsError, match="no column 'cost'"):
        bs.next_runs(fit, candidates, 1e21, bs.Goal.parameter("E"))
    plan = bs.next_runs(fit, candidates.assign(cost=1.0), 2.0, bs.Goal.parameter("alpha"))
    assert plan.cost <= 2.0


def test_accuracies_have_candidates_too(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    """Noise that is not of location and scale: the variance of a count of right answers."""
    items = 500
    table = stored_fit.runs.table.assign(loss=0.4, n_items=items)
    runs = bs.Runs.from_frame(table, inputs=["n_items"], response="accuracy")
    fit = prior_fit(bs.ScalingModel(bs.laws.Saturating, noise=bs.noise.Binomial()), runs)
    where = points(fit.model, fit.runs, params=[1e9], tokens=[2e10])
    expected = fit.expected_at(where).clip(0.01, 0.99)
    p = expected.values.ravel()
    spread = noise_variance(fit, where, expected)
    coin = float((p * (1 - p)).mean() / items)
    # Over-dispersion adds to the coin's variance; a run is never worth more than its items.
    assert coin < spread[0] < coin * items

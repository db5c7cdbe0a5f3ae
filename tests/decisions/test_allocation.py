"""Allocations: relations of each draw, the search against closed forms, tables and errors."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.decisions import Allocation
from bayes_scaling.errors import BayesScalingError, ModelError, RunsError

BUDGETS = [1e21, 5.76e23]


@pytest.fixture(scope="module")
def plan(stored_fit: bs.ScalingFit) -> Allocation:
    return bs.allocate(stored_fit, BUDGETS)


def test_budgets_are_crossed_with_the_levels(plan: Allocation) -> None:
    assert plan.draws["params"].dims == ("chain", "draw", "budget")
    assert plan.draws["flops"].values.tolist() == [1e21, 1e21, 5.76e23, 5.76e23]
    assert plan.draws["corpus"].values.tolist() == ["books", "web"] * 2


def test_relations_hold_in_every_draw(plan: Allocation) -> None:
    draws = plan.draws
    spent = 6 * draws["params"] * draws["tokens"]
    np.testing.assert_allclose(spent, draws["flops"].broadcast_like(spent), rtol=1e-12)
    np.testing.assert_allclose(draws["tokens"] / draws["params"], draws["tokens_per_param"])
    np.testing.assert_allclose(draws["params_exponent"] + draws["tokens_exponent"], 1)


def test_under_the_law_alone_it_is_the_closed_form(law_fit: bs.ScalingFit) -> None:
    draws = bs.allocate(law_fit, BUDGETS).draws
    theta = law_fit.posterior.sel(corpus=draws["corpus"]).drop_vars("corpus")
    used = {name: theta[name] for name in ("A", "B", "alpha", "beta")}
    params, tokens = bs.laws.Chinchilla.optimum(draws["flops"], **used)
    order = ("chain", "draw", "budget")
    np.testing.assert_allclose(draws["params"], params.transpose(*order), rtol=1e-4)
    loss = bs.laws.Chinchilla.loss(params, tokens, E=theta["E"], **used)
    np.testing.assert_allclose(draws["expected_loss"], loss.transpose(*order), rtol=1e-9)
    # The frontier of this law is a power of compute, so the local exponent is a everywhere.
    a = law_fit.posterior["a"].broadcast_like(draws["params_exponent"])
    np.testing.assert_allclose(draws["params_exponent"], a, atol=2e-4)


def test_the_search_finds_the_closed_form_of_laws_far_apart(
    known_fit: Callable[..., bs.ScalingFit], stored_fit: bs.ScalingFit, rng: np.random.Generator
) -> None:
    ends = {"E": (1.5, 2.0), "A": (100, 1000), "B": (300, 5000), "alpha": (0.2, 0.5)}
    theta = {name: rng.uniform(*ends.get(name, (0.2, 0.5)), 1000) for name in (*ends, "beta")}
    fit = known_fit(bs.laws.Chinchilla(), theta, stored_fit.runs, 1000)
    found = bs.allocate(fit, BUDGETS).draws["params"].isel(chain=0)
    del theta["E"]
    for budget, flops in enumerate(BUDGETS):
        params, _ = bs.laws.Chinchilla.optimum(flops, **theta)
        np.testing.assert_allclose(found.isel(budget=budget), params, rtol=1e-4)


def test_table_has_the_optimum_with_intervals(plan: Allocation) -> None:
    table = plan.table(0.8)
    quantities = ["params", "tokens", "tokens_per_param", "expected_loss"]
    assert list(table)[:12] == [(q, c) for q in quantities for c in ("median", "lower", "upper")]
    assert list(table.index.names) == ["flops", "corpus"]
    assert table.attrs["ci_prob"] == 0.8
    assert table.attrs["ci_kind"] == "eti"
    assert table.attrs["notes"] == plan.notes
    # Not computed from medians: draw by draw, and then summarised.
    for name in quantities:
        median = plan.draws[name].median(("chain", "draw"))
        np.testing.assert_allclose(table[name, "median"], median)
        assert (table[name, "lower"] < table[name, "median"]).all()
        assert (table[name, "median"] < table[name, "upper"]).all()


def test_growth_gives_exponents_and_factors_per_tenfold(plan: Allocation) -> None:
    table = plan.growth(0.8)
    assert list(dict.fromkeys(column for column, _ in table))[:4] == [
        "params_exponent",
        "tokens_exponent",
        "params_per_tenfold",
        "tokens_per_tenfold",
    ]
    factors = 10 ** plan.draws["params_exponent"]
    np.testing.assert_allclose(
        table["params_per_tenfold", "median"], factors.median(("chain", "draw"))
    )
    # Monotone, so the median factor is that of the median exponent, up to interpolation.
    np.testing.assert_allclose(
        table["params_per_tenfold", "median"], 10 ** table["params_exponent", "median"], rtol=1e-3
    )


def test_every_table_says_that_the_fit_has_not_converged(plan: Allocation) -> None:
    for table in (plan.table(), plan.growth()):
        assert (table.iloc[:, -1] == plan.fit.diagnostics.diagnosis).all()
    assert "not converged" in repr(plan)
    assert "not converged" in plan._repr_html_()


def test_one_budget_may_be_a_number(stored_fit: bs.ScalingFit, plan: Allocation) -> None:
    one = bs.allocate(stored_fit, 5.76e23)
    np.testing.assert_allclose(one.draws["params"], plan.draws["params"].isel(budget=[2, 3]))


def test_draws_without_an_optimum_are_nan_and_counted(
    own_laws: None, stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    class SizeOnly(bs.Law):
        """More parameters are always better, whatever the tokens: nothing to split."""

        inputs = ("params", "tokens")
        priors = {"E": bs.Prior.between(0.2, 0.9), "alpha": bs.Prior.between(0.1, 0.3)}  # noqa: RUF012 - as typed

        @staticmethod
        def loss(params, tokens, E, alpha):  # type: ignore[no-untyped-def]
            return E + params**-alpha + 0 * tokens

    fit = prior_fit(bs.ScalingModel(SizeOnly), stored_fit.runs)
    found = bs.allocate(fit, 1e21)
    assert found.draws["params"].isnull().all()
    assert any("100" in note and "optimum" in note for note in found.notes)
    assert "optimum" in repr(found)


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        (0.0, "a budget of 0.0 FLOP cannot be spent.*such as 5.76e23"),
        ([1e21, -1e21], "a budget of -1e.21 FLOP"),
        (np.nan, "a budget of nan FLOP"),
    ],
)
def test_a_budget_that_cannot_be_spent_is_refused(
    budget: object, message: str, stored_fit: bs.ScalingFit
) -> None:
    with pytest.raises(RunsError, match=message):
        bs.allocate(stored_fit, budget)  # type: ignore[arg-type]


def test_a_law_without_params_and_tokens_is_refused(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    fit = prior_fit(bs.ScalingModel(bs.laws.PowerLaw("tokens")), stored_fit.runs)
    with pytest.raises(ModelError, match=r"PowerLaw is a function of tokens.*bs.laws.Chinchilla"):
        bs.allocate(fit, 1e21)


def test_an_unpooled_fit_has_a_point_for_each_budget(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    fit = prior_fit(bs.ScalingModel("chinchilla"), stored_fit.runs)
    table = bs.allocate(fit, BUDGETS).table()
    assert isinstance(table.index, pd.Index)
    assert table.index.tolist() == BUDGETS
    assert table.index.name == "flops"


def test_a_budget_far_below_all_runs_is_asked_about(stored_fit: bs.ScalingFit) -> None:
    with pytest.raises(BayesScalingError, match="a budget of 576 FLOP is less than a thousandth"):
        bs.allocate(stored_fit, 576)


def test_an_accuracy_is_not_minimised(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    table = stored_fit.runs.table.assign(task_loss=stored_fit.runs.values("loss"), accuracy=0.4)
    runs = bs.Runs.from_frame(table, loss="accuracy", response="accuracy", inputs=["task_loss"])
    law = bs.laws.TaskAccuracy(through=bs.laws.Chinchilla())
    fit = prior_fit(bs.ScalingModel(law, noise=bs.noise.LogitNormal()), runs)
    for asked in (
        lambda: bs.allocate(fit, 1e21),
        lambda: bs.decisions.near_optimal(fit, 1e21),
        lambda: bs.decisions.regret(fit, {"plan": (1e9, 1e11)}),
    ):
        with pytest.raises(ModelError, match="the response of these runs is 'accuracy'"):
            asked()

"""Regret: against the definition, in loss and in compute; which plan is better; errors."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import RunsError

PLANS = {"ours": (4e10, 2.4e12), "larger": (1.2e11, 8e11)}


@pytest.fixture(scope="module")
def waste(stored_fit: bs.ScalingFit) -> bs.decisions.Regret:
    return bs.regret(stored_fit, PLANS)


def test_plans_are_crossed_with_the_levels(waste: bs.decisions.Regret) -> None:
    assert waste.draws["expected_loss"].dims == ("chain", "draw", "point")
    assert waste.draws["plan"].values.tolist() == ["ours", "ours", "larger", "larger"]
    assert waste.draws["corpus"].values.tolist() == ["books", "web"] * 2
    np.testing.assert_allclose(waste.draws["flops"], [5.76e23] * 4)


def test_regret_is_what_the_best_split_is_better_by(waste: bs.decisions.Regret) -> None:
    free = bs.allocate(waste.fit, 5.76e23).draws
    for point, budget in ((0, 0), (1, 1), (2, 0), (3, 1)):
        draws, best = waste.draws.isel(point=point), free.isel(budget=budget)
        np.testing.assert_allclose(draws["best_params"], best["params"])
        loss = draws["expected_loss"] - best["expected_loss"]
        np.testing.assert_allclose(draws["loss_regret"], loss, atol=1e-12)
    known = waste.fit.expected_loss(params=4e10, tokens=2.4e12)
    np.testing.assert_allclose(waste.draws["expected_loss"].isel(point=[0, 1]), known)


def test_the_share_of_compute_reaches_the_same_loss(
    known_fit: Callable[..., bs.ScalingFit], stored_fit: bs.ScalingFit
) -> None:
    """By the closed form: the loss along the frontier is E plus a power of compute."""
    theta = bs.laws.published_set("besiroglu2024").parameters
    fit = known_fit(bs.laws.Chinchilla(), theta, stored_fit.runs)
    draws = bs.regret(fit, PLANS).draws.isel(chain=0, draw=0)
    alpha, beta = theta["alpha"], theta["beta"]
    plan = bs.allocate(fit, 5.76e23)
    best = plan.draws["expected_loss"].isel(chain=0, draw=0).item()
    power = alpha * beta / (alpha + beta)
    share = ((draws["expected_loss"] - theta["E"]) / (best - theta["E"])) ** (-1 / power)
    np.testing.assert_allclose(draws["compute_share"], share, rtol=1e-8)
    assert ((share > 0.3) & (share < 0.95)).all()


def test_the_optimum_itself_has_no_regret(
    known_fit: Callable[..., bs.ScalingFit], stored_fit: bs.ScalingFit
) -> None:
    theta = bs.laws.published_set("besiroglu2024").parameters
    fit = known_fit(bs.laws.Chinchilla(), theta, stored_fit.runs)
    best = bs.allocate(fit, 1e22).draws.isel(chain=0, draw=0, budget=0)
    draws = bs.regret(fit, {"best": (float(best["params"]), float(best["tokens"]))}).draws
    np.testing.assert_allclose(draws["loss_regret"], 0, atol=1e-12)
    np.testing.assert_allclose(draws["compute_share"], 1, atol=1e-6)


def test_published_plans_can_be_judged(stored_fit: bs.ScalingFit) -> None:
    waste = bs.regret(stored_fit, bs.decisions.published_plans(1e21))
    table = waste.table(0.8)
    assert list(table.index.names) == ["plan", "params", "tokens", "corpus"]
    assert list(dict.fromkeys(name for name, _ in table)) == [
        "expected_loss",
        "loss_regret",
        "compute_share",
        "diagnosis",
    ]
    assert table.attrs["ci_prob"] == 0.8
    median = waste.draws["compute_share"].median(("chain", "draw"))
    np.testing.assert_allclose(table["compute_share", "median"], median)
    assert "Kaplan, C^0.73" in repr(waste)
    assert "not converged" in repr(waste)
    assert "Regret" in waste._repr_html_()


def test_the_probability_that_one_plan_beats_another(waste: bs.decisions.Regret) -> None:
    table = waste.probability_better()
    loss = waste.draws["expected_loss"]
    first = float((loss.isel(point=1) < loss.isel(point=3)).mean())
    assert table.loc[("ours", "web"), "larger"] == first
    assert table.loc[("larger", "web"), "ours"] == pytest.approx(1 - first)
    assert np.isnan(table.loc[("ours", "web"), "ours"])


def test_an_unpooled_fit_and_a_table_with_levels(
    stored_fit: bs.ScalingFit, known_fit: Callable[..., bs.ScalingFit]
) -> None:
    theta = bs.laws.published_set("besiroglu2024").parameters
    alone = bs.regret(known_fit(bs.laws.Chinchilla(), theta, stored_fit.runs), PLANS)
    assert alone.draws["plan"].values.tolist() == ["ours", "larger"]
    table = pd.DataFrame(
        {"params": [1e9, 1e9], "tokens": [2e10, 2e10], "corpus": ["web", "books"]}, ["a", "b"]
    )
    some = bs.regret(stored_fit, table)
    assert some.draws["corpus"].values.tolist() == ["web", "books"]
    assert some.draws["plan"].values.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("plans", "message"),
    [
        ({}, "0 plans with columns"),
        (pd.DataFrame({"params": [1e9]}, ["a"]), r"columns \['params'\].*70e9, 1.4e12"),
        (pd.DataFrame({"params": [1e9] * 2, "tokens": 2e10}, ["a", "a"]), "plans named 'a'"),
        ({"a": (1e9, -1.0)}, r"tokens is .*-1\.0.* at point 0"),
    ],
)
def test_plans_that_are_none(plans: object, message: str, stored_fit: bs.ScalingFit) -> None:
    with pytest.raises(RunsError, match=message):
        bs.regret(stored_fit, plans)  # type: ignore[arg-type]

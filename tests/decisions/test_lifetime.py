"""Lifetime allocations: the published examples, first-order condition, money, errors."""

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import ModelError, RunsError


@pytest.mark.parametrize(
    ("size", "served", "smaller", "longer", "saved"),
    [
        (30e9, 1e13, 13.61e9, 2.845, 0.2798),
        (7e9, 1e11, 6.00e9, 1.176, None),
        (13e9, 2e12, 6.97e9, None, 0.1745),
    ],
)
def test_published_examples(
    sardana_fit: bs.ScalingFit,
    size: float,
    served: float,
    smaller: float,
    longer: float | None,
    saved: float | None,
) -> None:
    """Sardana et al. (2024), introduction and figure 1, with the constants that reproduce them."""
    row = bs.decisions.lifetime_allocation(sardana_fit, served, params=size).table().iloc[0]
    assert row["params", "median"] == pytest.approx(smaller, rel=0.01)
    if longer is not None:
        assert row["tokens_ratio", "median"] == pytest.approx(longer, rel=0.01)
    if saved is not None:
        assert row["saving", "median"] == pytest.approx(saved, rel=0.01)


def test_the_saving_of_figure_1_in_flop(sardana_fit: bs.ScalingFit) -> None:
    draws = bs.decisions.lifetime_allocation(sardana_fit, 2e12, params=13e9).draws
    saved = float((draws["reference_cost"] - draws["cost"]).median())
    assert saved == pytest.approx(1.692e22, rel=0.01)


@pytest.fixture(scope="module")
def plan(law_fit: bs.ScalingFit) -> bs.decisions.LifetimeAllocation:
    return bs.decisions.lifetime_allocation(law_fit, 3e12, flops=[1e21, 1e22])


def test_every_draw_meets_the_first_order_condition(
    plan: bs.decisions.LifetimeAllocation, law_fit: bs.ScalingFit
) -> None:
    """Elasticities of params and tokens are as 1 + served / (3 tokens) to 1."""
    draws = plan.draws
    theta = law_fit.posterior.sel(corpus=draws["corpus"]).drop_vars("corpus")
    in_params = theta["alpha"] * theta["A"] * draws["params"] ** -theta["alpha"]
    in_tokens = theta["beta"] * theta["B"] * draws["tokens"] ** -theta["beta"]
    np.testing.assert_allclose(in_params / in_tokens, 1 + 3e12 / 3 / draws["tokens"], rtol=1e-4)
    paper = {name: theta[name] for name in ("E", "A", "B", "alpha", "beta")}
    loss = bs.laws.Chinchilla.loss(draws["params"], draws["tokens"], **paper)
    np.testing.assert_allclose(loss.broadcast_like(draws["expected_loss"]), draws["expected_loss"])


def test_the_compute_optimal_model_is_that_of_allocate(
    plan: bs.decisions.LifetimeAllocation, law_fit: bs.ScalingFit
) -> None:
    best = bs.allocate(law_fit, [1e21, 1e22]).draws
    np.testing.assert_allclose(plan.draws["reference_params"], best["params"], rtol=1e-9)
    cost = 6 * best["params"] * best["tokens"] + 2 * best["params"] * 3e12
    np.testing.assert_allclose(plan.draws["reference_cost"], cost, rtol=1e-9)
    assert (plan.draws["saving"] > 0).all()


def test_the_quality_may_be_a_size_a_budget_or_a_loss(sardana_fit: bs.ScalingFit) -> None:
    by_size = bs.decisions.lifetime_allocation(sardana_fit, 1e12, params=7e9).draws
    flops = float(6 * (by_size["reference_params"] * by_size["reference_tokens"]).mean())
    loss = float(by_size["expected_loss"].mean())
    for given in ({"flops": flops}, {"loss": loss}):
        other = bs.decisions.lifetime_allocation(sardana_fit, 1e12, **given).draws
        np.testing.assert_allclose(other["params"], by_size["params"], rtol=1e-5)
        np.testing.assert_allclose(other["reference_params"], 7e9, rtol=1e-5)


def test_prices_of_a_flop_alike_everywhere_change_nothing(sardana_fit: bs.ScalingFit) -> None:
    alike = bs.decisions.Prices(1e-18, 1e-18, 0.5, 0.5, 0.5)
    money = bs.decisions.lifetime_allocation(
        sardana_fit, 4e11, 6e11, params=7e9, prices=alike
    ).draws
    flops = bs.decisions.lifetime_allocation(sardana_fit, 1e12, params=7e9).draws
    np.testing.assert_allclose(money["params"], flops["params"], rtol=1e-9)
    np.testing.assert_allclose(money["cost"], 2e-18 * flops["cost"], rtol=1e-9)


def test_dear_output_favours_a_smaller_model(sardana_fit: bs.ScalingFit) -> None:
    dear = bs.decisions.Prices(1e-18, 1e-18, 0.5, 0.5, 0.01)
    money = bs.decisions.lifetime_allocation(sardana_fit, 4e11, 6e11, params=7e9, prices=dear).draws
    flops = bs.decisions.lifetime_allocation(sardana_fit, 1e12, params=7e9).draws
    assert (money["params"] < 0.8 * flops["params"]).all()


def test_a_loss_below_the_floor_is_nan_and_counted(stored_fit: bs.ScalingFit) -> None:
    plan = bs.decisions.lifetime_allocation(stored_fit, 1e12, loss=1.0)
    assert plan.draws["params"].isnull().all()
    assert any("100.0 % of draws do not reach the loss" in note for note in plan.notes)


def test_it_prints_with_its_licence(plan: bs.decisions.LifetimeAllocation) -> None:
    assert plan.table(0.8).attrs["ci_prob"] == 0.8
    for text in (repr(plan), plan._repr_html_()):
        assert "Lifetime allocation: median and 90 % credible interval (ETI)" in text
        assert "not converged" in text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "the quality is given by nothing"),
        ({"params": 1e9, "loss": 2.0}, "the quality is given by params, loss"),
        ({"loss": -2.0}, r"target_loss is -2.0.*positive finite"),
    ],
)
def test_the_quality_is_given_once(
    sardana_fit: bs.ScalingFit, given: dict[str, float], message: str
) -> None:
    with pytest.raises(RunsError, match=message):
        bs.decisions.lifetime_allocation(sardana_fit, 1e12, **given)


def test_nothing_served_is_refused(sardana_fit: bs.ScalingFit) -> None:
    with pytest.raises(RunsError, match="no tokens are served"):
        bs.decisions.lifetime_allocation(sardana_fit, 0.0, params=1e9)


@pytest.mark.parametrize("tokens", [[1e11, 1e12], -1.0, float("nan")])
def test_a_model_has_one_life(tokens: float, sardana_fit: bs.ScalingFit) -> None:
    with pytest.raises(RunsError, match=r"input_tokens is .*one life"):
        bs.decisions.lifetime_allocation(sardana_fit, tokens, params=1e9)


def test_tokens_served_may_be_written_as_people_write_them(sardana_fit: bs.ScalingFit) -> None:
    said = bs.decisions.lifetime_allocation(sardana_fit, "1T", params="1B")
    assert said.draws.identical(
        bs.decisions.lifetime_allocation(sardana_fit, 1e12, params=1e9).draws
    )


def test_other_laws_are_refused(steps_fit: bs.ScalingFit) -> None:
    with pytest.raises(ModelError, match="KaplanSteps is a function of params, steps"):
        bs.decisions.lifetime_allocation(steps_fit, 1e12, params=1e9)


@pytest.mark.parametrize(("name", "value"), [("training", 0.0), ("output_utilisation", 1.2)])
def test_prices_that_cannot_be_are_refused(name: str, value: float) -> None:
    given = {"training": 1e-18, "serving": 1e-18} | {name: value}
    with pytest.raises(ValueError, match=f"Prices: {name} is {value}"):
        bs.decisions.Prices(**given)

"""Marginal returns against calculus, and the isolines they are the slopes of."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.decisions.isolines import Isolines
from bayes_scaling.errors import ModelError

POINT = {"params": 7e9, "tokens": 1.4e11}


@pytest.fixture(scope="module")
def at_point(law_fit: bs.ScalingFit) -> bs.decisions.MarginalReturns:
    return bs.decisions.marginal_returns(law_fit, **POINT)


def test_derivatives_are_those_of_the_formula(
    at_point: bs.decisions.MarginalReturns, law_fit: bs.ScalingFit
) -> None:
    draws = at_point.draws
    theta = law_fit.posterior.sel(corpus=draws["corpus"]).drop_vars("corpus")
    in_params = theta["alpha"] * theta["A"] * 7e9 ** -theta["alpha"]
    in_tokens = theta["beta"] * theta["B"] * 1.4e11 ** -theta["beta"]
    loss = draws["expected_loss"]
    for name, value in (
        ("params_elasticity", in_params / loss),
        ("tokens_elasticity", in_tokens / loss),
        ("flops_elasticity", (in_params + in_tokens) / 2 / loss),
        ("loss_per_param", in_params / 7e9),
        ("loss_per_token", in_tokens / 1.4e11),
        ("loss_per_flop", (in_params + in_tokens) / 2 / (6 * 7e9 * 1.4e11)),
        ("doubled_params", in_params / theta["alpha"] * (1 - 2 ** -theta["alpha"])),
        ("doubled_tokens", in_tokens / theta["beta"] * (1 - 2 ** -theta["beta"])),
    ):
        expected = -value.broadcast_like(loss)
        np.testing.assert_allclose(draws[name], expected, rtol=1e-6, err_msg=name)


def test_the_probability_that_data_come_first(at_point: bs.decisions.MarginalReturns) -> None:
    table = at_point.tokens_first()
    draws = at_point.draws
    better = (draws["doubled_tokens"] < draws["doubled_params"]).mean(("chain", "draw"))
    assert table["tokens_first"].tolist() == pytest.approx(better.values.tolist())
    assert table["diagnosis"].str.contains("not converged").all()


def test_at_the_optimum_all_elasticities_agree(sardana_fit: bs.ScalingFit) -> None:
    best = bs.allocate(sardana_fit, 1e23).draws.median()
    there = bs.decisions.marginal_returns(
        sardana_fit, float(best["params"]), float(best["tokens"])
    ).draws
    np.testing.assert_allclose(there["params_elasticity"], there["tokens_elasticity"], rtol=1e-5)
    along = bs.compute_returns(sardana_fit, 1e23).draws
    np.testing.assert_allclose(along["flops_elasticity"], there["flops_elasticity"], rtol=1e-5)


def test_the_frontier_is_a_power_of_compute(sardana_fit: bs.ScalingFit) -> None:
    """Reducible loss falls as C^-ab/(a+b): halving and tenfold follow in closed form."""
    draws = bs.compute_returns(sardana_fit, [1e21, 1e24]).draws
    exponent = 0.336 * 0.283 / (0.336 + 0.283)
    np.testing.assert_allclose(draws["floor"], 1.69, rtol=1e-6)
    np.testing.assert_allclose(draws["halving"], 2 ** (1 / exponent), rtol=1e-4)
    reducible = draws["expected_loss"] - draws["floor"]
    np.testing.assert_allclose(
        draws["loss_per_tenfold"], reducible * (10**-exponent - 1), rtol=1e-5
    )
    slope = -exponent * reducible / draws["expected_loss"]
    np.testing.assert_allclose(draws["flops_elasticity"], slope, rtol=1e-5)


def test_isoloss_curves_hold_runs_of_equal_loss(law_fit: bs.ScalingFit) -> None:
    lines = bs.decisions.isoloss_curves(law_fit, [2.4, 2.6], params=[1e8, 2e9, 1e10])
    assert lines.draws.sizes["point"] == 2 * 3 * 2
    tokens = lines.draws["tokens"]
    reached = np.isfinite(tokens)
    theta = law_fit.posterior.sel(corpus=tokens["corpus"]).drop_vars("corpus")
    paper = {name: theta[name] for name in ("E", "A", "B", "alpha", "beta")}
    loss = bs.laws.Chinchilla.loss(tokens["params"], tokens, **paper)
    assert (np.abs(loss / tokens["loss"] - 1).where(reached, 0) < 1e-9).all()
    endless = bs.laws.Chinchilla.loss(tokens["params"], np.inf, **paper)
    assert ((endless >= tokens["loss"]) == ~reached).all()
    assert np.isinf(lines.table()["tokens", "lower"]).any()


@pytest.mark.parametrize(
    ("curves", "least"),
    [
        (lambda fit: bs.decisions.isoflop_curves(fit, [1e20, 1e21]), "expected_loss"),
        (lambda fit: bs.decisions.isoloss_curves(fit, [2.4, 2.6]), "flops"),
    ],
)
def test_curves_print_the_best_size_of_each(
    stored_fit: bs.ScalingFit, curves: Callable[..., Isolines], least: str
) -> None:
    lines = curves(stored_fit)
    best = lines.best()
    for place in range(4):
        held, corpus = (best[name].values[place] for name in (lines.held, "corpus"))
        on = (lines.draws[lines.held] == held) & (lines.draws["corpus"] == corpus)
        curve = lines.draws[least].isel(point=on.values)
        np.testing.assert_array_equal(best[least].isel(point=place), curve.min("point"))
        at = curve["params"].values[curve.argmin("point").values]
        np.testing.assert_array_equal(best["params"].isel(point=place), at)
    shown = repr(lines)
    assert len(shown.split("note:")[0].strip().splitlines()) == 3 + 4 * 2
    assert "params" in shown
    assert "all 41 sizes" in shown
    assert not any("sizes" in note for note in lines.table().attrs["notes"])


def test_isoflop_curves_are_forecasts_at_one_compute(stored_fit: bs.ScalingFit) -> None:
    at = pd.DataFrame({"corpus": ["web"]})
    lines = bs.decisions.isoflop_curves(stored_fit, [1e20, 1e21], params=[5e8, 5e9], at=at)
    table = pd.DataFrame(
        {"params": [5e8, 5e9] * 2, "flops": np.repeat([1e20, 1e21], 2), "corpus": "web"}
    )
    expected = stored_fit.expected_loss(at=table)
    np.testing.assert_allclose(lines.draws["expected_loss"], expected, rtol=1e-9)
    assert "Isolines" in repr(lines)


def test_levels_may_differ_between_curves(stored_fit: bs.ScalingFit) -> None:
    at = pd.DataFrame({"corpus": ["web", "books"]})
    lines = bs.decisions.isoflop_curves(stored_fit, 1e20, params=[5e8, 5e9], at=at)
    assert lines.draws["corpus"].values.tolist() == ["web", "web", "books", "books"]


def test_other_laws_are_refused(steps_fit: bs.ScalingFit) -> None:
    for ask in (
        bs.compute_returns,
        bs.decisions.isoloss_curves,
        bs.decisions.isoflop_curves,
        bs.decisions.marginal_returns,
    ):
        with pytest.raises(ModelError, match="KaplanSteps is a function of params, steps"):
            ask(steps_fit, 1e21)

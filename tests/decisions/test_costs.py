"""Costs: what they count, that their inverses are inverses, and costs fitted to runs."""

import numpy as np
import pytest
import xarray as xr

from bayes_scaling.accounting.counts import flops_per_token
from bayes_scaling.decisions.costs import Cost, PowerCost, SixND, TransformerFlops, fit_cost
from bayes_scaling.errors import RunsError

COSTS = [SixND(), TransformerFlops(vocabulary=32_000, context=2048), PowerCost(1e-15, 0.9, 1.05)]


@pytest.mark.parametrize("cost", COSTS, ids=lambda cost: type(cost).__name__)
@pytest.mark.parametrize("params", [1e7, 3e9, 1e12])
def test_a_budget_buys_what_costs_as_much(cost: Cost, params: float) -> None:
    budget = 3.0 * cost.spent(params, 1e10)
    tokens = cost.tokens(params, budget)
    assert float(cost.spent(params, tokens)) == pytest.approx(budget, rel=1e-9)
    assert float(cost.params(tokens, budget)) == pytest.approx(params, rel=1e-8)
    size = cost.params_at(20.0, budget)
    assert float(cost.spent(size, 20.0 * size)) == pytest.approx(budget, rel=1e-9)


def test_a_cost_of_ones_own_needs_one_formula() -> None:
    class Overhead(Cost):
        unit = "dollars"

        def spent(self, params, tokens):  # type: ignore[no-untyped-def]
            return 1e-18 * params * tokens + 1e-9 * tokens

    budgets = xr.DataArray([1e3, 1e6], dims="budget")
    tokens = Overhead().tokens(1e9, budgets)
    np.testing.assert_allclose(tokens, budgets / (1e-9 + 1e-9), rtol=1e-9)
    assert np.isnan(Overhead().tokens(1e9, 1e-12))
    with pytest.raises(NotImplementedError, match=r"Cost does not say.*spent\(params, tokens\)"):
        Cost().spent(1.0, 1.0)


@pytest.mark.parametrize(("layers", "d_model"), [(8, 800), (80, 8000)])
def test_transformers_cost_what_their_shape_does(layers: int, d_model: int) -> None:
    cost = TransformerFlops(vocabulary=32_000, context=2048, aspect=100, key_size=100)
    params = 12 * layers * d_model**2 + 32_000 * d_model
    shape = flops_per_token(
        layers=layers, d_model=d_model, heads=d_model / 100, vocabulary=32_000, context=2048
    )
    assert cost.spent(params, 1e9) == pytest.approx(1e9 * shape.total, rel=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TransformerFlops(0, 2048), "vocabulary is 0, and a transformer"),
        (lambda: PowerCost(1.0, -0.1, 1.0), "params_exponent is -0.1, so a larger"),
        (lambda: fit_cost([1e8] * 3, [1e9] * 3, [1.0] * 3), "params has 3 values.*4 runs or more"),
        (lambda: fit_cost([1e8] * 4, [1e9] * 4, [1.0, 2, 3, 0]), "gpu_hours has 4.* 1 are not"),
        (
            lambda: fit_cost([1e8, 2e8, 4e8, 8e8], [2e9, 4e9, 8e9, 16e9], [1.0, 4, 16, 64]),
            "one ratio of them.*Add a run with another ratio",
        ),
    ],
)
def test_costs_that_make_no_sense(make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RunsError, match=message):
        make()


def test_a_fitted_cost_is_that_of_the_runs(rng: np.random.Generator) -> None:
    params, tokens = 10 ** rng.uniform(8, 10, 40), 10 ** rng.uniform(9, 11, 40)
    hours = 3e-16 * params**0.92 * tokens * np.exp(0.05 * rng.standard_normal(40))
    cost = fit_cost(params, tokens, hours)
    # Standard errors: 0.05 / sqrt(40) over the spread of the logs, 1.3, is 0.006.
    assert cost.params_exponent == pytest.approx(0.92, abs=0.025)
    assert cost.tokens_exponent == pytest.approx(1.0, abs=0.025)
    assert cost.spent(1e9, 1e10) == pytest.approx(3e-16 * 1e9**0.92 * 1e10, rel=0.04)
    # A standard deviation from 37 degrees of freedom is known to 12 %.
    assert cost.scatter == pytest.approx(0.05, rel=0.36)
    assert cost.unit == "gpu_hours"

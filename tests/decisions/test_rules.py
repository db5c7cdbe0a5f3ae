"""Published rules: the plans that they make, against what their papers print."""

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.decisions.rules import APPROACH_1, APPROACH_2, published_growth
from bayes_scaling.errors import RunsError
from bayes_scaling.units import PF_DAY


def test_every_plan_spends_the_budget() -> None:
    plans = bs.decisions.published_plans([1e21, 5.76e23])
    assert len(plans) == 10
    np.testing.assert_allclose(6 * plans["params"] * plans["tokens"], plans["flops"])
    assert plans.index.is_unique
    assert plans.index[0] == "20 tokens per parameter, 1e21"


def test_the_plans_are_those_of_the_papers() -> None:
    plans = bs.decisions.published_plans(PF_DAY)
    assert plans.loc["20 tokens per parameter", "tokens"] == pytest.approx(
        20 * plans.loc["20 tokens per parameter", "params"]
    )
    assert plans.loc["Kaplan, C^0.73", "params"] == pytest.approx(1.3e9)
    assert plans.loc["Kaplan, C^0.73", "counts"] == "non-embedding"
    gopher = bs.decisions.published_plans(5.76e23)["params"]
    assert gopher["Hoffmann, approach 3"] == pytest.approx(4.036e10, rel=5e-3)


@pytest.mark.parametrize(
    ("plan", "table"), [("Hoffmann, approach 1", APPROACH_1), ("Hoffmann, approach 2", APPROACH_2)]
)
def test_the_line_through_a_table_keeps_to_its_rows(plan: str, table: dict[float, float]) -> None:
    made = [bs.decisions.published_plans(flops)["params"][plan] for flops in table.values()]
    # Params are printed to one to three digits: 67B may be off by a per cent, its FLOP by more.
    np.testing.assert_allclose(made, list(table), rtol=0.04)


def test_growth_is_as_quoted() -> None:
    table = published_growth()
    np.testing.assert_allclose(table["params_per_tenfold"], [10**0.73, 10**0.5], rtol=0.03)
    np.testing.assert_allclose(table["tokens_per_tenfold"], [10**0.27, 10**0.5], rtol=0.04)


def test_a_budget_that_trains_nothing_is_refused() -> None:
    with pytest.raises(RunsError, match=r"a budget of -1\.0 FLOP cannot be spent.*5\.76e23"):
        bs.decisions.published_plans([1e21, -1.0])

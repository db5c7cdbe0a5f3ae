"""Near-optimal sizes: the ends of the range against the definition, bounds, tables and errors."""

from dataclasses import replace

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import RunsError

BUDGETS = [1e21, 5.76e23]


@pytest.fixture(scope="module")
def near(stored_fit: bs.ScalingFit) -> bs.decisions.NearOptimal:
    return bs.near_optimal(stored_fit, BUDGETS, 0.01)


@pytest.fixture(scope="module")
def near_by_law(law_fit: bs.ScalingFit) -> bs.decisions.NearOptimal:
    return bs.near_optimal(law_fit, BUDGETS, 0.01)


def losses_at(near: bs.decisions.NearOptimal, name: str) -> np.ndarray:
    """The law's loss at each draw's own size, evaluated by itself."""
    draws = near.draws
    theta = near.fit.posterior.sel(corpus=draws["corpus"]).drop_vars("corpus")
    paper = {parameter: theta[parameter] for parameter in near.fit.model.parameters}
    loss = bs.laws.Chinchilla.loss(draws[name], draws["flops"] / 6 / draws[name], **paper)
    return np.asarray(loss.transpose("chain", "draw", "budget"))


@pytest.mark.parametrize("end", ["smallest_params", "largest_params"])
def test_the_ends_are_a_per_cent_above_the_least_loss(
    near_by_law: bs.decisions.NearOptimal, end: str
) -> None:
    near = near_by_law
    np.testing.assert_allclose(losses_at(near, end), 1.01 * losses_at(near, "params"), rtol=1e-9)
    np.testing.assert_allclose(near.draws["highest_loss"], losses_at(near, end), rtol=1e-9)


@pytest.mark.parametrize("end", ["smallest_params", "largest_params"])
def test_the_ends_waste_a_tenth_of_the_compute(end: str, law_fit: bs.ScalingFit) -> None:
    near = bs.near_optimal(law_fit, BUDGETS, 0.1, of="compute")
    ninety = bs.allocate(law_fit, [0.9 * budget for budget in BUDGETS])
    np.testing.assert_allclose(losses_at(near, end), ninety.draws["expected_loss"], rtol=1e-9)


def test_the_range_holds_the_optimum(near: bs.decisions.NearOptimal) -> None:
    draws = near.draws
    assert (draws["smallest_params"] < draws["params"]).all()
    assert (draws["params"] < draws["largest_params"]).all()
    np.testing.assert_allclose(draws["ratio"], draws["largest_params"] / draws["smallest_params"])
    np.testing.assert_allclose(
        (6 * draws["smallest_params"] * draws["most_tokens"]),
        draws["flops"].broadcast_like(draws["params"]).transpose("chain", "draw", "budget"),
    )
    free = bs.allocate(near.fit, BUDGETS).draws
    np.testing.assert_allclose(draws["params"], free["params"])


def test_table_and_repr(near: bs.decisions.NearOptimal) -> None:
    table = near.table(0.8)
    assert list(dict.fromkeys(name for name, _ in table)) == [
        "smallest_params",
        "params",
        "largest_params",
        "ratio",
        "diagnosis",
    ]
    assert list(table.index.names) == ["flops", "corpus"]
    assert table.attrs["ci_prob"] == 0.8
    median = near.draws["largest_params"].median(("chain", "draw"))
    np.testing.assert_allclose(table["largest_params", "median"], median)
    assert repr(near).startswith("Sizes within 1 % of the least loss: median and 90 %")
    assert "not converged" in repr(near)
    assert "Sizes within 1 % of the least loss" in near._repr_html_()


def test_the_probability_counts_draws(near: bs.decisions.NearOptimal) -> None:
    middle = float(near.draws["smallest_params"].isel(budget=3).median())
    best = float(near.draws["params"].isel(budget=3).median())
    table = near.probability([middle / 10, middle, best])
    assert table.iloc[3, 0] == 0
    assert table.iloc[3, 1] == pytest.approx(0.5, abs=0.01)
    # Far beyond the runs the best size of one draw is not nearly optimal in all others.
    assert 0.9 < table.iloc[3, 2] <= 1
    assert list(table.index.names) == ["flops", "corpus"]


def test_losses_are_those_of_sizes_that_spend_the_budget(near: bs.decisions.NearOptimal) -> None:
    losses = near.losses([1e9, 1e10])
    assert losses.dims == ("chain", "draw", "budget", "size")
    known = near.fit.expected_loss(params=1e10, flops=5.76e23)
    np.testing.assert_allclose(losses.isel(budget=[2, 3], size=1), known)


def test_bounds_cut_the_range_off_and_are_counted(near: bs.decisions.NearOptimal) -> None:
    bound = float(near.draws["params"].isel(budget=3).max()) * 1.01
    bounds = bs.Constraints(max_params=bound)
    cut = bs.near_optimal(near.fit, 5.76e23, constraints=bounds)
    uncut = near.draws["largest_params"].isel(budget=3)
    largest = cut.draws["largest_params"].isel(budget=1)
    # Of a draw with two valleys about as deep, the search may find the other one lower.
    same = np.isclose(largest, np.minimum(uncut, bound), rtol=1e-5)
    assert same.mean() > 0.99
    smallest = near.draws["smallest_params"].isel(budget=3)
    found = cut.draws["smallest_params"].isel(budget=1)
    np.testing.assert_allclose(found.values[same], smallest.values[same], rtol=1e-5)
    at_limit = cut.draws["largest_params_at_limit"].isel(budget=1)
    np.testing.assert_array_equal(at_limit.values[same], (uncut.values > bound)[same])
    assert at_limit.any()
    assert any("largest_params is cut off by Constraints(max" in note for note in cut.notes)


def test_a_range_without_end_is_missing_and_counted(
    own_laws: None, stored_fit: bs.ScalingFit, prior_fit: object
) -> None:
    class Levels(bs.laws.Chinchilla):
        """Far from the optimum the loss stays below a tenth more than the least."""

        optimum = None

        @staticmethod
        def loss(params, tokens, E, A, B, alpha, beta):  # type: ignore[no-untyped-def]
            excess = bs.laws.Chinchilla.loss(params, tokens, 0 * E, A, B, alpha, beta)
            return E * (1 + 0.1 * excess / (1 + excess))

    fit = prior_fit(bs.ScalingModel(Levels), stored_fit.runs)  # type: ignore[operator]
    near = bs.near_optimal(fit, 1e21, 0.2)
    assert near.draws["smallest_params"].isnull().all()
    assert any("In 100.0 % of draws smallest_params is beyond" in note for note in near.notes)
    assert near.probability(1e9).iloc[0, 0] != near.probability(1e9).iloc[0, 0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"within": 0.0}, "within=0.0 is not a fraction"),
        ({"within": 1.5}, "within=1.5 is not a fraction"),
        ({"of": "money"}, "of='money' is no measure of nearness"),
        ({"constraints": bs.Constraints(sizes=(1e9,))}, "leaves single sizes.*bs.regret"),
        ({"constraints": bs.Constraints(tokens_per_param=20)}, "leaves single sizes"),
        ({"flops": -1.0}, "near_optimal: a budget of -1.0 FLOP"),
    ],
)
def test_questions_without_an_answer(
    given: dict[str, object], message: str, stored_fit: bs.ScalingFit
) -> None:
    with pytest.raises(RunsError, match=message):
        bs.near_optimal(stored_fit, **{"flops": 1e21, **given})  # type: ignore[arg-type]


def test_losses_may_be_those_of_a_thinned_fit(stored_fit: bs.ScalingFit) -> None:
    near = bs.near_optimal(stored_fit, 1e22)
    few = replace(stored_fit, posterior=stored_fit.posterior.isel(draw=slice(None, None, 4)))
    losses, thinned = near.losses([1e9, 1e10]), replace(near, fit=few).losses([1e9, 1e10])
    np.testing.assert_allclose(thinned, losses.isel(draw=slice(None, None, 4)), rtol=1e-9)


def test_sizes_may_be_text(stored_fit: bs.ScalingFit) -> None:
    found = bs.decisions.near_optimal(stored_fit, 1e21)
    assert found.probability("1B").equals(found.probability(1e9))
    with pytest.raises(RunsError, match="params is 'big', which is no number"):
        found.probability("big")

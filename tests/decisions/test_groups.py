"""Two levels compared: differences, multipliers, and where the better one changes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.errors import ModelError, RunsError


@pytest.fixture(scope="module")
def compared(stored_fit: bs.ScalingFit) -> bs.decisions.LevelComparison:
    return bs.compare_levels(stored_fit, "books", "web", [1e20, 1e22])


def test_differences_are_those_of_the_frontiers(
    compared: bs.decisions.LevelComparison, stored_fit: bs.ScalingFit
) -> None:
    best = bs.allocate(stored_fit, [1e20, 1e22]).draws["expected_loss"]
    books, web = (best.isel(budget=best["corpus"].values == level) for level in ("books", "web"))
    np.testing.assert_allclose(compared.draws["loss_difference"], books.values - web.values)


def test_the_multiplier_reaches_the_other_loss(
    compared: bs.decisions.LevelComparison, stored_fit: bs.ScalingFit
) -> None:
    draw = {"chain": 1, "draw": 7}
    first = compared.draws.isel(draw)
    for point, flops in enumerate([1e20, 1e22]):
        multiplier = float(first["multiplier"][point])
        plan = bs.allocate(stored_fit, [flops, flops * multiplier])
        best = plan.draws.isel(draw)
        losses = best["expected_loss"].values
        assert losses[3] == pytest.approx(losses[0], rel=1e-7)


def test_a_floor_above_the_other_loss_needs_endless_compute(law_fit: bs.ScalingFit) -> None:
    found = bs.compare_levels(law_fit, "books", "web", 1e25)
    assert np.isinf(found.draws["multiplier"]).mean() > 0.9
    assert found.table()["multiplier", "median"].iloc[0] == np.inf
    swapped = bs.compare_levels(law_fit, "web", "books", 1e25).draws
    assert (swapped["multiplier"] < 1).all()
    np.testing.assert_allclose(swapped["loss_difference"], -found.draws["loss_difference"])


def test_probabilities_and_prints(compared: bs.decisions.LevelComparison) -> None:
    better = (compared.draws["loss_difference"] < 0).mean(("chain", "draw"))
    assert compared.probability()["books_better"].tolist() == better.values.tolist()
    assert list(compared.table().index) == [1e20, 1e22]
    assert "corpus: books against web" in repr(compared)
    assert compared.crossing()["crosses"].tolist() == [0.0, 0.0]
    assert np.isnan(compared.draws["crossing"]).all()


@pytest.fixture(scope="module")
def crossing_fit(stored_fit: bs.ScalingFit) -> bs.ScalingFit:
    """Books have the lower floor and pay more for finite size: they lose small and win large."""
    few = {"draw": slice(0, 40)}
    draws, stats = stored_fit.posterior.isel(few), stored_fit.sample_stats.isel(few)
    ratio = xr.DataArray([2.5, 0.8], {"corpus": ["books", "web"]}, "corpus")
    changed = {name: draws[name].mean() * ratio for name in ("A", "A_ref", "B", "B_ref")}
    dims = ("chain", "draw", "corpus")
    full = {n: v.broadcast_like(draws["A"]) for n, v in changed.items()}
    posterior = draws.assign({n: v.transpose(*dims) for n, v in full.items()})
    posterior["floor_drop"] = xr.zeros_like(posterior["floor_drop"])
    return replace(stored_fit, posterior=posterior, sample_stats=stats)


@pytest.mark.parametrize("ratio", [None, 20.0])
def test_the_better_one_changes_at_the_crossing(
    crossing_fit: bs.ScalingFit, ratio: float | None
) -> None:
    found = bs.compare_levels(crossing_fit, "books", "web", 1e20, tokens_per_param=ratio)
    place = found.draws["crossing"].isel(point=0)
    crosses = float(found.crossing()["crosses"].iloc[0])
    assert crosses > 0.5
    index = np.argwhere(np.isfinite(place.values))[0]
    draw = {"chain": int(index[0]), "draw": int(index[1])}
    flops = float(place.isel(draw))
    around = bs.compare_levels(
        crossing_fit, "books", "web", [flops / 1.1, flops * 1.1], tokens_per_param=ratio
    ).draws["loss_difference"]
    before, after = around.isel(draw).values
    assert before > 0 > after


def test_at_a_fixed_ratio_the_loss_is_that_of_such_runs(stored_fit: bs.ScalingFit) -> None:
    found = bs.compare_levels(stored_fit, "books", "web", 1.2e22, tokens_per_param=20.0).draws
    params = np.sqrt(1e20)
    at = pd.DataFrame({"params": params, "tokens": 20 * params, "corpus": ["books", "web"]})
    losses = stored_fit.expected_loss(at=at)
    difference = losses.isel(point=0) - losses.isel(point=1)
    np.testing.assert_allclose(found["loss_difference"].isel(point=0), difference, rtol=1e-9)
    assert (found["multiplier"] > 1).all()


def test_what_cannot_be_compared_is_refused(
    stored_fit: bs.ScalingFit, sardana_fit: bs.ScalingFit
) -> None:
    with pytest.raises(RunsError, match="corpus='code' was not fitted; the fit has books, web"):
        bs.compare_levels(stored_fit, "books", "code", 1e21)
    with pytest.raises(ModelError, match="factor='family', and the model varies by corpus"):
        bs.compare_levels(stored_fit, "books", "web", 1e21, factor="family")
    with pytest.raises(RunsError, match="corpus is given both as an argument and as a column"):
        bs.compare_levels(stored_fit, "books", "web", 1e21, at=pd.DataFrame({"corpus": ["web"]}))
    with pytest.raises(ModelError, match="factor=None, and the model varies by none"):
        bs.compare_levels(sardana_fit, "books", "web", 1e21)


def test_levels_that_are_numbers_are_found(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    table = stored_fit.runs.table.assign(seed=np.arange(len(stored_fit.runs)) % 2 + 1)
    runs = bs.Runs.from_frame(table, factors=["seed"])
    fit = prior_fit(bs.ScalingModel("chinchilla", bs.Vary("E", by="seed")), runs, draws=10)
    by_number, by_text = bs.compare_levels(fit, 1, 2, 1e21), bs.compare_levels(fit, "1", "2", 1e21)
    xr.testing.assert_identical(by_number.draws, by_text.draws)


def test_a_multiplier_of_two_factors_is_a_goal_at_a_level_of_the_other(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    table = stored_fit.runs.table.assign(arch=["x", "y"] * (len(stored_fit.runs) // 2))
    runs = bs.Runs.from_frame(table, factors=["corpus", "arch"])
    vary = [bs.Vary("E", by="corpus"), bs.Vary("A", by="arch")]
    fit = prior_fit(bs.ScalingModel("chinchilla", vary), runs, draws=10)
    goal = bs.Goal.multiplier("books", "web", 1e21, factor="corpus", at={"arch": "x"})
    held = pd.DataFrame({"arch": ["x"]})
    direct = bs.compare_levels(fit, "books", "web", 1e21, factor="corpus", at=held)
    np.testing.assert_array_equal(
        goal.draws(fit), direct.draws["multiplier"].where(np.isfinite).isel(point=0)
    )
    assert repr(goal) == "Goal.multiplier('books', 'web', 1e21, at={'arch': 'x'})"

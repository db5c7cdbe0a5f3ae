"""Best sizes that lie off the law's: what runs show of them, and what is made of it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.decisions._best_sizes import best_sizes
from bayes_scaling.decisions._displacement import LEVEL, RATE, displacement
from bayes_scaling.discrepancy import DEFAULT
from bayes_scaling.laws import Chinchilla, DataConstrained

Fits = Callable[..., bs.ScalingFit]

THETA = {"E": 1.82, "A": 482.0, "B": 2085.0, "alpha": 0.348, "beta": 0.366}
TOP = 1e21


def optimum(flops: float) -> float:
    used = {name: THETA[name] for name in ("A", "B", "alpha", "beta")}
    return float(Chinchilla.optimum(flops, **used)[0])


def sweep(at_top: float, per_decade: float, scatter: float = 1e-4, sizes: int = 9) -> pd.DataFrame:
    """IsoFLOP runs of the law, with the best sizes displaced along a line in log compute."""
    design = bs.datasets.isoflop_design(np.geomspace(TOP / 1000, TOP, 10), sizes)
    flops = 6 * design["params"] * design["tokens"]
    shift = at_top + per_decade * np.log10(flops / TOP)
    params = design["params"] * np.exp(-shift)
    loss = Chinchilla.loss(params, flops / 6 / params, **THETA)
    noise = scatter * np.random.default_rng(1).standard_normal(len(design))
    return design.assign(loss=loss * np.exp(noise))


@pytest.fixture
def fit_of(scattered_fit: Fits) -> Callable[[pd.DataFrame], bs.ScalingFit]:
    def make(table: pd.DataFrame) -> bs.ScalingFit:
        return scattered_fit(Chinchilla(), THETA, runs=bs.Runs.from_frame(table))

    return make


@pytest.mark.parametrize(("at_top", "per_decade"), [(0.0, 0.0), (0.4, 0.2), (-0.5, 0.1)])
def test_runs_show_by_how_much_the_law_is_off(
    fit_of: Callable[[pd.DataFrame], bs.ScalingFit], at_top: float, per_decade: float
) -> None:
    seen = best_sizes(fit_of(sweep(at_top, per_decade)))
    assert seen.sizes["group"] >= 9
    planted = at_top + per_decade * (seen["compute"] - np.log10(TOP))
    off = np.abs(seen["miss"].mean(("chain", "draw")) - planted)
    # A parabola stands for the difference of two curves; a displaced one has a cubic part as well.
    assert (off < 0.02 + 0.1 * np.abs(planted) + 3 * seen["error"]).all()
    assert (seen["error"] < 0.05).all()


def test_the_line_is_carried_beyond_the_runs(
    fit_of: Callable[[pd.DataFrame], bs.ScalingFit],
) -> None:
    fit = fit_of(sweep(0.4, 0.2))
    plan = bs.allocate(fit, [TOP, 10 * TOP])
    found = np.log(plan.draws["params"])
    expected = np.log([optimum(TOP), optimum(10 * TOP)]) + np.array([0.4, 0.6])
    assert plan.groups >= 9
    np.testing.assert_allclose(found.median(("chain", "draw")), expected, atol=0.1)
    # Ten groups say far more of the line than its prior does, and less a decade beyond them.
    spread = found.std(("chain", "draw"))
    assert spread[0] < 0.06 < 0.1 < spread[1] < 0.2
    # Growth per tenfold is that of the displaced sizes: the law's exponent and 0.2 / ln 10.
    exponent = plan.draws["params_exponent"].median()
    law = THETA["beta"] / (THETA["alpha"] + THETA["beta"])
    assert float(exponent) == pytest.approx(law + 0.2 / np.log(10), abs=0.03)
    # The whole budget is spent, and the loss is that of the law's optimum.
    spent = 6 * plan.draws["params"] * plan.draws["tokens"]
    np.testing.assert_allclose(spent, spent["flops"].broadcast_like(spent), rtol=1e-9)
    alone = bs.allocate(fit, [TOP, 10 * TOP], discrepancy=None).draws
    widened = plan.draws["expected_loss"] / np.exp(plan.draws["discrepancy"])
    np.testing.assert_allclose(widened, alone["expected_loss"], rtol=1e-9)
    np.testing.assert_allclose(plan.draws["params_by_law"], alone["params"])


def test_it_is_said_where_the_runs_have_it(
    fit_of: Callable[[pd.DataFrame], bs.ScalingFit],
) -> None:
    fit = fit_of(sweep(0.4, 0.2))
    [note] = [n for n in bs.allocate(fit, 10 * TOP).notes if "where the runs have it" in n]
    assert "at 1e+22 flops it gives" in note
    alone = bs.allocate(fit, 10 * TOP, discrepancy=None)
    assert not any("where the runs have it" in note for note in alone.notes)


def test_without_best_sizes_the_prior_is_all_there_is(
    fit_of: Callable[[pd.DataFrame], bs.ScalingFit],
) -> None:
    fit = fit_of(sweep(0.4, 0.2, sizes=2))
    plan = bs.allocate(fit, [TOP, 100 * TOP])
    assert plan.groups == 0
    found = np.log(plan.draws["params"] / plan.draws["params_by_law"])
    assert np.abs(found.median(("chain", "draw"))).max() < 0.1
    # Sums of evenly spaced quantiles in random order: 100 draws know their spread to 7 %.
    wanted = [LEVEL, np.hypot(np.hypot(LEVEL, 2 * RATE), 0.2)]
    np.testing.assert_allclose(found.std(("chain", "draw")), wanted, rtol=0.15)
    assert any("No runs of about equal compute show a best size" in note for note in plan.notes)


def test_runs_of_few_sizes_are_compared_over_more_compute(
    fit_of: Callable[[pd.DataFrame], bs.ScalingFit],
) -> None:
    table = sweep(0.3, 0.0, sizes=3)
    assert best_sizes(fit_of(table)).sizes["group"] >= 3


def test_levels_have_lines_of_their_own(scattered_fit: Fits) -> None:
    parts = [sweep(0.5, 0.0).assign(corpus="web"), sweep(0.0, 0.0).assign(corpus="books")]
    runs = bs.Runs.from_frame(pd.concat(parts, ignore_index=True), factors=["corpus"])
    fit = scattered_fit(Chinchilla(), THETA, runs=runs)
    model = bs.ScalingModel("Chinchilla", vary=[bs.Vary("E", by="corpus")])
    levels = xr.DataArray([1.0, 1.0], {"corpus": ["books", "web"]}, ("corpus",))
    varied = {name: fit.posterior[name] * levels for name in ("E", "E_ref")}
    pooled = replace(fit, model=model, posterior=fit.posterior.assign(varied))
    draws = bs.allocate(pooled, TOP).draws
    off = np.log(draws["params"].median(("chain", "draw")) / optimum(TOP))
    by_level = dict(zip(draws["corpus"].values.tolist(), off.values, strict=True))
    assert by_level["web"] == pytest.approx(0.5, abs=0.1)
    assert by_level["books"] == pytest.approx(0.0, abs=0.05)


def test_a_law_of_more_than_the_split_shows_none(scattered_fit: Fits) -> None:
    table = sweep(0.4, 0.2).assign(unique_tokens=1e10)
    runs = bs.Runs.from_frame(table, inputs=["unique_tokens"])
    theta = {**THETA, "RD_star": 15.4, "RN_star": 5.3}
    fit = scattered_fit(DataConstrained(), theta, runs=runs)
    assert best_sizes(fit).sizes["group"] == 0
    assert displacement(fit, np.array([""])).groups == 0


def test_the_range_of_good_sizes_moves_with_the_best(
    fit_of: Callable[[pd.DataFrame], bs.ScalingFit],
) -> None:
    fit = fit_of(sweep(0.4, 0.0))
    near, alone = (bs.near_optimal(fit, TOP, discrepancy=one) for one in (DEFAULT, None))
    best = bs.allocate(fit, TOP).draws["params"]
    np.testing.assert_allclose(near.draws["params"], best, rtol=1e-9)
    np.testing.assert_allclose(near.draws["ratio"], alone.draws["ratio"], rtol=1e-9)
    smallest = near.draws["smallest_params"] / alone.draws["smallest_params"]
    assert float(np.log(smallest).median()) == pytest.approx(0.4, abs=0.06)
    first = {"chain": 0, "draw": 0, "budget": 0}
    end = near.draws[["largest_params", "highest_loss"]].isel(first)
    there = near.losses(float(end["largest_params"])).isel(first)
    assert float(there[0]) == pytest.approx(float(end["highest_loss"]))


def test_limits_and_menus_are_of_the_displaced_size(
    fit_of: Callable[[pd.DataFrame], bs.ScalingFit],
) -> None:
    fit, best = fit_of(sweep(0.5, 0.0)), optimum(TOP)
    menu = bs.Constraints(sizes=(best, best * np.exp(0.5)))
    chances = bs.allocate(fit, TOP, constraints=menu).size_chances()
    assert chances.iloc[0, 1] > 0.9
    bound = bs.Constraints(max_params=1.2 * best)
    bounded = bs.allocate(fit, TOP, constraints=bound).draws
    assert (bounded["params"] <= 1.2 * best * (1 + 1e-9)).all()
    assert (bounded["at_limit"] == 1).mean() > 0.9


def test_another_cost_is_displaced_alike(fit_of: Callable[[pd.DataFrame], bs.ScalingFit]) -> None:
    fit = fit_of(sweep(0.4, 0.0))
    hours = bs.allocate(fit, TOP / 1e18, cost=bs.costs.PowerCost(6e-18, 1.0, 1.0)).draws
    usual = bs.allocate(fit, TOP).draws
    np.testing.assert_allclose(hours["params"], usual["params"], rtol=1e-3)

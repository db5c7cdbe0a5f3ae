"""One surface, one answer: what is asked of two functions comes out the same, draw by draw."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.comparison import FitAverage
from bayes_scaling.decisions import Allocation

BUDGETS = [3e20, 1e22, 5.76e23]
"""Among the runs, whose largest has 2e21 FLOP, and beyond them."""

FEW = 8
"""Draws that are asked about one by one."""

WEB = {"corpus": "web"}
DRAWS = ("chain", "draw")


@pytest.fixture(scope="module")
def plan(stored_fit: bs.ScalingFit) -> Allocation:
    return bs.allocate(stored_fit, BUDGETS)


@pytest.fixture(scope="module")
def best(plan: Allocation) -> xr.Dataset:
    """The optima for web, of a few draws, each a point: dims (chain, draw, budget)."""
    web = plan.draws.isel(budget=plan.draws["corpus"].values == "web")
    return web.isel(chain=[0], draw=slice(0, FEW))


def table(best: xr.Dataset, budget: int) -> pd.DataFrame:
    """The few draws' runs at one budget, one row for each draw."""
    runs = best.isel(chain=0, budget=budget)
    return pd.DataFrame({"params": runs["params"], "tokens": runs["tokens"], **WEB})


def own(draws: xr.DataArray) -> np.ndarray:
    """Of points that are each one draw's, what that draw says."""
    return np.diagonal(draws.isel(chain=0, draw=slice(0, FEW)).values)


@pytest.mark.parametrize("budget", range(len(BUDGETS)))
def test_the_loss_of_the_optimum_is_its_forecast(
    budget: int, best: xr.Dataset, stored_fit: bs.ScalingFit
) -> None:
    foreseen = bs.forecast(stored_fit, at=table(best, budget)).draws["expected_loss"]
    allocated = best["expected_loss"].isel(chain=0, budget=budget)
    np.testing.assert_allclose(own(foreseen), allocated, rtol=1e-12)


def test_no_other_split_is_better(plan: Allocation, stored_fit: bs.ScalingFit) -> None:
    least = plan.draws["expected_loss"]
    for budget, flops in enumerate(BUDGETS):
        sizes = float(plan.draws["params"].isel(budget=2 * budget).median()) * np.geomspace(
            1e-3, 1e3, 121
        )
        web = {"budget": 2 * budget + 1}
        losses = stored_fit.expected_loss(at=pd.DataFrame({"params": sizes, "flops": flops, **WEB}))
        # Of a draw with two valleys about as deep, the search may take the other one.
        assert (losses.min("point") >= least.isel(web) * (1 - 1e-3)).all()
        assert float((losses.min("point") >= least.isel(web) - 1e-9).mean()) > 0.99


@pytest.mark.parametrize("budget", range(len(BUDGETS)))
def test_the_loss_of_the_optimum_needs_its_compute(
    budget: int, best: xr.Dataset, stored_fit: bs.ScalingFit
) -> None:
    foreseen = bs.forecast(stored_fit, at=table(best, budget)).draws["expected_loss"]
    found = bs.needed(stored_fit, own(foreseen), at=pd.DataFrame([WEB] * FEW)).draws
    np.testing.assert_allclose(own(found["flops"]), BUDGETS[budget], rtol=1e-5)
    wanted = best["params"].isel(chain=0, budget=budget)
    np.testing.assert_allclose(own(found["params"]), wanted, rtol=0.01)


@pytest.mark.parametrize("budget", range(len(BUDGETS)))
def test_the_optimum_has_no_regret(
    budget: int, best: xr.Dataset, stored_fit: bs.ScalingFit
) -> None:
    waste = bs.regret(stored_fit, table(best, budget)).draws
    np.testing.assert_allclose(own(waste["loss_regret"]), 0, atol=1e-9)
    np.testing.assert_allclose(own(waste["compute_share"]), 1, rtol=1e-5)


def test_returns_allocation_and_forecast_agree(plan: Allocation, stored_fit: bs.ScalingFit) -> None:
    """Draw by draw on the frontier; of one run that is about the best, in median and width."""
    returns = bs.compute_returns(stored_fit, BUDGETS)
    np.testing.assert_allclose(
        returns.draws["expected_loss"], plan.draws["expected_loss"], rtol=1e-12
    )
    typical = plan.draws[["params", "tokens"]].median(DRAWS)
    at = pd.DataFrame({name: typical[name].values for name in ("params", "tokens")})
    forecast = bs.forecast(stored_fit, at=at.assign(corpus=plan.draws["corpus"].values))
    one, other = (result.table(0.9)["expected_loss"] for result in (plan, forecast))
    # Far beyond the runs the best run of a draw is not that of another, so none is best in all.
    np.testing.assert_allclose(one["median"], other["median"], rtol=5e-3)
    widths = [ends["upper"].values - ends["lower"].values for ends in (one, other)]
    np.testing.assert_allclose(widths[0], widths[1], rtol=0.1)


def test_lifetime_without_service_is_the_allocation(
    plan: Allocation, stored_fit: bs.ScalingFit
) -> None:
    served = bs.decisions.lifetime_allocation(stored_fit, 1.0, flops=BUDGETS).draws
    np.testing.assert_allclose(served["reference_params"], plan.draws["params"], rtol=1e-9)
    flops = np.broadcast_to(plan.draws["flops"].values, served["cost"].shape)
    np.testing.assert_allclose(served["cost"], flops, rtol=1e-4)
    by_size = bs.decisions.lifetime_allocation(stored_fit, 1.0, params=7e9).draws
    flops = 6 * by_size["reference_params"] * by_size["reference_tokens"]
    few = flops.isel(chain=0, draw=slice(0, FEW), point=1).values
    web = bs.allocate(stored_fit, few).draws.isel(budget=slice(1, None, 2))
    np.testing.assert_allclose(own(web["params"]), 7e9, rtol=1e-3)


def test_the_near_optimal_range_holds_the_optimum(
    plan: Allocation, stored_fit: bs.ScalingFit
) -> None:
    near = bs.near_optimal(stored_fit, BUDGETS, 0.005).draws
    np.testing.assert_allclose(near["params"], plan.draws["params"], rtol=1e-12)
    assert (near["smallest_params"] < near["params"]).all()
    assert (near["params"] < near["largest_params"]).all()
    for name in ("smallest_params", "largest_params"):
        ends = near[name].isel(chain=0, draw=slice(0, FEW), budget=-1).values
        at = pd.DataFrame({"params": ends, "flops": BUDGETS[-1], **WEB})
        highest = near["highest_loss"].isel(chain=0, draw=slice(0, FEW), budget=-1)
        np.testing.assert_allclose(own(stored_fit.expected_loss(at=at)), highest, rtol=1e-9)


def test_isoloss_curves_are_forecasts(stored_fit: bs.ScalingFit) -> None:
    at = pd.DataFrame([WEB])
    lines = bs.decisions.isoloss_curves(stored_fit, 2.4, params=[2e9, 1e10], at=at).draws
    for point, params in enumerate((2e9, 1e10)):
        tokens = lines["tokens"].isel(chain=0, draw=slice(0, FEW), point=point).values
        runs = pd.DataFrame({"params": params, "tokens": tokens, **WEB})
        np.testing.assert_allclose(own(stored_fit.expected_loss(at=runs)), 2.4, rtol=1e-9)


def test_more_compute_is_never_worse_and_no_draw_is_below_its_floor(
    stored_fit: bs.ScalingFit,
) -> None:
    """From the largest run on: along the frontier, and at a fixed ratio of tokens."""
    runs = stored_fit.runs
    top = 6 * float((runs.values("params") * runs.values("tokens")).max())
    budgets = np.geomspace(top, 1e6 * top, 13)
    frontier = bs.allocate(stored_fit, budgets).draws["expected_loss"]
    fixed = [
        stored_fit.expected_loss(at=pd.DataFrame({"params": size, "tokens": ratio * size, **WEB}))
        for ratio in (5.0, 20.0, 80.0)
        for size in [np.sqrt(budgets / 6 / ratio)]
    ]
    web = frontier.isel(budget=frontier["corpus"].values == "web").rename(budget="point")
    floor = stored_fit.surface_at({"corpus": xr.DataArray("web")}).floor
    for losses in (web, *fixed):
        ordered = losses.transpose("chain", "draw", "point").values
        assert (np.diff(ordered, axis=-1) <= 1e-9).all()
        assert (ordered > floor.values[..., None]).all()


def test_levels_are_compared_on_the_frontier(plan: Allocation, stored_fit: bs.ScalingFit) -> None:
    found = bs.compare_levels(stored_fit, "web", "books", BUDGETS).draws
    loss = plan.draws["expected_loss"].values
    np.testing.assert_allclose(found["loss_difference"], loss[..., 1::2] - loss[..., ::2])


def test_the_average_of_a_fit_with_itself_is_the_fit(
    plan: Allocation, stored_fit: bs.ScalingFit
) -> None:
    both = FitAverage({"one": stored_fit, "two": stored_fit}, {"one": 0.6, "two": 0.4})
    mixed = bs.allocate(both, BUDGETS)
    for name in ("params", "tokens", "expected_loss"):
        np.testing.assert_array_equal(mixed.draws[name], plan.draws[name])
    foreseen = [bs.forecast(one, 7e10, 1.4e12).draws for one in (both, stored_fit)]
    np.testing.assert_array_equal(*(draws["expected_loss"] for draws in foreseen))

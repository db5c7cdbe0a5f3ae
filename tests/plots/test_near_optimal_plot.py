import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling import plots
from tests.plots.artists import bands, bar_ends, legend_texts, marked

BUDGETS = [1e22, 5.76e23]


@pytest.fixture(scope="module")
def near(lone_fit: bs.ScalingFit) -> bs.decisions.NearOptimal:
    return bs.near_optimal(lone_fit, BUDGETS)


def test_two_panels_with_their_units(near: bs.decisions.NearOptimal) -> None:
    loss, chance = plots.near_optimal(near)
    assert loss.get_ylabel() == "loss (nats per token)"
    assert "probability" in chance.get_ylabel()
    assert {loss.get_xlabel(), chance.get_xlabel()} == {"parameters"}
    assert loss.get_xscale() == chance.get_xscale() == "log"


def test_optimum_and_range_are_marked_at_their_medians(near: bs.decisions.NearOptimal) -> None:
    loss = plots.near_optimal(near, prob=0.8)[0]
    middle = near.draws.median(("chain", "draw"))
    marks = marked(loss, "optimum")
    np.testing.assert_allclose([mark.get_xdata()[0] for mark in marks], middle["params"])
    ranges = np.array([bar.get_xdata() for bar in marked(loss, "near-optimal range")])
    np.testing.assert_allclose(ranges[:, 0], middle["smallest_params"])
    np.testing.assert_allclose(ranges[:, 1], middle["largest_params"])
    bars = [bar_ends(one, axis=0)[0] for one in marked(loss, "interval of the optimum")]
    np.testing.assert_allclose(bars, near.table(0.8)["params"][["lower", "upper"]])


def test_the_band_is_that_of_the_loss(near: bs.decisions.NearOptimal) -> None:
    loss, chance = plots.near_optimal(near)
    assert list(bands(loss)) == ["1e22 FLOP", "5.76e23 FLOP"]
    curve = loss.lines[0]
    sizes = curve.get_xdata()
    known = near.losses(sizes).isel(budget=0).median(("chain", "draw"))
    np.testing.assert_allclose(curve.get_ydata(), known)
    known = near.probability(sizes)[list(sizes)].iloc[0]
    np.testing.assert_allclose(chance.lines[0].get_ydata(), known)


def test_bounds_are_drawn_and_groups_named(stored_fit: bs.ScalingFit) -> None:
    bounded = bs.near_optimal(stored_fit, 1e21, constraints=bs.Constraints(max_params=4e9))
    panels = plots.near_optimal(bounded)
    for panel in panels:
        [bound] = marked(panel, "bound")
        assert bound.get_xdata()[0] == 4e9
    texts = legend_texts(panels[0].get_legend())
    assert texts[:2] == ["1e21 FLOP, books", "1e21 FLOP, web"]
    assert "near-optimal range" in texts
    assert "not converged" in panels[0].figure.get_suptitle()


def test_given_axes_are_drawn_on(near: bs.decisions.NearOptimal) -> None:
    axes = plt.subplots(2)[1]
    assert list(plots.near_optimal(near, ax=axes)) == list(axes)


def test_allocations_are_drawn_by_their_own_cost_and_constraints(lone_fit: bs.ScalingFit) -> None:
    hours = bs.allocate(lone_fit, [1e5, 1e6], cost=bs.decisions.costs.PowerCost(6e-18, 1.0, 1.0))
    panel = plots.allocation(hours)[0]
    assert panel.get_xlabel() == "gpu_hours"
    bound = bs.allocate(lone_fit, [1e22, 1e24], constraints=bs.Constraints(max_params=1e9))
    panel = plots.allocation(bound)[0]
    band = panel.lines[0]
    np.testing.assert_allclose(band.get_ydata(), 1e9)
    np.testing.assert_allclose([band.get_xdata().min(), band.get_xdata().max()], [1e22, 1e24])

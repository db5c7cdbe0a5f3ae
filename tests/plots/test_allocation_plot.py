import arviz as az
import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling import plots
from bayes_scaling.decisions import Allocation
from bayes_scaling.plots.allocation_plot import QUANTITIES
from tests.plots.artists import bands, bar_ends, legend_texts, marked

BUDGETS = [1e22, 5.76e23]


@pytest.fixture(scope="module")
def plan(lone_fit: bs.ScalingFit) -> Allocation:
    return bs.allocate(lone_fit, BUDGETS)


def test_three_panels_with_their_units(plan: Allocation) -> None:
    panels = plots.allocation(plan)
    assert [panel.get_ylabel() for panel in panels] == [
        "parameters",
        "training tokens",
        "tokens per parameter",
    ]
    assert {panel.get_xlabel() for panel in panels} == {"compute (FLOP)"}


@pytest.mark.parametrize(("panel", "quantity"), list(enumerate(QUANTITIES)))
def test_budgets_are_marked_with_median_and_interval(
    plan: Allocation, panel: int, quantity: str
) -> None:
    ax = plots.allocation(plan, prob=0.8)[panel]
    [marks], [bars] = marked(ax, "budgets"), marked(ax, "budget bars")
    draws = plan.draws[quantity]
    np.testing.assert_allclose(marks.get_xdata(), BUDGETS)
    np.testing.assert_allclose(marks.get_ydata(), draws.median(("chain", "draw")))
    ends = az.eti(draws, prob=0.8, dim=["chain", "draw"]).values
    np.testing.assert_allclose(bar_ends(bars), ends)


def test_bands_run_from_the_smallest_run_to_the_largest_budget(plan: Allocation) -> None:
    for panel in plots.allocation(plan):
        [band] = bands(panel).values()
        x = band.get_paths()[0].vertices[:, 0]
        assert x.min() == pytest.approx(plan.fit.runs.values("flops").min())
        assert x.max() == pytest.approx(5.76e23)


def test_every_panel_shades_what_lies_beyond_the_runs(plan: Allocation) -> None:
    for panel in plots.allocation(plan):
        [region] = marked(panel, "extrapolated")
        assert region.get_x() == pytest.approx(plan.fit.runs.values("flops").max())


def test_groups_have_bands_and_names_of_their_own(stored_fit: bs.ScalingFit) -> None:
    panels = plots.allocation(bs.allocate(stored_fit, [1e23]))
    drawn = bands(panels[0])
    assert list(drawn) == ["books, 90 % ETI", "web, 90 % ETI"]
    assert len({tuple(np.asarray(band.get_facecolor())[0]) for band in drawn.values()}) == 2
    texts = legend_texts(panels[-1].get_legend())
    assert texts == ["books", "web", "optimum, 90 % ETI", "runs"]


def test_given_axes_are_drawn_on(plan: Allocation) -> None:
    _, mine = plt.subplots(1, 3)
    assert list(plots.allocation(plan, ax=mine)) == list(mine)


def test_the_warning_stands_over_all_panels(plan: Allocation) -> None:
    assert plan.fit.diagnostics.problems
    panels = plots.allocation(plan)
    assert "not converged" in panels[0].figure.get_suptitle()

"""lifetime, isoflop_optima and overfitting_threshold: what is drawn is what was computed."""

from collections.abc import Callable
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.artist import Artist

import bayes_scaling as bs
from bayes_scaling import plots
from bayes_scaling.plots.canvas import WARNING_COLOUR
from tests.plots.artists import bands, bar_ends, legend_texts, marked

CHAINS = ("chain", "draw")


def aside(ax: plt.Axes, mark: Artist) -> float:
    """Distance by which the first point of a line is moved sideways, in points."""
    at = (mark.get_xdata()[0], mark.get_ydata()[0])
    moved = mark.get_transform().transform(at) - ax.transData.transform(at)
    return round(float(moved[0]) * 72 / ax.figure.dpi, 2)


# lifetime


def test_both_plans_and_the_saving_are_drawn(stored_fit: bs.ScalingFit) -> None:
    plan = bs.decisions.lifetime_allocation(stored_fit, 3e12, flops=[1e22, 1e21])
    panels = plots.lifetime(plan, prob=0.8)
    web = plan.draws.isel(point=plan.draws["corpus"].values == "web").sortby("optimal_flops")
    for panel, name in zip(panels, ("params", "tokens", "saving"), strict=True):
        cheapest = marked(panel, "cheapest")[1]
        np.testing.assert_allclose(cheapest.get_xdata(), [1e21, 1e22])
        np.testing.assert_allclose(cheapest.get_ydata(), web[name].median(CHAINS))
        drawn = bar_ends(marked(panel, "bars")[1])
        np.testing.assert_allclose(drawn, web[name].quantile([0.1, 0.9], CHAINS).T)
        low, high = panel.get_ylim()
        assert low < drawn.min() < drawn.max() < high
    optimal = marked(panels[0], "compute-optimal")[1]
    np.testing.assert_allclose(optimal.get_ydata(), web["reference_params"].median(CHAINS))
    assert marked(panels[2], "compute-optimal") == []
    for panel in panels:
        marks = [m for name in ("cheapest", "compute-optimal") for m in marked(panel, name)]
        shifts = [aside(panel, mark) for mark in marks]
        assert len(set(shifts)) == len(marks)
        assert sum(shifts) == pytest.approx(0, abs=0.1)
    assert legend_texts(panels[2].get_legend()) == [
        "books",
        "web",
        "cheapest to train\nand serve, 80 % ETI",
        "compute-optimal,\n80 % ETI",
    ]


@pytest.mark.parametrize(
    ("quality", "label"),
    [
        ({"params": 7e9}, "parameters,\ncompute-optimal model of that quality"),
        ({"loss": 2.4}, "target loss (nats per token)"),
    ],
)
def test_one_plan_of_any_quality(
    stored_fit: bs.ScalingFit, quality: dict[str, float], label: str
) -> None:
    panels = plots.lifetime(bs.decisions.lifetime_allocation(stored_fit, 1e12, **quality))
    [asked] = quality.values()
    for panel in panels:
        assert panel.get_xlabel() == label
        low, high = panel.get_xlim()
        assert low < asked < high


def test_a_loss_that_no_draw_reaches_leaves_the_panels_empty(stored_fit: bs.ScalingFit) -> None:
    panels = plots.lifetime(bs.decisions.lifetime_allocation(stored_fit, 1e12, loss=1.0))
    assert np.isnan(marked(panels[0], "cheapest")[0].get_ydata()).all()
    panels[0].figure.canvas.draw()


# isoflop_optima


def valleys(away: float, uphill: bool = False) -> bs.Runs:
    """Seven sizes at two budgets about an optimum; the second one's may have no minimum."""
    rng = np.random.default_rng(3)
    rows = []
    for flops, centre in ((1e19, 3e8 * away), (1e20, 8e8 * away)):
        apart = np.linspace(-1.4, 1.4, 7)
        params = centre * np.exp(apart)
        hill = (apart + 2) ** 2 if uphill and flops > 1e19 else apart**2
        loss = 2.5 + 0.02 * hill + 0.0005 * rng.standard_normal(7)
        rows.append(pd.DataFrame({"params": params, "tokens": flops / 6 / params, "loss": loss}))
    return bs.Runs.from_frame(pd.concat(rows, ignore_index=True))


@pytest.fixture
def through(lone_fit: bs.ScalingFit) -> Callable[[bs.Runs], bs.decisions.IsoflopOptima]:
    """Parabolas through other runs than those of the fit."""
    return lambda runs: bs.decisions.isoflop_optima(replace(lone_fit, runs=runs))


def test_parabolas_lie_over_the_band_of_the_law(
    through: Callable[[bs.Runs], bs.decisions.IsoflopOptima],
) -> None:
    found = through(valleys(1.0))
    ax = plots.isoflop_optima(found, prob=0.8)
    table = found.table(0.8)
    [points], [bars] = marked(ax, "parabolas"), marked(ax, "parabola bars")
    np.testing.assert_allclose(points.get_xdata(), table.index)
    np.testing.assert_allclose(points.get_ydata(), table["parabola", "median"])
    np.testing.assert_allclose(bar_ends(bars), table["parabola"][["lower", "upper"]])
    [(label, band)] = bands(ax).items()
    assert label == "law, 80 % ETI"
    across = band.get_paths()[0].vertices[:, 0]
    assert across.min() < table.index.min() < table.index.max() < across.max()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("compute (FLOP)", "parameters")
    assert "parabola, 80 % confidence" in legend_texts(ax.get_legend())


def test_budgets_that_disagree_are_ringed(
    through: Callable[[bs.Runs], bs.decisions.IsoflopOptima],
) -> None:
    found = through(valleys(20.0))
    apart = (found.verdicts() == "disagrees").to_numpy()
    assert apart.tolist() == [True, False]
    ax = plots.isoflop_optima(found)
    [rings] = marked(ax, "disagrees")
    np.testing.assert_allclose(rings.get_ydata(), found.table()["parabola", "median"][apart])
    assert rings.get_markeredgecolor() == WARNING_COLOUR
    assert "parabola and law disagree" in legend_texts(ax.get_legend())


def test_a_budget_without_a_minimum_is_a_cross(
    through: Callable[[bs.Runs], bs.decisions.IsoflopOptima],
) -> None:
    found = through(valleys(1.0, uphill=True))
    assert found.verdicts().tolist()[1] == "no minimum"
    ax = plots.isoflop_optima(found)
    [cross], [points] = marked(ax, "no minimum"), marked(ax, "parabolas")
    np.testing.assert_allclose(cross.get_xdata(), found.parabolas["flops"][1:])
    assert len(points.get_xdata()) == 1
    assert "no minimum" in legend_texts(ax.get_legend())


# overfitting_threshold


def test_the_threshold_lies_among_the_runs(stored_fit: bs.ScalingFit) -> None:
    found = bs.decisions.overfitting_threshold(stored_fit, [1e10, 1e8], penalty=0.02)
    ax = plots.overfitting_threshold(found, prob=0.8)
    books = found.draws.isel(point=found.draws["corpus"].values == "books").sortby("params")
    expected = books["tokens"].quantile([0.1, 0.9], CHAINS).T
    np.testing.assert_allclose(bar_ends(marked(ax, "threshold bars")[0]), expected)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), books["tokens"].median(CHAINS))
    runs = stored_fit.runs.where(corpus="books")
    drawn = marked(ax, "runs")[0].get_offsets()
    np.testing.assert_allclose(
        drawn, np.column_stack([runs.values("params"), runs.values("tokens")])
    )
    assert ax.get_legend().get_title().get_text() == "excess loss of 0.02,\nas given"
    assert legend_texts(ax.get_legend()) == ["books", "web", "threshold, 80 % ETI", "runs"]
    assert "not converged" in ax.get_title()


def test_a_threshold_without_end_runs_off_the_page(stored_fit: bs.ScalingFit) -> None:
    found = bs.decisions.overfitting_threshold(stored_fit)
    tokens = found.draws["tokens"]
    endless = replace(
        found, draws=found.draws.assign(tokens=tokens.where(tokens.draw > 40, np.inf))
    )
    ax = plots.overfitting_threshold(endless)
    high = ax.get_ylim()[1]
    assert np.isfinite(high)
    assert (bar_ends(marked(ax, "threshold bars")[0])[:, 1] > high).all()
    assert ax.get_legend().get_title().get_text().endswith("the scatter of runs")


def test_given_axes_are_drawn_on(
    stored_fit: bs.ScalingFit, through: Callable[[bs.Runs], bs.decisions.IsoflopOptima]
) -> None:
    _, mine = plt.subplots(1, 3)
    plan = bs.decisions.lifetime_allocation(stored_fit, 1e12, flops=1e21)
    assert list(plots.lifetime(plan, ax=mine)) == list(mine)
    assert plots.isoflop_optima(through(valleys(1.0)), ax=mine[0]) is mine[0]
    found = bs.decisions.overfitting_threshold(stored_fit)
    assert plots.overfitting_threshold(found, ax=mine[1]) is mine[1]

"""isolines and needed: what is drawn is what was computed."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PathCollection

import bayes_scaling as bs
from bayes_scaling import plots
from tests.plots.artists import bands, legend_texts, marked


def test_isoflop_curves_have_a_band_a_budget(lone_fit: bs.ScalingFit) -> None:
    lines = bs.decisions.isoflop_curves(lone_fit, [1e19, 1e21])
    ax = plots.isolines(lines, prob=0.8)
    assert list(bands(ax)) == ["1e19 FLOP", "1e21 FLOP"]
    medians = lines.draws["expected_loss"].median(("chain", "draw")).values
    np.testing.assert_allclose(np.concatenate([line.get_ydata() for line in ax.lines]), medians)
    assert ax.get_xlabel() == "parameters"
    assert "80 % ETI" in ax.get_legend().get_title().get_text()
    assert "not converged" in ax.get_title()


def test_runs_near_a_budget_are_points_of_its_curve(lone_fit: bs.ScalingFit) -> None:
    flops = lone_fit.runs.values("flops")
    ax = plots.isolines(bs.decisions.isoflop_curves(lone_fit, flops[3]))
    [points] = [c for c in ax.collections if isinstance(c, PathCollection)]
    near = np.abs(np.log(flops / flops[3])) < np.log(1.15)
    assert len(points.get_offsets()) == near.sum() >= 1


def test_isoloss_curves_run_off_the_page_where_no_data_suffice(stored_fit: bs.ScalingFit) -> None:
    lines = bs.decisions.isoloss_curves(stored_fit, 2.4)
    ax = plots.isolines(lines)
    assert np.isinf(lines.draws["tokens"]).any()
    assert list(bands(ax)) == ["loss 2.4, books", "loss 2.4, web"]
    assert np.isfinite(ax.get_ylim()).all()
    assert ax.get_ylim()[1] < 1e4 * stored_fit.runs.values("tokens").max()
    assert ax.get_ylabel() == "training tokens"


def test_needed_has_amount_and_probability(stored_fit: bs.ScalingFit) -> None:
    found = bs.needed(stored_fit, np.linspace(1.8, 2.6, 9))
    amount, chance = plots.needed(found, prob=0.8)
    assert list(bands(amount)) == ["flops, books, 80 % ETI", "flops, web, 80 % ETI"]
    share = found.unreachable().xs("web", level="corpus").sort_index()
    np.testing.assert_allclose(chance.lines[1].get_ydata(), share)
    [largest] = marked(amount, "largest run")
    assert largest.get_ydata()[0] == pytest.approx(stored_fit.runs.values("flops").max())
    assert amount.get_yscale() == "log"
    assert amount.get_xlabel() == chance.get_xlabel() == "target loss (nats per token)"
    assert chance.get_ylabel() == "probability that\nnone suffices"
    assert legend_texts(amount.get_legend()) == [
        "books",
        "web",
        "flops needed, 80 % ETI",
        "largest run",
    ]


def test_given_axes_are_drawn_on(lone_fit: bs.ScalingFit) -> None:
    _, mine = plt.subplots(1, 2)
    assert list(plots.needed(bs.needed(lone_fit, [2.2, 2.5]), ax=mine)) == list(mine)
    assert plots.isolines(bs.decisions.isoflop_curves(lone_fit, 1e21), ax=mine[0]) is mine[0]


def test_rivals_have_multiplier_and_probability(stored_fit: bs.ScalingFit) -> None:
    found = bs.compare_levels(stored_fit, "books", "web", np.geomspace(1e19, 1e24, 6))
    times, chance = plots.level_comparison(found, prob=0.8)
    assert list(bands(times)) == ["multiplier, 80 % ETI"]
    np.testing.assert_allclose(chance.lines[0].get_ydata(), found.probability()["books_better"])
    assert "web needs" in times.get_ylabel()
    assert np.isfinite(times.get_ylim()).all()
    for panel in (times, chance):
        [region] = marked(panel, "extrapolated")
        assert region.get_x() == pytest.approx(stored_fit.runs.values("flops").max())


def test_rivals_favouring_the_second_have_a_multiplier_below_one(stored_fit: bs.ScalingFit) -> None:
    found = bs.compare_levels(stored_fit, "web", "books", [1e20, 1e21])
    times, _ = plots.level_comparison(found)
    low, high = times.get_ylim()
    assert low < float(found.draws["multiplier"].median()) < 1 < high

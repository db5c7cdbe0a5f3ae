import arviz as az
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection, PathCollection

import bayes_scaling as bs
from bayes_scaling import plots
from bayes_scaling.errors import BayesScalingError
from tests.plots.artists import bands, legend_texts


def points(ax: Axes) -> dict[str, np.ndarray]:
    found = [c for c in ax.collections if isinstance(c, PathCollection)]
    return {str(scatter.get_label()): np.asarray(scatter.get_offsets()) for scatter in found}


def test_every_run_is_drawn_in_its_group(stored_fit: bs.ScalingFit) -> None:
    ax = plots.fit_curves(stored_fit)
    runs = stored_fit.runs
    drawn = points(ax)
    assert set(drawn) == {f"runs, {level}" for level in runs.levels("corpus")}
    books = runs.where(corpus="books")
    expected = np.column_stack([books.values("flops"), books.values("loss")])
    np.testing.assert_allclose(drawn["runs, books"], expected)


def test_the_band_is_the_loss_of_the_optimal_run(stored_fit: bs.ScalingFit) -> None:
    ax = plots.fit_curves(stored_fit, prob=0.8)
    band = bands(ax)["expected loss if compute-optimal, web, 80 % ETI"]
    flops = stored_fit.runs.where(corpus="web").values("flops")
    low, high = flops.min(), flops.max()
    vertices = band.get_paths()[0].vertices
    table = bs.allocate(stored_fit, [low]).draws["expected_loss"]
    table = table.isel(budget=[str(level) == "web" for level in table["corpus"].values])
    ends = az.eti(table, prob=0.8, dim=["chain", "draw"]).values.ravel()
    at_low = np.isclose(vertices[:, 0], low)
    assert np.isclose(vertices[:, 0].max(), high)
    np.testing.assert_allclose([vertices[at_low, 1].min(), vertices[at_low, 1].max()], ends)


def test_axes_and_legend_say_what_they_show(stored_fit: bs.ScalingFit) -> None:
    ax = plots.fit_curves(stored_fit)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("compute (FLOP)", "loss (nats per token)")
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert legend_texts(ax.get_legend()) == [
        "books",
        "web",
        "expected loss if compute-optimal, 90 % ETI",
        "median at one model size",
    ]


def test_the_kind_of_interval_is_arviz_choice(lone_fit: bs.ScalingFit) -> None:
    with az.rc_context({"stats.ci_kind": "hdi", "stats.ci_prob": 0.5}):
        texts = legend_texts(plots.fit_curves(lone_fit).get_legend())
    assert "expected loss if compute-optimal, 50 % HDI" in texts


def test_runs_without_groups_are_coloured_by_size(lone_fit: bs.ScalingFit) -> None:
    ax = plots.fit_curves(lone_fit)
    [runs] = [c for c in ax.collections if isinstance(c, PathCollection)]
    params = lone_fit.runs.values("params")
    colours = {tuple(colour) for colour in np.asarray(runs.get_facecolors())}
    assert len(colours) == len(np.unique(params))
    assert ax.figure.axes[1].get_ylabel() == "parameters"


def test_a_line_for_each_size_goes_through_its_runs(lone_fit: bs.ScalingFit) -> None:
    ax = plots.fit_curves(lone_fit)
    line = next(line for line in ax.lines if line.get_label() == "median at 50M parameters")
    x, y = line.get_data()
    runs = lone_fit.runs.where(lambda table: np.isclose(table["params"], 5e7))
    assert (x[0], x[-1]) == pytest.approx((runs.values("flops").min(), runs.values("flops").max()))
    expected = lone_fit.expected_loss(params=5e7, flops=x[0]).median()
    assert y[0] == pytest.approx(float(expected))


def test_a_law_of_one_input_is_drawn_against_it(token_fit: bs.ScalingFit) -> None:
    ax = plots.fit_curves(token_fit)
    assert ax.get_xlabel() == "training tokens"
    assert [label.get_text() for label in ax.get_xticklabels()][-1].endswith(("B", "T"))
    np.testing.assert_allclose(points(ax)["runs"][:, 0], token_fit.runs.values("tokens"))
    assert list(bands(ax)) == ["expected loss, 90 % ETI"]


def test_accuracies_have_bands_by_size_and_no_optimum(accuracy_fit: bs.ScalingFit) -> None:
    ax = plots.fit_curves(accuracy_fit)
    assert ax.get_ylabel() == "accuracy"
    texts = legend_texts(ax.get_legend())
    assert texts == ["runs", "expected accuracy, 90 % ETI", "median at one model size"]
    bands_of_sizes = [one for one in ax.collections if isinstance(one, FillBetweenPolyCollection)]
    assert len(bands_of_sizes) == len(ax.lines) > 1


def test_other_laws_are_sent_to_residuals(many_input_fit: bs.ScalingFit) -> None:
    with pytest.raises(BayesScalingError, match=r"function of params, rate.*plots\.residuals"):
        plots.fit_curves(many_input_fit)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("draw", [plots.fit_curves, plots.residuals])
def test_the_axes_given_are_drawn_on(lone_fit: bs.ScalingFit, draw) -> None:
    _, mine = plt.subplots()
    assert draw(lone_fit, ax=mine) is mine
    assert len(plt.get_fignums()) == 1


def test_a_fit_that_has_not_converged_says_so(stored_fit: bs.ScalingFit) -> None:
    assert stored_fit.diagnostics.problems
    title = plots.fit_curves(stored_fit).get_title()
    assert "not converged" in title
    assert stored_fit.diagnostics.problems[0] in title.replace("\n", " ")


@pytest.mark.usefixtures("converged")
def test_a_fit_that_has_converged_has_a_plain_title(stored_fit: bs.ScalingFit) -> None:
    assert plots.fit_curves(stored_fit).get_title() == "Chinchilla fitted to 36 runs"


def test_nothing_global_changes(lone_fit: bs.ScalingFit) -> None:
    before = dict(plt.rcParams)
    plots.fit_curves(lone_fit)
    assert dict(plt.rcParams) == before


def test_no_mark_vanishes_on_a_dark_page(lone_fit: bs.ScalingFit) -> None:
    with plt.style.context("dark_background"):
        ax = plots.fit_curves(lone_fit)
        page = np.asarray(plt.matplotlib.colors.to_rgb(ax.get_facecolor()))
    [band] = bands(ax).values()
    assert np.abs(np.asarray(band.get_facecolor())[0, :3] - page).max() > 0.5
    assert all(
        np.abs(np.asarray(plt.matplotlib.colors.to_rgb(line.get_color())) - page).max() > 0.3
        for line in ax.lines
    )

from collections.abc import Callable

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling import plots


def test_residuals_are_relative_to_the_median_expected_loss(stored_fit: bs.ScalingFit) -> None:
    ax = plots.residuals(stored_fit)
    books = stored_fit.runs.where(corpus="books")
    at = books.table[["params", "tokens", "corpus"]].reset_index(drop=True)
    expected = stored_fit.expected_loss(at=at).median(("chain", "draw")).values
    [drawn] = [c for c in ax.collections if c.get_label() == "runs, books"]
    percent = 100 * (books.values("loss") / expected - 1)
    np.testing.assert_allclose(drawn.get_offsets()[:, 1], percent)
    assert ax.get_ylabel() == "observed loss relative to expected (%)"


def test_the_band_is_the_scatter_alone_and_even(lone_fit: bs.ScalingFit) -> None:
    ax = plots.residuals(lone_fit, prob=0.8)
    [band] = [c for c in ax.collections if c.get_label() == "scatter of a run, 80 % ETI"]
    y = band.get_paths()[0].vertices[:, 1]
    assert np.ptp(y[y > 0]) == pytest.approx(0, abs=1e-9)
    assert y.min() < 0 < y.max() < 5


def test_any_input_can_be_drawn_against(lone_fit: bs.ScalingFit) -> None:
    ax = plots.residuals(lone_fit, against="tokens_per_param")
    assert ax.get_xlabel() == "tokens per parameter"


def test_it_works_for_laws_of_any_inputs(many_input_fit: bs.ScalingFit) -> None:
    ax = plots.residuals(many_input_fit, against="rate")
    [runs] = [c for c in ax.collections if c.get_label() == "runs"]
    np.testing.assert_allclose(runs.get_offsets()[:, 0], many_input_fit.runs.values("rate"))
    assert ax.get_xlabel() == "rate"


def test_the_band_of_repeated_runs_is_that_of_a_new_configuration(
    prior_fit: Callable[..., bs.ScalingFit], sweep: bs.Runs
) -> None:
    """Scatter between configurations and between seeds, whatever replicates were observed."""
    noise = bs.noise.LogNormal(sd=bs.Prior.fixed_at(0.03), seeds=bs.Prior.fixed_at(0.04))
    runs = bs.Runs.from_frame(sweep.table.loc[sweep.table.index.repeat(2)].reset_index(drop=True))
    fit = prior_fit(bs.ScalingModel("chinchilla", noise=noise), runs, draws=1000)
    ax = plots.residuals(fit, prob=0.6827)
    [band] = [c for c in ax.collections if str(c.get_label()).startswith("scatter")]
    ends = np.log1p(band.get_paths()[0].vertices[:, 1] / 100)
    # The ends are one standard deviation of 0.05 off; of 2000 draws they are known to 2 %.
    np.testing.assert_allclose(np.abs(ends), 0.05, rtol=0.08)

"""Forecasts of curves: what they say of schedules, without sampling."""

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling import schedules
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.schedules.curve_model import CurveModel

type Fitted = Callable[..., schedules.CurveFit]


def test_without_misses_the_run_is_the_law(
    near_published: Fitted, paper_schedules: Mapping[str, np.ndarray]
) -> None:
    fit = near_published(gain_miss_sd=0.0, wander_sd=0.0, noise_sd=0.0)
    rates = paper_schedules["wsd_20000_24000"]
    found = schedules.forecast(fit, {"wsd": rates}, steps=[5000, 23_999])
    np.testing.assert_allclose(found.draws["loss"], found.draws["expected_loss"])
    theta = {name: float(fit.posterior[name][1, 7]) for name in fit.law.priors}
    expected = fit.law.loss(rates, theta, [5000, 23_999])
    np.testing.assert_allclose(found.draws["loss"][1, 7], expected)


def test_the_table_has_a_row_for_each_step_and_the_end_one_for_each_schedule(
    near_published: Fitted, paper_schedules: Mapping[str, np.ndarray]
) -> None:
    asked = {name: paper_schedules[name] for name in ("cosine_24000", "constant_24000")}
    found = schedules.forecast(near_published(), asked)
    table = found.table(prob=0.9)
    assert table.index.names == ["schedule", "step"]
    assert len(table) == 120
    assert table.attrs["ci_prob"] == 0.9
    assert (table["loss", "lower"] <= table["loss", "median"]).all()
    final = found.final(prob=0.9)
    assert final.attrs == table.attrs
    assert list(final.index) == [(name, 23_999) for name in asked]
    assert final["best", ""].tolist() == [1.0, 0.0]  # A cosine gains 4 %, misses are of 0.4 %.
    apart = found.difference("cosine_24000", "constant_24000")
    assert apart["probability"] == 1.0
    assert apart["lower"] < apart["median"] < apart["upper"] < 0
    assert "cosine_24000" in repr(found)
    assert "cosine_24000" in found._repr_html_()


def test_new_runs_are_less_sure_where_more_is_gained_and_beyond_the_longest_curve(
    near_published: Fitted, paper_schedules: Mapping[str, np.ndarray]
) -> None:
    names = ("constant_24000", "wsdcon_18", "cosine_24000", "cosine_72000")
    asked = {name: paper_schedules[name] for name in names}
    end = schedules.forecast(near_published(), asked).final(prob=0.9)
    width = (end["loss", "upper"] - end["loss", "lower"]).to_numpy()
    assert (np.diff(width) > 0).all()


def test_decaying_now_makes_checkpoints_finished_runs(
    near_published: Fitted, paper_schedules: Mapping[str, np.ndarray]
) -> None:
    fit, run = near_published(), paper_schedules["constant_24000"]
    at = [6000, 12_000, 20_000]
    found = schedules.decay_now(fit, run, at, over=0.1)
    assert found.draws["checkpoint"].to_numpy().tolist() == at
    assert found.draws["step"].to_numpy().tolist() == [6599, 13_199, 21_999]
    undecayed = schedules.forecast(fit, {"run": run}, steps=at)
    gained = found.draws["loss"].to_numpy() < undecayed.draws["expected_loss"].to_numpy()
    assert gained.mean() > 0.95
    longer = found.draws["expected_loss"].diff("point") < 0
    assert longer.all()
    # Their errors go together, so that a law of the checkpoints is not moved by each alone.
    ratio = np.log(found.draws["loss"] / found.draws["expected_loss"])
    together = np.corrcoef(ratio.to_numpy().reshape(-1, len(at)).T)
    assert together.min() > 0.9
    exact = schedules.decay_now(fit, run, [6000], over=100)
    assert exact.draws["step"].item() == 6099


def test_what_was_not_forecast_cannot_be_compared(
    near_published: Fitted, paper_schedules: Mapping[str, np.ndarray]
) -> None:
    found = schedules.forecast(near_published(), {"a": paper_schedules["wsdcon_3"]}, steps=[9000])
    with pytest.raises(RunsError, match="No schedule 'b' was forecast"):
        found.difference("b", "a")
    with pytest.raises(RunsError, match=r"to step 9000 of \d+, so its final loss is not known"):
        found.difference("a", "a")
    with pytest.raises(RunsError, match="none of those asked for"):
        schedules.forecast(near_published(), {"a": np.ones(10)}, steps=[10])


def test_priors_must_be_of_a_parameter() -> None:
    with pytest.raises(ModelError, match="Priors of delta"):
        CurveModel(schedules.MultiPower(), {"delta": bs.Prior.between(1, 2)})


def test_a_fit_without_any_decay_says_so(near_published: Fitted) -> None:
    fit = near_published()
    assert not any("decay gains" in note for note in fit.notes)
    law, flat = schedules.MultiPower(), {"a": schedules.constant(3e-4, 5000, 500)}
    curves = schedules.simulate(law, law.published["25M"], flat)
    alone = schedules.CurveFit(fit.model, curves, fit.posterior, fit.sample_stats, fit.settings)
    assert "what a decay gains is the prior's" in alone.notes[-1]
    assert "what a decay gains" in repr(alone)


def test_the_plot_draws_a_band_for_each_schedule_and_the_fitted_curves(
    near_published: Fitted, paper_schedules: Mapping[str, np.ndarray], simulated: schedules.Curves
) -> None:
    asked = {name: paper_schedules[name] for name in ("cosine_24000", "wsdcon_3")}
    found = schedules.forecast(near_published(), asked)
    ax = bs.plots.loss_curves(found, observed=simulated, prob=0.8)
    assert [line.get_label() for line in ax.lines if len(line.get_xdata())] != []
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["cosine_24000", "wsdcon_3", "a new run, 80 % ETI", "fitted curves"]
    # Two bands, three fitted curves, and the observed one of a schedule that was forecast.
    assert len(ax.collections) == 2 + 3 + 1
    medians = found.draws["loss"].median(("chain", "draw")).to_numpy()
    np.testing.assert_allclose(np.concatenate([line.get_ydata() for line in ax.lines]), medians)
    plt.close("all")

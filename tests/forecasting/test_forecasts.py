"""Forecasts: draws, tables and probabilities, on a stored posterior."""

from collections.abc import Callable
from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError, RunsError
from bayes_scaling.model.nodes import Placement

PARAMS, TOKENS = 7e10, 1.4e12


@pytest.fixture(scope="module")
def forecast(stored_fit: bs.ScalingFit) -> bs.Forecast:
    return bs.forecast(stored_fit, [1e9, PARAMS], TOKENS)


def test_expected_loss_of_the_law_alone_is_the_formula_draw_by_draw(
    law_alone: bs.ScalingFit,
) -> None:
    draws = bs.forecast(law_alone, [1e9, PARAMS], TOKENS).draws
    assert draws["expected_loss"].dims == ("chain", "draw", "point")
    assert draws["corpus"].values.tolist() == ["books", "web"] * 2
    for point in range(4):
        theta = law_alone.posterior.sel(corpus=draws["corpus"].values[point])
        paper = {name: theta[name] for name in law_alone.model.parameters}
        at = {name: float(draws[name][point]) for name in ("params", "tokens")}
        expected = bs.laws.Chinchilla.loss(**at, **paper)
        np.testing.assert_allclose(draws["expected_loss"].isel(point=point), expected, rtol=1e-12)
    assert (draws["miss"] == 0).all()


def test_expected_loss_of_the_surface_is_the_formula_draw_by_draw(
    stored_fit: bs.ScalingFit,
) -> None:
    """``E + R exp(delta)`` inside the runs, with delta from its values at nodes as one would."""
    fit, at = stored_fit, {"params": 3e8, "tokens": 1e10}
    draws = fit.posterior.sel(corpus="web")
    found = Placement.of(fit.model.law, fit.runs)
    place = (np.log10([at["params"] * at["tokens"]]), np.log10([at["tokens"] / at["params"]]))
    basis = xr.DataArray(found.basis(*place)[0], dims="node")
    own = xr.DataArray(found.level_basis(*place)[0], dims="level_node")
    delta = draws["delta_sd"] * (draws["delta_z"] @ basis)
    delta = delta + draws["delta_sd_corpus"] * (draws["delta_z_corpus"] @ own)
    law = bs.laws.Chinchilla.loss(**at, **{name: draws[name] for name in fit.model.parameters})
    expected = draws["E"] + (law - draws["E"]) * np.exp(delta)
    forecast = bs.forecast(fit, at=pd.DataFrame({**at, "corpus": ["web"]}))
    np.testing.assert_allclose(
        forecast.draws["expected_loss"].isel(point=0), expected.transpose("chain", "draw"), 1e-7
    )
    assert float(abs(expected / law - 1).max()) > 1e-3


def test_miss_is_nothing_inside_the_runs_and_widens_beyond_them(stored_fit: bs.ScalingFit) -> None:
    at = pd.DataFrame({"params": [1e8, 1e9, 1e11], "tokens": [1e10, 2e10, 1e13]})
    forecast = bs.forecast(stored_fit, at=at.assign(corpus="web"))
    miss = abs(forecast.draws["miss"])
    assert (miss.isel(point=[0, 1]) == 0).all()
    assert (miss.isel(point=2) > 0).mean() > 0.99
    share = forecast.miss_share(0.9).to_numpy()
    assert ((share >= 0) & (share <= 1)).all()
    assert share[:2].tolist() == [0, 0]
    assert share[2] > 0.01
    np.testing.assert_array_equal(forecast.table(0.9)["miss_share"], share)


def test_points_are_measured_from_the_largest_run_of_their_level(stored_fit: bs.ScalingFit) -> None:
    table = stored_fit.runs.table
    largest = (table["params"] * table["tokens"]).groupby(table["corpus"]).max()
    at = pd.DataFrame({"params": 1e11, "tokens": 1e13, "corpus": list(largest.index)})
    forecast = bs.forecast(stored_fit, at=at)
    times = forecast.times_largest_run()
    np.testing.assert_allclose(times, 1e24 / largest.to_numpy(), rtol=1e-4)
    np.testing.assert_array_equal(forecast.table()["times_largest_run"], times)


def test_the_fit_gives_the_same_expected_loss(
    forecast: bs.Forecast, stored_fit: bs.ScalingFit
) -> None:
    of_fit = stored_fit.expected_loss(params=[1e9, PARAMS], tokens=TOKENS)
    assert of_fit.name == "expected_loss"
    xr.testing.assert_identical(of_fit, forecast.draws["expected_loss"])


def test_a_new_run_scatters_about_the_expected_loss(forecast: bs.Forecast) -> None:
    draws = forecast.draws
    scatter = np.log(draws["loss"] / draws["expected_loss"]) / forecast.fit.posterior["noise_sd"]
    # A Student-t of few degrees of freedom has half of its mass within 0.74 scales of zero, and
    # with 1600 draws the standard error of a probability is 0.0125.
    assert float((scatter > 0).mean()) == pytest.approx(0.5, abs=0.05)
    assert float((abs(scatter) < 0.74).mean()) == pytest.approx(0.5, abs=0.05)
    table = forecast.table()
    width = {
        name: table[name, "upper"] - table[name, "lower"] for name in ("expected_loss", "loss")
    }
    # Ends of the farther point are less certain, from these draws, than the scatter adds to them.
    nearer = width["loss"].index.get_level_values("params") == 1e9
    assert (width["loss"] > width["expected_loss"])[nearer].all()


def test_the_seed_is_that_of_the_fit_unless_given(stored_fit: bs.ScalingFit) -> None:
    first, again, other = (
        bs.forecast(stored_fit, PARAMS, TOKENS, seed=seed).draws["loss"]
        for seed in (None, stored_fit.settings.seed, 99)
    )
    xr.testing.assert_identical(first, again)
    assert not first.equals(other)


@pytest.mark.parametrize("prob", [None, 0.5, 0.95])
def test_table_has_median_and_interval_of_both_losses(
    prob: float | None, forecast: bs.Forecast
) -> None:
    table = forecast.table(prob)
    expected = [(v, c) for v in ("expected_loss", "loss") for c in ("median", "lower", "upper")]
    assert list(table)[:6] == expected
    assert table.attrs["ci_kind"] == "eti"
    chosen = 0.9 if prob is None else prob
    assert table.attrs["ci_prob"] == chosen
    assert table.attrs["notes"] == forecast.fit.notes
    draws = forecast.draws["loss"]
    tail = (1 - chosen) / 2
    np.testing.assert_allclose(table["loss", "median"], draws.median(("chain", "draw")))
    np.testing.assert_allclose(
        table["loss", "lower"], draws.quantile(tail, ("chain", "draw")), rtol=1e-3
    )
    assert list(table.index.names) == ["params", "tokens", "flops", "corpus"]
    assert table.index[0][0] == 1e9


def test_table_follows_the_kind_of_interval_of_arviz(forecast: bs.Forecast) -> None:
    with az.rc_context({"stats.ci_kind": "hdi", "stats.ci_prob": 0.8}):
        table = forecast.table()
    assert (table.attrs["ci_kind"], table.attrs["ci_prob"]) == ("hdi", 0.8)
    narrower = table["loss", "upper"] - table["loss", "lower"]
    equal = forecast.table(0.8)
    # Of 400 draws the narrowest interval is estimated to a few per cent.
    assert (narrower <= 1.03 * (equal["loss", "upper"] - equal["loss", "lower"])).all()


def test_tables_print_and_say_what_they_hold(forecast: bs.Forecast) -> None:
    assert "Forecast" in repr(forecast)
    assert "books" in repr(forecast)
    assert "<table" in forecast._repr_html_()
    for note in forecast.notes:
        assert note in repr(forecast)


def test_accuracies_are_called_so_where_they_are_read(accuracy_fit: bs.ScalingFit) -> None:
    made = bs.forecast(accuracy_fit, 7e10, 1.4e12)
    for shown in (repr(made), made._repr_html_()):
        assert "expected_accuracy" in shown
        assert "loss" not in shown
    assert ("loss", "median") in made.table().columns


def test_the_table_prints_all_of_its_columns_within_a_line(forecast: bs.Forecast) -> None:
    shown = repr(forecast.table())
    assert "..." not in shown
    assert "miss_share" in shown
    # Inputs and the diagnosis, which is a sentence, are the longest line.
    assert max(map(len, shown.splitlines())) <= 125


@pytest.mark.parametrize("prob", [0.0, 1.0, 90])
def test_a_probability_that_is_none_is_refused(prob: float, forecast: bs.Forecast) -> None:
    with pytest.raises(ValueError, match=f"prob={float(prob)} is not the probability.*0.9 for"):
        forecast.table(prob)


def test_probability_below_counts_draws(forecast: bs.Forecast) -> None:
    target = float(forecast.draws["expected_loss"].isel(point=2).median())
    table = forecast.probability_below(target)
    assert table["expected_loss"].iloc[2] == pytest.approx(0.5, abs=0.005)
    assert table["target"].tolist() == [target] * 4
    expected = (forecast.draws["loss"] < target).mean(("chain", "draw"))
    np.testing.assert_allclose(table["loss"], expected)
    # A smaller model on the same tokens is worse, and 'web' is the harder corpus.
    assert table["expected_loss"].iloc[0] == 0
    assert table["expected_loss"].iloc[3] == 0
    assert (forecast.probability_below(0.1)[["expected_loss", "loss"]] == 0).all(axis=None)
    assert (forecast.probability_below(9.9)[["expected_loss", "loss"]] == 1).all(axis=None)


def test_probability_below_takes_a_target_for_each_point(forecast: bs.Forecast) -> None:
    medians = forecast.draws["expected_loss"].median(("chain", "draw")).values
    table = forecast.probability_below(medians)
    assert table["expected_loss"].tolist() == pytest.approx([0.5] * 4, abs=0.005)
    with pytest.raises(RunsError, match=r"3 targets for 4 points.*one for each point"):
        forecast.probability_below([1.0, 2.0, 3.0])


def at(*corpora: str) -> pd.DataFrame:
    return pd.DataFrame({"params": PARAMS, "tokens": TOKENS, "corpus": list(corpora)})


def test_a_new_level_is_an_error_by_default(stored_fit: bs.ScalingFit) -> None:
    with pytest.raises(RunsError, match="corpus='wiki' was not fitted; the fit has books, web"):
        bs.forecast(stored_fit, at=at("web", "wiki"))


def test_a_new_level_is_typical_on_request(
    law_alone: bs.ScalingFit, stored_fit: bs.ScalingFit
) -> None:
    fc = bs.forecast(law_alone, at=at("web", "wiki"), new_levels="typical")
    draws = law_alone.posterior
    theta = {name: draws[f"{name}_typical"] for name in "EAB"}
    expected = bs.laws.Chinchilla.loss(
        PARAMS, TOKENS, **theta, alpha=draws["alpha"], beta=draws["beta"]
    )
    np.testing.assert_allclose(fc.draws["expected_loss"].isel(point=1), expected, rtol=1e-12)
    # What is a level's own beside the parameters is nothing for a typical one.
    draws = stored_fit.posterior
    own = ("miss_corpus", "delta_z_corpus")
    none = draws.assign({name: xr.zeros_like(draws[name]) for name in own})
    for name in "EAB":
        none[f"{name}_ref"] = xr.zeros_like(none[f"{name}_ref"]) + none[f"{name}_typical_ref"]
    of_typical = bs.forecast(replace(stored_fit, posterior=none), at=at("web")).draws
    found = bs.forecast(stored_fit, at=at("web", "wiki"), new_levels="typical").draws
    np.testing.assert_allclose(
        found["expected_loss"].isel(point=1), of_typical["expected_loss"].isel(point=0), rtol=1e-9
    )


def test_a_new_level_drawn_is_wider_and_one_draw_for_all_its_points(
    stored_fit: bs.ScalingFit,
) -> None:
    fc = bs.forecast(stored_fit, at=at("web", "wiki", "wiki"), new_levels="draw")
    expected = fc.draws["expected_loss"]
    np.testing.assert_array_equal(expected.isel(point=1), expected.isel(point=2))
    spread = np.log(expected).std(("chain", "draw")).values
    assert spread[1] > 2 * spread[0]
    known = bs.forecast(stored_fit, at=at("web"))
    np.testing.assert_allclose(
        expected.isel(point=0), known.draws["expected_loss"].isel(point=0), rtol=1e-12
    )


def test_forecast_asks_for_what_the_law_reads(stored_fit: bs.ScalingFit) -> None:
    with pytest.raises(RunsError, match="No value for params, tokens"):
        bs.forecast(stored_fit)
    with pytest.raises(RunsError, match="No value for tokens"):
        bs.forecast(stored_fit, PARAMS)


def test_every_table_says_that_the_fit_has_not_converged(forecast: bs.Forecast) -> None:
    """The stored fit has too few draws: 400 in all, where 400 effective ones are wanted."""
    assert "not converged" in forecast.fit.diagnostics.diagnosis
    for table in (forecast.table(), forecast.probability_below(2.0)):
        last = table.iloc[:, -1]
        assert (last == forecast.fit.diagnostics.diagnosis).all()
    assert any("not converged" in note for note in forecast.notes)


def test_runs_of_one_forecast_scatter_independently(stored_fit: bs.ScalingFit) -> None:
    """Two sizes of next to one loss: which run comes out lower is chance."""
    loss = bs.forecast(stored_fit, [1e9, 1.001e9], TOKENS).draws["loss"]
    web = loss.isel(point=loss["corpus"].values == "web")
    lower = float((web[..., 1] < web[..., 0]).mean())
    # Of 400 draws a half is found within .075, three standard errors.
    assert lower == pytest.approx(0.5, abs=0.075)


@pytest.mark.parametrize("ask", [bs.forecast, bs.allocate, bs.needed, bs.assess])
@pytest.mark.parametrize("given", ["fit.nc", pd.DataFrame({"loss": [3.0]})])
def test_what_is_no_fit_is_refused_in_words(ask: Callable[..., object], given: object) -> None:
    with pytest.raises(BayesScalingError, match=r"fit is of type (str|DataFrame).*load_fit"):
        ask(given, 1e22)

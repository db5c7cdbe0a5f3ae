"""Scatter with a one-sided excess: its information, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import integrate, stats

import bayes_scaling as bs
from bayes_scaling.decisions.next_runs.preposterior import noise_variance
from bayes_scaling.decisions.recipes import ladder_model
from bayes_scaling.errors import ModelError
from bayes_scaling.model.points import points
from bayes_scaling.noise.scales import EX_GAUSSIAN
from bayes_scaling.reporting.sections.describing import likelihood, likelihood_formula

UNEVEN = {"noise_sd": 0.003, "noise_skew": 6.0}
TARGET = {"params": 7e9, "tokens": 1.4e11}


@pytest.mark.parametrize("skew", [0.05, 0.3, 1.0, 3.0, 10.0, 50.0])
def test_it_is_as_informative_as_a_normal_of_that_variance(skew: float) -> None:
    standard, step = stats.exponnorm(skew), 1e-4

    def information(x: float) -> float:
        slope = (standard.logpdf(x + step) - standard.logpdf(x - step)) / (2 * step)
        return float(slope**2 * standard.pdf(x))

    exact = integrate.quad(information, -8, 8 + 30 * skew, points=[0, 1, skew], limit=500)[0]
    assert EX_GAUSSIAN.informative({"noise_skew": skew}) == pytest.approx(1 / exact, rel=0.12)


def test_excess_is_upwards_and_of_its_mean() -> None:
    noise = bs.noise.LogExGaussian()
    theta = {name: xr.DataArray(value) for name, value in UNEVEN.items()}
    expected = xr.DataArray(np.full(40_000, 2.5), dims="draw")
    above = np.log(noise.draw(expected, theta, np.random.default_rng(1)) / 2.5)
    # 40 000 draws with a standard deviation of .018: the standard error is 9e-5.
    assert float(above.mean()) == pytest.approx(6 * 0.003, abs=4e-4)
    assert float((above < -0.01).mean()) < 1e-3
    assert float((above > 0.01).mean()) > 0.5


def test_excess_changes_with_the_input_as_the_symmetric_part_does() -> None:
    noise = bs.noise.LogExGaussian(by="flops")
    theta = {name: xr.DataArray(value) for name, value in UNEVEN.items()}
    theta["noise_slope"] = xr.DataArray(-0.5)
    expected = xr.DataArray(np.full((20_000, 2), 3.0), dims=("draw", "point"))
    columns = {"flops": xr.DataArray([1.0, 100.0], dims="point")}
    above = np.log(noise.draw(expected, theta, np.random.default_rng(5), columns) / 3.0)
    np.testing.assert_allclose(above.mean("draw"), [0.018, 0.0018], rtol=0.05)


def test_a_scatter_between_seeds_is_refused() -> None:
    with pytest.raises(ModelError, match=r"seeds=Prior.*no simple density.*Leave seeds out"):
        bs.noise.LogExGaussian(seeds=bs.Prior.between(0.001, 0.05))
    with pytest.raises(ModelError, match="noise_skew"):
        bs.noise.LogExGaussian(skew=bs.Prior.normal(0.0, 1.0))


@pytest.fixture
def fit(prior_fit, sweep) -> bs.ScalingFit:  # type: ignore[no-untyped-def]
    return prior_fit(bs.ScalingModel("chinchilla", noise=bs.noise.LogExGaussian()), sweep())


def test_it_is_described_saved_and_scored(fit: bs.ScalingFit, tmp_path) -> None:  # type: ignore[no-untyped-def]
    described = fit.model.describe(fit.runs)
    assert described.loc["noise_skew", "lower"] == pytest.approx(0.1)
    assert "noise_skew" in fit.summary().index
    fit.save(tmp_path / "fit.nc")
    again = bs.load_fit(tmp_path / "fit.nc")
    assert again.model == fit.model
    xr.testing.assert_allclose(
        again.tree["log_likelihood"]["loss"], fit.tree["log_likelihood"]["loss"]
    )


def test_reports_say_what_it_is(fit: bs.ScalingFit) -> None:
    assert "mean of the excess over sigma, noise_skew" in likelihood(fit)
    assert r"\mathrm{Exponential}" in likelihood_formula(fit.model.noise)  # type: ignore[arg-type]


def test_a_next_run_measures_less_where_the_excess_is_long(fit: bs.ScalingFit) -> None:
    where = points(fit.model, fit.runs, **TARGET)
    expected = fit.expected_at(where)
    symmetric = float((fit.posterior["noise_sd"] ** 2).mean())
    assert float(noise_variance(fit, where, expected).item()) > symmetric


def test_ladders_of_two_recipes_may_have_it(prior_fit) -> None:  # type: ignore[no-untyped-def]
    params = np.tile(5e7 * 2.0 ** np.arange(4), 2)
    table = pd.DataFrame({"params": params, "tokens": 20 * params})
    table["loss"] = 1.8 + 20 * params**-0.17
    table["recipe"] = np.repeat(["new", "base"], 4)
    runs = bs.Runs.from_frame(table, factors=["recipe"])
    model = ladder_model("recipe", noise=bs.noise.LogExGaussian())
    found = bs.compare_levels(prior_fit(model, runs), "new", "base", runs.values("flops").max())
    assert np.isfinite(found.table(0.9)["multiplier"]).to_numpy().all()

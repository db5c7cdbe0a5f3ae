"""Noise on other scales than the logarithm, that changes with an input, or has two levels."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.model.inputs import noise_columns

PARAMETERS = {"noise_sd": 0.05, "noise_df": 4.0, "noise_slope": -0.3, "noise_seed_sd": 0.02}


class Level(bs.Law):
    """A response that grows from a floor with the logarithm of its input."""

    inputs = ("params",)
    priors = {  # noqa: RUF012 - as a user types it
        "floor": bs.Prior.beta(4.0, 8.0),
        "rise": bs.Prior.between(0.01, 0.05),
    }
    responses = ("loss", "accuracy", "metric")

    @staticmethod
    def loss(params, floor, rise):  # type: ignore[no-untyped-def]
        return floor + rise * bs.ops.log(1 + params)


def table(seeds: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    params = np.repeat(np.geomspace(1e7, 1e10, 8), seeds)
    response = 0.3 + 0.04 * np.log(params / 1e7) + 0.01 * rng.standard_normal(params.size)
    return pd.DataFrame({"params": params, "score": response, "n_items": 200.0})


def runs(response: str = "accuracy", seeds: int = 1) -> bs.Runs:
    return bs.Runs.from_frame(table(seeds), loss="score", response=response, inputs=("n_items",))


def theta_of(noise: bs.noise.Noise) -> dict[str, xr.DataArray]:
    return {name: xr.DataArray(PARAMETERS[name]) for name in noise.priors}


ACCURACY = [
    bs.noise.Normal(),
    bs.noise.StudentT(),
    bs.noise.StudentT(by="params"),
    bs.noise.Normal(seeds=bs.Prior.between(0.001, 0.05)),
    bs.noise.LogitNormal(),
    bs.noise.LogitNormal(by="params", seeds=bs.Prior.between(0.001, 0.05)),
    bs.noise.Binomial(),
]


@pytest.mark.parametrize("noise", ACCURACY, ids=repr)
def test_density_is_that_of_the_pymc_model(
    noise: bs.noise.Noise,
    prior_fit: Callable[..., bs.ScalingFit],
    pymc_log_likelihood: Callable[..., xr.Dataset],
) -> None:
    """The model scatters on the noise's scale; ours has the Jacobian of that scale more."""
    data = runs(seeds=2)
    model = bs.ScalingModel(Level, noise=noise)
    fit = prior_fit(model, data, draws=5)
    theirs = pymc_log_likelihood(fit)["response"].values
    accuracy = data.values("loss")
    jacobian = {"LogitNormal": -np.log(accuracy * (1 - accuracy)), "Binomial": np.log(200.0)}
    theirs = theirs + jacobian.get(type(noise).__name__, 0.0)
    ours = fit.tree["log_likelihood"]["loss"].transpose("chain", "draw", "run")
    np.testing.assert_allclose(ours, theirs, rtol=1e-7)


@pytest.mark.parametrize(
    "noise", [bs.noise.Normal(), bs.noise.StudentT(), bs.noise.LogitNormal()], ids=repr
)
def test_density_integrates_to_one_over_the_response(noise: bs.noise.Noise) -> None:
    grid = xr.DataArray(np.linspace(1e-6, 1 - 1e-6, 200_001), dims="point")
    density = np.exp(noise.log_density(grid, xr.DataArray(0.5), theta_of(noise)))
    # A Student-t with four degrees has 0.06 % beyond ten standard deviations.
    assert np.trapezoid(density.values, grid.values) == pytest.approx(1.0, abs=1e-3)


def test_draws_of_a_count_scatter_as_items_and_runs_do() -> None:
    noise = bs.noise.Binomial(items="n")
    expected = xr.DataArray(np.full((2, 20_000), 0.4), dims=("chain", "draw"))
    theta = {"noise_concentration": xr.DataArray(300.0)}
    drawn = noise.draw(expected, theta, np.random.default_rng(1), {"n": xr.DataArray(100.0)})
    exact = stats.betabinom(100, 120.0, 180.0)
    assert set(np.unique(drawn * 100 % 1).round(9)) <= {0.0, 1.0}
    # 40 000 draws: the standard error of the standard deviation is 0.4 %.
    assert float(drawn.std()) == pytest.approx(exact.std() / 100, rel=0.02)
    assert float(drawn.mean()) == pytest.approx(0.4, abs=0.002)


def test_scatter_changes_with_its_input() -> None:
    noise = bs.noise.LogNormal(by="flops")
    theta = {"noise_sd": xr.DataArray(0.02), "noise_slope": xr.DataArray(-0.5)}
    expected = xr.DataArray(np.full((20_000, 2), 3.0), dims=("draw", "point"))
    columns = {"flops": xr.DataArray([1.0, 100.0], dims="point")}
    drawn = np.log(noise.draw(expected, theta, np.random.default_rng(5), columns))
    # 20 000 draws: the standard error of a standard deviation is 0.5 %.
    np.testing.assert_allclose(drawn.std("draw"), [0.02, 0.002], rtol=0.03)


def test_replicates_have_the_density_of_a_multivariate_normal() -> None:
    """Three seeds of each configuration share its deviation: covariance u + e within, u across."""
    noise = bs.noise.LogNormal(seeds=bs.Prior.between(0.001, 0.05))
    data = bs.Runs.from_frame(table(seeds=3), loss="score")
    columns = {
        name: xr.DataArray(values, dims="run")
        for name, values in noise_columns(noise, data).items()
    }
    theta = {"noise_sd": xr.DataArray(0.05), "noise_seed_sd": xr.DataArray(0.02)}
    response = data.values("loss") / data.reference["loss"]
    expected = np.full_like(response, 0.9)
    ours = noise.log_density(
        xr.DataArray(response, dims="run"), xr.DataArray(expected, dims="run"), theta, columns
    )
    covariance = 0.05**2 + 0.02**2 * np.eye(3)
    groups = np.log(response).reshape(-1, 3)
    exact = stats.multivariate_normal(np.log(np.full(3, 0.9)), covariance).logpdf(groups).sum()
    assert float((ours + np.log(response)).sum()) == pytest.approx(exact, rel=1e-9)


def test_a_new_run_scatters_between_configurations_and_between_seeds(
    prior_fit: Callable[..., bs.ScalingFit],
) -> None:
    noise = bs.noise.LogNormal(sd=bs.Prior.fixed_at(0.03), seeds=bs.Prior.fixed_at(0.04))
    data = bs.Runs.from_frame(table(seeds=2), loss="score")
    fit = prior_fit(bs.ScalingModel(Level, noise=noise), data, draws=4000)
    forecast = bs.forecast(fit, params=1e11, seed=1)
    scatter = np.log(forecast.draws["loss"] / forecast.draws["expected_loss"])
    # 8 000 draws: the standard error of a standard deviation is 0.8 %.
    assert float(scatter.std()) == pytest.approx(0.05, rel=0.04)


def test_replicates_are_no_input_of_a_forecast(prior_fit: Callable[..., bs.ScalingFit]) -> None:
    noise = bs.noise.LogNormal(seeds=bs.Prior.between(0.001, 0.05))
    data = bs.Runs.from_frame(table(seeds=2), loss="score")
    fit = prior_fit(bs.ScalingModel(Level, noise=noise), data)
    forecast = bs.forecast(fit, params=1e11)
    assert forecast.table().index.names == ["params"]
    assert bs.assess(fit, forecast, progress=False).checks
    ax = bs.plots.forecast_fan(forecast)
    assert [line for line in ax.lines if str(line.get_label()).startswith("a new run")]


def test_raw_noise_is_in_the_unit_of_the_response(prior_fit: Callable[..., bs.ScalingFit]) -> None:
    data = bs.Runs.from_frame(table().assign(score=lambda t: 40 * t["score"]), loss="score")
    fit = prior_fit(bs.ScalingModel(Level, noise=bs.noise.Normal()), data)
    draws = fit.posterior
    np.testing.assert_allclose(
        draws["noise_sd"], draws["noise_sd_ref"] * data.reference["loss"], rtol=1e-12
    )


@pytest.mark.parametrize(
    ("noise", "response", "message"),
    [
        (bs.noise.LogStudentT(), "metric", "response is 'metric'.*LogStudentT describes loss only"),
        (bs.noise.LogitNormal(), "metric", "LogitNormal describes accuracy only"),
        (bs.noise.Binomial(items="items"), "accuracy", "no column 'items'.*Binomial reads it"),
        (bs.noise.StudentT(by="experts"), "accuracy", "no column 'experts'"),
    ],
    ids=repr,
)
def test_noise_that_does_not_fit_the_runs_is_refused(
    noise: bs.noise.Noise, response: str, message: str
) -> None:
    with pytest.raises(RunsError, match=message):
        bs.ScalingModel(Level, noise=noise).build(runs(response))


def test_rows_at_the_ends_of_a_logit_are_named() -> None:
    frame = table()
    frame.loc[2, "score"] = 1.0
    data = bs.Runs.from_frame(frame, loss="score", response="accuracy")
    with pytest.raises(RunsError, match=r"LogitNormal has no density.*row '2'.*1\.0"):
        bs.ScalingModel(Level, noise=bs.noise.LogitNormal()).build(data)


def test_a_law_that_cannot_have_the_response_is_refused() -> None:
    data = bs.Runs.from_frame(table().assign(tokens=1e10), loss="score", response="metric")
    model = bs.ScalingModel("chinchilla", noise=bs.noise.StudentT())
    with pytest.raises(RunsError, match="response is 'metric', and Chinchilla describes loss"):
        model.build(data)


def test_a_column_that_the_noise_reads_must_be_a_name() -> None:
    with pytest.raises(ModelError, match=r"by=6.0 names no input"):
        bs.noise.LogStudentT(by=6.0)  # type: ignore[arg-type]


def test_a_repr_shows_what_is_not_the_default() -> None:
    assert repr(bs.noise.LogStudentT()) == "LogStudentT()"
    assert repr(bs.noise.LogNormal(by="flops")) == "LogNormal(by='flops')"

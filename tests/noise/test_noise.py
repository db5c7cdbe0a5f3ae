"""Observation models: densities and draws in the loss's own unit, against PyMC and SciPy."""

from collections.abc import Callable

import numpy as np
import pymc as pm
import pymc.dims as pmd
import pytest
import xarray as xr
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.errors import ModelError
from bayes_scaling.noise import Noise

MODELS = [
    bs.noise.LogStudentT(),
    bs.noise.LogNormal(),
    bs.noise.LogLaplace(),
    bs.noise.LogExGaussian(),
]
PARAMETERS = {"noise_sd": 0.02, "noise_df": 3.0, "noise_skew": 2.0}
STANDARD = {
    "LogStudentT": stats.t(3.0),
    "LogNormal": stats.norm(),
    "LogLaplace": stats.laplace(),
    "LogExGaussian": stats.exponnorm(2.0),
}


def per_model() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("noise", MODELS, ids=lambda noise: type(noise).__name__)


def draws_of(noise: Noise, chains: int = 2, draws: int = 3) -> dict[str, xr.DataArray]:
    """Noise parameters, a little different from draw to draw."""
    factor = xr.DataArray(
        np.linspace(0.8, 1.25, chains * draws).reshape(chains, draws), dims=("chain", "draw")
    )
    return {name: PARAMETERS[name] * factor for name in noise.priors}


@per_model()
def test_density_is_that_of_pymc_per_unit_of_the_loss(
    noise: Noise,
    stored_fit: bs.ScalingFit,
    prior_fit: Callable[..., bs.ScalingFit],
    pymc_log_likelihood: Callable[..., xr.Dataset],
) -> None:
    """PyMC's density is of log loss over the reference; ours has the Jacobian 1 / loss more."""
    runs = stored_fit.runs
    model = bs.ScalingModel("chinchilla", noise=noise, surface=None)
    fit = prior_fit(model, runs, draws=5)
    of_log_loss = pymc_log_likelihood(fit)["response"]
    expected = of_log_loss.values - np.log(runs.values("loss"))
    ours = fit.tree["log_likelihood"]["loss"].transpose("chain", "draw", "run")
    # Of an excess that is small beside the scatter, large terms cancel.
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-7)


@per_model()
def test_density_integrates_to_one_over_the_loss(noise: Noise) -> None:
    grid = xr.DataArray(np.exp(np.linspace(-1.2, 1.2, 40_001)) * 2.5, dims="point")
    theta = {name: xr.DataArray(PARAMETERS[name]) for name in noise.priors}
    density = np.exp(noise.log_density(grid, xr.DataArray(2.5), theta))
    # The heavy tail beyond a factor of 3.3 holds 3e-6 of a Student-t with three degrees.
    assert np.trapezoid(density.values, grid.values) == pytest.approx(1.0, abs=1e-4)


@per_model()
def test_draws_have_the_quantiles_of_the_distribution(noise: Noise) -> None:
    theta = {name: xr.DataArray(PARAMETERS[name]) for name in noise.priors}
    expected = xr.DataArray(np.full(20_000, 2.5), dims="draw")
    drawn = noise.draw(expected, theta, np.random.default_rng(2))
    assert drawn.dims == expected.dims
    distribution = STANDARD[type(noise).__name__]
    for prob in (0.05, 0.25, 0.5, 0.75, 0.95):
        below = float((drawn < 2.5 * np.exp(0.02 * distribution.ppf(prob))).mean())
        # Binomial with 20 000 draws: the standard error is at most 0.0035.
        assert below == pytest.approx(prob, abs=0.015), prob


@per_model()
def test_draws_are_independent_between_points_and_follow_the_generator(noise: Noise) -> None:
    theta = draws_of(noise)
    expected = xr.DataArray(np.full((2, 3, 4), 2.5), dims=("chain", "draw", "point"))
    drawn = noise.draw(expected, theta, np.random.default_rng(2))
    assert len(np.unique(drawn)) == drawn.size
    assert (drawn > 0).all()
    xr.testing.assert_equal(drawn, noise.draw(expected, theta, np.random.default_rng(2)))


def test_the_student_t_has_heavier_tails_than_the_normal() -> None:
    far, expected = xr.DataArray(2.5 * np.exp(0.2)), xr.DataArray(2.5)
    density = [
        float(
            noise.log_density(far, expected, {n: xr.DataArray(PARAMETERS[n]) for n in noise.priors})
        )
        for noise in MODELS
    ]
    assert density[0] > density[1] + 10


def test_the_student_t_of_many_degrees_is_normal_in_the_model() -> None:
    """PyMC's own density is off by up to 16 at 1e16 degrees, where chains were caught."""
    losses = np.array([2.40, 2.55, 2.70])
    with pm.Model(coords={"run": range(3)}) as model:
        expected = pmd.Data("expected", np.full(3, 2.5), dims="run")
        observed = pmd.Data("observed", np.log(losses), dims="run")
        theta = {"noise_sd": pmd.as_xtensor(0.02), "noise_df": pmd.as_xtensor(1e16)}
        bs.noise.LogStudentT().observe("response", expected, observed, theta, {})
    found = model.compile_logp(mode="FAST_COMPILE")({})
    normal = stats.norm.logpdf(np.log(losses), np.log(2.5), 0.02).sum()
    # A t of a million degrees has tails that are heavier by (distance in sd)**4 / 4e6.
    assert found == pytest.approx(normal, abs=1e-3)


def test_priors_are_the_ones_given() -> None:
    own = bs.Prior.between(0.01, 0.02)
    assert bs.noise.LogStudentT(sd=own).priors["noise_sd"] == own
    assert list(bs.noise.LogStudentT().priors) == ["noise_sd", "noise_df"]
    assert list(bs.noise.LogNormal(sd=own).priors) == ["noise_sd"]
    assert bs.noise.LogNormal() == bs.noise.LogNormal() != bs.noise.LogNormal(sd=own)


def test_a_scatter_that_may_be_negative_is_refused() -> None:
    with pytest.raises(ModelError, match="noise_sd"):
        bs.ScalingModel("chinchilla", noise=bs.noise.LogNormal(sd=bs.Prior.normal(0.0, 1.0)))


def test_scatter_with_a_unit_has_no_prior_in_paper_units() -> None:
    in_nats = bs.Prior.between(0.01, 0.03, units="paper")
    with pytest.raises(ModelError, match=r"Normal: the prior of noise_sd is in paper units.*refer"):
        bs.noise.Normal(sd=in_nats)
    assert bs.noise.LogNormal(sd=in_nats).sd == in_nats

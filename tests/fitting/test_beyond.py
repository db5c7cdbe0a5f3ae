"""Surfaces beyond the runs: what these show of the drift of the best ratio."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.fitting.beyond import shown_drift
from bayes_scaling.fitting.loss_surface import LossSurface
from bayes_scaling.model.axes import inputs_at
from bayes_scaling.model.nodes import NODE, Placement

ONE = {"chain": [0], "draw": [0]}
RATIOS = np.linspace(-1, 4, 501)


def best_ratio(fit: bs.ScalingFit, u: float) -> float:
    """Log10 of the best tokens per parameter at a compute, of the one draw."""
    surface = fit.surface_at({}).map(lambda values: np.asarray(values).reshape(-1, 1))
    losses = surface.loss(inputs_at(fit.model.law, fit.runs, u, RATIOS))
    return float(RATIOS[losses[0].argmin()])


def drifting(fit: bs.ScalingFit, rate: float) -> bs.ScalingFit:
    """One draw whose `delta` moves the law's valley by `rate` for each decade up to the top."""
    law, runs = fit.model.law, fit.runs
    posterior = fit.posterior.isel(ONE)
    placement = Placement.of(law, runs)
    low, high = placement.ratios
    u, v = (
        axis.ravel()
        for axis in np.meshgrid(
            placement.top - np.linspace(0, placement.span, 20), np.linspace(low, high, 20)
        )
    )
    alone = LossSurface(law, fit.surface_at({}).units, fit.surface_at({}).theta, None)
    alone = alone.map(lambda values: np.asarray(values)[0, 0])
    moved = v - rate * (u - placement.top)
    heights = [alone.log_reducible(inputs_at(law, runs, u, ratio)) for ratio in (moved, v)]
    z = np.linalg.lstsq(placement.basis(u, v), heights[0] - heights[1], rcond=1e-9)[0]
    weights = xr.DataArray(z, dims=NODE).expand_dims(chain=[0], draw=[0])
    held = {name: xr.full_like(posterior[name], 0.0) for name in ("miss", "drift")}
    size = xr.full_like(posterior["delta_sd"], 1.0)
    posterior = posterior.assign(delta_z=weights, delta_sd=size, **held)
    edge, shown = shown_drift(posterior, fit.surface_at({}).theta, fit.model, runs)
    return replace(fit, posterior=posterior.assign(edge_ratio=edge, drift=shown))


@pytest.fixture(scope="module")
def exact(stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]) -> bs.ScalingFit:
    """One draw of a law that leaves nothing out, its best ratio among those of the runs."""
    priors = {
        "alpha": bs.Prior.fixed_at(0.35),
        "beta": bs.Prior.fixed_at(0.35),
        "A": bs.Prior.fixed_at(0.3),
        "B": bs.Prior.fixed_at(0.3),
    }
    fit = prior_fit(bs.ScalingModel("chinchilla", priors=priors), stored_fit.runs, draws=4)
    return replace(fit, posterior=fit.posterior.isel(ONE))


@pytest.mark.parametrize("rate", [-0.12, 0.0, 0.12])
def test_the_best_ratio_goes_on_as_it_moved_among_the_runs(
    rate: float, exact: bs.ScalingFit
) -> None:
    fit = drifting(exact, rate)
    # The nodes follow the valley to a few hundredths.
    assert fit.posterior["drift"].item() == pytest.approx(rate, abs=0.05)
    top = Placement.of(fit.model.law, fit.runs).top
    start = best_ratio(fit, top)
    assert start == pytest.approx(np.log10(fit.posterior["edge_ratio"].item()), abs=0.03)
    for reach in (0.5, 1.0, 2.0):
        # Tied exponents: the law's own best ratio stays.
        assert best_ratio(fit, top + reach) - start == pytest.approx(rate * reach, abs=0.1 * reach)


def test_the_loss_of_the_best_runs_does_not_depend_on_the_drift(exact: bs.ScalingFit) -> None:
    top = Placement.of(exact.model.law, exact.runs).top
    losses = []
    for rate in (-0.3, 0.0, 0.3):
        drift = xr.full_like(exact.posterior["drift"], rate)
        surface = replace(exact, posterior=exact.posterior.assign(drift=drift)).surface_at({})
        plain = surface.map(lambda values: np.asarray(values).reshape(-1, 1))
        inputs = inputs_at(exact.model.law, exact.runs, top + 2, RATIOS)
        losses.append(float(plain.loss(inputs).min()))
    np.testing.assert_allclose(losses, losses[1], rtol=1e-4)


def test_what_two_sweeps_miss_is_independent_by_one_seed(
    prior_fit: Callable[..., bs.ScalingFit], stored_fit: bs.ScalingFit
) -> None:
    model = bs.ScalingModel("chinchilla")
    books, web = (
        prior_fit(model, stored_fit.runs.where(corpus=name), draws=200).posterior["miss"]
        for name in ("books", "web")
    )
    # Independent draws correlate by up to .15, three standard errors of 400.
    assert abs(float(xr.corr(books, web))) < 0.15

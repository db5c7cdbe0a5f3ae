"""Fits for the plots: the stored pooled one, and others whose draws scatter about a known law.

Laws that are defined here are taken off the register: other tests go through all laws on it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.fitting.diagnostics import Diagnostics
from bayes_scaling.laws import law as _law

TRUTH = {"E": 0.7, "A": 0.15, "B": 0.15, "alpha": 0.35, "beta": 0.37}


@pytest.fixture(autouse=True)
def _figures_closed() -> Iterator[None]:
    yield
    plt.close("all")


def settled(fit: bs.ScalingFit, **truth: float) -> bs.ScalingFit:
    """The fit with sampled parameters within 2 % of known values, noise and delta small."""
    rng = np.random.default_rng(0)
    sampled = {fit.model.typical_name(name): value for name, value in truth.items()}
    sampled |= {"noise_sd": 0.004, "noise_df": 5.0, "delta_sd": 0.0005}
    draws = {
        name: fit.posterior[name] * 0 + value * np.exp(0.02 * rng.standard_normal((2, 50)))
        for name, value in sampled.items()
    }
    posterior = fit.posterior.assign(draws)
    units = {"loss": fit.runs.reference["loss"]}
    units |= {name: fit.runs.reference[name] for name in fit.model.law.inputs}
    values = {name: posterior[fit.model.reference_name(name)] for name in fit.model.parameters}
    return replace(fit, posterior=posterior.assign(fit.model.law.rescale(units, values)))


@pytest.fixture(scope="session")
def sweep() -> bs.Runs:
    """Six sizes by four ratios of tokens to parameters."""
    params, ratio = (
        grid.ravel() for grid in np.meshgrid(np.geomspace(5e7, 2e9, 6), [5, 20, 80, 320])
    )
    loss = 1.8 + 460 * params**-0.345 + 1900 * (ratio * params) ** -0.36
    return bs.Runs.from_frame(
        pd.DataFrame({"params": params, "tokens": ratio * params, "loss": loss})
    )


@pytest.fixture(scope="session")
def lone_fit(prior_fit: Callable[..., bs.ScalingFit], sweep: bs.Runs) -> bs.ScalingFit:
    """Chinchilla's law without groups."""
    return settled(prior_fit(bs.ScalingModel("chinchilla"), sweep), **TRUTH)


@pytest.fixture(scope="session")
def token_law() -> type[bs.Law]:
    class PlottedPower(bs.Law):
        inputs = ("tokens",)
        priors = {"E": bs.Prior.between(0.2, 0.95), "B": bs.Prior.between(0.01, 2.0)}  # noqa: RUF012

        @staticmethod
        def loss(tokens, E, B):
            return E + B * tokens**-0.3

    _law._REGISTRY.pop("plottedpower")
    return PlottedPower


@pytest.fixture(scope="session")
def token_fit(
    prior_fit: Callable[..., bs.ScalingFit], sweep: bs.Runs, token_law: type[bs.Law]
) -> bs.ScalingFit:
    """A law of one input, of the user's own."""
    return settled(prior_fit(bs.ScalingModel(token_law), sweep), E=0.7, B=0.3)


@pytest.fixture(scope="session")
def many_input_fit(prior_fit: Callable[..., bs.ScalingFit], sweep: bs.Runs) -> bs.ScalingFit:
    """A law of params and something that is neither tokens nor compute."""

    class WithRate(bs.Law):
        inputs = ("params", "rate")
        priors = {"E": bs.Prior.between(0.2, 0.95), "A": bs.Prior.between(0.01, 1.0)}  # noqa: RUF012

        @staticmethod
        def loss(params, rate, E, A):
            return E + A * params**-0.3 + 0.0 * rate

    _law._REGISTRY.pop("withrate")
    table = sweep.table.assign(rate=np.linspace(0.001, 0.01, len(sweep)))
    runs = bs.Runs.from_frame(table, inputs=["rate"])
    return settled(prior_fit(bs.ScalingModel(WithRate), runs), E=0.7, A=0.2)


@pytest.fixture
def converged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fit counts as converged."""
    monkeypatch.setattr(Diagnostics, "problems", ())

"""Fits whose every draw is known: published constants, or the stored ones under the law alone."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.model.inputs import scales

SHAPE = (2, 50)


def _runs(law: bs.Law, theta: Mapping[str, float]) -> bs.Runs:
    """Thirty runs on the law, over four orders of magnitude of each input."""
    rng = np.random.default_rng(5)
    inputs = {name: 10 ** rng.uniform(8, 11, 30) for name in law.inputs}
    loss = law.evaluate(inputs, theta)
    names = {n: n for n in ("params", "tokens", "flops") if n in inputs}
    others = [n for n in inputs if n not in names]
    frame = pd.DataFrame({**inputs, "loss": loss})
    return bs.Runs.from_frame(frame, **names, loss="loss", inputs=others)


@pytest.fixture(scope="session")
def scattered_fit() -> Callable[..., bs.ScalingFit]:
    """Make a fit from a law, its parameters in paper units, and a relative scatter of draws."""

    def make(
        law: bs.Law, theta: Mapping[str, float], scatter: float = 1e-9, runs: bs.Runs | None = None
    ) -> bs.ScalingFit:
        rng = np.random.default_rng(0)
        runs = _runs(law, theta) if runs is None else runs
        model = bs.ScalingModel(law, surface=None)
        coords = {"chain": [0, 1], "draw": np.arange(SHAPE[1])}

        def drawn(value: float) -> xr.DataArray:
            values = value * np.exp(scatter * rng.standard_normal(SHAPE))
            return xr.DataArray(values, coords, ("chain", "draw"))

        paper = {name: drawn(value) for name, value in theta.items()}
        units = {name: 1 / scale for name, scale in scales(law, runs).items()}
        reference = law.rescale(units, paper)
        posterior = {model.reference_name(name): reference[name] for name in theta} | paper
        noise = {"noise_sd": drawn(0.004), "noise_df": drawn(5.0)}
        stats = xr.Dataset({"diverging": (("chain", "draw"), np.zeros(SHAPE, bool))}, coords)
        settings = Settings(draws=SHAPE[1], tune=1, chains=2, seed=1)
        return bs.ScalingFit(model, runs, xr.Dataset(posterior | noise), stats, settings)

    return make


SARDANA = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.336, "beta": 0.283}
KAPLAN_TABLE_2 = {"N_c": 6.4e13, "D_c": 1.8e13, "alpha_N": 0.076, "alpha_D": 0.103}
KAPLAN_TABLE_3 = {"N_c": 6.5e13, "S_c": 2.1e3, "alpha_N": 0.077, "alpha_S": 0.76}


@pytest.fixture(scope="session")
def sardana_fit(scattered_fit: Callable[..., bs.ScalingFit]) -> bs.ScalingFit:
    return scattered_fit(bs.laws.Chinchilla(), SARDANA)


@pytest.fixture(scope="session")
def kaplan_fit(scattered_fit: Callable[..., bs.ScalingFit]) -> bs.ScalingFit:
    return scattered_fit(bs.laws.KaplanJoint(), KAPLAN_TABLE_2)


@pytest.fixture(scope="session")
def steps_fit(scattered_fit: Callable[..., bs.ScalingFit]) -> bs.ScalingFit:
    return scattered_fit(bs.laws.KaplanSteps(), KAPLAN_TABLE_3)


@pytest.fixture(scope="session")
def law_fit(stored_fit: bs.ScalingFit) -> bs.ScalingFit:
    """The stored parameters under the law alone, whose answers have closed forms."""
    stored = stored_fit.model
    return replace(stored_fit, model=bs.ScalingModel(stored.law, stored.vary, surface=None))

"""Fits whose draws are scattered about known parameters, for plots that the stored fit has not.

Nothing is sampled for the site: these are pictures of what plots show, not results.
"""

import numpy as np
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.model.inputs import scales
from bayes_scaling.schedules.curve_model import CurveModel

SIZE = {"chain": range(2), "draw": range(200)}
SETTINGS = Settings(draws=200, tune=1, chains=2, seed=1)
TRUTH = {"E": 1.82, "A": 482.0, "B": 2085.0, "alpha": 0.348, "beta": 0.366}


def isoflop_fit():
    """Chinchilla's law on runs simulated at equal compute."""
    design = bs.datasets.isoflop_design(np.geomspace(1e18, 1e21, 5), 7)
    runs = bs.datasets.simulate("Chinchilla", design, TRUTH, noise_sd=0.003, seed=1)
    drawn = _scattered({**TRUTH, "noise_sd": 0.003, "noise_df": 4.0}, 0.003)
    model = bs.ScalingModel("Chinchilla", surface=None)
    units = {name: 1 / scale for name, scale in scales(model.law, runs).items()}
    reference = model.law.rescale(units, {name: drawn[name] for name in TRUTH})
    sampled = {model.reference_name(name): value for name, value in reference.items()}
    return bs.ScalingFit(model, runs, drawn.assign(sampled), _statistics(drawn), SETTINGS)


def curve_fit():
    """The law of loss curves of Luo et al. (2025) on two simulated curves."""
    law = bs.schedules.MultiPower()
    made = {
        "constant": bs.schedules.constant(3e-4, 24_000, 2160),
        "sudden": bs.schedules.stages([3e-4, 9e-5], [8000, 8000], 2160),
    }
    curves = bs.schedules.simulate(law, law.published["100M"], made, seed=3)
    misses = {"gain_miss_sd": 0.1, "wander_sd": 1e-3, "noise_sd": 3e-4, "gain_miss": 1.0}
    references = {f"{name}_ref": 1.0 for name in law.scaled}
    drawn = _scattered({**law.published["100M"], **misses, **references}, 0.002)
    return bs.schedules.CurveFit(CurveModel(law), curves, drawn, _statistics(drawn), SETTINGS)


def _scattered(centres, spread):
    """Draws about positive values, with a relative spread."""
    rng, shape = np.random.default_rng(1), tuple(map(len, SIZE.values()))
    draws = {
        name: (tuple(SIZE), value * np.exp(spread * rng.standard_normal(shape)))
        for name, value in centres.items()
    }
    return xr.Dataset(draws, SIZE)


def _statistics(drawn):
    never = xr.zeros_like(next(iter(drawn.values())), dtype=bool)
    return never.to_dataset(name="diverging")

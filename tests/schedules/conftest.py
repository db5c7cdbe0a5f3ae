"""Schedules of the paper's runs, and a fit whose draws scatter about published constants."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest
import xarray as xr

from bayes_scaling import schedules
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.schedules.curve_model import CurveModel

PEAK, END, WARMUP = 3e-4, 3e-5, 2160
FITTED = ("cosine_24000", "constant_24000", "wsdcon_9")


@pytest.fixture(scope="session")
def paper_schedules() -> Mapping[str, np.ndarray]:
    """The nine schedules of Luo et al. (2025)."""
    cosines = {f"cosine_{n}": schedules.cosine(PEAK, END, n, WARMUP) for n in (24_000, 72_000)}
    flat = {f"constant_{n}": schedules.constant(PEAK, n, WARMUP) for n in (24_000, 72_000)}
    sudden = {
        f"wsdcon_{k}": schedules.stages([PEAK, k * 1e-5], [8000, 8000], WARMUP) for k in (3, 9, 18)
    }
    ending = (PEAK, END, 24_000, 4000, WARMUP)
    return {
        **cosines,
        **flat,
        **sudden,
        "wsd_20000_24000": schedules.wsd(*ending, shape="exponential"),
        "wsdld_20000_24000": schedules.wsd(*ending),
    }


@pytest.fixture(scope="session")
def simulated(paper_schedules: Mapping[str, np.ndarray]) -> schedules.Curves:
    """The three curves that the paper fits, simulated from its constants for 100M parameters."""
    law = schedules.MultiPower()
    fitted = {name: paper_schedules[name] for name in FITTED}
    return schedules.simulate(law, law.published["100M"], fitted, seed=3)


@pytest.fixture(scope="session")
def near_published(simulated: schedules.Curves) -> Callable[..., schedules.CurveFit]:
    """Make a fit whose draws are within 2 % of published constants, without sampling."""

    def make(
        gain_miss_sd: float = 0.1, wander_sd: float = 1e-3, noise_sd: float = 3e-4
    ) -> schedules.CurveFit:
        law, rng, size = schedules.MultiPower(), np.random.default_rng(0), (2, 200)
        spread = {"L0": 0.002, "A": 0.01, "alpha": 0.01}
        draws = {
            name: value * np.exp(spread.get(name, 0.02) * rng.standard_normal(size))
            for name, value in law.published["100M"].items()
        }
        misses = {"gain_miss_sd": gain_miss_sd, "wander_sd": wander_sd, "noise_sd": noise_sd}
        jitter = np.exp(0.02 * rng.standard_normal(size))
        draws |= {name: value * jitter for name, value in misses.items()}
        draws |= {f"{name}_ref": rng.standard_normal(size) for name in law.scaled}
        coords = {"chain": [0, 1], "draw": np.arange(size[1])}
        names = {name: (("chain", "draw"), values) for name, values in draws.items()}
        missed = rng.standard_normal((*size, len(simulated.names)))
        names["gain_miss"] = (("chain", "draw", "curve"), missed)
        stats = xr.Dataset({"diverging": (("chain", "draw"), np.zeros(size, bool))}, coords)
        settings = Settings(draws=size[1], tune=1, chains=2, seed=1)
        posterior = xr.Dataset(names, {**coords, "curve": list(simulated.names)})
        return schedules.CurveFit(CurveModel(law), simulated, posterior, stats, settings)

    return make

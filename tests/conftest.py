"""What every test shares: the random generator, the real data, Agg and Hypothesis settings."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, settings

import bayes_scaling as bs
from bayes_scaling._inputs import scales
from bayes_scaling.laws import _base
from bayes_scaling.posterior import complete
from bayes_scaling.sampling import Settings

mpl.use("Agg")

# Deadlines measure the machine, not the code: the first example often pays for an import.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", UNTIMED, max_examples=25)
settings.register_profile("thorough", UNTIMED, max_examples=500)
# The plugin reads its option after this file: pytest --hypothesis-profile=thorough wins.
settings.load_profile("quick")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20260101)


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real data sets are not beside this repository (no folder {folder})")
    return folder


@pytest.fixture(scope="session")
def stored_fit_path() -> Path:
    """A pooled Chinchilla fit of two corpora, 2 x 200 draws, written by make_stored_fit.py."""
    return REPOSITORY / "tests" / "data" / "pooled_fit.nc"


@pytest.fixture(scope="session")
def stored_fit(stored_fit_path: Path) -> bs.ScalingFit:
    return bs.load_fit(stored_fit_path)


@pytest.fixture(scope="session")
def law_alone(stored_fit: bs.ScalingFit) -> bs.ScalingFit:
    """The draws of the stored fit read as those of the law alone, for formulas by hand."""
    return replace(stored_fit, model=replace(stored_fit.model, surface=None))


@pytest.fixture(scope="session")
def prior_fit() -> Callable[..., bs.ScalingFit]:
    """Make a fit whose draws come from the prior: every structure of a fit without sampling one."""

    def make(model: bs.ScalingModel, runs: bs.Runs, draws: int = 50) -> bs.ScalingFit:
        prior = model.prior_predictive(runs, draws=2 * draws, seed=1)["prior"].to_dataset()
        halves = [prior.isel(chain=0, draw=slice(i * draws, (i + 1) * draws)) for i in (0, 1)]
        numbered = [half.assign_coords(draw=np.arange(draws)) for half in halves]
        drawn = xr.concat(numbered, "chain").assign_coords(chain=[0, 1])
        drawn = drawn.transpose("chain", "draw", ...)
        never = xr.zeros_like(drawn[["chain", "draw"]]).assign(
            diverging=(("chain", "draw"), np.zeros((2, draws), bool))
        )
        settings = Settings(draws=draws, tune=1, chains=2, seed=1)
        return bs.ScalingFit(model, runs, complete(drawn, model, runs), never, settings)

    return make


@pytest.fixture(scope="session")
def known_fit() -> Callable[..., bs.ScalingFit]:
    """Make a fit whose draws are given parameters in paper units: single values, or one a draw."""

    def make(
        law: bs.Law, theta: Mapping[str, float | np.ndarray], runs: bs.Runs, draws: int = 4
    ) -> bs.ScalingFit:
        model = bs.ScalingModel(law, surface=None)
        coords = {"chain": [0], "draw": range(draws)}
        paper = {
            name: xr.DataArray(np.broadcast_to(value, (1, draws)), coords, ("chain", "draw"))
            for name, value in theta.items()
        }
        smaller = {name: 1 / scale for name, scale in scales(model.law, runs).items()}
        reference = model.law.rescale(smaller, paper)
        values = {model.reference_name(name): value for name, value in reference.items()}
        posterior = xr.Dataset({**values, **paper})
        settings = Settings(draws=draws, tune=1, chains=1, seed=1)
        never = xr.zeros_like(posterior[["chain", "draw"]])
        return bs.ScalingFit(model, runs, posterior, never, settings)

    return make


@pytest.fixture
def own_laws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the laws that the test defines: what is known by name is shared by the process."""
    monkeypatch.setattr(_base, "_REGISTRY", dict(_base._REGISTRY))

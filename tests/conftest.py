"""Shared by all tests: the random generator, the real data, Agg and Hypothesis settings."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from hypothesis import HealthCheck, settings

import bayes_scaling as bs
from bayes_scaling.fitting.posterior import complete
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.laws import law as _law
from bayes_scaling.model.inputs import scales
from bayes_scaling.validation.refits import Outcome, Refitter

mpl.use("Agg")

# Deadlines measure the machine, not the code: the first example often pays for an import.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", UNTIMED, max_examples=25)
settings.register_profile("thorough", UNTIMED, max_examples=500)
# The plugin reads its option after this file: pytest --hypothesis-profile=thorough wins.
settings.load_profile("quick")

TRUTH = {"E": 1.82, "A": 482.0, "B": 2085.0, "alpha": 0.348, "beta": 0.366}
"""Of simulated sweeps under the law of Hoffmann et al."""

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
def accuracy_fit(
    prior_fit: Callable[..., bs.ScalingFit], stored_fit: bs.ScalingFit
) -> bs.ScalingFit:
    """Accuracies of the stored fit's runs, by a law of params and tokens by way of their loss."""
    loss = stored_fit.runs.values("loss")
    table = stored_fit.runs.table.assign(task_loss=loss, accuracy=0.95 - 0.15 * loss)
    runs = bs.Runs.from_frame(table, loss="accuracy", response="accuracy", inputs=["task_loss"])
    law = bs.laws.TaskAccuracy(through=bs.laws.Chinchilla(), column="task_loss", chance=0.25)
    return prior_fit(bs.ScalingModel(law, noise=bs.noise.LogitNormal()), runs)


@pytest.fixture(scope="session")
def long_named_fit(
    prior_fit: Callable[..., bs.ScalingFit], stored_fit: bs.ScalingFit
) -> bs.ScalingFit:
    """A pooled fit whose levels have names far longer than a legend is wide."""
    named = stored_fit.runs.table["corpus"].map("the crawl of {0}, cleaned for {0} again".format)
    named = "of all the corpora that we have ever made, " + named + ", with all duplicates left in"
    runs = bs.Runs.from_frame(stored_fit.runs.table.assign(corpus=named), factors=["corpus"])
    model = bs.ScalingModel("chinchilla", vary=[bs.Vary("E", by="corpus")])
    return prior_fit(model, runs)


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


@pytest.fixture(scope="session")
def pymc_log_likelihood() -> Callable[..., xr.Dataset]:
    """Log likelihood of each run by PyMC, dims (chain, draw, run), at the draws of a fit."""

    def compute(fit: bs.ScalingFit) -> xr.Dataset:
        with fit.model.build(fit.runs) as built:
            sampled = fit.posterior[[variable.name for variable in built.free_RVs]]
            return pm.compute_log_likelihood(
                xr.DataTree.from_dict({"posterior": sampled}),
                extend_inferencedata=False,
                progressbar=False,
                compile_kwargs={"mode": "FAST_COMPILE"},
            )

    return compute


@pytest.fixture
def own_laws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the laws that the test defines: what is known by name is shared by the process."""
    monkeypatch.setattr(_law, "_REGISTRY", dict(_law._REGISTRY))


@pytest.fixture
def plain_law(own_laws: None) -> type[bs.Law]:
    """A law of one's own with no more than a law must have, as a notebook defines it."""

    class Plain(bs.Law):
        inputs = ("tokens",)
        priors = {"E": bs.Prior.between(0.2, 0.95), "beta": bs.Prior.between(0.05, 0.8)}  # noqa: RUF012 - as typed

        @staticmethod
        def loss(tokens, E, beta):  # type: ignore[no-untyped-def]
            return E + tokens**-beta

    return Plain


@pytest.fixture(scope="session")
def sweep() -> Callable[..., bs.Runs]:
    """A well-specified isoFLOP sweep over three decades of compute."""

    def make(budgets: int = 5, sizes: int = 6, seed: int = 1) -> bs.Runs:
        design = bs.datasets.isoflop_design(np.geomspace(1e18, 1e21, budgets), sizes)
        return bs.datasets.simulate("Chinchilla", design, TRUTH, noise_df=None, seed=seed)

    return make


@pytest.fixture(scope="session")
def on_path() -> Callable[..., bs.Runs]:
    """Runs with one number of tokens per parameter."""

    def make(tokens_per_param: float = 20.0, count: int = 16) -> bs.Runs:
        params = np.geomspace(3e7, 3e9, count)
        design = pd.DataFrame({"params": params, "tokens": tokens_per_param * params})
        return bs.datasets.simulate("Chinchilla", design, TRUTH, seed=1)

    return make


@pytest.fixture(scope="session")
def floor_off(stored_fit: bs.ScalingFit) -> Callable[..., bs.ScalingFit]:
    """The stored fit with its floor a few percent off, for all corpora or for one of them."""

    def make(by: float, corpus: str | None = None) -> bs.ScalingFit:
        floor = stored_fit.posterior["E_ref"]
        everywhere = xr.ones_like(floor["corpus"], dtype=bool)
        chosen = everywhere if corpus is None else floor["corpus"] == corpus
        wrong = {"E_ref": floor.where(~chosen, floor * (1 + by))}
        if corpus is None:
            # From which forecasts of a backtest are made, where a level may be a new one.
            wrong["E_typical_ref"] = stored_fit.posterior["E_typical_ref"] * (1 + by)
        return replace(stored_fit, posterior=stored_fit.posterior.assign(wrong))

    return make


@pytest.fixture
def refitted_as(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[bs.Runs]]:
    """Let a function stand in for all refits; returns a list that will hold the runs refitted.

    The function takes the model, the name of the subset and its runs, and returns a fit, or a text
    that says why there is none.
    """

    def install(
        made: Callable[[bs.ScalingModel, str, bs.Runs], bs.ScalingFit | str],
    ) -> list[bs.Runs]:
        asked: list[bs.Runs] = []

        def outcome(model: bs.ScalingModel, name: str, runs: bs.Runs) -> Outcome:
            asked.append(runs)
            found = made(model, name, runs)
            return Outcome(None, found, 0.1) if isinstance(found, str) else Outcome(found, "", 0.1)

        def refit(
            refitter: Refitter, model: bs.ScalingModel, subsets: Mapping[str, bs.Runs]
        ) -> dict[str, Outcome]:
            return {name: outcome(model, name, runs) for name, runs in subsets.items()}

        monkeypatch.setattr(Refitter, "refit", refit)
        return asked

    return install


@pytest.fixture
def stand_in(refitted_as: Callable[..., list[bs.Runs]]) -> Callable[..., list[bs.Runs]]:
    """Let one fit stand in for all refits, on the runs of each.

    `share` is what is left of the distance of its draws to their median, in all variables or in
    `only` some; the subsets in `failing` have no result, the chains of those in `apart` disagree.
    """

    def install(
        fit: bs.ScalingFit,
        share: float = 1.0,
        only: Sequence[str] = (),
        failing: Collection[str] = (),
        apart: Collection[str] = (),
    ) -> list[bs.Runs]:
        draws = fit.posterior[list(only)] if only else fit.posterior
        centre = draws.median(("chain", "draw"))
        closer = fit.posterior.assign(centre + share * (draws - centre))
        shifted = closer.assign(alpha=closer["alpha"] + closer["chain"])

        def made(model: bs.ScalingModel, name: str, runs: bs.Runs) -> bs.ScalingFit | str:
            if name in failing:
                return "BayesScalingError: stuck"
            return replace(fit, runs=runs, posterior=shifted if name in apart else closer)

        return refitted_as(made)

    return install


@pytest.fixture(scope="session")
def uneven_fit(stored_fit: bs.ScalingFit) -> bs.ScalingFit:
    """The stored fit, of which the larger runs of one corpus were not made."""
    flops = stored_fit.runs.values("flops")
    small = (stored_fit.runs.table["corpus"] != "books") | (flops <= np.median(flops) / 10)
    return replace(stored_fit, runs=stored_fit.runs.where(np.asarray(small)))

"""Cases for checks, without sampling: the stored fit, or draws of the prior."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.trust import _sweeps
from bayes_scaling.trust._case import Case, Level, make_case
from bayes_scaling.trust._refits import Outcome, Refitter

TRUTH = {"E": 1.82, "A": 482.0, "B": 2085.0, "alpha": 0.348, "beta": 0.366}


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


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let one fit stand in for all refits of simulated sweeps.

    `share` is what is left of the distance of its draws to their median, in all variables or in
    `only` some; the sweeps in `failing` have no result, the chains of those in `apart` disagree.
    """

    def install(
        fit: bs.ScalingFit,
        share: float = 1.0,
        only: Sequence[str] = (),
        failing: Collection[str] = (),
        apart: Collection[str] = (),
    ) -> None:
        draws = fit.posterior[list(only)] if only else fit.posterior
        centre = draws.median(("chain", "draw"))
        closer = fit.posterior.assign(centre + share * (draws - centre))
        shifted = closer.assign(alpha=closer["alpha"] + closer["chain"])

        def outcome(name: str, runs: bs.Runs) -> Outcome:
            if name in failing:
                return Outcome(None, "BayesScalingError: stuck", 0.1)
            drawn = shifted if name in apart else closer
            return Outcome(replace(fit, runs=runs, posterior=drawn), "", 0.2)

        def refit_all(
            model: bs.ScalingModel, subsets: Mapping[str, bs.Runs], refitter: Refitter
        ) -> dict[str, Outcome]:
            return {name: outcome(name, runs) for name, runs in subsets.items()}

        monkeypatch.setattr(_sweeps, "refit_all", refit_all)

    return install


@pytest.fixture
def case(prior_fit: Callable[..., bs.ScalingFit]) -> Callable[..., Case]:
    """The case of some runs under a law, with draws of the prior for a posterior."""

    def make(runs: bs.Runs, at: pd.DataFrame, law: object = "Chinchilla") -> Case:
        fit = prior_fit(bs.ScalingModel(law), runs)  # type: ignore[arg-type]
        return make_case(fit, at, "quick", Refitter())

    return make


@pytest.fixture
def stored_case(stored_fit: bs.ScalingFit) -> Callable[..., Case]:
    """The case of the stored fit, or of one made from it."""

    def make(fit: bs.ScalingFit | None = None, level: Level = "quick") -> Case:
        at = pd.DataFrame({"params": [1e9], "tokens": [2e10], "corpus": ["web"]})
        return make_case(fit or stored_fit, at, level, Refitter())

    return make


@pytest.fixture(scope="session")
def uneven_fit(stored_fit: bs.ScalingFit) -> bs.ScalingFit:
    """The stored fit, of which the larger runs of one corpus were not made."""
    flops = stored_fit.runs.values("flops")
    small = (stored_fit.runs.table["corpus"] != "books") | (flops <= np.median(flops) / 10)
    return replace(stored_fit, runs=stored_fit.runs.where(np.asarray(small)))


def target(params: float, tokens: float) -> pd.DataFrame:
    """One target."""
    return pd.DataFrame({"params": [params], "tokens": [tokens]})

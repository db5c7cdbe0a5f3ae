"""Cases for checks, without sampling: the stored fit, or draws of the prior."""

from collections.abc import Callable

import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.trust.case import Case, Level, make_case
from bayes_scaling.validation.refits import Refitter


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


def target(params: float, tokens: float) -> pd.DataFrame:
    """One target."""
    return pd.DataFrame({"params": [params], "tokens": [tokens]})

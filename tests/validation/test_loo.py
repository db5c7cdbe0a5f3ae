"""Leave-one-out: what each run is scored by."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.fitting.tree import run_data
from bayes_scaling.validation import loo as _loo

SD, SEED_SD = 0.03, 0.02


@pytest.fixture
def fit(prior_fit: Callable[..., bs.ScalingFit]) -> bs.ScalingFit:
    """Prior draws of eight sizes with three seeds each, in no order."""
    rng = np.random.default_rng(4)
    params = rng.permutation(np.repeat(np.geomspace(1e7, 1e10, 8), 3))
    table = pd.DataFrame({"params": params, "loss": 2 + 100 * params**-0.3})
    table["loss"] *= np.exp(0.04 * rng.standard_normal(len(table)))
    noise = bs.noise.LogNormal(sd=bs.Prior.fixed_at(SD), seeds=bs.Prior.fixed_at(SEED_SD))
    model = bs.ScalingModel(bs.laws.PowerLaw("params"), noise=noise)
    return prior_fit(model, bs.Runs.from_frame(table))


def test_a_replicate_is_scored_given_all_others(fit: bs.ScalingFit) -> None:
    """Densities are those of a multivariate normal given its other numbers, in any order."""
    found = _loo._given_others(fit)["log_likelihood"]["loss"].isel(chain=0, draw=0)
    where = run_data(fit.model, fit.runs).rename(run="point")
    expected = fit.expected_at(where).isel(chain=0, draw=0).values
    sizes, logs = fit.runs.values("params"), np.log(fit.runs.values("loss"))
    for size in np.unique(sizes):
        same = np.flatnonzero(sizes == size)
        precision = np.linalg.inv(SD**2 + SEED_SD**2 * np.eye(3))
        apart = logs[same] - np.log(expected[same])
        spread = 1 / np.sqrt(np.diag(precision))
        given = stats.norm.logpdf(precision @ apart * spread**2, scale=spread) - logs[same]
        np.testing.assert_allclose(found[same], given, rtol=1e-6)


def test_without_replicates_the_scores_are_those_of_the_tree(stored_fit: bs.ScalingFit) -> None:
    assert _loo._given_others(stored_fit) is stored_fit.tree

"""Fits to be cited: one whose chains have converged, made of independent draws."""

from collections.abc import Callable, Iterator

import pytest

import bayes_scaling as bs
from tests.reporting.browser import Browser, browsing, missing

TRUTH = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}
NARROW = {
    "E": bs.Prior.between(0.64, 0.66),
    "A": bs.Prior.between(0.18, 0.19),
    "B": bs.Prior.between(0.16, 0.17),
    "alpha": bs.Prior.between(0.34, 0.36),
    "beta": bs.Prior.between(0.36, 0.38),
}


@pytest.fixture(scope="session")
def sweep() -> bs.Runs:
    design = bs.datasets.isoflop_design([1e18, 1e19, 1e20, 1e21], sizes_per_budget=5)
    return bs.datasets.simulate("chinchilla", design, TRUTH, noise_sd=0.005, seed=3)


@pytest.fixture(scope="session")
def converged_fit(prior_fit: Callable[..., bs.ScalingFit], sweep: bs.Runs) -> bs.ScalingFit:
    """Independent draws of narrow priors: R-hat is one and every draw counts."""
    made = prior_fit(bs.ScalingModel("chinchilla", priors=NARROW), sweep, draws=1000)
    assert made.diagnostics.problems == ()
    return made


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; tests that need one are skipped where it is missing."""
    if reason := missing():
        pytest.skip(reason)
    with browsing() as one:
        yield one

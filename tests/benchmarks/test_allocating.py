"""Speed of the search for the optimum of a law without closed form.

``pytest tests/benchmarks/test_allocating.py -m benchmark -s``
"""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import bayes_scaling as bs

pytestmark = pytest.mark.benchmark

BUDGET = 5.76e23


def a_thousand_draws(fit: bs.ScalingFit) -> bs.ScalingFit:
    """The stored draws over again, until there are a thousand."""
    repeated = xr.concat([fit.posterior] * 3, "draw").isel(draw=slice(500))
    return replace(fit, posterior=repeated.assign_coords(draw=np.arange(500)))


def test_a_thousand_draws_are_searched_in_under_a_second(stored_fit_path: Path) -> None:
    class Timed(bs.laws.Chinchilla):
        optimum = None

    closed = a_thousand_draws(bs.load_fit(stored_fit_path))
    fit = replace(closed, model=bs.ScalingModel(Timed, closed.model.vary))
    bs.allocate(fit, BUDGET)  # warm
    start = time.perf_counter()
    searched = bs.allocate(fit, BUDGET).draws
    elapsed = time.perf_counter() - start
    print(f"\n1000 draws of two corpora searched in {elapsed:.2f} s")
    np.testing.assert_allclose(
        searched["params"], bs.allocate(closed, BUDGET).draws["params"], rtol=1e-4
    )
    assert elapsed < 1

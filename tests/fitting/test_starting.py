"""Chains of many runs start high up, and those of longer rounds where mass was found before."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr

from bayes_scaling.fitting.compiling import compile_model, entered
from bayes_scaling.fitting.starting import MANY, PLACES, climbed, started, starting_points
from tests.fitting.test_compiling import small_model


def apart(heights: tuple[float, ...]) -> xr.DataTree:
    """Chains that lie at 0, 10 and so on, each as high as it is told, the last one half as wide."""
    rng, centres = np.random.default_rng(0), 10.0 * np.arange(len(heights))
    places = rng.standard_normal((len(heights), 500, 2))
    log_density = -0.5 * (places**2).sum(-1) + np.array(heights)[:, None]
    places[-1] /= 2
    dims = ("chain", "draw", "parameter")
    values = {
        "place": (dims, places + centres[:, None, None]),
        "log_density": (dims[:2], log_density),
    }
    return xr.DataTree.from_dict({PLACES: xr.Dataset(values)})


@pytest.mark.parametrize(
    ("heights", "shares"),
    [
        # Half as wide in two dimensions, a mode holds as much if it is four times as high.
        ((0.0, np.log(4.0)), (0.5, 0.5)),
        ((0.0, 0.0), (0.8, 0.2)),
        ((0.0, -9.0, 0.0, -9.0), (0.5, 0.0, 0.5, 0.0)),
    ],
)
def test_chains_start_where_those_before_have_found_mass(
    heights: tuple[float, ...], shares: tuple[float, ...]
) -> None:
    points = starting_points(apart(heights))
    found = [float(np.mean(np.round(points.mean(axis=1) / 10) == i)) for i in range(len(shares))]
    np.testing.assert_allclose(found, shares, atol=0.13)


def test_a_chain_that_stood_still_starts_none() -> None:
    before = apart((0.0, 50.0))
    before[PLACES]["place"][1] = 10.0
    assert (starting_points(before) < 6).all()


@dataclass(frozen=True)
class Density:
    """In place of nutpie's compiled model."""

    initial_point_func: Callable[[int], np.ndarray] | None = None


def test_a_longer_round_starts_from_the_one_before() -> None:
    before = apart((0.0, -9.0))
    density = started(Density(), before, 10)
    points = starting_points(before)
    assert any(np.array_equal(density.initial_point_func(3), point) for point in points)
    assert started(Density(), None, 10) == Density()


def test_chains_of_many_runs_climb_to_the_top() -> None:
    density = compile_model(small_model())
    assert started(density, None, MANY - 1) is density
    seen = np.random.default_rng(0).normal(2.0, 0.5, 1200)
    levels, weights = np.tile([0, 1], 600), np.ones((1200, 2))
    many = density.with_data(level_index=levels, weights=weights, seen=seen)
    climbs = started(many, None, len(seen)).initial_point_func
    for seed in (1, 2):
        below, above = many.initial_point_func(seed), climbs(seed)
        (_, low, steep), (_, high, slope) = entered(many, below), entered(many, above)
        assert high > low + 100
        assert np.abs(slope).max() < 1e-3 * np.abs(steep).max()


def test_a_chain_that_finds_no_density_stays() -> None:
    nowhere = compile_model(small_model()).with_data(seen=np.full(4, np.nan))
    start = nowhere.initial_point_func(1)
    np.testing.assert_array_equal(climbed(nowhere, 1), start)

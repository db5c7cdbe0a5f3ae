"""Chains start where coordinates say, and those of longer rounds where mass was found before."""

import numpy as np
import pytest
import xarray as xr

from bayes_scaling.fitting.compiling import compile_model, density_at
from bayes_scaling.fitting.coordinates import Coordinates
from bayes_scaling.fitting.starting import PLACES, started, starting_points
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


def test_a_longer_round_starts_from_the_one_before() -> None:
    before = apart((0.0, -9.0))
    density = started(compile_model(small_model()), None, before)
    points = starting_points(before)
    assert any(np.array_equal(density.initial_point_func(3), point) for point in points)


def test_all_that_is_not_known_to_be_normal_starts_where_pymc_says() -> None:
    density = compile_model(small_model())
    np.testing.assert_array_equal(
        started(density, None, None).initial_point_func(3), density.initial_point_func(3)
    )


def test_chains_start_among_the_coordinates() -> None:
    """A standard deviation from the centre in each coordinate, where the rest is as it was."""
    density = compile_model(small_model())
    found = Coordinates(["slopes_0", "slopes_1"], np.array([50.0, 60.0]), np.diag([2.0, 3.0]))
    mapped = started(density, found, None)
    begin, point = density.initial_point_func(3), mapped.initial_point_func(3)
    np.testing.assert_array_equal(np.abs(point[:2]), 1.0)
    assert point[2] == begin[2]
    there = np.array([50.0 + 2 * point[0], 60.0 + 3 * point[1], point[2]])
    assert density_at(mapped, point)[1] == pytest.approx(density_at(density, there)[1])

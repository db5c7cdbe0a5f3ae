"""Chains that are sampled for longer start where those before have found mass."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr

from bayes_scaling.fitting.starting import PLACES, started, starting_points


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
    density = started(Density(), before)
    points = starting_points(before)
    assert any(np.array_equal(density.initial_point_func(3), point) for point in points)
    assert started(Density(), None) == Density()

"""Misses of new runs: as large, as alike along a run and as independent as the model says."""

import numpy as np
import xarray as xr

from bayes_scaling import schedules
from bayes_scaling.schedules.misfit import drawn_misses, wander_directions
from bayes_scaling.schedules.sums import schedule_sums

DRAWS = 20_000
# Standard errors of a standard deviation and a correlation are 0.5 and 0.7 % of 1 at most.
TOLERANCE = 0.03
SUMS = schedule_sums(schedules.constant(1e-3, 40_000), [4000, 4001, 9999, 19_999, 39_999])


def posterior(**sizes: float) -> xr.Dataset:
    return xr.Dataset(
        {name: (("chain", "draw"), np.full((1, DRAWS), size)) for name, size in sizes.items()}
    )


def test_wandering_is_alike_by_how_far_steps_are_apart() -> None:
    draws = posterior(gain_miss_sd=0.1, wander_sd=1.0, noise_sd=0.0)
    _, wander = drawn_misses(draws, SUMS, 9999, np.random.default_rng(1))
    found = np.corrcoef(wander[0].T)
    steps = np.log(np.array([4000, 4001, 9999, 19_999, 39_999]) + 1.0)
    expected = np.exp(-np.abs(steps[:, None] - steps))
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)
    np.testing.assert_allclose(wander.std(("chain", "draw")), 1.0, atol=TOLERANCE)


def test_the_miss_of_the_gain_is_one_until_the_longest_curve_and_grows_from_there() -> None:
    draws = posterior(gain_miss_sd=1.0, wander_sd=0.0, noise_sd=0.0)
    gain, nothing = drawn_misses(draws, SUMS, 9999, np.random.default_rng(1))
    assert (nothing == 0).all()
    np.testing.assert_array_equal(gain[..., 0], gain[..., 2])
    expected = np.sqrt([1, 1, 1, 2, 3])
    np.testing.assert_allclose(gain.std(("chain", "draw")) / expected, 1.0, atol=TOLERANCE)


def test_noise_is_of_each_point_alone() -> None:
    draws = posterior(gain_miss_sd=0.0, wander_sd=0.0, noise_sd=1.0)
    _, noise = drawn_misses(draws, SUMS, 9999, np.random.default_rng(1))
    np.testing.assert_allclose(np.corrcoef(noise[0].T), np.eye(5), atol=TOLERANCE)


def test_directions_hold_the_correlation_of_each_curve_and_none_between() -> None:
    curve = np.array([0, 0, 0, 1, 1])
    directions, variance = wander_directions(SUMS, curve)
    np.testing.assert_allclose(directions @ directions.T, np.eye(5), atol=1e-12)
    covariance = directions.T * variance @ directions
    steps = np.log(SUMS["step"].to_numpy() + 1.0)
    expected = np.exp(-np.abs(steps[:, None] - steps)) * (curve[:, None] == curve)
    np.testing.assert_allclose(covariance, expected, atol=1e-12)

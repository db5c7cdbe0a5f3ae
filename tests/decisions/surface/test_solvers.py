"""Searches for many minima and roots at once, against known ones."""

import numpy as np
import pytest

from bayes_scaling.decisions.surface.solvers import BLOCK, first_below, first_change, minimum

LOW, MIDDLE, HIGH = (np.full(5, end) for end in (-10.0, 0.0, 10.0))


def test_each_minimum_is_found_or_the_end_it_lies_beyond() -> None:
    centre = np.array([-20.0, -9.99, 0.123456, 9.9, 20.0])
    found, end = minimum(lambda x: (x - centre) ** 2 + 0.3 * (x - centre) ** 4, LOW, MIDDLE, HIGH)
    assert end.tolist() == [-1, 0, 0, 0, 1]
    np.testing.assert_allclose(found, [-10, -9.99, 0.123456, 9.9, 10], atol=1e-4)


def test_a_function_without_a_minimum_is_at_an_end() -> None:
    found, end = minimum(lambda x: 0 * x, LOW, MIDDLE, HIGH)
    assert (np.abs(end) == 1).all()
    found, end = minimum(lambda x: (x - 1) ** 2, HIGH, MIDDLE, HIGH)
    assert found.tolist() == HIGH.tolist()
    assert (np.abs(end) == 1).all()


def test_of_several_minima_the_least_is_taken() -> None:
    """Two valleys in a wide one, as the surface of a draw may have."""
    deeper = np.array([-1.0, 1.0, -1.5, 1.5, 0.7])

    def function(x):  # type: ignore[no-untyped-def]
        return (
            0.05 * x**2
            - 0.2 * np.exp(-(((x - deeper) / 0.6) ** 2))
            - 0.1 * np.exp(-(((x + deeper) / 0.6) ** 2))
        )

    found, end = minimum(function, LOW, MIDDLE, HIGH)
    fine = np.linspace(LOW, HIGH, 200_001)
    np.testing.assert_allclose(found, fine[function(fine).argmin(0), range(5)], atol=2e-4)
    assert not end.any()


def test_missing_values_count_as_high() -> None:
    found, end = minimum(
        lambda x: np.where(x > 3, np.nan, (x - 1) ** 2), LOW, MIDDLE, np.full(5, 30.0)
    )
    np.testing.assert_allclose(found, 1.0, atol=1e-4)
    assert not end.any()


def test_the_first_change_of_sign_is_found_or_missing() -> None:
    target = np.array([-3.0, 0.1, 2.0, 30.0])
    grid = np.linspace(np.zeros(4), 3.0, 7)
    found = first_change(lambda x: np.sinh(x) - target, grid)
    np.testing.assert_allclose(found, [np.nan, *np.arcsinh([0.1, 2.0]), np.nan], rtol=1e-10)
    waves = first_change(np.sin, np.linspace(np.full(1, 1.0), 12.0, 30))
    down = first_change(np.sin, np.linspace(np.full(1, 12.0), 1.0, 30))
    np.testing.assert_allclose([waves[0], down[0]], [np.pi, 3 * np.pi], rtol=1e-9)


def test_a_fall_is_for_good_on_the_way_to_the_least() -> None:
    """It dips below zero at 1, falls for good at 4, and rises again beyond its least."""
    values = np.array([2.0, -0.5, 1.0, 0.5, -1.0, -2.0, 3.0])

    def function(x):  # type: ignore[no-untyped-def]
        return np.interp(x, np.arange(7.0), values) + np.array([0.0, 5.0, -5.0])

    found = first_below(function, np.linspace(np.zeros(3), 6.0, 13))
    np.testing.assert_allclose(found, [3 + 1 / 3, np.inf, -np.inf], rtol=1e-9)
    nothing = first_below(lambda x: x + np.nan, np.linspace(np.zeros(3), 6.0, 13))
    assert np.isnan(nothing).all()


@pytest.mark.parametrize("count", [1, 7, 3 * BLOCK])
def test_a_search_within_a_search_may_be_of_any_size(count: int) -> None:
    """Of few functions many places are asked for at once, of many one at a time, never none."""
    roots = np.linspace(0.5, 8.5, count)

    def least(place: np.ndarray) -> np.ndarray:
        assert place.size > 0
        low, high = np.full_like(place, -20.0), np.full_like(place, 20.0)
        found, _ = minimum(lambda x: (x - place) ** 2, low, np.zeros_like(place), high)
        return found - roots

    found = first_change(least, np.linspace(np.zeros(count), np.full(count, 9.0), 5))
    np.testing.assert_allclose(found, roots, atol=1e-4)

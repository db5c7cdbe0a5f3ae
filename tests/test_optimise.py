"""Searches for many minima and roots at once, against known ones."""

import numpy as np
import xarray as xr

from bayes_scaling._optimise import minimise, minimise_within, root


def test_minimise_finds_each_minimum_and_marks_those_at_the_ends() -> None:
    centre = xr.DataArray([-3.0, 0.123456, 4.9, 20.0], dims="draw")
    low, high = xr.DataArray(-10.0), xr.DataArray(10.0)
    found = minimise(lambda x: (x - centre) ** 2 + 0.3 * (x - centre) ** 4, low, high)
    np.testing.assert_allclose(found[:3], centre[:3], atol=1e-5)
    assert np.isnan(found[3])


def test_minimise_within_says_at_which_end_it_is() -> None:
    centre = xr.DataArray([-20.0, -9.99, 0.0, 9.9, 20.0], dims="draw")
    low, high = xr.DataArray(-10.0), xr.DataArray(10.0)
    found, end = minimise_within(lambda x: (x - centre) ** 2, low, high)
    assert end.values.tolist() == [-1, 0, 0, 0, 1]
    np.testing.assert_allclose(found, [-10, -9.99, 0.0, 9.9, 10], atol=1e-6)


def test_minimise_takes_values_that_are_missing_for_bad() -> None:
    centre = xr.DataArray([1.0, np.nan], dims="draw")
    low, high = xr.DataArray(-10.0), xr.DataArray(10.0)
    found = minimise(lambda x: (x - centre) ** 2, low, high)
    np.testing.assert_allclose(found, [1.0, np.nan], atol=1e-6)


def test_root_finds_each_root_or_the_end_it_lies_beyond() -> None:
    target = xr.DataArray([-3.0, 0.1, 2.0, 30.0], dims="draw")
    found = root(lambda x: np.sinh(x) - target, xr.zeros_like(target), 3.0)
    np.testing.assert_allclose(found, [0.0, np.arcsinh(0.1), np.arcsinh(2.0), 3.0], rtol=1e-10)


def test_a_root_of_nothing_is_missing() -> None:
    high = xr.DataArray([1.0, np.nan], dims="draw")
    found = root(lambda x: x - 0.5, 0.0, high)
    np.testing.assert_allclose(found, [0.5, np.nan])

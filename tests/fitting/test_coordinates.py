"""Coordinates about the mode are those of the normal distribution that a posterior is."""

import numpy as np
import pymc as pm
import pytest

from bayes_scaling.fitting.compiling import compile_model
from bayes_scaling.fitting.coordinates import LEAST_CURVED, about_mode, sampled_names

SD = np.array([1e-3, 2.0, 5.0])


def test_of_a_normal_posterior_they_are_its_own() -> None:
    """Unlike sizes and close ties; a step of 1e-4 leaves three digits of the smallest."""
    ties = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]])
    covariance = ties * np.outer(SD, SD)
    with pm.Model() as model:
        pm.MvNormal("x", mu=[1.0, -2.0, 3.0], cov=covariance, shape=3)
    density = compile_model(model)
    found = about_mode(density)
    assert found.names == sampled_names(density) == ["x_0", "x_1", "x_2"]
    # The search ends where the density hardly changes.
    assert (np.abs(found.centre - [1.0, -2.0, 3.0]) < 0.1 * SD).all()
    sd = np.sqrt(np.diag(found.spread @ found.spread.T))
    np.testing.assert_allclose(sd[:2], SD[:2], rtol=0.02)
    # Five standard deviations of a prior are held to be none that is known.
    assert sd[2] == pytest.approx(1 / np.sqrt(LEAST_CURVED), rel=0.02)


def test_a_point_without_density_is_not_taken_for_the_mode() -> None:
    """The density rises up to where it ends, and a first step goes beyond."""
    with pm.Model() as model:
        x = pm.Flat("x")
        pm.Potential("inside", pm.math.switch(x < 0.01, -500 * x**2 + 50 * x - x**2, -np.inf))
        model.rvs_to_initial_values[x] = -3.0
    found = about_mode(compile_model(model))
    assert found.centre[0] < 0.01

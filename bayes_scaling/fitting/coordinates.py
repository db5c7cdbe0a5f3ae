"""Coordinates that chains are sampled in, about independent and each of unit size.

Of many runs, what is sampled is closely tied and of sizes that differ a thousandfold: chains would
begin with a hundred steps a draw. In the coordinates of a normal distribution about the mode of the
posterior they begin with twenty. The posterior is the same in any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from bayes_scaling.fitting.compiling import density_at
from bayes_scaling.model.building import RAW

STEP = 1e-4
"""Step of numerical derivatives, on the scale on which a variable is sampled."""

LEAST_CURVED = 0.1
"""Least curvature that is believed: priors alone have about one."""

MOST_STEPS = 300
"""Steps towards the mode at the most: an approximation is enough."""

NOWHERE = 1e300
"""Minus the log density of points that have none."""


@dataclass(frozen=True, eq=False)
class Coordinates:
    """A normal approximation of the posterior of some of what is sampled.

    Attributes
    ----------
    names : list of str
        What the sampler calls each number.
    centre : numpy.ndarray, dims (number,)
    spread : numpy.ndarray, dims (number, coordinate)
        Takes independent standard normal coordinates to distances from the centre.
    """

    names: list[str]
    centre: np.ndarray
    spread: np.ndarray


def sampled_names(density: Any) -> list[str]:
    """Names of the numbers that a compiled model samples."""
    return [str(name) for name in density.coords["unconstrained_parameter"]]


def directions_of_delta(names: list[str]) -> list[int]:
    """Places of the directions of `delta` among the numbers that are sampled.

    They are sampled as distances from where the runs put them.
    """
    return [number for number, name in enumerate(names) if name.startswith(f"{RAW}_")]


def about_mode(density: Any) -> Coordinates:
    """Coordinates by the mode of a compiled model with its data, and the curvature there."""
    names = sampled_names(density)
    begin: np.ndarray = density.initial_point_func(0)
    begin[directions_of_delta(names)] = 0.0
    options = {"maxiter": MOST_STEPS, "maxcor": len(begin)}
    found = optimize.minimize(
        _cost, begin, (density,), method="L-BFGS-B", jac=True, options=options
    )
    curved, directions = np.linalg.eigh(_curvature(found.x, density))
    spread = directions / np.sqrt(np.maximum(curved, LEAST_CURVED))
    return Coordinates(names, found.x, spread)


def _cost(point: np.ndarray, density: Any) -> tuple[float, np.ndarray]:
    """Minus the log density at a point, and its gradient."""
    code, value, gradient = density_at(density, point)
    return (-value, -gradient) if code == 0 else (NOWHERE, np.zeros_like(point))


def _curvature(mode: np.ndarray, density: Any) -> np.ndarray:
    """Second derivatives of the cost, dims (number, number), from its gradients."""
    moves = STEP * np.eye(len(mode))
    slopes = [_cost(mode + move, density)[1] - _cost(mode - move, density)[1] for move in moves]
    curvature = np.array(slopes) / (2 * STEP)
    return (curvature + curvature.T) / 2

"""The base of observation models: priors, an observed variable, a density, new draws."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
import xarray as xr
from numpy.random import Generator

from bayes_scaling.display.html import AsCode
from bayes_scaling.errors import ModelError
from bayes_scaling.priors import Prior

type Array = xr.DataArray

type Arrays = Mapping[str, xr.DataArray]
"""Noise parameters, or columns of runs, by name."""

type Terms = Mapping[str, Any]
"""Noise parameters, or columns of runs, by name, as variables of the model."""

NO_COLUMNS: Arrays = {}


@dataclass(frozen=True, repr=False)
class Noise(AsCode, ABC):
    """Scatter of a run about the expected response, independent between runs.

    Each is a frozen value that says its priors, adds the observed variable to a PyMC model, and
    gives density and draws for posterior work. The densities are of the response itself, in its
    own unit, so that scores compare between noise models.

    Attributes
    ----------
    responses : tuple of str
        What the response may be: ``"loss"``, ``"accuracy"``, ``"metric"``.
    scaled : frozenset of str
        Noise parameters in the unit of the response; they are sampled on the reference scale.
    """

    responses: ClassVar[tuple[str, ...]]
    scaled: ClassVar[frozenset[str]] = frozenset()

    @property
    @abstractmethod
    def priors(self) -> Mapping[str, Prior]:
        """Prior of each noise parameter."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Columns that the noise reads, of runs yet to be made too."""
        return ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the runs that the noise reads, besides the response."""
        return self.inputs

    @property
    def unscaled(self) -> tuple[str, ...]:
        """Columns that are read in their own unit; the others are on the reference scale."""
        return ()

    def on_scale(self, response: np.ndarray) -> np.ndarray:
        """The response on the scale on which it scatters."""
        return response

    def refused(self, response: np.ndarray) -> np.ndarray:
        """Mask of the values of the response that have no density under this noise."""
        return np.zeros(response.shape, dtype=bool)

    def __repr__(self) -> str:
        options = {field.name: getattr(self, field.name) for field in fields(self)}
        own = [f.name for f in fields(self) if options[f.name] != f.default]
        return f"{type(self).__name__}({', '.join(f'{name}={options[name]!r}' for name in own)})"

    @abstractmethod
    def observe(
        self, name: str, expected: Any, response: Any, theta: Terms, columns: Terms
    ) -> None:
        """Add the observed variable `name`, dims (run,), to the PyMC model in context.

        `response` is on the scale on which it scatters, `expected` is not.
        """

    @abstractmethod
    def log_density(
        self, response: Array, expected: Array, theta: Arrays, columns: Arrays = NO_COLUMNS
    ) -> Array:
        """Log density of `response` given the expected one, broadcast over draws and runs.

        Parameters
        ----------
        response, expected : xarray.DataArray
            In the same unit; the density is per that unit.
        theta : mapping of str to xarray.DataArray, dims (chain, draw)
            Noise parameters.
        columns : mapping of str to xarray.DataArray
            What :attr:`columns` names.
        """

    @abstractmethod
    def draw(
        self, expected: Array, theta: Arrays, rng: Generator, columns: Arrays = NO_COLUMNS
    ) -> Array:
        """One new run's response for each draw of the expected one, same dims and unit."""


def check_positive(noise: Noise, priors: Mapping[str, Prior]) -> None:
    """Refuse a prior that allows negative values of what must be positive, or in paper units."""
    for name, prior in priors.items():
        if prior.units == "paper" and name in noise.scaled:
            raise ModelError(
                f"{type(noise).__name__}: the prior of {name} is in paper units, and scatter is "
                "sampled as a share of the reference loss of the runs. Divide it by that, "
                "runs.reference['loss'], and leave units out."
            )
        if prior.support == "real" and not (prior.fixed and prior.numbers[0] > 0):
            raise ModelError(
                f"{type(noise).__name__}: {prior!r} allows a negative {name}, which no scatter "
                "has. Use a distribution on positive numbers, such as Prior.between(0.002, 0.05)."
            )

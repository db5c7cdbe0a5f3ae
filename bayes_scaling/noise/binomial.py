"""Accuracies as counts: correct answers among a benchmark's items, over-dispersed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc.dims as pmd
import xarray as xr
from numpy.random import Generator
from scipy import stats

from bayes_scaling.noise.noise_model import NO_COLUMNS, Array, Arrays, Noise, Terms, check_positive
from bayes_scaling.priors import Prior

CONCENTRATION_PRIOR = Prior.between(30.0, 30_000.0)
"""Concentration of the runs' accuracies, in items: 100 is a scatter of 5 points at an accuracy of
one half."""


@dataclass(frozen=True, repr=False)
class Binomial(Noise):
    """Correct answers among a known number of items, over-dispersed between runs.

    The count is beta-binomial: items scatter as a coin does, and each run's true accuracy scatters
    about the law's. As ``noise_concentration`` grows the second part vanishes.

    Parameters
    ----------
    items : str
        Column of the runs with the number of items of the benchmark.
    concentration : Prior
        Prior of ``noise_concentration``.
    """

    responses = ("accuracy",)

    items: str = "n_items"
    concentration: Prior = CONCENTRATION_PRIOR

    def __post_init__(self) -> None:
        check_positive(self, self.priors)

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Prior of ``noise_concentration``."""
        return {"noise_concentration": self.concentration}

    @property
    def inputs(self) -> tuple[str, ...]:
        """The number of items."""
        return (self.items,)

    @property
    def unscaled(self) -> tuple[str, ...]:
        """The number of items, a count."""
        return (self.items,)

    def observe(
        self, name: str, expected: Any, response: Any, theta: Terms, columns: Terms
    ) -> None:
        """Add the count, dims (run,)."""
        items = columns[self.items]
        pmd.BetaBinomial(
            name,
            n=items,
            alpha=expected * theta["noise_concentration"],
            beta=(1 - expected) * theta["noise_concentration"],
            observed=pmd.math.round(response * items).astype("int64"),
        )

    def log_density(
        self, response: Array, expected: Array, theta: Arrays, columns: Arrays = NO_COLUMNS
    ) -> Array:
        """Log probability of the count, as a density per unit of accuracy."""
        items, size = columns[self.items], theta["noise_concentration"]
        mass: xr.DataArray = xr.apply_ufunc(
            stats.betabinom.logpmf,
            np.round(response * items),
            items,
            expected * size,
            (1 - expected) * size,
        )
        return mass + np.log(items)

    def draw(
        self, expected: Array, theta: Arrays, rng: Generator, columns: Arrays = NO_COLUMNS
    ) -> Array:
        """One new run's accuracy on the same number of items."""
        items, size = columns[self.items], theta["noise_concentration"]
        own = xr.apply_ufunc(rng.beta, expected * size, (1 - expected) * size)
        count = xr.apply_ufunc(lambda n, p: rng.binomial(n.astype(int), p), items, own)
        drawn: xr.DataArray = (count / items).transpose(*expected.dims)
        return drawn

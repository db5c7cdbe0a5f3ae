"""Scales on which responses scatter, and shapes of the scatter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pymc.dims as pmd
import xarray as xr
from pymc.distributions.continuous import ExGaussianRV
from pytensor.xtensor.random import as_xrv
from scipy import stats
from scipy.special import expit

from bayes_scaling import ops


@dataclass(frozen=True)
class Scale:
    """Scale on which a response scatters: transform, inverse, and log of the slope."""

    forward: Callable[[Any], Any]
    inverse: Callable[[Any], Any]
    log_slope: Callable[[Any], Any]
    low: float = -np.inf
    high: float = np.inf


LOG = Scale(ops.log, np.exp, lambda value: -np.log(value), low=0.0)
RAW = Scale(lambda value: value, lambda value: value, lambda value: 0.0 * value)
LOGIT = Scale(
    lambda value: ops.log(value) - ops.log1p(-value),
    expit,
    lambda value: -np.log(value) - np.log1p(-value),
    low=0.0,
    high=1.0,
)


@dataclass(frozen=True)
class Shape:
    """Distribution of the scatter: PyMC's class, its name for the spread, SciPy's counterpart."""

    variable: Callable[..., Any]
    spread: str
    standard: Any
    symbol: str
    """The distribution in LaTeX, with a place for location and spread."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Further noise parameters by PyMC's argument names, in SciPy's order."""
    words: str = ""
    """Meaning of the symbols other than the spread."""

    def values(self, theta: Mapping[str, Any]) -> list[Any]:
        """Values of the further parameters, in SciPy's order."""
        return [theta[name] for name in self.parameters.values()]

    def arguments(self, theta: Mapping[str, Any], spread: Any) -> dict[str, Any]:
        """Arguments of the PyMC variable besides its location."""
        own = {argument: theta[name] for argument, name in self.parameters.items()}
        return {self.spread: spread, **own}

    def draw(
        self, like: xr.DataArray, theta: Mapping[str, Any], rng: np.random.Generator
    ) -> xr.DataArray:
        """Draws of the standard variable, one for each value of an array."""
        uniform = xr.zeros_like(like) + rng.uniform(size=like.shape)
        drawn: xr.DataArray = xr.apply_ufunc(self.standard.ppf, uniform, *self.values(theta))
        return drawn

    def informative(self, theta: Mapping[str, Any]) -> Any:  # noqa: ARG002 - of some shapes
        """Variance, in squares of the spread, of a normal as informative of the location.

        The inverse of the Fisher information; that of a Laplace is the square of its scale.
        """
        return 1.0


MOST_DEGREES = 1e6
"""Degrees of freedom from which a Student-t is taken for the one of so many, which is normal to six
digits: beyond 1e12 PyMC's density is a difference of gamma functions that has no digit left, and
chains were caught where its rounding is high."""


class _StudentT(Shape):
    def arguments(self, theta: Mapping[str, Any], spread: Any) -> dict[str, Any]:
        return {self.spread: spread, "nu": ops.minimum(theta["noise_df"], MOST_DEGREES)}

    def informative(self, theta: Mapping[str, Any]) -> Any:
        return (theta["noise_df"] + 3) / (theta["noise_df"] + 1)


class _ExGaussian(Shape):
    """A normal plus an exponential whose mean is a multiple of the normal's spread."""

    def arguments(self, theta: Mapping[str, Any], spread: Any) -> dict[str, Any]:
        return {self.spread: spread, "nu": theta["noise_skew"] * spread}

    def draw(
        self, like: xr.DataArray, theta: Mapping[str, Any], rng: np.random.Generator
    ) -> xr.DataArray:
        # SciPy would search for each quantile.
        normal, excess = rng.standard_normal(like.shape), rng.standard_exponential(like.shape)
        drawn: xr.DataArray = like.copy(data=normal) + theta["noise_skew"] * like.copy(data=excess)
        return drawn

    def informative(self, theta: Mapping[str, Any]) -> Any:
        # Of the integral, within a tenth at any skew; a long excess still begins at the location.
        skew = theta["noise_skew"]
        return 1 + 1.1 * skew**2 / (1 + skew)


class ExGaussianVariable(pmd.DimDistribution):  # type: ignore[misc]
    """PyMC's exponentially modified Gaussian with named dims."""

    @classmethod
    def dist(cls, mu: Any, sigma: Any, nu: Any, **kwargs: Any) -> Any:
        """A variable of that location, spread and mean excess."""
        return super().dist([mu, sigma, nu], **kwargs)

    @classmethod
    def xrv_op(cls, mu: Any, sigma: Any, nu: Any, **kwargs: Any) -> Any:
        """The random variable, for `dist`."""
        mu, sigma, nu = map(pmd.as_xtensor, (mu, sigma, nu))
        core = ExGaussianRV.rv_op(mu.values, sigma.values, nu.values).owner.op
        return as_xrv(core)(mu, sigma, nu, **kwargs)


NORMAL = Shape(pmd.Normal, "sigma", stats.norm, r"\mathrm{Normal}(%s)")
STUDENT_T = _StudentT(
    pmd.StudentT,
    "sigma",
    stats.t,
    r"\mathrm{StudentT}(\nu, %s)",
    {"nu": "noise_df"},
    "nu, the degrees of freedom, noise_df",
)
# SciPy's own Laplace takes the logarithm of a density that underflows.
LAPLACE = Shape(pmd.Laplace, "b", stats.gennorm(1.0), r"\mathrm{Laplace}(%s)")
EX_GAUSSIAN = _ExGaussian(
    ExGaussianVariable,
    "sigma",
    stats.exponnorm,
    r"\mathrm{Normal}(%s) + \mathrm{Exponential}(\text{mean } k \sigma)",
    {"nu": "noise_skew"},
    "k, the mean of the excess over sigma, noise_skew",
)

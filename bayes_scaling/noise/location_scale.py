"""Normal, Laplace and Student-t scatter, on the logarithm, the logit or the response itself.

One formula for all: the response, brought to the scale on which it scatters, is the expected
response on that scale plus ``noise_sd`` times a standard variable. ``noise_sd`` may change with an
input, as a power of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import xarray as xr
from numpy.random import Generator

from bayes_scaling import ops
from bayes_scaling.errors import ModelError
from bayes_scaling.noise.noise_model import NO_COLUMNS, Array, Arrays, Noise, Terms, check_positive
from bayes_scaling.noise.scales import LAPLACE, LOG, LOGIT, NORMAL, RAW, STUDENT_T, Scale, Shape
from bayes_scaling.priors import Prior

LOG_SD_PRIOR = Prior.between(0.0005, 0.05)
"""Scatter of log loss, 0.05 % to 5 %: seeds alone give 0.03 % to 1 %, digitised runs 0.4 %."""

RAW_SD_PRIOR = Prior.between(0.002, 0.3)
"""Scatter of a response as a share of its reference."""

LOGIT_SD_PRIOR = Prior.between(0.01, 1.0)
"""Scatter of a logit; 0.1 is 2.5 points at an accuracy of one half."""

DF_PRIOR = Prior.inverse_gamma(1.861, 9.033)
"""Degrees of freedom, 90 % within 2 and 30: from heavy tails to nearly normal. Values nearer to 1,
which the gamma prior of Juárez and Steel (2010) allows, widen a new run's interval where few runs
are fitted. Below 1 the density would reward a law that holds exactly for some of the runs, such as
losses that are repeated, and for no others: an inverse gamma has one draw in a thousand there."""

EARLIER_RUNS = "earlier_replicates"
EARLIER_MEAN = "earlier_mean"

SLOPE_PRIOR = Prior.normal(0.0, 0.2)
"""Exponent of the scatter in an input: a factor of up to 1.6 a decade, either way."""


@dataclass(frozen=True, repr=False)
class LocationScale(Noise):
    """Scatter of one shape about the expected response; its subclasses choose shape and scale.

    Parameters
    ----------
    sd : Prior
        Prior of ``noise_sd``.
    by : str, optional
        An input with which the scatter changes, such as ``"flops"``: it is then
        ``noise_sd * (flops / reference flops)**noise_slope``.
    slope : Prior
        Prior of ``noise_slope``.
    seeds : Prior, optional
        Prior of ``noise_seed_sd``, for runs that were repeated with other seeds: ``noise_sd`` is
        then the scatter between configurations (same inputs and factors), and a new run has both.
        With a normal it is exact; with a Student-t a replicate's scatter about the mean of the
        earlier ones has the same degrees of freedom.
    """

    scale: ClassVar[Scale]
    shape: ClassVar[Shape] = NORMAL

    sd: Prior
    by: str | None = None
    slope: Prior = SLOPE_PRIOR
    seeds: Prior | None = None

    def __post_init__(self) -> None:
        if self.by is not None and not isinstance(self.by, str):
            raise ModelError(
                f"{type(self).__name__}: by={self.by!r} names no input, and the scatter can change "
                "with one only. Write by='flops'."
            )
        check_positive(self, {k: p for k, p in self.priors.items() if k != "noise_slope"})

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Priors of ``noise_sd``, and of ``noise_slope`` and ``noise_seed_sd`` where asked for."""
        slope = {"noise_slope": self.slope} if self.by else {}
        seeds = {"noise_seed_sd": self.seeds} if self.seeds else {}
        return {"noise_sd": self.sd, **slope, **seeds}

    @property
    def inputs(self) -> tuple[str, ...]:
        """The input with which the scatter changes."""
        return (self.by,) if self.by else ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Inputs, and number and mean of a run's earlier replicates; a new run has none."""
        return (*self.inputs, *((EARLIER_RUNS, EARLIER_MEAN) if self.seeds else ()))

    def on_scale(self, response: np.ndarray) -> np.ndarray:
        """The response on the scale on which it scatters."""
        return np.asarray(self.scale.forward(response))

    def refused(self, response: np.ndarray) -> np.ndarray:
        """Values outside the open range of the scale."""
        outside = (response <= self.scale.low) | (response >= self.scale.high)
        return np.asarray(outside, dtype=bool)

    def spread(self, theta: Mapping[str, Any], columns: Mapping[str, Any]) -> Any:
        """Standard deviation, or scale, between configurations."""
        spread = theta["noise_sd"]
        if self.by is not None:
            spread = spread * columns[self.by] ** theta["noise_slope"]
        return spread

    def location_and_spread(
        self, expected: Any, theta: Mapping[str, Any], columns: Mapping[str, Any]
    ) -> tuple[Any, Any]:
        """Expected value and spread of each run on its scale, given its earlier replicates.

        With variances u between configurations and e between seeds, k earlier replicates pull the
        location towards their mean with weight k u / (k u + e), and leave u e / (k u + e) of u.
        Without the columns of earlier replicates a run is taken to have none.
        """
        location, between = self.scale.forward(expected), self.spread(theta, columns)
        if self.seeds is None:
            return location, between
        u, e = between**2, theta["noise_seed_sd"] ** 2
        if EARLIER_RUNS not in columns:
            return location, ops.sqrt(u + e)
        k = columns[EARLIER_RUNS]
        pulled = location + k * u / (k * u + e) * (columns[EARLIER_MEAN] - location)
        return pulled, ops.sqrt(u * e / (k * u + e) + e)

    def observe(
        self, name: str, expected: Any, response: Any, theta: Terms, columns: Terms
    ) -> None:
        """Add the response, scattered about the expected one, dims (run,)."""
        location, spread = self.location_and_spread(expected, theta, columns)
        arguments = self.shape.arguments(theta, spread)
        self.shape.variable(name, mu=location, **arguments, observed=response)

    def log_density(
        self, response: Array, expected: Array, theta: Arrays, columns: Arrays = NO_COLUMNS
    ) -> Array:
        """Log density of the response, per its own unit."""
        location, spread = self.location_and_spread(expected, theta, columns)
        scaled = (self.scale.forward(response) - location) / spread
        standard = xr.apply_ufunc(self.shape.standard.logpdf, scaled, *self.shape.values(theta))
        density: xr.DataArray = standard - np.log(spread) + self.scale.log_slope(response)
        return density

    def draw(
        self, expected: Array, theta: Arrays, rng: Generator, columns: Arrays = NO_COLUMNS
    ) -> Array:
        """One new run for each draw of the expected response."""
        location, spread = self.location_and_spread(expected, theta, columns)
        scatter = spread * self.shape.draw(expected, theta, rng)
        # With few degrees of freedom a draw may lie beyond any number; quantiles do not mind.
        with np.errstate(over="ignore"):
            drawn = xr.apply_ufunc(self.scale.inverse, location + scatter)
        result: xr.DataArray = drawn.transpose(*expected.dims)
        return result


@dataclass(frozen=True, repr=False)
class OnLog(LocationScale):
    """Scatter of log loss, of one shape."""

    responses = ("loss",)
    scale = LOG
    sd: Prior = LOG_SD_PRIOR


@dataclass(frozen=True, repr=False)
class _OnResponse(LocationScale):
    """Scatter of the response itself, of one shape."""

    responses = ("loss", "accuracy", "metric")
    scaled = frozenset({"noise_sd", "noise_seed_sd"})
    scale = RAW
    sd: Prior = RAW_SD_PRIOR


@dataclass(frozen=True, repr=False)
class _StudentT(LocationScale):
    """Student-t scatter with estimated degrees of freedom, prior `df`."""

    shape = STUDENT_T

    df: Prior = DF_PRIOR

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Priors of the scatter, and of ``noise_df``."""
        return {**super().priors, "noise_df": self.df}


@dataclass(frozen=True, repr=False)
class LogStudentT(OnLog, _StudentT):
    """Student-t scatter on log loss, its degrees of freedom estimated: the default.

    A few runs far off do not move the law, so no outlier needs to be deleted by hand.

    Parameters
    ----------
    sd : Prior
        Scale of the scatter of log loss (about the relative scatter of the loss).
    by : str, optional
        An input with which the scatter changes, such as ``"flops"``.
    slope : Prior
        Power of that change.
    df : Prior
        Degrees of freedom.
    """


@dataclass(frozen=True, repr=False)
class LogNormal(OnLog):
    """Normal scatter on log loss; a few outliers, as real sweeps have them, move the fit.

    Parameters as for :class:`LogStudentT`, without degrees of freedom.
    """


@dataclass(frozen=True, repr=False)
class LogLaplace(OnLog):
    """Laplace scatter on log loss: robust, and without degrees of freedom to estimate.

    Its posterior mode under wide priors is the fit of least absolute deviations, which published
    Chinchilla parameters are (Besiroglu et al., 2024, arXiv:2404.10102; a Huber loss with a small
    threshold is nearly that). ``noise_sd`` is the Laplace scale, the mean absolute deviation; the
    standard deviation is 1.41 times as large. Parameters as for :class:`LogNormal`.
    """

    shape = LAPLACE


@dataclass(frozen=True, repr=False)
class StudentT(_OnResponse, _StudentT):
    """Student-t scatter on the response itself, which may be negative.

    `sd` is the prior of the scatter as a share of the runs' reference; ``noise_sd`` is in the unit
    of the response. Other parameters as for :class:`LogStudentT`.
    """


@dataclass(frozen=True, repr=False)
class Normal(_OnResponse):
    """Normal scatter on the response itself, which may be negative.

    Parameters as for :class:`StudentT`, without degrees of freedom.
    """


@dataclass(frozen=True, repr=False)
class LogitNormal(LocationScale):
    """Normal scatter on the logit of an accuracy, which stays between 0 and 1.

    Parameters
    ----------
    sd : Prior
        Standard deviation of the logit.
    by, slope
        As for :class:`LogStudentT`.
    """

    responses = ("accuracy",)
    scale = LOGIT
    sd: Prior = LOGIT_SD_PRIOR

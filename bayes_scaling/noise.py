"""Observation models: how a run's loss scatters about the expected loss of the law.

Each is a frozen value that says its priors, adds the observed variable to a PyMC model, and gives
density and draws for posterior work. The densities are of the loss itself, in its own unit, so
that scores compare between noise models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc.dims as pmd
import xarray as xr
from scipy import stats

from bayes_scaling.priors import Prior

SCALE_PRIOR = Prior.between(0.002, 0.05)
"""Scatter of log loss, 0.2 % to 5 %: seeds alone give 0.03 % to 1 %, digitised runs 0.4 %."""

DF_PRIOR = Prior.gamma(2.0, 0.1)
"""Degrees of freedom (Juárez and Steel, 2010): from heavy tails to nearly normal."""


@dataclass(frozen=True)
class LogNoise:
    """Scatter on log loss, independent between runs; its subclasses give the distribution."""

    responses = ("loss",)

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Prior of each noise parameter."""
        raise NotImplementedError

    def observe(self, expected: Any, log_loss: Any, theta: Mapping[str, Any]) -> None:
        """Add the observed variable ``log_loss``, dims (run,), to the model in context."""
        raise NotImplementedError

    def standard(self, theta: Mapping[str, xr.DataArray]) -> tuple[Any, list[xr.DataArray]]:
        """SciPy's distribution of the scatter in units of ``noise_sd``, and its shape draws."""
        raise NotImplementedError

    def log_density(
        self, loss: xr.DataArray, expected: xr.DataArray, theta: Mapping[str, xr.DataArray]
    ) -> xr.DataArray:
        """Log density of `loss` given the expected loss, broadcast over draws and runs.

        Parameters
        ----------
        loss, expected : xarray.DataArray
            In the same unit; the density is per that unit.
        theta : mapping of str to xarray.DataArray, dims (chain, draw)
            Noise parameters.
        """
        distribution, shapes = self.standard(theta)
        scaled = (np.log(loss) - np.log(expected)) / theta["noise_sd"]
        density: xr.DataArray = xr.apply_ufunc(distribution.logpdf, scaled, *shapes)
        return density - np.log(theta["noise_sd"]) - np.log(loss)

    def draw(
        self,
        expected: xr.DataArray,
        theta: Mapping[str, xr.DataArray],
        rng: np.random.Generator,
    ) -> xr.DataArray:
        """One new run's loss for each draw of the expected loss, same dims and unit."""
        distribution, shapes = self.standard(theta)
        uniform = xr.zeros_like(expected) + rng.uniform(size=expected.shape)
        scatter = theta["noise_sd"] * xr.apply_ufunc(distribution.ppf, uniform, *shapes)
        # With few degrees of freedom a draw may lie beyond any number; quantiles do not mind.
        with np.errstate(over="ignore"):
            factor: xr.DataArray = np.exp(scatter)
        return expected * factor


@dataclass(frozen=True)
class LogStudentT(LogNoise):
    """Student-t scatter on log loss, its degrees of freedom estimated: the default.

    A few runs far off do not move the law, so no outlier needs to be deleted by hand.

    Parameters
    ----------
    sd : Prior
        Scale of the scatter of log loss (about the relative scatter of the loss).
    df : Prior
        Degrees of freedom.
    """

    sd: Prior = SCALE_PRIOR
    df: Prior = DF_PRIOR

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Priors of ``noise_sd`` and ``noise_df``."""
        return {"noise_sd": self.sd, "noise_df": self.df}

    def observe(self, expected: Any, log_loss: Any, theta: Mapping[str, Any]) -> None:
        """Add ``log_loss ~ StudentT(noise_df, log(expected), noise_sd)``, dims (run,)."""
        pmd.StudentT(
            "log_loss",
            nu=theta["noise_df"],
            mu=pmd.math.log(expected),
            sigma=theta["noise_sd"],
            observed=log_loss,
        )

    def standard(self, theta: Mapping[str, xr.DataArray]) -> tuple[Any, list[xr.DataArray]]:
        """The standard Student-t and the degrees of freedom."""
        return stats.t, [theta["noise_df"]]


@dataclass(frozen=True)
class LogNormal(LogNoise):
    """Normal scatter on log loss; on real sweeps a few outliers move its answer.

    Parameters
    ----------
    sd : Prior
        Standard deviation of log loss.
    """

    sd: Prior = SCALE_PRIOR

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Prior of ``noise_sd``."""
        return {"noise_sd": self.sd}

    def observe(self, expected: Any, log_loss: Any, theta: Mapping[str, Any]) -> None:
        """Add ``log_loss ~ Normal(log(expected), noise_sd)``, dims (run,)."""
        pmd.Normal(
            "log_loss",
            mu=pmd.math.log(expected),
            sigma=theta["noise_sd"],
            observed=log_loss,
        )

    def standard(
        self,
        theta: Mapping[str, xr.DataArray],  # noqa: ARG002 - a normal has no shape
    ) -> tuple[Any, list[xr.DataArray]]:
        """The standard normal, which has no shape."""
        return stats.norm, []

"""Common parts of results at points: draws, the fit they come from, tables and printing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.fitting.diagnostics import Diagnostics, FitResult
from bayes_scaling.fitting.scaling_fit import ScalingFit

BEYOND = 1e300
"""Stands for infinity while quantiles are interpolated, which would give NaN between infinities."""

INFINITE = 1e200
"""An interpolated quantile beyond this has an infinite neighbour."""


@dataclass(frozen=True, repr=False, eq=False)
class PointResult(FitResult):
    """Draws at points, that carry the notes and the diagnosis of their fit.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, point)
        Inputs, targets and labels of factors are coordinates of ``point``.
    fit : ScalingFit
        The fit they were made from.
    """

    draws: xr.Dataset
    fit: ScalingFit

    shown: ClassVar[tuple[str, ...]] = ()
    missing: ClassVar[str] = "have no solution in the range searched"

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for a reader: of the fit, and of draws without a solution."""
        return (*self.fit.notes, *self._missing_notes())

    def _missing_notes(self) -> tuple[str, ...]:
        share = max(float(values.isnull().mean()) for values in self._listed().values())
        if not share:
            return ()
        return (
            f"{share:.1%} of draws {self.missing} and are left out of the intervals, which are "
            "too narrow by as much as these draws differ.",
        )

    def _listed(self) -> xr.Dataset:
        return self.draws[list(self.shown)] if self.shown else self.draws

    def table(self, prob: float | None = None) -> pd.DataFrame:
        """Median and credible interval of each quantity, by point.

        Infinite draws count: where enough of them are, an end of the interval is infinite too.

        Parameters
        ----------
        prob : float, optional
            Probability of the intervals, 0.9 if not given.

        Returns
        -------
        pandas.DataFrame
            Columns (quantity; ``median``, ``lower``, ``upper``), and ``diagnosis`` of the fit.
            ``attrs`` carry ``ci_kind``, ``ci_prob`` and ``notes``.
        """
        draws = self._listed()
        finite = draws.where(~np.isinf(draws), BEYOND)
        table = self._intervals(finite, "point", prob)
        numbers = table.columns[table.columns.get_level_values(1) != ""]
        table[numbers] = table[numbers].where(~(table[numbers] > INFINITE), np.inf)
        return table


@dataclass(frozen=True, repr=False, eq=False)
class PairedResult(PointResult):
    """Draws made from two independent fits, which carry the notes and diagnoses of both.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, point)
    fit : ScalingFit
        The fit whose chains and draws these are.
    other : ScalingFit
        The fit whose draws were paired with them.
    """

    other: ScalingFit

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for a reader: of both fits, and of draws without a solution."""
        named = (f"{self.other.model.law.name}: {note}" for note in self.other.notes)
        return (*super().notes, *named)

    @property
    def diagnostics(self) -> Diagnostics:
        """Convergence of the fit that has not converged, if one of the two has not."""
        first = self.fit.diagnostics
        return first if first.problems else self.other.diagnostics

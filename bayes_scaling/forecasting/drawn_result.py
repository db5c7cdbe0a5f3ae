"""Results that hold draws at points or budgets: their table, and their notes for a reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd
import xarray as xr

from bayes_scaling.display.intervals import SAMPLE_DIMS
from bayes_scaling.display.wording import of_response, per_cent
from bayes_scaling.fitting.average import Fitted
from bayes_scaling.fitting.diagnostics import Diagnostics, FitResult
from bayes_scaling.fitting.scaling_fit import ScalingFit


@dataclass(frozen=True, repr=False, eq=False)
class DrawnResult[Fit: Fitted](FitResult):
    """Draws at points or budgets, that carry the notes and the diagnosis of their fit.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, point) or (chain, draw, budget)
        Inputs, targets and labels of factors are coordinates of the last dim.
    fit : ScalingFit or FitAverage
        The fit they were made from.
    """

    draws: xr.Dataset
    fit: Fit

    shown: ClassVar[tuple[str, ...]] = ()
    missing: ClassVar[str] = "have no solution in the range searched"

    @property
    def dim(self) -> str:
        """Dim of what was asked about: ``"point"`` or ``"budget"``."""
        [dim] = (str(name) for name in self.draws.sizes if name not in SAMPLE_DIMS)
        return dim

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for a reader: of the fit, and of draws without a solution."""
        return (*self.fit.notes, *self._missing_notes())

    def _missing_notes(self) -> tuple[str, ...]:
        share = max(float(values.isnull().mean()) for values in self._listed().values())
        if not share:
            return ()
        return (
            f"{per_cent(share, 1)} of draws {self.missing} and are left out of the intervals, "
            "which are too narrow by as much as these draws differ.",
        )

    def _listed(self) -> xr.Dataset:
        """Quantities of the table: those in `shown` that there are, or all."""
        return self.draws[[n for n in self.shown if n in self.draws]] if self.shown else self.draws

    def table(self, prob: float | None = None) -> pd.DataFrame:
        """Median and credible interval of each quantity, by point or budget.

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
        table = self._intervals(self._listed(), self.dim, prob)
        for name, values in self._further(prob).items():
            table.insert(table.shape[1] - 1, (name, ""), values)
        return table

    def readable(self, prob: float | None = None) -> pd.DataFrame:
        """The table for people: what the runs have in place of a loss is called by its name."""
        response = self.fit.runs.response
        return self.table(prob).rename(columns=lambda name: of_response(name, response))

    def _shown(self) -> pd.DataFrame:
        return self.readable()

    def _further(self, prob: float | None) -> Mapping[str, Any]:  # noqa: ARG002
        """Columns of the table beside the intervals."""
        return {}


@dataclass(frozen=True, repr=False, eq=False)
class PairedResult(DrawnResult[ScalingFit]):
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

"""Results that are made from two independent fits."""

from __future__ import annotations

from dataclasses import dataclass

from bayes_scaling.fitting.diagnostics import Diagnostics
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.drawn_result import DrawnResult


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

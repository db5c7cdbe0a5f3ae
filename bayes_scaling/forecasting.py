"""forecast(): the loss to expect at runs not yet made, with its uncertainty.

`expected_loss` is the law's value; `loss` is that of one new run, which also scatters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling._results import coordinate_index, result_html, result_table, result_text
from bayes_scaling.errors import RunsError
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.hierarchy import NewLevels
from bayes_scaling.points import Numbers, points
from bayes_scaling.posterior import new_runs


@dataclass(frozen=True, repr=False, eq=False)
class Forecast:
    """Draws of the loss at points asked for.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, point)
        ``expected_loss`` and ``loss``, in the unit of the runs' loss; the inputs and the labels of
        factors are coordinates of ``point``.
    fit : ScalingFit
        The fit it was made from.
    new_levels : {"error", "draw", "typical"}
        What levels that were not fitted got.
    """

    draws: xr.Dataset
    fit: ScalingFit
    new_levels: NewLevels = "error"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know, such as that the fit has not converged."""
        return self.fit.notes

    def table(self, prob: float | None = None) -> pd.DataFrame:
        """Median and credible interval of the expected loss and of a new run's, by point.

        Parameters
        ----------
        prob : float, optional
            Probability of the intervals; ArviZ's ``rcParams["stats.ci_prob"]`` if not given.

        Returns
        -------
        pandas.DataFrame
            Columns (``expected_loss`` or ``loss``; ``median``, ``lower``, ``upper``), and
            ``diagnosis`` of the fit. ``attrs`` carry ``ci_kind``, ``ci_prob`` and ``notes``.
        """
        return result_table(self.draws, "point", self.fit, self.notes, prob)

    def probability_below(self, target: float | Sequence[float]) -> pd.DataFrame:
        """Probability that the loss is below a target.

        Parameters
        ----------
        target : float or sequence of float
            Loss, in the unit of the runs; one for all points, or one for each.

        Returns
        -------
        pandas.DataFrame
            By point: ``target``, ``expected_loss`` (that the law's value is below) and ``loss``
            (that a new run's is).
        """
        size = self.draws.sizes["point"]
        if np.size(target) not in (1, size):
            raise RunsError(
                f"There are {np.size(target)} targets for {size} points, so they cannot be "
                "paired. Give one target, or one for each point."
            )
        targets = xr.DataArray(np.broadcast_to(np.ravel(target), size), dims="point")
        below = (self.draws < targets).mean(("chain", "draw"))
        columns = {"target": targets.values}
        columns |= {str(name): below[name].values for name in below.data_vars}
        table = pd.DataFrame(columns, index=coordinate_index(self.draws["point"]))
        return table.assign(diagnosis=self.fit.diagnostics.diagnosis)

    def __repr__(self) -> str:
        return result_text("Forecast", self.table(), self.notes)

    def _repr_html_(self) -> str:
        return result_html("Forecast", self.table(), self.notes)


def forecast(
    fit: ScalingFit,
    params: Numbers | None = None,
    tokens: Numbers | None = None,
    flops: Numbers | None = None,
    *,
    at: pd.DataFrame | None = None,
    new_levels: NewLevels = "error",
    seed: int | None = None,
) -> Forecast:
    """Forecast the loss of runs not yet made.

    Parameters
    ----------
    fit : ScalingFit
    params, tokens, flops : float or array
        Parameters, training tokens, FLOP of each run, of which two give the third (C = 6ND).
    at : pandas.DataFrame, optional
        The runs as a table, with a column for each input and factor. A factor of the model that is
        left out is crossed with the runs: a point for each fitted level.
    new_levels : {"error", "draw", "typical"}
        What a level that was not fitted gets: an error, an offset drawn from the fitted spread
        between levels (one for all points of that level), or none.
    seed : int, optional
        Seed of the new run's scatter and of new levels; that of the fit if not given.

    Returns
    -------
    Forecast

    Raises
    ------
    RunsError
        An input of the law is missing or not positive, or a level was not fitted.
    """
    where = points(
        fit.model,
        fit.runs,
        params=params,
        tokens=tokens,
        flops=flops,
        at=at,
        new_levels=new_levels,
    )
    rng = np.random.default_rng(fit.settings.seed if seed is None else seed)
    expected = fit.expected_at(where, new_levels, rng)
    loss = new_runs(fit.posterior, fit.model, fit.runs, expected, where, rng)
    return Forecast(xr.Dataset({"expected_loss": expected, "loss": loss}), fit, new_levels)

"""Targets of a forecast, as points of a fit."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from bayes_scaling.errors import RunsError
from bayes_scaling.fitting.average import FitAverage, made_from
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.model.hierarchy import NewLevels
from bayes_scaling.model.points import At, points


@dataclass(frozen=True, eq=False)
class Targets:
    """Points of a fit at which it is judged.

    Attributes
    ----------
    where : xarray.Dataset, dims (point,)
    new_levels : {"error", "draw", "typical"}
        What levels that were not fitted get.
    """

    where: xr.Dataset
    new_levels: NewLevels


def asked_points(fit: ScalingFit, at: Forecast | At, asker: str) -> Targets:
    """Targets from a forecast or a table.

    Raises
    ------
    RunsError
        The targets cannot be points of this fit, or the forecast is of another one.
    """
    new_levels: NewLevels = "error"
    if isinstance(at, Forecast):
        if not made_from(at.fit, fit):
            other = at.fit.description if isinstance(at.fit, FitAverage) else at.fit.model
            raise RunsError(
                f"{asker}: the forecast was made from another fit ({other}), and this one "
                "may be right where that one is wrong. Forecast from the fit that is assessed."
            )
        new_levels, at = at.new_levels, at.points
    where = points(fit.model, fit.runs, at=at, new_levels=new_levels)
    return Targets(where, new_levels)

"""The case that checks look at: a fit, the targets, a ladder of larger runs, and how to refit.

Owns what several checks need, computed once. The ladder is the run of largest compute made larger
by fixed factors, in that run's own level: it says where trust ends there, whatever targets were
asked for. Targets are measured from the runs of their own level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.digits import label_writer
from bayes_scaling.errors import RunsError
from bayes_scaling.fitting.loss_surface import LossSurface
from bayes_scaling.fitting.posterior_surface import labelled
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.model.as_points import largest_run, scaled_runs
from bayes_scaling.model.axes import decades_beyond, main_axis, point_axes, run_axes
from bayes_scaling.model.hierarchy import NewLevels
from bayes_scaling.model.points import At, points
from bayes_scaling.model.reach import ranges
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.validation.backtesting import Backtest, run_backtest
from bayes_scaling.validation.loo import leave_one_out
from bayes_scaling.validation.refits import Refitter
from bayes_scaling.validation.simulated import PRIOR_DRAWS, prior_draws
from bayes_scaling.validation.targets import asked_points
from bayes_scaling.validation.verdict import CannotJudge

Level = Literal["quick", "full"]

LADDER = (1.0, 3.0, 30.0, 1000.0)
"""Multiples of the run of largest compute, in its level."""


@dataclass(frozen=True, eq=False)
class Case:
    """The forecast to be judged: fit, targets, and a ladder of larger runs.

    Attributes
    ----------
    fit : ScalingFit
    where : xarray.Dataset, dims (point,)
        The targets, then one point for each of :data:`LADDER`.
    asked : int
        How many of the points are targets.
    new_levels : {"error", "draw", "typical"}
        What levels that were not fitted get.
    level : {"quick", "full"}
    refitter : Refitter
    rivals : sequence of ScalingModel or None
        What else the runs could be fitted with; None for those that are known.
    """

    fit: ScalingFit
    where: xr.Dataset
    asked: int
    new_levels: NewLevels
    level: Level
    refitter: Refitter
    rivals: Sequence[ScalingModel] | None = None

    @property
    def size(self) -> int:
        """Number of points, ladder included."""
        return self.where.sizes["point"]

    @cached_property
    def runs(self) -> pd.DataFrame:
        """Log10 of the runs along each axis."""
        return run_axes(self.fit.model.law, self.fit.runs)

    @cached_property
    def points(self) -> pd.DataFrame:
        """Log10 of the points along each axis."""
        return point_axes(self.fit.model.law, self.where).rename_axis("point")

    @property
    def placed(self) -> pd.DataFrame:
        """The points in their own units along each axis, and their levels."""
        labels = {factor: self.where[factor].to_numpy() for factor in self.fit.model.factors}
        return (10**self.points).assign(**labels)

    @cached_property
    def ends(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Ends of the range of the runs of each point's level, log10 along each axis."""
        return ranges(self.fit.model, self.fit.runs, self.where, self.size)

    @cached_property
    def beyond(self) -> pd.DataFrame:
        """Decades of each point outside the range of the runs of its level, along each axis."""
        return decades_beyond(self.points, *self.ends).rename_axis("point")

    @cached_property
    def inside(self) -> np.ndarray:
        """Mask of the points inside the range of the runs of their level along every axis."""
        return (self.beyond == 0).all(axis=1).to_numpy()

    def named(self, point: int) -> str:
        """Words for a target, with its inputs and levels where there are several."""
        if self.asked == 1:
            return "the target"
        at = self.where.isel(point=point)
        inputs = (
            f"{name.replace('_', ' ')} {label_writer(name)(float(at[name]))}"
            for name in self.fit.model.law.inputs
        )
        levels = (f"{name} {str(at[name].item())!r}" for name in self.fit.model.factors)
        return f"the target at {', '.join([*inputs, *levels])}"

    @property
    def main(self) -> str:
        """The axis along which the sweep grows."""
        return main_axis(self.fit.model.law)

    @cached_property
    def surface(self) -> LossSurface:
        """The expected loss of each draw, in the level of each point."""
        rng = np.random.default_rng(self.fit.settings.seed)
        return self.fit.surface_at(self.where, self.new_levels, rng)

    @cached_property
    def prior(self) -> ScalingFit:
        """The fit with draws of the prior in place of the posterior."""
        model, runs, seed = self.fit.model, self.fit.runs, self.fit.settings.seed
        return replace(self.fit, posterior=prior_draws(model, runs, PRIOR_DRAWS, seed))

    @cached_property
    def expected(self) -> xr.DataArray:
        """Draws of the expected loss, dims (chain, draw, point)."""
        return labelled(self.surface.loss(self.where), self.where, self.fit.model)

    @cached_property
    def loo(self) -> Any:
        """Leave-one-out by importance weights, pointwise."""
        return leave_one_out(self.fit)

    @cached_property
    def backtest(self) -> Backtest:
        """The backtest of the model on its own runs.

        Raises
        ------
        CannotJudge
            It has not been asked for, or no fold gave a result.
        """
        if self.level != "full":
            raise CannotJudge("no backtest was run at this level")
        try:
            return run_backtest(self.fit.model, self.fit.runs, None, self.refitter)
        except RunsError as error:
            raise CannotJudge(str(error)) from error


def make_case(fit: ScalingFit, at: Forecast | At, level: Level, refitter: Refitter) -> Case:
    """The case of a fit and its targets.

    Raises
    ------
    RunsError
        The targets cannot be points of this fit.
    """
    asked = asked_points(fit, at, "assess")
    targets = asked.where
    ladder = points(fit.model, fit.runs, at=ladder_table(fit))
    shared = [name for name in targets if name in ladder]
    where = xr.concat([targets[shared], ladder[shared]], "point")
    where = where.assign_coords(point=np.arange(where.sizes["point"]))
    count = targets.sizes["point"]
    return Case(fit, where, count, asked.new_levels, level, refitter)


def ladder_table(fit: ScalingFit) -> pd.DataFrame:
    """The run of largest compute, and the same made larger."""
    return scaled_runs(fit.model, fit.runs, largest_run(fit.model.law, fit.runs), LADDER)

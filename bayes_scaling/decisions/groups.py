"""compare_levels(): the better of two recipes, corpora or architectures, and by how much.

Both levels come from one pooled model, so each draw compares them under the same parameters that
they share. Compares expected losses along a path of growing scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.decisions.surface.landscape import Landscape, check_loss, log_ratio, surface
from bayes_scaling.decisions.surface.solvers import first_change
from bayes_scaling.decisions.surface.splitting import Splitting
from bayes_scaling.display.digits import label_writer
from bayes_scaling.display.intervals import interval_percent, intervals
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.drawn_result import DrawnResult
from bayes_scaling.model.points import At, Numbers, asked_table
from bayes_scaling.runs.cells import as_label
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

BEYOND_RUNS = 1e3
"""Multiple of the largest run or scale asked for up to which a crossing is looked for."""

SCAN = 17
"""Scales at which the sign of the difference is looked at."""


@dataclass(frozen=True)
class Path:
    """The expected loss of one level as it grows.

    A law of params and tokens grows along its compute-optimal frontier, or at a fixed number of
    tokens per parameter; another law along its only input.
    """

    where: Landscape
    input: str
    tokens_per_param: float | None = None

    def loss(self, scale: np.ndarray) -> np.ndarray:
        """Expected loss at a scale."""
        if not self.where.fit.model.law.splits_compute:
            return self.where.loss(**{self.input: scale})
        if self.tokens_per_param is None:
            return Splitting(self.where).optimum(scale).loss
        params = np.sqrt(scale / FLOPS_PER_PARAM_TOKEN / self.tokens_per_param)
        return self.where.split_loss(params, self.tokens_per_param * params)

    def reaching(self, loss: np.ndarray) -> np.ndarray:
        """Scale that reaches a loss; infinite where none does."""
        where = self.where
        if where.fit.model.law.splits_compute and self.tokens_per_param is None:
            run = Splitting(where).cheapest(loss)
            flops: np.ndarray = FLOPS_PER_PARAM_TOKEN * run.params * run.tokens
            return flops
        return where.reaching(self.loss, loss, where.centre(self.input))


@dataclass(frozen=True, repr=False, eq=False)
class LevelComparison(DrawnResult[ScalingFit]):
    """Draws of the difference between two levels of a factor.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, point)
        ``loss_difference``, first less second: negative where the first is better.
        ``multiplier``, how many times the scale (compute) the second needs to reach the first's
        loss; infinite where its floor is above that. ``crossing``, the first scale beyond the
        smallest run at which the better one changes; NaN where none does within a thousand times
        the largest.
    fit : ScalingFit
    factor, first, second, scale : str
        What is compared, and the input along which.
    """

    factor: str = ""
    first: str = ""
    second: str = ""
    scale: str = "flops"

    shown: ClassVar[tuple[str, ...]] = ("loss_difference", "multiplier")

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for a reader: the comparison, notes of the fit, missing draws."""
        said = (
            f"{self.factor}: {self.first} against {self.second}; a negative difference and a "
            f"multiplier above 1 favour {self.first}."
        )
        return (said, *super().notes)

    def headline(self, prob: float | None = None) -> str:
        """Worth of the first level in the second, in one sentence."""
        table = self.table(prob)["multiplier"]
        write, number = label_writer(self.scale), "{:.3g}".format
        worth = [
            f"{number(row.median)} [{number(row.lower)}, {number(row.upper)}] times the "
            f"{self.scale} at {write(float(asked))}"
            for asked, row in zip(self.draws[self.scale].values, table.itertuples(), strict=True)
        ]
        return (
            f"To reach the loss of {self.first}, {self.second} needs {', '.join(worth)} "
            f"(median and {interval_percent(prob)} interval)."
        )

    def probability(self) -> pd.DataFrame:
        """Probability that the first level has the lower expected loss, by scale."""
        better = (self.draws["loss_difference"] < 0).mean(("chain", "draw"))
        return self._columns(self.draws["point"], {f"{self.first}_better": better.values})

    def crossing(self, prob: float | None = None) -> pd.DataFrame:
        """Scale at which the better level changes, of the draws where it does, and their share.

        Returns
        -------
        pandas.DataFrame
            By point: ``median``, ``lower``, ``upper``, ``crosses`` (probability) and
            ``diagnosis``.
        """
        ends = intervals(self.draws["crossing"], prob)
        columns = {name: ends[name].values for name in ("median", "lower", "upper")}
        share = self.draws["crossing"].notnull().mean(("chain", "draw"))
        return self._columns(self.draws["point"], {**columns, "crosses": share.values})


def compare_levels(
    fit: ScalingFit,
    first: str,
    second: str,
    scale: Numbers,
    *,
    factor: str | None = None,
    tokens_per_param: float | None = None,
    at: At | None = None,
) -> LevelComparison:
    """Compare two levels of a factor at given scales: the better one, and its worth in compute.

    Parameters
    ----------
    fit : ScalingFit
        Of a model that varies by the factor.
    first, second : str
        Levels.
    scale : float or array
        Compute in FLOP, for a law of params and tokens; else values of the law's only input.
    factor : str, optional
        To be given if the model has several.
    tokens_per_param : float, optional
        Fixes the split of compute; each level has its own optimal split if not given.
    at : pandas.DataFrame or mapping, optional
        Levels of other factors, and other inputs of the law; a level left out is crossed.

    Raises
    ------
    ModelError
        The model has no such factor, or the law has several inputs that are no split of compute.
    RunsError
        A level was not fitted, or a scale is not positive.
    """
    check_loss(fit, "compare_levels")
    factor, first, second = _factor(fit, factor), as_label(first), as_label(second)
    for level in (first, second):
        check_level(fit, factor, level, "compare_levels")
    name = _scale_name(fit, at)
    held = asked_table({factor: first}, at)
    free = ("params", "tokens") if fit.model.law.splits_compute else (name,)
    of_first = surface(fit, {name: scale}, held, free)
    labels = xr.full_like(of_first.where[factor], second)
    of_second = Landscape.of(fit, of_first.where.assign({factor: labels}))
    paths = [Path(where, name, tokens_per_param) for where in (of_first, of_second)]
    asked = of_first.asked(name)
    losses = [path.loss(asked) for path in paths]
    draws = of_first.labelled(
        loss_difference=losses[0] - losses[1],
        multiplier=paths[1].reaching(losses[0]) / asked,
        crossing=_first_crossing(fit, paths, asked.max()),
    )
    return LevelComparison(draws.drop_vars(factor), fit, factor, first, second, name)


def _first_crossing(fit: ScalingFit, paths: list[Path], largest: float) -> np.ndarray:
    """Scale of the first change of sign of the difference; NaN without one."""
    sizes = fit.runs.values(paths[0].input)
    low, high = np.log(sizes.min()), np.log(BEYOND_RUNS * max(sizes.max(), largest))

    def difference(log_scale: np.ndarray) -> np.ndarray:
        first, second = (path.loss(np.exp(log_scale)) for path in paths)
        return log_ratio(first, second)

    grid = np.linspace(np.full(paths[0].where.shape, low), high, SCAN)
    return np.exp(first_change(difference, grid))


def _factor(fit: ScalingFit, factor: str | None) -> str:
    known = fit.model.factors
    if factor in known:
        return str(factor)
    if factor is None and len(known) == 1:
        return known[0]
    raise ModelError(
        f"compare_levels: factor={factor!r}, and the model varies by {', '.join(known) or 'none'}. "
        "Only levels of one factor, fitted together, can be compared. Name a factor of the model, "
        "or fit with vary=[bs.Vary('E', by='corpus')]."
    )


def check_level(fit: ScalingFit, factor: str, level: str, asker: str) -> None:
    """Refuse a level that was not fitted."""
    levels = fit.runs.levels(factor)
    if level not in levels:
        raise RunsError(
            f"{asker}: {factor}={level!r} was not fitted; the fit has {', '.join(levels)}. "
            "Nothing was learned of it. Use one of these."
        )


def _scale_name(fit: ScalingFit, at: At | None) -> str:
    if fit.model.law.splits_compute:
        return "flops"
    free = [name for name in fit.model.law.inputs if at is None or name not in at]
    if len(free) != 1:
        raise ModelError(
            f"compare_levels: {fit.model.law.name} is a function of "
            f"{', '.join(fit.model.law.inputs)}, and one scale does not set them all. Hold all "
            "but one in `at`."
        )
    return free[0]

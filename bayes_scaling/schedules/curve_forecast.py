"""forecast() and decay_now(): the loss along other schedules, and of runs decayed now.

`expected_loss` is that of the law. `loss` is that of one new run: its own miss of what decaying
gains, its wandering about the law, and noise. Misses of different schedules are independent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.intervals import interval_attrs, intervals
from bayes_scaling.errors import RunsError
from bayes_scaling.fitting.diagnostics import FitResult
from bayes_scaling.schedules.curve_fit import CurveFit
from bayes_scaling.schedules.curves import warmup_steps
from bayes_scaling.schedules.misfit import drawn_misses
from bayes_scaling.schedules.shapes import Schedule, Shape, decayed
from bayes_scaling.schedules.sums import POINT, schedule_sums

POINTS = 60
"""Steps of each schedule at which the loss is forecast, unless others are asked for."""


@dataclass(frozen=True, repr=False, eq=False)
class CurveForecast(FitResult):
    """Draws of the loss along runs of given schedules.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, point)
        ``expected_loss`` and ``loss``, in the unit of the curves' loss; ``schedule`` (its name)
        and ``step`` are coordinates of ``point``.
    fit : CurveFit
    schedules : mapping of str to array
        Learning rate of every step, by name.
    """

    draws: xr.Dataset
    fit: CurveFit
    schedules: Mapping[str, Schedule]

    def table(self, prob: float | None = None) -> pd.DataFrame:
        """Median and credible interval of both losses, as ``Forecast.table`` has them.

        Returns
        -------
        pandas.DataFrame
            One row for each schedule and step.
        """
        return self._intervals(self.draws, POINT, prob)

    @property
    def dim(self) -> str:
        """Dim of what was asked about."""
        return POINT

    @property
    def ends(self) -> CurveForecast:
        """The last point of each schedule by itself."""
        name = self.draws["schedule"].to_numpy()
        last = np.flatnonzero(np.append(name[1:] != name[:-1], True))
        return replace(self, draws=self.draws.isel({POINT: last}))

    def final(self, prob: float | None = None) -> pd.DataFrame:
        """Losses at the last point of every schedule, and the probability that it is the best.

        Returns
        -------
        pandas.DataFrame
            Rows of :meth:`table` at the last step that was forecast, and ``best``: in which share
            of the draws a new run of it has the lowest loss of all. Only schedules of as many
            steps are of equal cost.
        """
        ends = self.ends
        table = ends.table(prob)
        lowest = ends.draws["loss"].argmin(POINT).to_numpy()
        shares = [float((lowest == place).mean()) for place in range(len(table))]
        table.insert(table.shape[1] - 1, ("best", ""), shares)
        return table

    def difference(self, first: str, second: str, prob: float | None = None) -> pd.Series[float]:
        """Final loss of a run of one schedule less that of another.

        Returns
        -------
        pandas.Series
            ``median``, ``lower``, ``upper``, and ``probability`` that the first is the lower.

        Raises
        ------
        RunsError
            A schedule was not forecast, or not to its end.
        """
        ends = [self._final_loss(name) for name in (first, second)]
        apart = ends[0] - ends[1]
        found = {name: float(one) for name, one in intervals(apart, prob).data_vars.items()}
        row = pd.Series({**found, "probability": float((apart < 0).mean())}, dtype=float)
        row.attrs.update(interval_attrs(prob))
        return row

    def _final_loss(self, name: str) -> xr.DataArray:
        places = np.flatnonzero(self.draws["schedule"].to_numpy() == name)
        if not len(places):
            raise RunsError(
                f"No schedule {name!r} was forecast, so there is nothing to compare. "
                f"Forecast are {', '.join(map(repr, self.schedules))}."
            )
        step, last = int(self.draws["step"][places[-1]]), len(self.schedules[name]) - 1
        if step < last:
            raise RunsError(
                f"Schedule {name!r} was forecast to step {step} of {last}, so its final loss is "
                f"not known. Forecast it without steps=, or with {last} among them."
            )
        return self.draws["loss"].isel({POINT: places[-1]}, drop=True)

    def _shown(self) -> pd.DataFrame:
        return self.final()


def forecast(
    fit: CurveFit,
    schedules: Mapping[str, Schedule],
    *,
    steps: Sequence[int] | np.ndarray | None = None,
    seed: int | None = None,
) -> CurveForecast:
    """Forecast the loss along runs of any schedules, of the size that was fitted.

    Parameters
    ----------
    fit : CurveFit
    schedules : mapping of str to array
        Learning rate of every step from 0, by a name of the user's.
    steps : sequence of int, optional
        Steps at which the loss is forecast, those that a schedule has; if not given, sixty from
        the end of its warm-up to its last.
    seed : int, optional
        Seed of the misses of new runs; that of the fit if not given.

    Returns
    -------
    CurveForecast

    Raises
    ------
    RunsError
        A schedule has none of the steps.
    """
    rng = np.random.default_rng(fit.settings.seed if seed is None else seed)
    parts = []
    for name, schedule in schedules.items():
        asked = _steps(name, schedule, steps)
        part = _forecast_draws(fit, schedule_sums(schedule, asked), rng)
        labels = {"schedule": (POINT, [name] * len(asked)), "step": (POINT, asked)}
        parts.append(part.assign_coords(labels))
    return CurveForecast(xr.concat(parts, POINT), fit, dict(schedules))


def decay_now(
    fit: CurveFit,
    schedule: Schedule,
    at: Sequence[int] | np.ndarray,
    *,
    over: int | float = 0.2,
    end: float = 0.0,
    shape: Shape = "linear",
    seed: int | None = None,
) -> CurveForecast:
    """Forecast the final loss of a run that is decayed from given steps on.

    An undecayed checkpoint so becomes a run of its own length, as scaling laws are fitted to. The
    decays are of one run, and share its miss of what decaying gains: their errors go together.

    Parameters
    ----------
    fit : CurveFit
    schedule : array
        Learning rate of every step of the run, had it gone on.
    at : sequence of int
        Steps of the checkpoints.
    over : int or float
        Steps of the decay; as a fraction, of the steps before it.
    end : float
        Learning rate in the end.
    shape : {"linear", "cosine", "exponential", "sqrt"}
        Course of the decay.
    seed : int, optional
        Seed of the misses of new runs; that of the fit if not given.

    Returns
    -------
    CurveForecast
        One point for each checkpoint, its last step; ``checkpoint`` is a coordinate.
    """
    seed = fit.settings.seed if seed is None else seed
    schedules, parts = {}, []
    for step in at:
        length = over if isinstance(over, int | np.integer) else max(1, round(over * step))
        name = f"decayed from step {step}"
        schedules[name] = decayed(schedule, int(step), int(length), end, shape)
        last = len(schedules[name]) - 1
        sums = schedule_sums(schedules[name], [last])
        part = _forecast_draws(fit, sums, np.random.default_rng(seed))
        labels = {"schedule": [name], "step": [last], "checkpoint": [int(step)]}
        parts.append(part.assign_coords({key: (POINT, one) for key, one in labels.items()}))
    return CurveForecast(xr.concat(parts, POINT), fit, schedules)


def _steps(name: str, schedule: Schedule, steps: Sequence[int] | np.ndarray | None) -> np.ndarray:
    last = len(schedule) - 1
    if steps is None:
        first = max(1, warmup_steps(np.asarray(schedule)))
        return np.unique(np.linspace(min(first, last), last, POINTS).round().astype(int))
    asked = np.unique(np.asarray(steps, dtype=int))
    kept = asked[(asked >= 0) & (asked <= last)]
    if not len(kept):
        raise RunsError(
            f"Schedule {name!r} has steps 0 to {last}, and none of those asked for. Ask for "
            "steps that it has, or give a longer schedule."
        )
    return kept


def _forecast_draws(fit: CurveFit, sums: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    """Draws at the points of one schedule, a chain at a time to save memory."""
    gain, log_loss = drawn_misses(fit.posterior, sums, fit.curves.longest, rng)
    parts = []
    for chain in range(fit.posterior.sizes["chain"]):
        one = {"chain": [chain]}
        theta = {name: fit.posterior[name].isel(one) for name in fit.law.priors}
        expected = fit.law.expected(sums, theta)
        missed = fit.law.expected(sums, theta, gain.isel(one)) * np.exp(log_loss.isel(one))
        parts.append(xr.Dataset({"expected_loss": expected, "loss": missed}))
    draws = xr.concat(parts, "chain").transpose("chain", "draw", POINT)
    return draws.drop_vars(["step", "travel"], errors="ignore")

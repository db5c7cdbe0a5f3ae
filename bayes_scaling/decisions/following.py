"""follow(): the final loss to expect of a run in progress, from its curve so far and the sweep.

The forecast of the sweep is the prior. What is seen of the run updates it by how far the finished
runs of the sweep were above their own final losses at the same share of training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from bayes_scaling.display.wording import counted, listed
from bayes_scaling.errors import RunsError
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.drawn_result import DrawnResult
from bayes_scaling.forecasting.forecasts import forecast

LEAST_CURVES = 3
"""Finished runs from which a spread can be told."""

LEAST_SCALE = 3e-4
"""Scatter of log loss that is left when all of a run has been seen: that of an evaluation."""

GRID = 200
"""Places at which the density of the final loss is worked out, besides the draws."""

DRAWS = 500

OFF, WIDER = 0.05, 10.0
"""Share of runs that the sweep does not foresee, such as those with an error in their data, and how
many times wider their losses spread. Without them the forecast would outweigh a finished curve."""


@dataclass(frozen=True, repr=False, eq=False)
class RunInProgress(DrawnResult[ScalingFit]):
    """Forecasts of the final loss of a run in progress, one from each point of its curve.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, point)
        ``loss``, the final one. Coordinates of ``point``: ``tokens`` seen, ``share`` of training,
        ``seen``, the loss there. The first point, of no tokens, is the forecast of the sweep.
    fit : ScalingFit
    curves : int
        How many finished runs say how a curve ends.
    """

    curves: int = 0

    shown: ClassVar[tuple[str, ...]] = ("loss",)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for a reader: what ties the curve to its end, and the notes of the fit."""
        rests = (
            f"The end of the curve is inferred from {counted(self.curves, 'finished run')}, on the "
            "assumption of their data, and of their schedule as a share of its training."
        )
        return (rests, *super().notes)


def follow(
    curve: pd.DataFrame, fit: ScalingFit, finished: pd.DataFrame, run: pd.DataFrame
) -> RunInProgress:
    """Forecast the final loss of a run in progress, from its curve so far and the sweep.

    Parameters
    ----------
    curve : pandas.DataFrame
        The run so far: columns ``tokens`` seen and ``loss``, on the data that the sweep's losses
        are of; smoothed, where a single evaluation scatters.
    fit : ScalingFit
        Of the sweep.
    finished : pandas.DataFrame
        Curves of finished runs, three or more: ``run``, ``tokens``, ``loss``. The last row of each
        is its end. They must have the schedule of the run, over their own lengths.
    run : pandas.DataFrame
        The run as planned, one row as for :func:`bayes_scaling.forecast`: its inputs, ``tokens``
        among them, and the level of each factor.

    Raises
    ------
    RunsError
        A column is missing, a loss or a count is not positive, or there are too few curves.

    Notes
    -----
    At a share f of training, finished runs were above their final losses by ``d`` in log loss,
    with mean m and standard deviation s over k runs. That of the run is taken to be from a
    Student-t with k - 1 degrees of freedom about m, of scale ``s sqrt(1 + 1/k)``. The density of
    the final log loss is that of the forecast, by a Gaussian kernel estimate over its draws, times
    that of the excess seen; one run in twenty is taken to be unforeseen by the sweep, with a spread
    ten times as wide. Only the latest point counts, for it holds the information of earlier ones,
    so that the interval narrows as training goes on. The method does not cover runs that end
    differently from all others, as by another schedule. Before the first point of the finished
    curves the result is the forecast of the sweep.

    Examples
    --------
    In a training loop, stopping a run that will most likely not beat 2.1:

    .. code-block:: python

        seen = []
        for step in training:
            if step % 1000 == 0:
                seen.append({"tokens": step * batch_tokens, "loss": evaluate(model)})
                expected = bs.follow(pd.DataFrame(seen), fit, finished, run)
                if expected.table(0.9)["loss", "lower"].iloc[-1] > 2.1:
                    break
    """
    planned = forecast(fit, at=run).draws["loss"]
    _check_planned(planned)
    _check_curve(curve, "curve", ("tokens", "loss"))
    _check_curve(finished, "finished", ("run", "tokens", "loss"))
    before = np.quantile(np.log(planned.values), (np.arange(DRAWS) + 0.5) / DRAWS)
    share = (curve["tokens"] / float(planned["tokens"].item())).clip(upper=1.0).to_numpy(float)
    excess = _excess(finished, share)
    after = [
        final_loss(before, np.log(loss), column)
        for loss, column in zip(curve["loss"], excess.T, strict=True)
    ]
    draws = np.exp(np.stack([before, *after], axis=-1))
    seen = {"tokens": curve["tokens"], "share": share, "seen": curve["loss"]}
    starts = {"tokens": 0.0, "share": 0.0, "seen": np.nan}
    coords = {name: ("point", np.r_[starts[name], values]) for name, values in seen.items()}
    dataset = xr.Dataset(
        {"loss": (("chain", "draw", "point"), draws[None])},
        {"chain": [0], "draw": np.arange(DRAWS), "point": np.arange(len(curve) + 1), **coords},
    )
    return RunInProgress(dataset, fit, len(excess))


def final_loss(before: np.ndarray, seen: float, excess: np.ndarray) -> np.ndarray:
    """Draws of the final log loss, given the forecast and one point of the curve.

    Parameters
    ----------
    before : numpy.ndarray, dims (draw,)
        Of the forecast, in order.
    seen : float
        Log loss of the run at a point.
    excess : numpy.ndarray, dims (run,)
        Log loss of finished runs at that share of training, above their final ones; NaN for a run
        whose curve begins later.
    """
    excess = excess[np.isfinite(excess)]
    count = len(excess)
    if count < LEAST_CURVES:
        return before
    scale = max(float(excess.std(ddof=1)), LEAST_SCALE) * np.sqrt(1 + 1 / count)
    likely = stats.t(count - 1, seen - excess.mean(), scale)
    places = np.union1d(likely.ppf(np.linspace(1e-4, 1 - 1e-4, GRID)), before)
    log_density = np.log(_forecast_density(before, places)) + likely.logpdf(places)
    density = np.exp(log_density - log_density.max())
    mass = np.concatenate([[0.0], np.cumsum(np.diff(places) * (density[1:] + density[:-1]) / 2)])
    return np.asarray(np.interp((np.arange(DRAWS) + 0.5) / DRAWS, mass / mass[-1], places))


def _forecast_density(before: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Density of the forecast, mixed with a wide one for runs that the sweep does not foresee."""
    kernels = stats.gaussian_kde(before).pdf(places)
    wide = stats.t(3, np.median(before), WIDER * before.std()).pdf(places)
    return np.asarray((1 - OFF) * kernels + OFF * wide)


def _excess(finished: pd.DataFrame, share: np.ndarray) -> np.ndarray:
    """Log loss of finished runs above their final ones, dims (run, share); NaN before a curve."""
    rows = []
    for _, run in finished.sort_values("tokens").groupby("run", sort=False):
        parts, losses = run["tokens"] / run["tokens"].iloc[-1], np.log(run["loss"])
        rows.append(np.interp(np.log(share), np.log(parts), losses - losses.iloc[-1], np.nan))
    if len(rows) < LEAST_CURVES:
        raise RunsError(
            f"follow: {counted(len(rows), 'finished curve')} cannot say how differently runs end. "
            f"Without that an interval would be made up. Give {LEAST_CURVES} or more runs of the "
            "same schedule, each with its curve to the end."
        )
    return np.stack(rows)


def _check_planned(planned: xr.DataArray) -> None:
    if planned.sizes["point"] != 1:
        raise RunsError(
            f"follow: `run` is {planned.sizes['point']} runs, and one is followed. Give one row, "
            "with a level of each factor of the model."
        )
    if "tokens" not in planned.coords:
        raise RunsError(
            "follow: `run` has no tokens, and how far the run has come is told by them. Give a "
            "column tokens: those that it will have seen at its end."
        )


def _check_curve(curve: pd.DataFrame, name: str, columns: tuple[str, ...]) -> None:
    missing = [column for column in columns if column not in curve]
    if missing:
        raise RunsError(
            f"follow: `{name}` has no column {listed(missing)}; it has {listed(curve.columns)}. "
            f"A curve is losses by tokens seen. Give {', '.join(columns)}."
        )
    if "run" in columns and curve["run"].isna().any():
        raise RunsError(
            f"follow: `{name}` has rows without a run, which belong to no curve. Name the run of "
            "each row, or drop them."
        )
    numbers = curve[["tokens", "loss"]].to_numpy(float)
    if not (np.isfinite(numbers).all() and (numbers > 0).all() and len(numbers)):
        raise RunsError(
            f"follow: `{name}` has tokens or losses that are not positive finite numbers, and so "
            "have no logarithm. Drop rows without a loss, and step 0."
        )

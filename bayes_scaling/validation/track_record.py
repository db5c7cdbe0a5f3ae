"""score(): sealed forecasts against the runs made since, as a track record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bayes_scaling.display.digits import label_writer
from bayes_scaling.display.tables import Result
from bayes_scaling.display.wording import counted, listed
from bayes_scaling.errors import SealError
from bayes_scaling.forecasting.sealed import LEVELS, SealedForecast, checked_prob
from bayes_scaling.validation.scores import coverages, interval_score

type Observed = float | Sequence[float]
"""The loss of the run that was forecast, or of each of them; NaN for one not made yet."""


@dataclass(frozen=True, repr=False, eq=False)
class TrackRecord(Result):
    """Sealed forecasts, and what was observed since.

    Attributes
    ----------
    forecasts : mapping of str to SealedForecast
        In the order in which they were sealed.
    observed : mapping of str to tuple of float
        Of each forecast the loss of each point, NaN where there is none yet.
    """

    forecasts: Mapping[str, SealedForecast]
    observed: Mapping[str, tuple[float, ...]]

    def table(self, prob: float | None = None) -> pd.DataFrame:
        """One row for each run that was forecast.

        Parameters
        ----------
        prob : float, optional
            Probability of the intervals, at most 0.99; 0.9 if not given.

        Returns
        -------
        pandas.DataFrame
            Index (``forecast``, ``run``). ``sealed_at``; ``observed``; ``median``, ``lower``,
            ``upper`` of the loss predicted; ``inside``; ``pit``, the probability that the forecast
            gave to lower losses, 0 or 1 beyond the quantiles kept; ``error`` (median less
            observation) and ``interval_score`` (width, and a fine for what lies outside; lower is
            better), both of log loss and so relative, or on the scale of another response.
            NaN for runs not made yet.
        """
        chosen = checked_prob(prob)
        tables = [
            _scored(one, self.observed[name], chosen).assign(forecast=name)
            for name, one in self.forecasts.items()
        ]
        table = pd.concat(tables).set_index(["forecast", "run"])
        table.attrs = {"ci_kind": "eti", "ci_prob": chosen, "notes": self.notes}
        return table

    def summary(self, prob: float | None = None) -> pd.Series[float]:
        """Number of runs made, coverage at 50, 80, 90, 95 %, median error, interval score.

        Returns
        -------
        pandas.Series
            ``predictions``; ``coverage_50`` to ``coverage_95``, shares of runs inside their
            central intervals; ``median_error``, its typical size; ``interval_score``, the mean, of
            intervals of probability `prob`.
        """
        table = self.table(prob).dropna(subset="observed")
        return pd.Series(
            {
                "predictions": float(len(table)),
                **coverages(table["pit"]),
                "median_error": table["error"].abs().median(),
                "interval_score": table["interval_score"].mean(),
            }
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Number of runs still to be made, and forecasts whose chains had not converged."""
        losses = np.concatenate([self.observed[name] for name in self.forecasts])
        waiting = int(np.isnan(losses).sum())
        bad = [name for name, one in self.forecasts.items() if one.diagnosis != "ok"]
        return (
            *((f"{counted(waiting, 'run')} not made yet.",) if waiting else ()),
            *((f"Chains had not converged: {listed(bad)}.",) if bad else ()),
        )

    def _shown(self) -> pd.DataFrame:
        return self.table().drop(columns="sealed_at")


def score(
    sealed: SealedForecast | str | Path, observed: Observed | Mapping[str, Observed]
) -> TrackRecord:
    """Score sealed forecasts against what was observed since.

    Parameters
    ----------
    sealed : SealedForecast, or path of a file or folder
        Of a folder, all its ``.json`` files.
    observed : float, sequence of float, or mapping of str to these
        Loss of the run, or of each point of the forecast in its order; NaN for a run not made yet.
        For a folder: these by the names of its files, without ``.json``. Forecasts that are left
        out wait for their runs.

    Returns
    -------
    TrackRecord

    Raises
    ------
    SealError
        A file was changed since it was sealed, or is not a sealed forecast; or the observations do
        not match what was forecast.
    """
    if isinstance(sealed, SealedForecast):
        forecasts = {"forecast": sealed}
    elif Path(sealed).is_dir():
        forecasts = {path.stem: SealedForecast.read(path) for path in Path(sealed).glob("*.json")}
    else:
        forecasts = {Path(sealed).stem: SealedForecast.read(sealed)}
    if not forecasts:
        raise SealError(
            f"There is no .json file in {str(sealed)!r}, so there is no record. Give the folder "
            "in which forecasts were sealed with forecast.seal(path)."
        )
    ordered = dict(sorted(forecasts.items(), key=lambda item: (item[1].sealed_at, item[0])))
    return TrackRecord(ordered, _paired(ordered, observed))


def _paired(
    forecasts: Mapping[str, SealedForecast], observed: Observed | Mapping[str, Observed]
) -> dict[str, tuple[float, ...]]:
    """The observations of each forecast, one for each of its points."""
    if not isinstance(observed, Mapping):
        if len(forecasts) > 1:
            raise SealError(
                f"score: observed is one {type(observed).__name__} for {len(forecasts)} forecasts, "
                "so it is not clear which runs it is of. Give a mapping of their names: "
                f"{listed(forecasts)}."
            )
        observed = dict.fromkeys(forecasts, observed)
    if unknown := [name for name in observed if name not in forecasts]:
        raise SealError(
            f"score: {listed(unknown)} was observed and not forecast, so it has no score. The "
            f"forecasts are {listed(forecasts, 20)}."
        )
    return {
        name: _losses(name, one, observed.get(name, [np.nan] * len(one.points)))
        for name, one in forecasts.items()
    }


def _losses(name: str, sealed: SealedForecast, observed: Observed) -> tuple[float, ...]:
    losses = tuple(np.ravel(np.asarray(observed, dtype=float)).tolist())
    if len(losses) != len(sealed.points):
        raise SealError(
            f"score: {name!r} is of {counted(len(sealed.points), 'run')} and {len(losses)} were "
            "observed, so they cannot be paired. Give one loss for each, NaN for a run not made."
        )
    bad = [loss for loss in losses if np.isinf(loss) or (sealed.response == "loss" and loss <= 0)]
    if bad:
        raise SealError(
            f"score: a loss of {bad[0]} for {name!r} is impossible. Losses are "
            "positive and finite. Give nats per token as the fitted runs had, NaN for no run."
        )
    return losses


def _scored(sealed: SealedForecast, observed: tuple[float, ...], prob: float) -> pd.DataFrame:
    """The rows of one forecast."""
    losses, tail = np.array(observed), (1 - prob) / 2
    median, lower, upper = (sealed.quantile("loss", level) for level in (0.5, tail, 1 - tail))
    pit = [
        np.interp(loss, row, LEVELS, left=0.0, right=1.0)
        for loss, row in zip(losses, sealed.loss, strict=True)
    ]
    scale = np.log if sealed.response == "loss" else np.asarray
    inside = pd.array((lower <= losses) & (losses <= upper), dtype="boolean")
    inside[np.isnan(losses)] = pd.NA
    return pd.DataFrame(
        {
            "run": [_words(point) for point in sealed.points],
            "sealed_at": sealed.sealed_at,
            "observed": losses,
            "median": median,
            "lower": lower,
            "upper": upper,
            "inside": inside,
            "pit": pit,
            "error": scale(median) - scale(losses),
            "interval_score": interval_score(scale(lower), scale(upper), scale(losses), prob),
        }
    )


def _words(point: Mapping[str, float | str]) -> str:
    """Label of a run by its inputs; compute is left out beside size and data."""
    follows = ("flops", "tokens_per_param") if {"params", "tokens"} <= set(point) else ()
    return ", ".join(
        value if isinstance(value, str) else f"{name} {label_writer(name)(value)}"
        for name, value in point.items()
        if name not in follows
    )

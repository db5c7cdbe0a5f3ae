"""backtest(): the forecasts that a sweep stopped earlier would have made, and how they did.

Fits the smaller runs and forecasts the larger ones, at several cut-offs, beside the baselines that
people use today.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from html import escape

import pandas as pd

from bayes_scaling._axes import main_axis
from bayes_scaling._results import short
from bayes_scaling.averaging import FitAverage, single
from bayes_scaling.discrepancy import DEFAULT, Discrepancy, updated_rate
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.model import ScalingModel
from bayes_scaling.runs import Runs
from bayes_scaling.trust._folds import MODEL, run_folds
from bayes_scaling.trust._refits import REFIT, Refitter
from bayes_scaling.trust._scores import summarised


@dataclass(frozen=True, eq=False, repr=False)
class Backtest:
    """Forecasts of runs that were held out because they are larger than those fitted.

    Attributes
    ----------
    predictions : pandas.DataFrame
        One row for each held-out run of each fold and method: ``fold``, ``method`` (``"model"``
        and the baselines), ``run``, ``size`` (along `along`), ``decades`` (beyond the largest run
        fitted of its level), the observation and the forecast of a new run (``observed``,
        ``median``, ``lower``, ``upper`` of 90 %, ``pit``, ``error``, ``width``, ``log_score``,
        ``crps``), all on the log scale for losses.
    folds : pandas.DataFrame
        One row for each cut-off: ``cutoff``, ``fitted``, ``held_out``, ``decades`` (how far the
        farthest held-out run lies beyond), ``miss`` (by how much for each decade the log losses
        held out lie off the law together) with its standard error ``miss_sd``, ``status``
        (``"done"`` or the reason), ``diagnosis`` of the fold's fit, ``seconds``.
    along : str
        What was cut: ``"flops"``, or the law's first input where it knows no compute.
    """

    predictions: pd.DataFrame
    folds: pd.DataFrame
    along: str

    def table(self, by: str | Sequence[str] = "method") -> pd.DataFrame:
        """Coverage at 50, 80, 90, 95 %, bias, width, log score and CRPS.

        Parameters
        ----------
        by : str or sequence of str
            Columns of `predictions`: ``"method"``, or ``["method", "fold"]``.

        Returns
        -------
        pandas.DataFrame
            ``width`` is the median width of 90 % intervals, ``median_error`` the median size of
            the error; both are relative for losses. A higher ``log_score`` is better.
        """
        return summarised(self.predictions, by if isinstance(by, str) else list(by))

    def of_model(self) -> pd.DataFrame:
        """The predictions of the model itself."""
        return self.predictions[self.predictions["method"] == MODEL]

    def discrepancy(self, prior: Discrepancy = DEFAULT) -> Discrepancy:
        """The discrepancy that this sweep's own misses speak for, to widen its forecasts.

        Updates the rate that public sweeps have taught by the shared miss of each fold: normal
        about zero with the rate, and the miss's own error, for standard deviation. As folds hold
        out the same largest runs, they count as one observation together, and folds that hold out
        the very same runs once. Where the law did well, intervals become narrower, and wider where
        it did not. On public sweeps it scores a little better than the default far beyond the runs
        and as well near, with intervals a fifth narrower on the Chinchilla runs and as good a
        coverage (``tests/benchmarks/test_extrapolation.py``).

        Parameters
        ----------
        prior : Discrepancy
            What is believed of the rate before.

        Returns
        -------
        Discrepancy
            With a log-normal rate; `prior` itself where no fold says anything of losses.
        """
        # A larger cut-off holds out some of the runs of a smaller one: as many are the same.
        seen = self.folds.dropna(subset=["miss", "miss_sd"]).drop_duplicates("held_out")
        misses = seen[["miss", "miss_sd"]].to_numpy()
        return Discrepancy(updated_rate(prior.rate, misses)) if len(misses) else prior

    @property
    def notes(self) -> tuple[str, ...]:
        """Folds without a result, and why."""
        failed = self.folds[self.folds["status"] != "done"]
        return tuple(
            f"The fold up to {row.cutoff:.3g} has no result: {row.status}"
            for row in failed.itertuples()
        )

    def __repr__(self) -> str:
        done = int((self.folds["status"] == "done").sum())
        head = f"Backtest along {self.along}: {done} of {len(self.folds)} folds"
        text = self.table().to_string(float_format=short)
        return "\n".join([head, text, *(f"note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return f"{self.table().to_html(float_format=short)}<ul>{notes}</ul>"


def backtest(
    fit: ScalingFit | ScalingModel,
    runs: Runs | None = None,
    cutoffs: Sequence[float] | None = None,
    *,
    baselines: bool = True,
    executor: Executor | None = None,
    discrepancy: Discrepancy | None = DEFAULT,
    seed: int = 1,
    progress: bool = True,
) -> Backtest:
    """Fit the runs up to several cut-offs and forecast those above.

    Parameters
    ----------
    fit : ScalingFit or ScalingModel
        A model needs `runs`; a fit has its own.
    runs : Runs, optional
    cutoffs : sequence of float, optional
        Largest compute (FLOP) of the fitted part, or largest input for a law without compute. By
        default 1/3, 1/2, 2/3 and 5/6 of the runs' range on the log scale, where enough runs lie
        on either side.
    baselines : bool
        Whether to score log-linear least squares, and the law by Huber loss with a bootstrap.
    executor : concurrent.futures.Executor, optional
        Where the refits run; in this process, one after the other, if not given.
    discrepancy : Discrepancy or None
        What the law is assumed to leave out beyond the runs, as in a forecast.
    seed : int
        Seed of the refits and of the draws.
    progress : bool
        Count the refits on standard error.

    Returns
    -------
    Backtest
        Interrupted, it has the folds that were finished; a fold that failed says why.

    Raises
    ------
    ModelError
        A model without runs, or an average.
    RunsError
        The runs allow no cut-off, or no fold gave a result.
    """
    if isinstance(fit, FitAverage):
        single(fit)
    refitter = Refitter(executor, progress, replace(REFIT, seed=seed))
    if isinstance(fit, ScalingFit):
        model, runs = fit.model, runs or fit.runs
        return run_backtest(model, runs, cutoffs, refitter, baselines, discrepancy)
    if runs is None:
        raise ModelError(
            f"backtest: runs=None, and {fit!r} has no runs of its own to hold out. "
            "Give the runs, or a fit."
        )
    return run_backtest(fit, runs, cutoffs, refitter, baselines, discrepancy)


def run_backtest(
    model: ScalingModel,
    runs: Runs,
    cutoffs: Sequence[float] | None,
    refitter: Refitter,
    baselines: bool = True,
    discrepancy: Discrepancy | None = DEFAULT,
) -> Backtest:
    """The backtest on a given refitter."""
    predictions, folds = run_folds(model, runs, cutoffs, refitter, baselines, discrepancy)
    return Backtest(predictions, folds, main_axis(model.law))

"""backtest(): forecasts of the larger runs of a sweep from the smaller ones, and their scores.

At several cut-offs of compute, beside common baselines.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import pandas as pd

from bayes_scaling.display.tables import Result
from bayes_scaling.display.wording import axis_words
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting.average import FitAverage, single
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.axes import main_axis
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.runs import Runs
from bayes_scaling.validation.folds import MODEL, run_folds
from bayes_scaling.validation.refits import REFIT, Refitter
from bayes_scaling.validation.scores import summarised


@dataclass(frozen=True, eq=False)
class Record:
    """The misses of a law beyond the cut-offs of one sweep.

    Attributes
    ----------
    miss : float
        The typical size, in log loss for each tenfold: the median over the folds. NaN where no
        fold says.
    folds : pandas.DataFrame
        ``decades`` that each fold reached beyond its runs, and its ``miss`` for each of them.
    along : str
        What grew tenfold.
    """

    miss: float
    folds: pd.DataFrame
    along: str

    @property
    def sentence(self) -> str:
        """The record in words, for reports."""
        if not len(self.folds):
            return "No cut-off says by how much this sweep misses beyond its runs."
        percent, along = f"{100 * self.miss:.2g} %", axis_words(self.along)
        return f"On its own cut-offs this sweep missed by {percent} per tenfold of {along}."


@dataclass(frozen=True, eq=False, repr=False)
class Backtest(Result):
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

    def record(self) -> Record:
        """Typical miss beyond the cut-offs of this sweep."""
        told = self.folds.loc[self.folds["miss"].notna(), ["decades", "miss"]]
        return Record(float(told["miss"].abs().median()), told, self.along)

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Folds without a result, and why."""
        failed = self.folds[self.folds["status"] != "done"]
        return tuple(
            f"The fold up to {row.cutoff:.3g} has no result: {row.status}"
            for row in failed.itertuples()
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """The sweep's own record, and folds without a result."""
        return (self.record().sentence, *self.unfinished)

    @property
    def title(self) -> str:
        """The cut-offs and how many of them have a result."""
        done = int((self.folds["status"] == "done").sum())
        return f"Backtest along {self.along}: {done} of {len(self.folds)} folds"


def backtest(
    fit: ScalingFit | ScalingModel,
    runs: Runs | None = None,
    cutoffs: Sequence[float] | None = None,
    *,
    baselines: bool = True,
    executor: Executor | None = None,
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
        return run_backtest(model, runs, cutoffs, refitter, baselines)
    if runs is None:
        raise ModelError(
            f"backtest: runs=None, and {fit!r} has no runs of its own to hold out. "
            "Give the runs, or a fit."
        )
    return run_backtest(fit, runs, cutoffs, refitter, baselines)


def run_backtest(
    model: ScalingModel,
    runs: Runs,
    cutoffs: Sequence[float] | None,
    refitter: Refitter,
    baselines: bool = True,
) -> Backtest:
    """The backtest on a given refitter."""
    predictions, folds = run_folds(model, runs, cutoffs, refitter, baselines)
    return Backtest(predictions, folds, main_axis(model.law))

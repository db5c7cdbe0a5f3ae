"""compare(): scores of several fits, inside the runs and beyond them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import pandas as pd

from bayes_scaling.comparison.flags import Flag, future_flags, loo_flags
from bayes_scaling.comparison.scores import future_scores, importance, loo_scores, mean_and_error
from bayes_scaling.comparison.stacking import stacking
from bayes_scaling.display.tables import Result
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.fitting.same_runs import check_same_runs
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.validation.loo import leave_one_out
from bayes_scaling.validation.refits import REFIT, Refitter

Kind = Literal["future", "loo"]


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Result):
    """Log scores of several fits of the same runs.

    Attributes
    ----------
    fits : mapping of str to ScalingFit
    pointwise : pandas.DataFrame
        One column for each fit: log densities of log loss (of other responses as they are). One
        row for each prediction, indexed by ``kind`` (``"loo"`` or ``"future"``), ``fold`` (the
        cut-off), ``run`` and ``level`` (about what compute; of "loo" the run itself).
    pareto_k : pandas.DataFrame
        By run and fit; above 0.7 the leave-one-out score is not reliable.
    folds : pandas.DataFrame
        By fit and cut-off: ``fitted``, ``held_out``, ``status``, ``r_hat``, ``seconds``. Empty
        where the runs allow no cut-off.
    no_future : str
        Why there is no score by "future"; empty if there is one.
    """

    fits: Mapping[str, ScalingFit]
    pointwise: pd.DataFrame
    pareto_k: pd.DataFrame
    folds: pd.DataFrame
    no_future: str = ""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Names of the kinds of score."""
        return ("loo",) if self.no_future else ("future", "loo")

    def scores(self, kind: Kind) -> pd.DataFrame:
        """The pointwise scores of one kind.

        Raises
        ------
        RunsError
            There are none.
        """
        if kind not in ("future", "loo"):
            raise ValueError(
                f"kind={kind!r} names no score. Use 'future' (runs larger than those fitted) or "
                "'loo' (each run from the others)."
            )
        if kind not in self.kinds:
            raise RunsError(
                f"There are no scores of future runs: {self.no_future} Use 'loo', which says "
                "nothing of extrapolation, or average with weights='equal'."
            )
        return self.pointwise.loc[[kind]].droplevel("kind")

    def weights(self, kind: Kind = "future") -> pd.Series[float]:
        """Stacking weights: of the mixture that would have predicted best.

        Parameters
        ----------
        kind : {"future", "loo"}

        Returns
        -------
        pandas.Series
            By fit; they add up to one. A fit that adds nothing to the others has none, however
            near it comes to them.

        References
        ----------
        Yao et al. (2018), Using Stacking to Average Bayesian Predictive Distributions, Bayesian
        Analysis 13(3).
        """
        scores = self.scores(kind)
        values = stacking(scores.to_numpy(), importance(scores.index))
        return pd.Series(values, index=pd.Index(scores.columns, name="fit"), name="weight")

    def table(self) -> pd.DataFrame:
        """Scores, differences, weights and flags, the best first.

        Returns
        -------
        pandas.DataFrame
            By fit, for each kind: ``log_score`` (mean), ``difference`` from the best,
            ``standard_error`` of that difference, ``weight`` by stacking, ``flags`` that say when
            not to read them; and ``diagnosis`` of the fit. Of "future" each compute level counts
            alike, and errors are from how levels differ: runs of a level are missed alike. As
            levels farther out are missed in the same direction too, that error is the least it
            can be. ``attrs["notes"]`` has the flags as sentences.
        """
        parts = {kind: self._of_kind(kind) for kind in self.kinds}
        table = pd.concat(parts, axis=1)
        table["diagnosis", ""] = [self.fits[name].diagnostics.diagnosis for name in table.index]
        table = table.sort_values((self.kinds[0], "log_score"), ascending=False)
        table.attrs["notes"] = self.notes
        return table

    @property
    def notes(self) -> tuple[str, ...]:
        """The flags as sentences, and fits that have not converged."""
        bad = [
            f"{name!r} has {fit.diagnostics.diagnosis}; its scores are of no posterior."
            for name, fit in self.fits.items()
            if fit.diagnostics.diagnosis != "ok"
        ]
        missing = (f"No score of future runs: {self.no_future}",) if self.no_future else ()
        return (
            *bad,
            *missing,
            *(flag.sentence for kind in self.kinds for flag in self.flags[kind]),
        )

    @cached_property
    def flags(self) -> Mapping[Kind, tuple[Flag, ...]]:
        """Reasons to read the scores of each kind with care."""
        found: dict[Kind, tuple[Flag, ...]] = {
            "loo": tuple(loo_flags(self.scores("loo"), self.pareto_k))
        }
        if not self.no_future:
            found["future"] = tuple(future_flags(self.scores("future"), self.folds, self.fits))
        return found

    def _of_kind(self, kind: Kind) -> pd.DataFrame:
        scores, weights = self.scores(kind), self.weights(kind)
        counts = importance(scores.index)
        names = list(map(str, scores))
        means = {name: mean_and_error(scores[name], counts)[0] for name in names}
        best = max(means, key=lambda name: means[name])
        rows = {}
        for name in names:
            apart, error = mean_and_error(scores[name] - scores[best], counts)
            short = dict.fromkeys(f.short for f in self.flags[kind] if f.fit in ("", name))
            rows[name] = {
                "log_score": means[name],
                "difference": apart,
                "standard_error": error,
                "weight": float(weights[name]),
                "flags": ", ".join(short),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("fit")

    @property
    def title(self) -> str:
        """Heading of the table."""
        return "Comparison by log score (higher is better)"


def compare(
    fits: Mapping[str, ScalingFit],
    cutoffs: Sequence[float] | None = None,
    *,
    executor: Executor | None = None,
    seed: int = 1,
    progress: bool = True,
) -> Comparison:
    """Score fits of the same runs, leave-one-out and leave-future-out, and weigh them.

    Leave-one-out asks how well a fit predicts one more run among those there are, from importance
    weights (PSIS). Leave-future-out asks how well it extrapolates: the runs up to several cut-offs
    of compute are fitted again, and those above are forecast, as :func:`bayes_scaling.forecast`
    does. The first can be sharp and beside the point; the second
    is what a forecast needs, and rests on few levels of compute.

    Parameters
    ----------
    fits : mapping of str to ScalingFit
        Two or more, of the same runs and response. Laws may read different inputs.
    cutoffs : sequence of float, optional
        Largest compute (FLOP), or largest input of laws without compute, of each fitted part; as
        for :func:`bayes_scaling.backtest` if not given.
    executor, seed, progress
        As for :func:`bayes_scaling.backtest`.

    Returns
    -------
    Comparison
        Also where the runs allow no cut-off, or no fold was finished: leave-one-out alone.

    Raises
    ------
    ModelError
        Fewer than two fits, or no mapping of names to fits.
    RunsError
        The fits are not of the same runs, or a cut-off has no runs on one side.
    """
    loo = compare_by_loo(fits, "compare")
    refitter = Refitter(executor, progress, replace(REFIT, seed=seed))
    try:
        future, folds = future_scores(fits, cutoffs, refitter)
    except RunsError as error:
        if cutoffs is not None:
            raise
        return replace(loo, no_future=str(error))
    if future.empty:
        failed = folds[folds["status"] != "done"].reset_index().to_dict("records")[0]
        where = f"{failed['fit']!r} up to {failed['fold']}: {failed['status']}"
        reason = f"no fold gave a result for every fit ({where})."
        return replace(loo, folds=folds, no_future=reason)
    return replace(loo, pointwise=pd.concat([future, loo.pointwise]), folds=folds, no_future="")


def compare_by_loo(fits: Mapping[str, ScalingFit], asker: str = "average") -> Comparison:
    """Compare by leave-one-out alone, which refits nothing.

    Raises
    ------
    ModelError, RunsError
        The fits cannot be compared.
    """
    check_same_runs(fits, asker)
    if len(fits) < 2:
        raise ModelError(
            f"{asker}: {len(fits)} fit leaves nothing to compare it with. Give two or more."
        )
    found = {name: leave_one_out(fit) for name, fit in fits.items()}
    runs = next(iter(fits.values())).runs
    pareto_k = pd.DataFrame(
        {name: loo.pareto_k.values for name, loo in found.items()}, index=runs.table.index
    )
    return Comparison(
        dict(fits), loo_scores(found, runs), pareto_k, pd.DataFrame(), "none was asked for."
    )

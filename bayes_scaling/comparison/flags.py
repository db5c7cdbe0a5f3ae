"""Flags on a comparison, each in a few words for a table and as a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_scaling.comparison.scores import importance, mean_and_error
from bayes_scaling.comparison.stacking import stacking
from bayes_scaling.display.wording import counted
from bayes_scaling.fitting.diagnostics import R_HAT_MOST
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.validation.loo import FEW_RUNS, K_BAD, LEAST_DIFFERENCE

FEW_LEVELS = 3
"""Held-out compute levels below which neither an error nor weights rest on anything."""

CLEAR = 2.0
"""Standard errors beyond which the mean scores of larger runs differ."""

SWING = 0.3
"""Change of a weight that a single fold may make before the weights rest on it."""


@dataclass(frozen=True)
class Flag:
    """One reason for care: the fit it is about (all if empty), in few words, as a sentence."""

    fit: str
    short: str
    sentence: str


def loo_flags(scores: pd.DataFrame, pareto_k: pd.DataFrame) -> Iterator[Flag]:
    """Flags of leave-one-out."""
    if len(scores) < FEW_RUNS:
        yield Flag(
            "",
            f"N < {FEW_RUNS}",
            f"Leave-one-out: from {counted(len(scores), 'run')}, fewer than {FEW_RUNS}, the "
            "standard errors of differences are likely too small.",
        )
    for name, k in pareto_k.items():
        bad = int((k > K_BAD).sum())
        if bad:
            yield Flag(
                str(name),
                f"{bad} bad k",
                f"Leave-one-out of {name!r}: {counted(bad, 'run')} with a Pareto k above {K_BAD}, "
                "without which the posterior may be another; their scores are optimistic.",
            )
    yield from _loo_ties(scores)


def _loo_ties(scores: pd.DataFrame) -> Iterator[Flag]:
    """Flag fits that leave-one-out cannot tell from the best."""
    totals = scores.sum()
    best = str(totals.idxmax())
    for name in map(str, scores):
        apart = float(totals[best] - totals[name])
        if name != best and apart < LEAST_DIFFERENCE:
            yield Flag(
                str(name),
                f"|difference| < {LEAST_DIFFERENCE:g}",
                f"Leave-one-out: {best!r} and {name!r} differ by {apart:.1f} over all runs, less "
                f"than {LEAST_DIFFERENCE:g}; they predict alike inside the runs.",
            )


def future_flags(
    scores: pd.DataFrame, folds: pd.DataFrame, fits: Mapping[str, ScalingFit]
) -> Iterator[Flag]:
    """Flags of leave-future-out."""
    yield from _folds_flags(folds)
    levels = scores.index.unique("level")
    if len(levels) < FEW_LEVELS:
        yield Flag(
            "",
            f"{counted(len(levels), 'level')}",
            f"Leave-future-out: the held-out runs are of {counted(len(levels), 'compute level')}; "
            f"below {FEW_LEVELS} neither errors nor weights rest on anything.",
        )
    if len(fits) > 1:
        yield from _future_ties(scores)
        yield from _single_fold_flags(scores)


def _folds_flags(folds: pd.DataFrame) -> Iterator[Flag]:
    for row in folds.reset_index().to_dict("records"):
        name, fold = str(row["fit"]), row["fold"]
        if row["status"] != "done":
            yield Flag(
                name,
                "fold failed",
                f"Leave-future-out: the fold of {name!r} up to {fold} has no result "
                f"({row['status']}), so no fit is scored on it.",
            )
        elif row["r_hat"] > R_HAT_MOST:
            yield Flag(
                name,
                "fold not converged",
                f"Leave-future-out: the fold of {name!r} up to {fold} has not converged (R-hat "
                f"{row['r_hat']:.3f} > {R_HAT_MOST}).",
            )


def _future_ties(scores: pd.DataFrame) -> Iterator[Flag]:
    """Flag fits that the larger runs cannot tell from the best."""
    counts = importance(scores.index)
    means = {str(name): mean_and_error(scores[name], counts)[0] for name in scores}
    best = max(means, key=lambda name: means[name])
    for name in means:
        apart, error = mean_and_error(scores[best] - scores[name], counts)
        if name != best and not apart > CLEAR * error:
            yield Flag(
                name,
                f"< {CLEAR:g} SE",
                f"Leave-future-out: {best!r} and {name!r} differ by {apart:.3f} with a standard "
                f"error of {error:.3f}; larger runs do not tell them apart.",
            )


def _single_fold_flags(scores: pd.DataFrame) -> Iterator[Flag]:
    """Flag weights that change much without one fold."""
    folds = scores.index.unique("fold")
    if len(folds) < 2:
        yield Flag(
            "",
            "one fold",
            f"Leave-future-out: the weights rest on one fold, that up to {folds[0]}.",
        )
        return
    everything = stacking(scores.to_numpy(), importance(scores.index))
    for fold in folds:
        rest = scores[scores.index.get_level_values("fold") != fold]
        moved = np.abs(stacking(rest.to_numpy(), importance(rest.index)) - everything)
        if moved.max() > SWING:
            name = scores.columns[int(moved.argmax())]
            yield Flag(
                "",
                "rests on one fold",
                f"Leave-future-out: without the fold up to {fold} the weight of {name!r} would "
                f"differ by {moved.max():.2f}; the weights rest on that fold.",
            )

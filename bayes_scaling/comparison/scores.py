"""Pointwise log scores of several fits, leave-one-out and leave-future-out, and their errors.

Owns how much each prediction counts and what is independent of what. Scores are log densities of
the log of a loss (of other responses as they are), so that both kinds compare with a backtest's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.errors import RunsError
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.axes import main_axis
from bayes_scaling.runs import Runs
from bayes_scaling.validation.baselines import error_scale
from bayes_scaling.validation.folds import MODEL, cut, score_fold
from bayes_scaling.validation.refits import Outcome, Refitter

LEVELS_PER_DECADE = 4
"""Held-out runs whose compute differs by less than about 1.8 times are one level: their misses are
those of the law there, much the same for all of them."""

NAMES = ["kind", "fold", "run", "level"]


def loo_scores(found: Mapping[str, Any], runs: Runs) -> pd.DataFrame:
    """Scores of each run from the posterior of the others, by importance weights."""
    unit = error_scale(runs) if runs.response == "loss" else 0.0
    columns = {name: np.asarray(loo.elpd_i.values) + unit for name, loo in found.items()}
    names = list(runs.table.index)
    rows = [("loo", "", run, run) for run in names]
    return pd.DataFrame(columns, index=pd.MultiIndex.from_tuples(rows, names=NAMES))


def future_scores(
    fits: Mapping[str, ScalingFit], cutoffs: Sequence[float] | None, refitter: Refitter
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores of the runs above cut-offs, from refits to those below; and the folds of each fit.

    Only folds that every fit has finished are scored: others would compare different runs.

    Raises
    ------
    RunsError
        The runs allow no cut-off.
    """
    size, below = _cuts(fits, cutoffs)
    columns: dict[str, pd.Series[float]] = {}
    folds: dict[tuple[str, str], dict[str, object]] = {}
    for name, fit in fits.items():
        subsets = {fold: fit.runs.where(mask) for fold, mask in below.items()}
        outcomes = refitter.refit(fit.model, subsets)
        scores = [pd.Series(dtype=float)]
        for fold, outcome in outcomes.items():
            mask = below[fold]
            scored, status = score_fold(
                fit.model, fit.runs, mask, outcome, False, refitter.settings.seed
            )
            folds[name, fold] = _record(mask, outcome, status)
            if MODEL in scored:
                names = list(fit.runs.table.index[~mask])
                index = _rows(fold, names, size[~mask])
                scores.append(pd.Series(scored[MODEL].log_density, dtype=float, index=index))
        columns[name] = pd.concat(scores[1:] or scores)
    table = pd.DataFrame.from_dict(folds, orient="index").rename_axis(["fit", "fold"])
    return _paired(columns), table


def _record(mask: np.ndarray, outcome: Outcome, status: str) -> dict[str, object]:
    return {
        "fitted": int(mask.sum()),
        "held_out": int((~mask).sum()),
        "status": status,
        "r_hat": outcome.fit.diagnostics.r_hat if outcome.fit else np.nan,
        "seconds": outcome.seconds,
    }


def _rows(fold: str, names: Sequence[str], size: np.ndarray) -> pd.MultiIndex:
    levels = [_level(one) for one in size]
    rows = [("future", fold, *pair) for pair in zip(names, levels, strict=True)]
    return pd.MultiIndex.from_tuples(rows, names=NAMES)


def importance(index: pd.Index) -> np.ndarray:
    """Weight of each prediction: levels count alike, in them folds, in those runs.

    So a level with many runs, or one held out by many folds, does not decide alone.
    """
    rows = index.to_frame(index=False)
    in_fold = rows.groupby(["level", "fold"])["run"].transform("size")
    folds = rows.groupby("level")["fold"].transform("nunique")
    return np.asarray(1 / (in_fold * folds * rows["level"].nunique()), dtype=float)


def mean_and_error(scores: pd.Series[float], weights: np.ndarray) -> tuple[float, float]:
    """Mean over levels, and its standard error from the differences between levels.

    Levels, not runs or folds: runs of about one compute are missed alike, folds are few and
    forecast the same runs again.
    """
    of_level = (scores * weights).groupby(level="level").sum()
    count = len(of_level)
    error = float(np.sqrt(count) * of_level.std(ddof=1)) if count > 1 else float("nan")
    return float(of_level.sum()), error


def _paired(columns: Mapping[str, pd.Series[float]]) -> pd.DataFrame:
    """Predictions that every fit has made."""
    if any(series.empty for series in columns.values()):
        empty = pd.MultiIndex.from_tuples([], names=NAMES)
        return pd.DataFrame({name: np.empty(0) for name in columns}, index=empty)
    return pd.concat(dict(columns), axis=1, join="inner")


def _level(size: float) -> str:
    return f"{10 ** (round(np.log10(size) * LEVELS_PER_DECADE) / LEVELS_PER_DECADE):.2g}"


def along_axis(fits: Mapping[str, ScalingFit]) -> str:
    """Axis along which runs are cut: that of all laws, or else compute.

    Raises
    ------
    RunsError
        Laws of different inputs, and runs without compute.
    """
    axes = {name: main_axis(fit.model.law) for name, fit in fits.items()}
    if len(set(axes.values())) == 1:
        return next(iter(axes.values()))
    first = next(iter(fits.values())).runs
    if "flops" in first.inputs or {"params", "tokens"} <= set(first.inputs):
        return "flops"
    raise RunsError(
        f"compare: the laws grow along different inputs ({axes}) and the runs have no compute, so "
        "there is no telling which runs are larger. Give runs with flops, or laws of one input."
    )


def _cuts(
    fits: Mapping[str, ScalingFit], cutoffs: Sequence[float] | None
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Size of each run, and masks of the runs that each fold fits."""
    largest = max(fits.values(), key=lambda fit: len(fit.model.parameters))
    runs = next(iter(fits.values())).runs
    purpose = "compare", "Leave-future-out fits the runs below a cut-off and scores those above."
    return cut(largest.model, runs, cutoffs, along_axis(fits), purpose)

"""Folds of a backtest: cut-offs, refits, and scores of the held-out runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import logsumexp

from bayes_scaling.errors import BayesScalingError, RunsError
from bayes_scaling.fitting.diagnostics import R_HAT_WORST
from bayes_scaling.fitting.posterior import log_density
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.forecasts import forecast
from bayes_scaling.model.as_points import run_points
from bayes_scaling.model.axes import main_axis
from bayes_scaling.model.inputs import input_values
from bayes_scaling.model.points import points
from bayes_scaling.model.reach import reach
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.runs import Runs
from bayes_scaling.units import ROUNDING
from bayes_scaling.validation.baselines import BASELINES, Prediction, error_scale
from bayes_scaling.validation.refits import Outcome, Refitter
from bayes_scaling.validation.scores import flat, score_draws
from bayes_scaling.validation.verdict import CannotJudge

MODEL = "model"

SHARES = (1 / 3, 1 / 2, 2 / 3, 5 / 6)
"""Default cut-offs, as shares of the runs' range on the log scale."""

SPARE_RUNS = 3
"""Runs that a fold needs beyond its parameters; fewer would test the priors, not the law."""


PURPOSE = "backtest", "A backtest fits the runs below a cut-off and forecasts those above."


def cut(
    model: ScalingModel,
    runs: Runs,
    cutoffs: Sequence[float] | None,
    along: str,
    purpose: tuple[str, str],
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Size of each run along an input, and masks of the runs that each fold fits, by its cut-off.

    Parameters
    ----------
    cutoffs : sequence of float, optional
        At fixed shares of the range if not given, where runs enough for the model lie below.
    purpose : tuple of str
        Who asks, and what cut-offs are for, as a sentence.

    Raises
    ------
    RunsError
        A cut-off has no runs on one side of it, or there is none to be chosen.
    """
    size = input_values(runs, along)
    chosen = default_cutoffs(model, size) if cutoffs is None else cutoffs
    ordered = sorted(set(map(float, chosen)))
    masks = [size <= (1 + ROUNDING) * cutoff for cutoff in ordered]
    below = dict(zip(_told_apart(ordered), masks, strict=True))
    bad = [name for name, mask in below.items() if mask.all() or not mask.any()]
    if not below or bad:
        asker, why = purpose
        found = f"cut-off {bad[0]}" if bad else f"{len(size)} runs with no usable cut-off"
        raise RunsError(
            f"{asker}: {found}, where {along} of the runs goes from {size.min():.3g} to "
            f"{size.max():.3g}. {why} Give cut-offs inside the range, or more runs."
        )
    return size, below


def _told_apart(cutoffs: Sequence[float]) -> list[str]:
    """Distinct labels of numbers, with four digits or more where needed."""
    for digits in range(4, 17):
        names = [f"{cutoff:.{digits}g}" for cutoff in cutoffs]
        if len(set(names)) == len(names):
            return names
    return list(map(repr, cutoffs))


def run_folds(
    model: ScalingModel,
    runs: Runs,
    cutoffs: Sequence[float] | None,
    refitter: Refitter,
    baselines: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions and folds, as a :class:`bayes_scaling.trust.Backtest` holds them."""
    size, below = cut(model, runs, cutoffs, main_axis(model.law), PURPOSE)
    outcomes = refitter.refit(model, {k: runs.where(mask) for k, mask in below.items()})
    parts, folds = [], {}
    for name, outcome in outcomes.items():
        mask = below[name]
        decades = _decades(model, runs.where(mask), runs.where(~mask))
        seed = refitter.settings.seed
        found, status = score_fold(model, runs, mask, outcome, baselines, seed)
        observed = error_scale(runs.where(~mask))
        about = {"cutoff": float(size[mask].max()), "fitted": int(mask.sum()), "status": status}
        folds[name] = about | _fold(outcome, found, observed, decades)
        for method, one in found.items():
            score = score_draws(one.draws, observed).assign(log_score=one.log_density)
            placed = score.assign(fold=name, method=method, run=runs.table.index[~mask])
            parts.append(placed.assign(size=size[~mask], decades=decades))
    table = pd.DataFrame.from_dict(folds, orient="index").rename_axis("fold")
    if not parts:
        raise RunsError(
            f"backtest: none of {len(folds)} folds gave a result (the first: "
            f"{table['status'].iloc[0]}), so nothing was tested. Mend what the reason names."
        )
    front = ["fold", "method", "run", "size", "decades"]
    predictions = pd.concat(parts, ignore_index=True)
    others = [name for name in predictions if name not in front]
    return predictions[[*front, *others]], table


def _fold(
    outcome: Outcome, found: Mapping[str, Prediction], observed: np.ndarray, decades: np.ndarray
) -> dict[str, object]:
    """The row of a fold: held-out runs, their common miss, and the fit that predicted them."""
    law = found[MODEL].law if MODEL in found else None
    miss, error = (np.nan, np.nan) if law is None else shared_miss(law, observed, decades)
    return {
        "held_out": len(decades),
        "decades": float(decades.max()),
        "miss": miss,
        "miss_sd": error,
        "diagnosis": outcome.fit.diagnostics.diagnosis if outcome.fit else "",
        "seconds": outcome.seconds,
    }


def _decades(model: ScalingModel, fitted: Runs, held_out: Runs) -> np.ndarray:
    """Decades of each held-out run beyond the largest fitted run of its level."""
    where = points(model, fitted, at=run_points(model, held_out), new_levels="draw")
    return reach(model, fitted, where).to_numpy()


def default_cutoffs(model: ScalingModel, size: np.ndarray) -> list[float]:
    """Cut-offs at fixed shares of the log range that leave enough runs below."""
    low, high = np.log(size.min()), np.log(size.max())
    least = len(model.free) + SPARE_RUNS
    tried = (float(np.exp(low + share * (high - low))) for share in SHARES)
    kept: dict[int, float] = {}
    for cutoff in tried:
        number = int((size <= cutoff).sum())
        if least <= number < len(size):
            kept.setdefault(number, cutoff)
    return list(kept.values())


def score_fold(
    model: ScalingModel, runs: Runs, mask: np.ndarray, outcome: Outcome, baselines: bool, seed: int
) -> tuple[dict[str, Prediction], str]:
    """Predictions of the held-out runs by each method, and the fold's status."""
    train, test = runs.where(mask), runs.where(~mask)
    found = {}
    if outcome.fit is None:
        return {}, outcome.failure
    if not outcome.fit.diagnostics.r_hat <= R_HAT_WORST:
        return {}, outcome.fit.diagnostics.diagnosis
    try:
        found[MODEL] = model_prediction(outcome.fit, test, seed)
    except (BayesScalingError, ValueError) as error:
        return {}, f"{type(error).__name__}: {error}"
    if baselines:
        for name, predict in BASELINES.items():
            try:
                found[name] = predict(model, train, test, np.random.default_rng(seed))
            except (CannotJudge, np.linalg.LinAlgError):
                continue
    return found, "done"


def model_prediction(fit: ScalingFit, test: Runs, seed: int) -> Prediction:
    """New runs at the inputs of held-out ones, from the posterior of the others."""
    model, at = fit.model, run_points(fit.model, test)
    predicted = forecast(fit, at=at, new_levels="draw", seed=seed).draws
    where = points(model, fit.runs, at=at, new_levels="draw")
    observed = xr.DataArray(test.values("loss"), dims="point")
    expected = predicted["expected_loss"]
    density = log_density(fit.posterior, model, fit.runs, observed, expected, where)
    sampled = density.transpose("point", "chain", "draw").values.reshape(len(test), -1)
    per_unit = logsumexp(sampled, axis=1) - np.log(sampled.shape[1])
    draws = flat(predicted["loss"])
    if test.response != "loss":
        return Prediction(draws, per_unit)
    with np.errstate(divide="ignore"):
        # A loss drawn as zero or infinite is a quantile far out; ends of the range stand for it.
        logs = np.nan_to_num(np.log(draws), neginf=-50.0, posinf=50.0)
    # The density of the log is that of the loss times the loss.
    law = np.log(flat(expected)) - flat(predicted["miss"])
    return Prediction(logs, per_unit + error_scale(test), law)


def shared_miss(law: np.ndarray, observed: np.ndarray, decades: np.ndarray) -> tuple[float, float]:
    """Common miss of the held-out runs per decade, with its standard error.

    The least-squares slope, through zero, of their residuals on the decades that they lie beyond
    the fitted runs: median over the draws of the law, dims (sample, run). Its standard error has
    the spread of those draws, and the scatter of single runs about the slope.

    Examples
    --------
    >>> decades = np.array([0.5, 1.0, 1.5])
    >>> shared_miss(np.zeros((10, 3)), 0.02 * decades, decades)
    (0.02, 0.0)
    """
    weight = float(decades @ decades)
    if not weight > 0:
        return np.nan, np.nan
    slopes = (observed - law) @ decades / weight
    slope = float(np.median(slopes))
    rest = observed - np.median(law, axis=0) - slope * decades
    scatter = 1.4826 * float(np.median(np.abs(rest)))
    return round(slope, 12), float(np.sqrt(slopes.var() + scatter**2 / weight).round(12))

"""Check of influence: the forecast without each run, and runs that do not belong."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from bayes_scaling.display.wording import counted, rows
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.runs import Runs
from bayes_scaling.trust.case import Case
from bayes_scaling.trust.checks.predictive import median_residuals
from bayes_scaling.validation.baselines import error_scale
from bayes_scaling.validation.folds import model_prediction
from bayes_scaling.validation.loo import K_BAD
from bayes_scaling.validation.scores import flat
from bayes_scaling.validation.verdict import Finding, Verdict, graded, worst

MOVES = 1.645
"""Shift in posterior standard deviations by which one run moves the forecast out of its 90 %
interval."""

IMPOSSIBLE = 0.01
"""Probability that any of the runs lies so far off, under the law and the scatter of the others:
below it, a run was mistyped or made in another way."""

TAIL_DF = 3.0
"""Real sweeps scatter with heavy tails (digitised Chinchilla runs: a kurtosis of 17), and few runs
cannot show that theirs do. So a run is impossible only if it is under a Student-t of so many
degrees of freedom as well, which has no kurtosis at all."""

FAR = 6.0
"""Scales of that Student-t from the law: one run in a hundred lies so far off. More runs than this
explains (to the same probability) are a second kind of run, to which a new one may belong."""

FEW = 8
"""Number of runs below which their scatter is too uncertain to call one of them impossible."""

REFITS = 5

UNSURE = "weights, not reliable"
MOST = 0.5
"""Share of runs whose weights are not reliable beyond which little is known of single runs."""


def check_influence(case: Case) -> Finding:
    """Shift of the expected loss at each point, and the tail probability of each run, without it.

    By importance weights where these stand for a refit; at level "full" by refits elsewhere.
    """
    expected = flat(case.expected)
    shifts, surprise = _by_weights(case, expected)
    table = pd.DataFrame({"pareto_k": case.loo.pareto_k.values}, index=case.runs.index)
    table["tail_probability"] = np.exp(surprise)
    table["by"] = np.where(table["pareto_k"] > K_BAD, UNSURE, "weights")
    if case.level == "full":
        _refit_the_worst(case, expected, table, shifts)
    table["scales_off"] = _scales_off(case)
    heavy = 2 * stats.t.sf(table["scales_off"], TAIL_DF)
    one = np.maximum(table["tail_probability"], heavy)
    table["tail_probability"] = np.minimum(1.0, len(table) * one) if len(table) >= FEW else 1.0
    for point in range(case.asked):
        table[f"shift_{point}"] = shifts[:, point]
    overall, strangers = _strangers(table)
    unsure = (table["by"] == UNSURE).to_numpy()
    if unsure.mean() > MOST:
        overall, strangers = worst([overall, "caution"]), strangers + _unknown(unsure)
        shifts = np.where(unsure[:, np.newaxis], 0.0, shifts)
    largest = np.abs(shifts).max(axis=0)
    by_point = [worst([overall, graded(float(one), MOVES, 2 * MOVES)]) for one in largest]
    moved = _moved(case, table, shifts[:, : case.asked])
    return Finding(by_point, strangers + moved, table)


def _strangers(table: pd.DataFrame) -> tuple[Verdict, str]:
    """The verdict on runs that do not belong, and a sentence that names them."""
    impossible = table.index[table["tail_probability"] < IMPOSSIBLE]
    if len(impossible):
        chance = table["tail_probability"].min()
        return "do not trust", (
            f"{rows(impossible).capitalize()} cannot come from this law and scatter (probability "
            f"{chance:.1g}): mistyped, or made in another way. "
        )
    far, chance = _too_many_far_off(table["scales_off"])
    if len(far):
        return "caution", (
            f"{len(far)} runs lie further off than scatter explains (probability {chance:.1g}; "
            f"{rows(far)}): a second kind of run. "
        )
    return "trust", ""


def _unknown(unsure: np.ndarray) -> str:
    """The sentence on weights that say little of most runs."""
    return (
        f"Of {unsure.sum()} of {len(unsure)} runs it is not known what they carry: their weights "
        f"are not reliable (Pareto k above {K_BAD}), and the others alone are judged. "
    )


def _moved(case: Case, table: pd.DataFrame, shifts: np.ndarray) -> str:
    """The sentence on the run without which the forecasts move most."""
    run, point = divmod(int(np.abs(shifts).argmax()), shifts.shape[1])
    bad = int((table["by"] == UNSURE).sum())
    have = "has" if bad == 1 else "have"
    unsure = f"; {counted(bad, 'run')} {have} a Pareto k above {K_BAD}" if bad else ""
    return (
        f"Without run {table.index[run]!r} the forecast of {case.named(point)} moves by "
        f"{shifts[run, point]:+.2f} posterior sd, more than without any other run{unsure}."
    )


def _too_many_far_off(scales: pd.Series[float]) -> tuple[pd.Index, float]:
    """Runs far off, if there are more than a heavy tail explains, and the probability of that."""
    far = scales.index[scales > FAR]
    chance = float(stats.binom.sf(len(far) - 1, len(scales), 2 * stats.t.sf(FAR, TAIL_DF)))
    surprising = len(scales) >= FEW and len(far) > 0 and chance < IMPOSSIBLE
    return (far if surprising else far[:0]), chance


def _by_weights(case: Case, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shifts in posterior sd, dims (run, point), and log tail probabilities, dims (run,)."""
    loo = case.loo
    weights = np.exp(flat(loo.log_weights))
    weights /= weights.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        shifts = (weights.T @ expected - expected.mean(axis=0)) / expected.std(axis=0)
    draws = flat(case.fit.tree["posterior_predictive"].to_dataset()["loss"])
    off = np.abs(case.fit.runs.values("loss") - np.median(draws, axis=0))
    return shifts, tail_bound(np.asarray(loo.elpd_i.values), off)


def tail_bound(log_density: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Logarithm of density times distance, about the probability of a larger distance.

    For a density that falls as a power it is that probability times the power; for one that falls
    faster it is more than it. It needs no distribution function, so it serves every noise model.
    """
    return np.asarray(log_density + np.log(np.maximum(distance, np.finfo(float).tiny)))


def _refit_the_worst(
    case: Case, expected: np.ndarray, table: pd.DataFrame, shifts: np.ndarray
) -> None:
    """Replace the weighted shifts of the runs with the worst k by those of refits."""
    suspect = table["pareto_k"] > K_BAD
    worst_first = table[suspect].sort_values("pareto_k", ascending=False).index[:REFITS]
    runs = case.fit.runs
    names = runs.table.index
    subsets = {str(name): runs.where(np.asarray(names != name)) for name in worst_first}
    outcomes = case.refitter.refit(case.fit.model, subsets) if subsets else {}
    for name, outcome in outcomes.items():
        if outcome.fit is None:
            table.loc[name, "by"] = f"weights; the refit failed: {outcome.failure}"
            continue
        rng = np.random.default_rng(case.fit.settings.seed)
        again = outcome.fit.expected_at(case.where, "typical", rng)
        mean = again.mean(("chain", "draw")).values
        row = int(np.flatnonzero(names == name)[0])
        shifts[row] = (mean - expected.mean(axis=0)) / expected.std(axis=0)
        left_out = runs.where(np.asarray(names == name))
        table.loc[name, "tail_probability"] = _tail(outcome.fit, left_out)
        table.loc[name, "by"] = "refit"


def _scales_off(case: Case) -> np.ndarray:
    """Distance of each run from the law, in scales of a heavy-tailed scatter as wide as theirs."""
    residual = np.abs(median_residuals(case.fit))
    unit = float(np.median(residual)) / stats.t.ppf(0.75, TAIL_DF)
    return np.asarray(residual / max(unit, np.finfo(float).tiny))


def _tail(fit: ScalingFit, left_out: Runs) -> float:
    """Approximate probability of a larger distance than this run's, by the fit of the others."""
    prediction = model_prediction(fit, left_out, seed=0)
    off = np.abs(error_scale(left_out) - np.median(prediction.draws, axis=0))
    return float(np.exp(tail_bound(prediction.log_density, off)[0]))

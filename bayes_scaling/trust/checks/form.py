"""Check of the form: answers of other plausible laws, fitted to the same runs.

Laws that describe the runs equally well can part beyond them. The check fits rivals to the same
runs, leaves out those that the runs rule out, and sets what the others expect against the width of
the forecast that is judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.intervals import intervals
from bayes_scaling.display.wording import counted
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.fitting.average import FitAverage
from bayes_scaling.fitting.diagnostics import R_HAT_WORST
from bayes_scaling.fitting.mixture import mixture
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.forecasts import forecast_draws
from bayes_scaling.model.points import points
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.trust.case import Case
from bayes_scaling.trust.checks.rivals import default_rivals, short_name
from bayes_scaling.validation.loo import FEW_RUNS, LEAST_DIFFERENCE, leave_one_out, loo_difference
from bayes_scaling.validation.verdict import CannotJudge, Finding, Verdict, graded

RULED_OUT = 2.0
"""Standard errors of the leave-one-out difference by which the runs must prefer the law to rule a
rival out; twice as many below :data:`FEW_RUNS`, where such errors are often half of what they
should be (Sivula et al., 2025, arXiv:2008.10296)."""

CAUTION = 1.0
DISTRUST = 2.0
"""Distance of another law's answer from the median, in units of that from there to the end of a new
run's 90 % interval on the same side: up to one it lies inside the interval; beyond two it is
another forecast."""


@dataclass(frozen=True, eq=False)
class _Rival:
    """One rival: why it does not count (nothing if it does), its scores, its medians by point."""

    reason: str
    difference: float
    error: float
    medians: np.ndarray

    @property
    def counts(self) -> bool:
        return not self.reason


def check_form(case: Case) -> Finding:
    """Place, within the forecast's interval, of the median of each plausible rival."""
    models = default_rivals(case.fit) if case.rivals is None else list(case.rivals)
    if not models:
        raise CannotJudge(f"no rival of {case.fit.model.law.name} is known; give rivals=")
    draws = answer(case.fit, case.where, case)
    return _finding(case, draws, fitted_rivals(case, models))


def check_form_of_average(average: FitAverage, cases: Mapping[str, Case]) -> Finding:
    """Place, within the mixture's interval, of the median of each of its fits.

    Where one fit alone has the weight to be judged, it has the rivals of a single fit.
    """
    case = cases[average.heaviest]
    if len(cases) == 1:
        return check_form(case)
    parts = {name: answer(one.fit, one.where, one) for name, one in cases.items()}
    kept = average.only(parts)
    mixed = mixture(kept, parts, average.settings.seed)
    rivals = {name: _Rival("", np.nan, np.nan, medians(draws)) for name, draws in parts.items()}
    if case.rivals:
        rivals |= fitted_rivals(case, case.rivals)
    return _finding(case, mixed, rivals)


def answer(fit: ScalingFit, where: xr.Dataset, case: Case) -> xr.Dataset:
    """Draws of a forecast by a fit, made as the one that is judged."""
    return forecast_draws(fit, where, case.new_levels, case.fit.settings.seed)


def fitted_rivals(case: Case, models: Sequence[ScalingModel]) -> dict[str, _Rival]:
    """Rivals fitted to the runs of the case, by their names; numbered where these repeat."""
    names = [short_name(model, case.fit.model) for model in models]
    return {
        name if names.count(name) == 1 else f"{name} ({number})": _fitted(case, model)
        for number, (name, model) in enumerate(zip(names, models, strict=True), 1)
    }


def _fitted(case: Case, model: ScalingModel) -> _Rival:
    nowhere = np.full(case.size, np.nan)
    outcome = case.refitter.refit(model, {"all runs": case.fit.runs})["all runs"]
    if outcome.fit is None:
        return _Rival(f"the fit failed: {outcome.failure}", np.nan, np.nan, nowhere)
    fit = outcome.fit
    if not fit.diagnostics.r_hat <= R_HAT_WORST:
        return _Rival(fit.diagnostics.diagnosis, np.nan, np.nan, nowhere)
    better, error = loo_difference(leave_one_out(fit), case.loo)
    try:
        at = case.where.to_dataframe()
        where = points(fit.model, fit.runs, at=at, new_levels=case.new_levels)
        found = medians(answer(fit, where, case))
    except BayesScalingError as refused:
        return _Rival(f"no answer at the targets: {refused}", better, error, nowhere)
    out = -better > _clear(error, case)
    return _Rival("ruled out by the runs" if out else "", better, error, found)


def _clear(error: float, case: Case) -> float:
    """The summed log score that settles which of two fits the runs prefer."""
    few = 2 if len(case.fit.runs) < FEW_RUNS else 1
    return max(LEAST_DIFFERENCE, few * RULED_OUT * error)


def medians(draws: xr.Dataset) -> np.ndarray:
    """Median of the expected loss at each point, dims (point,)."""
    median = draws["expected_loss"].median(("chain", "draw"))
    return np.asarray(median.transpose("point").values)


def way_to_end(others: np.ndarray, draws: xr.Dataset) -> np.ndarray:
    """Distance of other answers from the median, relative to that of the 90 % interval's ends."""
    own, ends = medians(draws), intervals(draws["loss"], 0.9)
    above, below = (np.abs(ends[end].values - own) for end in ("upper", "lower"))
    return np.asarray(np.abs(others - own) / np.where(others > own, above, below))


def _finding(case: Case, draws: xr.Dataset, rivals: Mapping[str, _Rival]) -> Finding:
    own = medians(draws)
    apart = {name: way_to_end(one.medians, draws) for name, one in rivals.items()}
    table = _table(case, rivals, apart)
    counted_ones = {name: apart[name] for name, one in rivals.items() if one.counts}
    ruled_out = [name for name, one in rivals.items() if one.reason == "ruled out by the runs"]
    if not counted_ones:
        if len(ruled_out) < len(rivals):
            reasons = "; ".join(f"{name}: {one.reason}" for name, one in rivals.items())
            # No rival was asked: a doubt beyond the runs, where laws differ, and none inside.
            unknown: list[Verdict] = ["trust" if one else "caution" for one in case.inside]
            return Finding(unknown, f"Not judged: no rival could be asked ({reasons}).", table)
        said = f"The runs rule out {counted(len(rivals), 'rival')} ({', '.join(rivals)})."
        return Finding(["trust"] * case.size, said, table)
    headline = _headline(case, own, rivals, counted_ones)
    return Finding(verdicts_of(case, counted_ones), headline, table)


def verdicts_of(case: Case, ways: Mapping[str, np.ndarray]) -> list[Verdict]:
    """The verdict on each point, by the answer farthest from the median.

    Inside the runs, which the others predict as well, a small doubt is none.
    """
    found = [graded(float(way), CAUTION, DISTRUST) for way in np.max([*ways.values()], axis=0)]
    return [
        "trust" if inside and verdict == "caution" else verdict
        for verdict, inside in zip(found, case.inside, strict=True)
    ]


def farthest(case: Case, ways: Mapping[str, np.ndarray]) -> tuple[str, int]:
    """The answer farthest from the median at any target, and that target."""
    name = max(ways, key=lambda one: float(ways[one][: case.asked].max()))
    return name, int(ways[name][: case.asked].argmax())


def _table(
    case: Case, rivals: Mapping[str, _Rival], apart: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "counts": {name: one.counts for name, one in rivals.items()},
            "why_not": {name: one.reason for name, one in rivals.items()},
            "elpd_difference": {name: one.difference for name, one in rivals.items()},
            "standard_error": {name: one.error for name, one in rivals.items()},
        }
    ).rename_axis("rival")
    return with_answers(table, case, {name: one.medians for name, one in rivals.items()}, apart)


def with_answers(
    table: pd.DataFrame, case: Case, found: Mapping[str, np.ndarray], ways: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """The table of other answers with the median of each at each target, and how far out it is."""
    for point in range(case.asked):
        table[f"median_{point}"] = {name: one[point] for name, one in found.items()}
        table[f"way_to_end_{point}"] = {name: one[point] for name, one in ways.items()}
    return table


def _headline(
    case: Case, own: np.ndarray, rivals: Mapping[str, _Rival], apart: Mapping[str, np.ndarray]
) -> str:
    """The rival that answers most differently, by how much, and which did not count."""
    name, point = farthest(case, apart)
    away = float(rivals[name].medians[point] / own[point] - 1)
    others = [f"{one} ({rival.reason.split(':')[0]})" for one, rival in rivals.items() if
              not rival.counts]  # fmt: skip
    left = f" Not counted: {', '.join(others)}." if others else ""
    better = rivals[name].difference > _clear(rivals[name].error, case)
    fits = ", and describes the runs better" if better else ""
    return (
        f"Of {case.named(point)} {name} expects {100 * away:+.1f} %, {apart[name][point]:.2f} "
        f"of the way to the end of the 90 % interval{fits}. Of {counted(len(rivals), 'rival')} no "
        f"other that counts lies farther out.{left}"
    )

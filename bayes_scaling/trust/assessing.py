"""assess(): run the checks, cheap ones first, and join them into a report."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np
import pandas as pd

from bayes_scaling.fitting.average import FitAverage, Fitted, check_is_fit
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.model.points import At
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.trust.averages import asked_of
from bayes_scaling.trust.averages import joined as joined_by_weight
from bayes_scaling.trust.case import LADDER, Case, Level, make_case
from bayes_scaling.trust.checks.conventions import check_conventions
from bayes_scaling.trust.checks.coverage import check_calibration
from bayes_scaling.trust.checks.design import check_design
from bayes_scaling.trust.checks.extrapolation import (
    check_backtest,
    check_reach,
    ladder_frame,
    trusted_factor,
)
from bayes_scaling.trust.checks.floor import check_floor
from bayes_scaling.trust.checks.form import check_form, check_form_of_average
from bayes_scaling.trust.checks.influence import check_influence
from bayes_scaling.trust.checks.learning import check_learning
from bayes_scaling.trust.checks.predictive import check_predictive
from bayes_scaling.trust.checks.sampler import check_sampler
from bayes_scaling.trust.report import TrustReport
from bayes_scaling.validation.refits import Refitter
from bayes_scaling.validation.verdict import (
    CannotJudge,
    CheckResult,
    Finding,
    Verdict,
    decide,
    worst,
)

CHECKS: dict[str, Callable[[Case], Finding]] = {
    "sampler": check_sampler,
    "design": check_design,
    "learning": check_learning,
    "predictive": check_predictive,
    "influence": check_influence,
    "floor": check_floor,
    "backtest": check_backtest,
    "calibration": check_calibration,
    "reach": check_reach,
    "form": check_form,
    "conventions": check_conventions,
}
"""Every check by its name, in the order in which they run."""

FULL_ONLY = frozenset({"backtest", "calibration", "form", "conventions"})
"""Checks that refit, run at level "full" only."""


def assess(
    fit: Fitted,
    at: Forecast | At,
    *,
    level: Level = "quick",
    rivals: Sequence[ScalingModel] | None = None,
    executor: Executor | None = None,
    progress: bool = True,
) -> TrustReport:
    """Judge whether a forecast of this fit should be believed.

    Parameters
    ----------
    fit : ScalingFit or FitAverage
        Of an average, each fit with at least 5 % of the weight is judged; a check's verdict is the
        worst that fits with at least a quarter of the weight together give or exceed.
    at : Forecast or pandas.DataFrame
        The targets: a forecast made from the fit, or a table with a column for each input and
        factor.
    level : {"quick", "full"}
        "quick" leaves out what refits; "full" adds the backtest, refits without the runs that carry
        the answer, the calibration on simulated sweeps of the same design, rival laws, and other
        counts of size or compute that the table holds.
    rivals : sequence of ScalingModel, optional
        What else the runs could be fitted with, for the check of the form; it then runs at any
        level. By default one other law and one other noise, at "full" only. The fits of an average
        are each other's rivals, at any level, unless only one has the weight to be judged.
    executor : concurrent.futures.Executor, optional
        Where refits run; in this process, one after the other, if not given.
    progress : bool
        Count the refits on standard error.

    Returns
    -------
    TrustReport

    Raises
    ------
    RunsError
        The targets cannot be points of this fit, or the forecast is of another one.
    ValueError
        An unknown level.
    """
    if level not in ("quick", "full"):
        raise ValueError(
            f"assess: level={level!r} does not say which checks to run. Use 'quick' for those "
            "that need no refit, or 'full' for all."
        )
    check_is_fit(fit, "assess")
    wanted = [name for name in CHECKS if level == "full" or name not in FULL_ONLY]
    if rivals is not None and "form" not in wanted:
        wanted.append("form")
    refitter = Refitter(executor, progress)
    if isinstance(fit, FitAverage):
        case, results = _of_average(fit, at, wanted, level, rivals, refitter)
    else:
        case = replace(make_case(fit, at, level, refitter), rivals=rivals)
        results = tuple(run_check(name, CHECKS[name], case) for name in wanted)
    return _report(fit, case, results)


def _of_average(
    average: FitAverage,
    at: Forecast | At,
    wanted: Sequence[str],
    level: Level,
    rivals: Sequence[ScalingModel] | None,
    refitter: Refitter,
) -> tuple[Case, tuple[CheckResult, ...]]:
    """The case of the heaviest fit, and the checks of all joined by weight."""
    cases = {
        name: replace(make_case(average.fits[name], forecast, level, refitter), rivals=rivals)
        for name, forecast in asked_of(average, at).items()
    }
    case = cases[average.heaviest]
    results = []
    for check in wanted:
        if check != "form":
            found = {name: run_check(check, CHECKS[check], one) for name, one in cases.items()}
            results.append(joined_by_weight(average, found, case.asked))
    if len(cases) > 1 or "form" in wanted:
        results.append(run_check("form", lambda _: check_form_of_average(average, cases), case))
    return case, tuple(results)


def _report(fit: Fitted, case: Case, results: tuple[CheckResult, ...]) -> TrustReport:
    joined = [decide(result.by_point[i] for result in results) for i in range(case.size)]
    reasons = [_reason(results, point) for point in range(case.size)]
    judged = pd.DataFrame({"verdict": joined, "because": reasons})
    targets = case.placed.iloc[: case.asked].join(judged)
    rungs = ladder_frame(case)
    ladder = rungs.join(judged.iloc[case.asked :].set_axis(rungs.index))
    return TrustReport(
        verdict=worst(joined[: case.asked]),
        checks=list(results),
        targets=targets,
        ladder=ladder,
        trusted_to=_trusted_to(case, results, joined[case.asked :]),
        level=case.level,
        along=case.main,
        largest=float(10 ** case.runs[case.main].max()),
        fit=fit,
    )


def run_check(name: str, check: Callable[[Case], Finding], case: Case) -> CheckResult:
    """Run one check and time it; an error becomes its finding."""
    start = time.perf_counter()
    try:
        found = check(case)
    except CannotJudge as unknown:
        found = Finding(["caution"] * case.size, f"Not judged: {unknown}.", pd.DataFrame())
    except Exception as error:  # a check that cannot run is a doubt, and must not hide the others
        reason = f"The check could not run: {type(error).__name__}: {error}"
        found = Finding(["caution"] * case.size, reason, pd.DataFrame())
    seconds = time.perf_counter() - start
    by_point: tuple[Verdict, ...] = tuple(found.by_point)
    verdict = worst(by_point[: case.asked])
    return CheckResult(name, verdict, found.headline, found.table, seconds, by_point)


def _reason(results: tuple[CheckResult, ...], point: int) -> str:
    """Checks that doubt a point, the worst first."""
    doubting = [one for one in results if one.by_point[point] != "trust"]
    doubting.sort(key=lambda one: one.by_point[point] == "caution")
    return ", ".join(one.check for one in doubting)


def _trusted_to(case: Case, results: tuple[CheckResult, ...], ladder: list[Verdict]) -> float:
    """Multiple of the largest compute up to which runs are trusted; 0 if not even inside them."""
    others = [r for r in results if r.check != "reach"]
    rungs = np.arange(case.asked, case.size)
    good = [decide(r.by_point[rung] for r in others) == "trust" for rung in rungs]
    if not good[0] or ladder[0] != "trust":
        return 0.0
    reached = trusted_factor(case)
    if all(good):
        return reached
    return min(reached, LADDER[good.index(False) - 1])

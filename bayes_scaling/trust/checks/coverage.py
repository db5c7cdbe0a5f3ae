"""Check of coverage: calibration on sweeps simulated at the design of the runs."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from scipy import stats

from bayes_scaling.errors import RunsError
from bayes_scaling.trust.case import Case
from bayes_scaling.validation.calibrating import Calibration
from bayes_scaling.validation.sweeps import EXPECTED, SHORT, run_sweeps
from bayes_scaling.validation.targets import Targets
from bayes_scaling.validation.verdict import CannotJudge, Finding, Verdict, graded, worst

SIMULATIONS = 24
"""Sweeps that are simulated: enough to tell a coverage of 90 % from one of 70 %, in the time of a
few fits."""

LEAST_DONE = 12
"""Sweeps that must give a result, half of them: with fewer, even a coverage of 60 % may be chance.
"""

NOMINAL = 0.9

TOO_LOW = 0.01
"""Probability, at a true coverage of 90 %, of so few intervals that hold the truth: a false doubt
in one report of a hundred. Of 24 intervals 17 are too few, or 71 %."""

FAR_TOO_LOW = 0.0005
"""Probability of so few for a "do not trust": a false one in two thousand reports. Of 24 intervals
15 are too few, or 62 %."""


def check_calibration(case: Case) -> Finding:
    """Coverage of 90 % intervals for the expected loss at each point, and for the parameters.

    The forecast's own coverage decides; parameters whose intervals miss are a doubt of any
    forecast made from them. Those of the noise are shown only: their priors are meant to matter.
    """
    found = _calibration(case)
    done = int((found.refits["status"] == "done").sum())
    table = _with_chances(found.table(), done)
    table.attrs["calibration"] = found
    forecast = table[table.index.str.startswith(f"{EXPECTED}[")]
    of_law = [label.split("[")[0] in case.fit.model.parameters for label in table.index]
    parameters = table[of_law]
    by_point = [graded(-chance, -TOO_LOW, -FAR_TOO_LOW) for chance in forecast["p_so_few"]]
    # The more parameters, the likelier that one of them is missed often.
    least = min(1.0, float(parameters["p_so_few"].min()) * len(parameters))
    doubt: Verdict = "trust" if least >= TOO_LOW else "caution"
    headline = _headline(case, forecast.iloc[: case.asked], parameters, done)
    return Finding([worst([doubt, one]) for one in by_point], headline, table)


def _calibration(case: Case) -> Calibration:
    refitter = replace(case.refitter, settings=replace(SHORT, seed=case.fit.settings.seed))
    targets = Targets(case.where, case.new_levels)
    try:
        found = Calibration(*run_sweeps(case.fit, SIMULATIONS, refitter, targets), "posterior")
    except RunsError as error:
        raise CannotJudge(str(error)) from error
    failed = found.refits["status"][found.refits["status"] != "done"]
    if SIMULATIONS - len(failed) < LEAST_DONE:
        raise CannotJudge(
            f"{len(failed)} of {SIMULATIONS} sweeps simulated at this design could not be refitted "
            f"(the first: {failed.iloc[0]}), too many to tell a coverage"
        )
    return found


def _with_chances(table: pd.DataFrame, done: int) -> pd.DataFrame:
    held = (table["coverage_90"] * done).round().astype(int)
    chances = stats.binom.cdf(held, done, NOMINAL)
    return table.assign(held=held, sweeps=done, p_so_few=chances)


def _headline(case: Case, forecast: pd.DataFrame, parameters: pd.DataFrame, done: int) -> str:
    place = int(forecast["held"].argmin())
    held, least = int(forecast["held"].iloc[place]), int(parameters["held"].argmin())
    few = int(stats.binom.ppf(TOO_LOW, done, NOMINAL)) - 1
    return (
        f"In {held} of {done} sweeps simulated at this design the 90 % interval of "
        f"{case.named(place)} held the truth. Of the parameters {parameters.index[least]} was held "
        f"least often, in {parameters['held'].iloc[least]}. {few} or fewer would be too few."
    )

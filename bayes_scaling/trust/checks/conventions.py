"""Check of conventions of counting: refits under each other count that the table holds.

Parameters with or without embeddings, compute as recorded or as 6ND: exponents and best splits
differ, and what they say of a run of given architecture should not.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.wording import counted
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.inputs import input_values
from bayes_scaling.model.points import points
from bayes_scaling.runs import Runs
from bayes_scaling.runs.recounting import recounted, recounted_at
from bayes_scaling.trust.case import Case
from bayes_scaling.trust.checks.form import (
    answer,
    farthest,
    medians,
    verdicts_of,
    way_to_end,
    with_answers,
)
from bayes_scaling.validation.verdict import CannotJudge, Finding

AS_FITTED = "as fitted"
"""The count under which the runs were fitted, among others."""


def check_conventions(case: Case) -> Finding:
    """Place, within the forecast's interval, of the answer under each other count of the table."""
    others = {name: runs for name, runs in recounted(case.fit.runs).items() if _read(case, runs)}
    if not others:
        said = "It does not apply: the table holds one count (1) of each input that the law reads."
        return Finding(["trust"] * case.size, said, pd.DataFrame())
    outcomes = case.refitter.refit(case.fit.model, others)
    fits = {name: one.fit for name, one in outcomes.items() if one.fit is not None}
    if not fits:
        raise CannotJudge("; ".join(f"{name}: {one.failure}" for name, one in outcomes.items()))
    draws = answer(case.fit, case.where, case)
    found = {name: medians(answer(fit, _recounted(case, fit), case)) for name, fit in fits.items()}
    ways = {name: way_to_end(one, draws) for name, one in found.items()}
    own, none = medians(draws), np.zeros(case.size)
    table = _exponents({AS_FITTED: case.fit, **fits})
    table = with_answers(table, case, {AS_FITTED: own, **found}, {AS_FITTED: none, **ways})
    return Finding(verdicts_of(case, ways), _headline(case, own, found, ways), table)


def _read(case: Case, runs: Runs) -> bool:
    """True if the model reads the column that is counted otherwise."""
    own, other = case.fit.model.data(case.fit.runs), case.fit.model.data(runs)
    return any(not np.array_equal(own[name][1], other[name][1]) for name in own)


def _recounted(case: Case, fit: ScalingFit) -> xr.Dataset:
    """The points of the case in the count of a refit."""
    at = case.where.to_dataframe()
    for name in fit.model.law.inputs:
        own, other = input_values(case.fit.runs, name), input_values(fit.runs, name)
        if not np.allclose(own, other, rtol=1e-9):
            at[name] = recounted_at(at[name].to_numpy(), own, other)
    return points(fit.model, fit.runs, at=at, new_levels=case.new_levels)


def _exponents(fits: Mapping[str, ScalingFit]) -> pd.DataFrame:
    """A row for each count, with the exponent of the best size in compute where the law has it."""
    table = pd.DataFrame(index=pd.Index([*fits], name="count"))
    if "a" in fits[AS_FITTED].posterior:
        table["size_exponent"] = [float(fit.posterior["a"].median()) for fit in fits.values()]
    return table


def _headline(
    case: Case, own: np.ndarray, found: Mapping[str, np.ndarray], ways: Mapping[str, np.ndarray]
) -> str:
    name, point = farthest(case, ways)
    away = float(found[name][point] / own[point] - 1)
    return (
        f"Counted as {name!r}, the answer of {case.named(point)} changes by {100 * away:+.1f} %, "
        f"{ways[name][point]:.2f} of the way to the end of the 90 % interval; "
        f"the table holds {counted(len(ways), 'other count')}."
    )

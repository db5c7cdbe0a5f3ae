"""The page on which a reader sets a run: its fields, what it holds, and its script.

What the page does is in ``interactive/``; what it does without a law's JavaScript, here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from bayes_scaling._axes import axes
from bayes_scaling._inputs import input_values, scales, typical_value
from bayes_scaling._intervals import interval_prob
from bayes_scaling.averaging import Fitted, diagnostics_of, parts
from bayes_scaling.discrepancy import DEFAULT, Discrepancy, misses
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.forecasting import forecast
from bayes_scaling.reporting.contents import Table, tabulated
from bayes_scaling.reporting.embedding import (
    beyond_runs,
    displaced_sizes,
    embedded,
    groups_of_runs,
    tested_range,
    verdicts,
)
from bayes_scaling.reporting.larger import larger_runs
from bayes_scaling.reporting.tables import written_table
from bayes_scaling.reporting.tracing import Untraceable, traced
from bayes_scaling.trust import TrustReport
from bayes_scaling.trust._case import ladder_table

DRAWS = 400
"""Draws embedded: they place the median of an interval within 6 % of a standard deviation."""

NUMBERS = 120_000
"""Most parameter values embedded; a pooled fit of many groups has fewer draws of each."""

SPLIT = ("params", "tokens", "flops")
FOLLOWING = frozenset({*SPLIT, "tokens_per_param"})
"""Inputs that follow from params and tokens."""

SLIDER_BELOW, SLIDER_ABOVE = 1.0, 3.0
"""Decades beyond the runs that sliders reach, down and up."""

LABELS = {"params": "Parameters", "tokens": "Training tokens", "flops": "Compute (FLOP, 6ND)"}
WITHIN = 0.01

SCRIPTS = ("numerics.js", "draws.js", "words.js", "picture.js", "page.js")
"""What the page runs, in this order, after the law's own functions."""

STEPS = (1.0, 3.0, 10.0, 30.0)
"""Times the largest run that are forecast where there is no page."""


@dataclass(frozen=True)
class Field:
    """One number that the reader sets."""

    name: str
    label: str
    low: float
    high: float
    start: float

    @property
    def slider_low(self) -> float:
        """Logarithm to base 10 of the least that the slider sets."""
        return round(float(np.log10(self.low)) - SLIDER_BELOW, 2)

    @property
    def slider_high(self) -> float:
        """Logarithm to base 10 of the most that the slider sets."""
        return round(float(np.log10(self.high)) + SLIDER_ABOVE, 2)


@dataclass(frozen=True)
class Page:
    """What the page needs.

    Attributes
    ----------
    fields : tuple of Field
    groups : tuple of str
        Names of the levels to choose from, empty for a fit without groups.
    data : mapping
        Plain numbers and texts, for JSON.
    script : str
        JavaScript, free of anything that the user wrote.
    """

    fields: tuple[Field, ...]
    groups: tuple[str, ...]
    data: Mapping[str, Any]
    script: str

    @property
    def optimises(self) -> bool:
        """Whether there is a best split of compute between parameters and tokens."""
        return bool(self.data["optimises"])


@dataclass(frozen=True)
class NoPage:
    """Why there is no page, and forecasts of larger runs in its place."""

    reason: str
    table: Table


def explored(
    fitted: Fitted,
    start: Mapping[str, float],
    trust: TrustReport | None,
    prob: float | None,
    discrepancy: Discrepancy | None = DEFAULT,
) -> Page | NoPage:
    """The page of a fit, or what stands in its place where no one law has JavaScript."""
    made = parts(fitted)
    if len(made) > 1:
        reason = f"The answer mixes {len(made)} laws, and the interactive page computes one."
        return NoPage(reason, _larger_runs(fitted, prob, discrepancy))
    try:
        return page(made[0].fit, start, trust, prob, discrepancy)
    except Untraceable as found:
        reason = (
            "This law has no interactive page, for its formula cannot be written in JavaScript: "
            f"{found}."
        )
        return NoPage(reason, _larger_runs(fitted, prob, discrepancy))


def _larger_runs(fitted: Fitted, prob: float | None, discrepancy: Discrepancy | None) -> Table:
    made = forecast(fitted, at=larger_runs(fitted, STEPS), discrepancy=discrepancy)
    table = written_table(made, prob)
    times = ", ".join(f"{step:g}" for step in STEPS)
    return tabulated(f"The largest run made {times} times larger. {table.attrs['caption']}", table)


def page(
    fit: ScalingFit,
    start: Mapping[str, float],
    trust: TrustReport | None,
    prob: float | None,
    discrepancy: Discrepancy | None = DEFAULT,
) -> Page:
    """The page of a fit.

    Parameters
    ----------
    fit : ScalingFit
    start : mapping of str to float
        What the fields hold at first; the run of largest compute where it has no value.
    trust : TrustReport, optional
    prob : float, optional
        Probability of the intervals.
    discrepancy : Discrepancy or None
        What the law leaves out beyond the runs, as in a forecast.

    Raises
    ------
    Untraceable
        The law is written in a way that has no JavaScript.
    """
    law, runs = fit.model.law, fit.runs
    groups = groups_of_runs(fit)
    count = min(DRAWS, max(50, NUMBERS // (max(1, len(groups)) * len(law.priors))))
    plain, noise_code = embedded(fit, groups, count)
    splits = len(FOLLOWING & set(law.inputs)) > 1
    optimises = splits and runs.response == "loss"
    data = {
        "inputs": list(law.inputs),
        "units": scales(law, runs),
        "plain": plain,
        "beyond": beyond_runs(fit, groups, count, discrepancy),
        "splits": splits,
        # Of other responses more may be better, and there is no least one to look for.
        "optimises": optimises,
        "displacement": displaced_sizes(fit, groups, count, discrepancy) if optimises else None,
        "centre": runs.reference.get("params", 1.0),
        "within": WITHIN,
        "prob": interval_prob(prob),
        "response": runs.response,
        "range": tested_range(fit, groups, trust),
        "trust": verdicts(trust),
        "problems": {
            "inside": fit.diagnostics.problems,
            "beyond": diagnostics_of(fit, misses(fit, discrepancy)).problems,
        },
    }
    code = traced(
        lambda inputs, theta: law.evaluate(
            dict(zip(law.inputs, inputs, strict=True)), dict(zip(law.priors, theta, strict=True))
        ),
        len(law.inputs),
        len(law.priors),
    )
    functions = f"function lawValue(a0, a1) {{\n{code}\n}}\n{noise_code}"
    folder = resources.files("bayes_scaling.reporting").joinpath("interactive")
    files = [folder.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS]
    script = "\n".join(['"use strict";', functions, *files])
    names = tuple(", ".join(map(str, row)) for row in groups.itertuples(index=False))
    return Page(_fields(fit, splits, start), names, data, script)


def _fields(fit: ScalingFit, splits: bool, start: Mapping[str, float]) -> tuple[Field, ...]:
    law, runs = fit.model.law, fit.runs
    held = [name for name in law.inputs if not (splits and name in FOLLOWING)]
    names = [*(SPLIT if splits else ()), *held]
    top = ladder_table(fit).iloc[0]
    fields = []
    for name in names:
        if name in law.inputs:
            values = input_values(runs, name)
            largest = float(top[name])
        else:
            values = _following(fit, name)
            largest = float(values.max())
        low, high = float(values.min()), float(values.max())
        fields.append(
            Field(name, LABELS.get(name, name), low, high, float(start.get(name, largest)))
        )
    return tuple(fields)


def _following(fit: ScalingFit, name: str) -> np.ndarray:
    """Values of a quantity that the law itself does not read."""
    logs = axes(fit.model.law, lambda one: input_values(fit.runs, one))
    if name in logs:
        return np.asarray(10 ** logs[name])
    if name in fit.runs.inputs:
        return fit.runs.values(name)
    return np.array([typical_value(fit.runs, name)])

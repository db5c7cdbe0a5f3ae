"""Section on the sensitivity of the forecast to priors, single runs and the floor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from bayes_scaling.display.wording import times
from bayes_scaling.reporting.sections.checking import finding_of
from bayes_scaling.reporting.sections.contents import Block, Section, missing, tabulated
from bayes_scaling.reporting.sections.larger import ladder_factors
from bayes_scaling.reporting.sections.opening import run_words
from bayes_scaling.reporting.sections.subject import Subject
from bayes_scaling.trust import CheckResult

ASSESS = "bs.assess(fit, at=forecast)"

SHOWN = 10
"""Rows of long tables: those that matter most."""


def sensitivity(subject: Subject) -> Section:
    """Sensitivity of the forecast to the priors, to single runs and to the floor."""
    parts: dict[str, tuple[str, Callable[[Subject, CheckResult], list[Block]]]] = {
        "learning": ("Sensitivity to the priors", _learned),
        "influence": ("Influence of single runs", _influential),
        "floor": ("Influence of the floor of the law", _by_floor),
    }
    blocks = [
        block
        for name, (what, detail) in parts.items()
        for block in finding_of(subject, name, partial(detail, subject), missing(what, ASSESS))
    ]
    return Section("sensitivity", "Sensitivity", tuple(blocks))


def _by_floor(subject: Subject, check: CheckResult) -> list[Block]:
    caption = "The forecast with the floor of the law held at three values."
    table = check.table.rename(index=dict(enumerate(target_names(subject))), level="point")
    return [tabulated(caption, table.rename_axis(index={"point": "run"}))]


def _learned(subject: Subject, check: CheckResult) -> list[Block]:
    caption = (
        "Power-scaling sensitivity of the forecast of each run, and its spread over that under the "
        "priors alone."
    )
    blocks: list[Block] = [tabulated(caption, _named_points(subject, check.table))]
    if "parameters" in check.table.attrs:
        caption = (
            "Spread of each parameter before and after the runs: of its logarithm where it is "
            "positive, of its log odds where it is a share."
        )
        blocks.append(tabulated(caption, check.table.attrs["parameters"], folded=True))
    return blocks


def _influential(subject: Subject, check: CheckResult) -> list[Block]:
    if "shift_0" not in check.table:
        return []
    order = check.table["shift_0"].abs().sort_values(ascending=False).index[:SHOWN]
    shown = check.table.loc[order].rename_axis("run left out")
    names = target_names(subject)
    shown = shown.rename(columns={f"shift_{i}": f"shift of {name}" for i, name in enumerate(names)})
    caption = (
        f"Runs whose absence moves the forecast of {names[0]} most, in standard deviations of the "
        "posterior (shift)."
    )
    return [tabulated(caption, shown, folded=True)]


def _named_points(subject: Subject, table: pd.DataFrame) -> pd.DataFrame:
    """A table by point, with targets and larger runs by their names."""
    assert subject.trust is not None
    ladder = [f"{times(factor)} the largest run" for factor in ladder_factors(subject.trust)]
    return table.set_axis(pd.Index([*target_names(subject), *ladder], name="run"))


def target_names(subject: Subject) -> list[str]:
    """The targets of an assessment in words, ``"a 70B model on 1.4T tokens"``."""
    assert subject.trust is not None
    names = [*subject.main.model.law.inputs, *subject.main.model.factors]
    targets = subject.trust.targets
    if len(targets) == 1 or not set(names) <= set(targets):
        return ["the target"] * len(targets)
    table = targets.set_index(names)
    return [run_words(table, place) for place in range(len(table))]

"""Sections on the answer in full and on the checks that it passed or failed."""

from __future__ import annotations

import pandas as pd

from bayes_scaling.decisions.allocation import Allocation
from bayes_scaling.display.wording import times
from bayes_scaling.forecasting.forecasts import forecast
from bayes_scaling.reporting.citing.tables import interval_words, written_table
from bayes_scaling.reporting.sections.contents import Block, Paragraph, Section, missing, tabulated
from bayes_scaling.reporting.sections.larger import ladder_factors, larger_runs
from bayes_scaling.reporting.sections.opening import split
from bayes_scaling.reporting.sections.subject import Subject


def answer(subject: Subject) -> Section:
    """Each result as a table, the sizes nearly as good as the best, and their picture."""
    blocks: list[Block] = []
    for result, citation in zip(subject.results, subject.citations, strict=True):
        blocks.append(tabulated(str(citation.table.attrs["caption"]), citation.table))
        if isinstance(result, Allocation):
            blocks += _near(subject)
            # Without a forecast it is the picture of the first screen.
            blocks += [split(result, subject.prob)] if subject.forecast is not None else []
    return Section("answer", "All numbers", tuple(blocks))


def _near(subject: Subject) -> list[Block]:
    if subject.near is None:
        return []
    table = written_table(subject.near, subject.prob)
    title = f"{subject.near.title}: any of them is nearly as good as the best."
    return [tabulated(f"{title} {table.attrs['caption']}", table)]


def checks(subject: Subject) -> Section:
    """The finding of each check, and the verdict on larger runs."""
    trust = subject.trust
    if trust is None:
        absent = missing("An assessment of this answer", "bs.assess(fit, at=forecast)")
        return Section("checks", "Checks", (absent,))
    rows = {result.check: (result.verdict, result.headline) for result in trust.checks}
    found = pd.DataFrame.from_dict(rows, orient="index", columns=["verdict", "finding"])
    caption = (
        "Each check looks for another way to be wrong; three cautions together are a 'do not "
        "trust'."
    )
    blocks = (tabulated(caption, found.rename_axis("check")), Paragraph(trust.reach))
    return Section("checks", "Checks", (*blocks, _ladder(subject)))


def _ladder(subject: Subject) -> Block:
    """The largest run made larger: the forecast, the verdict, and the checks that doubt it."""
    assert subject.trust is not None
    ladder, factors = subject.trust.ladder, ladder_factors(subject.trust)
    expected = written_table(
        forecast(subject.fit, at=larger_runs(subject.fit, factors)), subject.prob
    )
    table = pd.DataFrame(
        {
            "run": ["largest run", *(f"{times(one)} larger" for one in factors[1:])],
            subject.fit.runs.response: expected[subject.fit.runs.response],
            "verdict": ladder["verdict"].to_list(),
            "because of": ladder["because"].to_list(),
        }
    )
    caption = f"The largest run made larger: median and {interval_words(subject.prob)}."
    return tabulated(caption, table)

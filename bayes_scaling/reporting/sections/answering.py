"""Sections that come first: the verdict, the question, the answer with its picture."""

from __future__ import annotations

import pandas as pd

from bayes_scaling import plots
from bayes_scaling.decisions.allocation import Allocation
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.reporting.citing.estimates import row_words
from bayes_scaling.reporting.citing.tables import written_table
from bayes_scaling.reporting.sections.contents import (
    Block,
    Listing,
    Paragraph,
    Section,
    missing,
    tabulated,
)
from bayes_scaling.reporting.sections.figures import drawn
from bayes_scaling.reporting.sections.subject import Subject
from bayes_scaling.units import format_count, format_flops

NAMED = 3
"""Runs that are named in the question; more are in the table."""


def verdict(subject: Subject) -> Section:
    """The verdict, the check that each part of it rests on, and how far trust reaches."""
    trust = subject.trust
    if trust is None:
        absent = missing("An assessment of this forecast", "bs.assess(fit, at=forecast)")
        return Section("verdict", "Verdict", (absent,))
    rows = {result.check: (result.verdict, result.headline) for result in trust.checks}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["verdict", "what was found"])
    caption = f"Checks of level {trust.level!r}; each looks at another way to be wrong."
    blocks: list[Block] = [
        tabulated(caption, table.rename_axis("check")),
        Paragraph(trust.reach),
    ]
    ladder = trust.ladder[["verdict", "because"]].rename_axis("times the largest run")
    blocks.append(tabulated(f"Verdict on larger runs, along {trust.along}.", ladder))
    return Section("verdict", "Verdict", tuple(blocks))


def question(subject: Subject) -> Section:
    """What was asked: in the user's words if there are some, and as it was put to the fit."""
    blocks: list[Block] = []
    if "question" in subject.facts:
        blocks.append(Paragraph(subject.facts["question"]))
    asked = _asked(subject)
    blocks.append(Listing(asked) if asked else Paragraph(_parameters_only(subject)))
    return Section("question", "Question", tuple(blocks))


def _asked(subject: Subject) -> tuple[str, ...]:
    entries = []
    if subject.forecast is not None:
        table = subject.forecast.table(subject.prob)
        runs = [", ".join(row_words(table, place)) for place in range(min(len(table), NAMED))]
        more = f"; and {len(table) - NAMED} more in the table below" if len(table) > NAMED else ""
        entries.append(
            f"What {subject.fit.runs.response} is to be expected of a run with "
            f"{'; of one with '.join(runs)}{more}?"
        )
    if subject.allocation is not None:
        unit = subject.allocation.cost.unit
        write = format_flops if unit == "flops" else format_count
        budgets = sorted(set(subject.allocation.draws[unit].values.tolist()))
        shown = ", ".join(write(budget) for budget in budgets)
        name = "FLOP" if unit == "flops" else unit
        entries.append(f"How is a budget of {shown} {name} best split into parameters and tokens?")
    return tuple(entries)


def _parameters_only(subject: Subject) -> str:
    laws = dict.fromkeys(part.fit.model.law.name for part in subject.parts)
    return (
        f"What are the parameters of {' and of '.join(laws)}, and how well do these runs "
        "determine them?"
    )


def answer(subject: Subject) -> Section:
    """Each result as a sentence that can be cited, its table and its picture."""
    blocks: list[Block] = []
    for result, citation in zip(subject.results, subject.citations, strict=True):
        caption = str(citation.table.attrs["caption"])
        blocks += [Paragraph(citation.sentence), tabulated(caption, citation.table)]
        if isinstance(result, Forecast):
            blocks += [*_record(subject), _fan(result, subject.prob)]
        elif isinstance(result, Allocation):
            blocks += [*_near(subject), _split(result, subject.prob)]
    return Section("answer", "Answer", tuple(blocks))


def _record(subject: Subject) -> list[Block]:
    """By how much this sweep has missed beyond its own cut-offs, where it was backtested."""
    check = subject.check("backtest")
    notes = check.table.attrs.get("notes", ()) if check is not None else ()
    return [Paragraph(notes[0])] if notes else []


def _fan(forecast: Forecast, prob: float | None) -> Block:
    return drawn(
        "forecast",
        "Loss of the runs and of the forecast, with its credible band, out to the target.",
        "The runs and the forecast; what lies beyond the largest run is shaded.",
        lambda: plots.forecast_fan(forecast, prob=prob),
    )


def _near(subject: Subject) -> list[Block]:
    if subject.near is None:
        return []
    table = written_table(subject.near, subject.prob)
    title = f"{subject.near.title}: any of them is nearly as good as the best."
    return [tabulated(f"{title} {table.attrs['caption']}", table)]


def _split(allocation: Allocation, prob: float | None) -> Block:
    return drawn(
        "allocation",
        "Best parameters, tokens and tokens per parameter against compute, with bands.",
        "The best split against compute. Points are the runs.",
        lambda: plots.allocation(allocation, prob=prob),
    )

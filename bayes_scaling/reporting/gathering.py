"""Gathering: everything that a report says, once, whatever its format."""

from __future__ import annotations

import pandas as pd

from bayes_scaling.reporting import answering, checking, concluding, describing
from bayes_scaling.reporting.contents import (
    Block,
    Code,
    Contents,
    Listing,
    Paragraph,
    Section,
    tabulated,
)
from bayes_scaling.reporting.headline import headline
from bayes_scaling.reporting.known import checklists
from bayes_scaling.reporting.reproducing import code, runs_csv, table_digest, versions
from bayes_scaling.reporting.subject import Subject

MOST_ROWS = 1000
"""Runs up to which the table itself is a part of the report."""


def gathered(subject: Subject) -> Contents:
    """The contents of a report, verdict first."""
    head = headline(subject.fit, subject.trust)
    sections = (
        answering.verdict(subject),
        answering.question(subject),
        answering.answer(subject),
        describing.data(subject),
        describing.model(subject),
        checking.diagnostics(subject),
        checking.posterior(subject),
        checking.predictive(subject),
        checking.sensitivity(subject),
        checking.backtest(subject),
        checking.alternatives(subject),
        concluding.limits(subject),
        concluding.changes(subject),
        citation(subject),
        reproduction(subject),
        checklists(subject),
    )
    title = f"{subject.fit.model.law.name} fitted to {len(subject.fit.runs)} runs"
    return Contents(head.text, head.status, title, sections)


def citation(subject: Subject) -> Section:
    """Sentences to cite, a paragraph on methods, BibTeX."""
    cited = subject.citations
    methods = cited[0].methods
    for formula in cited[0].formulas:
        methods = methods.replace(formula, "the equation in the section Model")
    blocks = (
        Listing(tuple(one.sentence for one in cited)),
        Paragraph(methods),
        Code(cited[0].bibtex, "bibtex"),
    )
    return Section("citation", "To cite", blocks)


def reproduction(subject: Subject) -> Section:
    """Versions, seed, digest of the table, and the code."""
    fit = subject.fit
    table = pd.DataFrame(versions().items(), columns=["package", "version"])
    digest = table_digest(fit.runs)
    blocks: list[Block] = [
        Paragraph(
            f"Seed of the sampler: {fit.settings.seed}. SHA-256 of the table of runs: {digest} (of "
            "the CSV below in UTF-8, lines ended by a line feed). The same seed gives the same "
            "draws on the same machine and versions; elsewhere they agree to Monte-Carlo error."
        ),
        tabulated("Versions.", table),
        Code(code(fit, subject.forecast, subject.allocation), "python"),
    ]
    if len(fit.runs) <= MOST_ROWS:
        blocks.append(Code(runs_csv(fit.runs), folded=True, caption="The table of runs (runs.csv)"))
    else:
        blocks.append(Paragraph(f"The table has {len(fit.runs)} runs and is not printed here."))
    return Section("reproduce", "Reproduce", tuple(blocks))

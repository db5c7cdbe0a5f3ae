"""Gathering: the contents of a report, made once for every format."""

from __future__ import annotations

import pandas as pd

from bayes_scaling.fitting.provenance import runs_csv, table_digest, versions
from bayes_scaling.reporting.citing.citation import Citation
from bayes_scaling.reporting.sections import answering, checking, concluding, describing
from bayes_scaling.reporting.sections.contents import (
    Block,
    Code,
    Contents,
    Listing,
    Paragraph,
    Section,
    tabulated,
)
from bayes_scaling.reporting.sections.known import checklists
from bayes_scaling.reporting.sections.opening import opening
from bayes_scaling.reporting.sections.reproducing import code, run_tables
from bayes_scaling.reporting.sections.sensitivity import sensitivity
from bayes_scaling.reporting.sections.subject import Subject
from bayes_scaling.runs import Runs

MOST_ROWS = 1000
"""Runs up to which the table itself is a part of the report."""


def gathered(subject: Subject) -> Contents:
    """The contents of a report, the answer first."""
    evidence = (
        answering.answer(subject),
        answering.checks(subject),
        describing.data(subject),
        describing.model(subject),
        checking.diagnostics(subject),
        checking.posterior(subject),
        checking.predictive(subject),
        checking.left_out(subject),
        sensitivity(subject),
        checking.backtest(subject),
        checking.alternatives(subject),
        concluding.limits(subject),
        citation(subject),
        reproduction(subject),
        checklists(subject),
    )
    changes = (concluding.changes(subject),)
    return Contents(subject.title, opening(subject), changes, evidence, subject.main.runs.urls)


def citation(subject: Subject) -> Section:
    """Sentences to cite, a paragraph on methods, BibTeX."""
    cited = subject.citations
    # What was asked of a fit has the methods of that fit; fits by themselves have each their own.
    described = cited[:1] if subject.asked else cited
    entries = dict.fromkeys(entry for one in described for entry in one.bibtex.split("\n\n"))
    blocks: tuple[Block, ...] = (
        Listing(tuple(one.sentence for one in cited)),
        *(Paragraph(_methods(one)) for one in described),
        Code("\n\n".join(entries), "bibtex"),
    )
    return Section("citation", "To cite", blocks)


def _methods(cited: Citation) -> str:
    methods = cited.methods
    for formula in cited.formulas:
        methods = methods.replace(formula, "the equation in the section Model")
    return methods


def reproduction(subject: Subject) -> Section:
    """Versions, seed, digest of the table, and the code."""
    tables = run_tables(subject.fit)
    digests = ", ".join(f"{table_digest(runs)} ({file})" for file, runs in tables.items())
    seeds = sorted({part.fit.settings.seed for part in subject.parts})
    frame = pd.DataFrame(versions().items(), columns=["package", "version"])
    blocks: list[Block] = [
        Paragraph(
            f"Seed of the sampler: {', '.join(map(str, seeds))}. The same seed gives the same "
            "draws on the same machine and versions; elsewhere they agree to Monte-Carlo error."
        ),
        Paragraph(
            f"SHA-256 of the table of runs: {digests}, of the CSV below in UTF-8, lines ended by a "
            "line feed."
        ),
        tabulated("Versions.", frame),
        Code(_script(subject), "python"),
    ]
    for file, runs in tables.items():
        blocks.append(_printed(file, runs))
    return Section("reproduce", "To reproduce", tuple(blocks))


def _script(subject: Subject) -> str:
    """The code that makes fit and answers again, and prints them at the report's probability."""
    asked = {"forecast": subject.forecast, "allocation": subject.allocation}
    shown = [f"print({name}.table({subject.prob:g}))" for name, one in asked.items() if one]
    return "\n".join([code(subject.fit, subject.forecast, subject.allocation), *shown])


def _printed(file: str, runs: Runs) -> Block:
    if len(runs) > MOST_ROWS:
        return Paragraph(f"The table {file} has {len(runs)} runs and is not printed here.")
    return Code(runs_csv(runs), folded=True, caption=f"The table of runs ({file})")

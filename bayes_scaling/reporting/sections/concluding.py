"""Sections that say how far the answer goes: its limits, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bayes_scaling.display.intervals import intervals
from bayes_scaling.display.wording import listed
from bayes_scaling.forecasting.forecasts import forecast
from bayes_scaling.laws import Law
from bayes_scaling.model.axes import main_axis
from bayes_scaling.reporting.citing.tables import interval_words
from bayes_scaling.reporting.sections.contents import Block, Listing, Section, cell
from bayes_scaling.reporting.sections.describing import assumptions
from bayes_scaling.reporting.sections.larger import larger_runs, widest
from bayes_scaling.reporting.sections.subject import Subject

NEXT = 3.0
"""How many times the largest compute the run is that would test the law."""

REMEDIES = {
    "sampler": "chains that mix, by more warm-up, a higher target acceptance, or a simpler model",
    "design": "runs at other sizes and token counts, so that the parameters can be told apart",
    "learning": "more runs, or priors with a reason; now the priors carry part of the answer",
    "predictive": "a law of another shape, a factor that was left out, or noise of another kind",
    "influence": "a look at the runs named, and a fit without those that were made another way",
    "floor": "larger runs, or a floor that is known from elsewhere as the prior",
    "backtest": "larger runs, since forecasts of the larger ones from the smaller ones missed",
    "calibration": "more runs, or priors that pull less; at this design intervals miss too often",
    "reach": "larger runs, so that the target lies no farther beyond them than was tested",
    "form": "larger runs, where the laws part, or an average of those that fit as well",
    "conventions": "the count of parameters or compute that the runs follow, named with a reason",
}
"""What would settle the doubt of each check."""


def limits(subject: Subject) -> Section:
    """What the answer rests on and does not cover."""
    laws = [part.fit.model.law for part in subject.described]
    entries = [
        f"The answer is that of {_held(subject)}, the scatter of runs, and {_missed(subject)}. "
        f"Whether {'any of the laws' if subject.mixed else 'the law'} holds beyond the runs they "
        "cannot say; the verdict, the backtest and the section on alternatives do.",
        *(words for law in laws for words in _assumed(law, subject.mixed)),
        *(subject.fit.notes),
        *(subject.allocation.notes if subject.allocation else ()),
    ]
    if subject.trust is not None:
        entries.append(subject.trust.reach)
    return Section("limits", "Limits", (Listing(tuple(dict.fromkeys(entries))),))


def _held(subject: Subject) -> str:
    names = ", ".join(part.name for part in subject.parts)
    if subject.mixed:
        return (
            f"a mixture of {len(subject.parts)} fits ({names}): intervals hold the doubt which of "
            "them is right, as far as the weights have it, the uncertainty of parameters"
        )
    law = subject.main.model.law
    return f"the law {law.name}: intervals hold the uncertainty of its parameters"


def _assumed(law: Law, named: bool) -> list[str]:
    """Assumptions of a law, said to be its own where there are others."""
    start = f"{law.name}: " if named else ""
    return [f"{start}{words}" for words in assumptions(law)]


def _missed(subject: Subject) -> str:
    if not any(part.fit.model.has_surface(part.fit.runs) for part in subject.parts):
        return "nothing of what the law may leave out"
    return (
        "what the runs show that the law leaves out; beyond the largest run it falls faster or "
        "slower than the law says, by as much as on public sweeps"
    )


def changes(subject: Subject) -> Section:
    """Findings that would change the conclusion, most decisive first."""
    entries = [*_doubts(subject), *_next_run(subject), *_single_run(subject), *_reach(subject)]
    entries += [*_flatness(subject), *_models(subject)]
    blocks: tuple[Block, ...] = (Listing(tuple(entries)),)
    return Section("changes", "What would change this conclusion", blocks)


def _doubts(subject: Subject) -> Iterator[str]:
    checks = subject.trust.checks if subject.trust is not None else []
    for check in checks:
        if check.verdict != "trust":
            remedy = REMEDIES.get(check.check, "what its finding names")
            yield f"To settle the check '{check.check}' ({check.verdict}): {remedy}."


def _next_run(subject: Subject) -> Iterator[str]:
    """The prediction that the next larger run would test."""
    row, along = larger_runs(subject.fit, [NEXT]), main_axis(widest(subject.fit).model.law)
    made = forecast(subject.fit, at=row)
    ends = intervals(made.draws["loss"], subject.prob)
    low, high = (float(ends[end].values[0]) for end in ("lower", "upper"))
    run = ", ".join(
        f"{name.replace('_', ' ')} {cell(name, row[name].iloc[0])}" for name in map(str, row)
    )
    who, what = ("mixture", "the laws") if subject.mixed else ("fit", "the law")
    yield (
        f"One larger run. At {NEXT:g} times the largest {along} ({run}) the {who} predicts a "
        f"{subject.fit.runs.response} from {low:.4g} to {high:.4g} "
        f"({interval_words(subject.prob)}). A run that lands outside speaks against {what} or the "
        "scatter of runs."
    )


def _single_run(subject: Subject) -> Iterator[str]:
    check = subject.check("influence")
    if check is not None and "shift_0" in check.table:
        shifts = check.table["shift_0"]
        place = int(shifts.abs().argmax())
        yield (
            f"A mistake in one run. Without run {listed(shifts.index[[place]])} the forecast of "
            f"the first target moves by {shifts.iloc[place]:+.2f} posterior standard deviations, "
            "more than without any other."
        )


def _reach(subject: Subject) -> Iterator[str]:
    if subject.trust is None:
        yield "An assessment: without one, what speaks against the answer is not known."
        return
    worse = subject.trust.ladder[subject.trust.ladder["verdict"] == "do not trust"]
    if len(worse):
        first = worse.iloc[0]
        yield (
            f"A farther target. At {worse.index[0]} the largest run the verdict is "
            f"{first['verdict']!r} (because of: {first['because']})."
        )


def _flatness(subject: Subject) -> Iterator[str]:
    if subject.near is None:
        return
    medians = subject.near.draws.median(("chain", "draw"), skipna=True)
    low, high = (float(medians[name].values[0]) for name in ("smallest_params", "largest_params"))
    if np.isfinite(low) and np.isfinite(high):
        yield (
            f"Nothing within the flat part of the optimum: for the first budget any size from "
            f"{cell('params', low)} to {cell('params', high)} parameters costs at most "
            f"{100 * subject.near.within:g} % of loss, so a size should be chosen there by other "
            "reasons."
        )


def _models(subject: Subject) -> Iterator[str]:
    if subject.comparison is None:
        yield (
            "Another law that fits as well. No comparison was given; bs.compare says whether one "
            "does, and whether it forecasts something else."
        )

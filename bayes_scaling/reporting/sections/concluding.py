"""Sections on the limits of the answer and on what would change it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bayes_scaling.display.intervals import interval_percent
from bayes_scaling.display.wording import listed, one_of, times
from bayes_scaling.forecasting.forecasts import forecast
from bayes_scaling.model.axes import main_axis, run_axes
from bayes_scaling.reporting.sections.contents import Block, Listing, Section, cell
from bayes_scaling.reporting.sections.describing import assumptions
from bayes_scaling.reporting.sections.larger import ladder_factors, larger_runs
from bayes_scaling.reporting.sections.misfit import off_fit, off_law
from bayes_scaling.reporting.sections.opening import (
    doubt,
    numbers_of,
    run_words,
    sentence,
    times_beyond,
)
from bayes_scaling.reporting.sections.subject import Subject

NEXT = 3.0
"""Times the largest compute of the run that would test the law."""

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
"""Remedy for the doubt of each check."""


def limits(subject: Subject) -> Section:
    """Assumptions of the answer, and doubts that its intervals leave out."""
    laws = [part.fit.model.law for part in subject.described]
    entries = [
        f"Intervals allow for {_held(subject)}, the scatter of runs, and {_missed(subject)}.",
        f"They do not say whether {'any of the laws' if subject.mixed else 'the law'} holds beyond "
        "the runs: for that see the checks, the backtest and the other models.",
        *(
            f"{f'{law.name}: ' if subject.mixed else ''}{words}"
            for law in laws
            for words in assumptions(law)
        ),
        *(subject.fit.notes),
        *(subject.allocation.notes if subject.allocation else ()),
    ]
    return Section("limits", "Limits", (Listing(tuple(dict.fromkeys(entries))),))


def _held(subject: Subject) -> str:
    names = ", ".join(part.name for part in subject.parts)
    if subject.mixed:
        return (
            f"the doubt about which of {len(subject.parts)} fits ({names}) is right, as expressed "
            "by their weights, the uncertainty of parameters"
        )
    return f"the uncertainty of the parameters of {subject.main.model.law.name}"


def _missed(subject: Subject) -> str:
    if not any(part.fit.model.has_surface(part.fit.runs) for part in subject.parts):
        return "nothing that the law may leave out"
    return (
        "what the runs show beside the law; beyond the largest run also for losses that fall "
        "faster or slower than the law says, as those of public sweeps did"
    )


def changes(subject: Subject) -> Section:
    """Findings that would change the answer, most decisive first."""
    entries = [*_doubts(subject), *_next_run(subject), *_largest_run(subject)]
    entries += [*_single_run(subject), *_reach(subject), *_flatness(subject), *_models(subject)]
    blocks: tuple[Block, ...] = (Listing(tuple(entries)),)
    return Section("changes", "What would change this answer", blocks)


def _doubts(subject: Subject) -> Iterator[str]:
    checks = subject.trust.checks if subject.trust is not None else []
    for check in checks:
        if check.verdict != "trust":
            remedy = REMEDIES.get(check.check, "what its finding names")
            remedy = "more runs" if check.table.attrs.get("only_few") else remedy
            yield f"{sentence(doubt(check))} To settle it: {remedy}."


def _next_run(subject: Subject) -> Iterator[str]:
    """The prediction that the next larger run would test."""
    row = larger_runs(subject.fit, [NEXT])
    made = forecast(subject.fit, at=row)
    table = made.table(subject.prob)
    [(_, _, low, high)] = numbers_of(made, "loss", subject.prob)
    what, prob = "the laws" if subject.mixed else "the law", interval_percent(subject.prob)
    yield (
        f"A run {NEXT:g} times your largest: {run_words(table, 0)}. Expect "
        f"{one_of(subject.fit.runs.response)} between {low} and {high} ({prob}). One "
        f"outside would speak against {what}, or against the scatter seen so far."
    )


def _largest_run(subject: Subject) -> Iterator[str]:
    """The largest run beside the fit and beside its law alone."""
    fit = subject.main
    if fit.runs.response == "loss":
        of_fit, of_law = off_fit(fit), off_law(fit)
        largest = int(run_axes(fit.model.law, fit.runs)[main_axis(fit.model.law)].argmax())
        same = np.allclose(of_fit, of_law)
        alone = "" if same else f" and {_beside(of_law[largest])} its law alone"
        yield (
            f"Larger runs as far off as your largest, which lies {_beside(of_fit[largest])} the "
            f"fit{alone}. A typical run lies {np.median(np.abs(of_fit)):.2g} % off the fit."
        )


def _beside(off: float) -> str:
    return f"{abs(off):.2g} % {'below' if off < 0 else 'above'}"


def _single_run(subject: Subject) -> Iterator[str]:
    check = subject.check("influence")
    if check is not None and "shift_0" in check.table:
        shifts = check.table["shift_0"]
        place = int(shifts.abs().argmax())
        way = "up" if shifts.iloc[place] > 0 else "down"
        yield (
            f"A mistake in run {listed(shifts.index[[place]])}: without it the forecast moves "
            f"{way} by {abs(shifts.iloc[place]):.2g} of its standard deviations, more than without "
            "any other run."
        )


def _reach(subject: Subject) -> Iterator[str]:
    if subject.trust is None:
        yield "An assessment: without one, arguments against the answer are unknown."
        return
    rungs = zip(ladder_factors(subject.trust), subject.trust.ladder["verdict"], strict=True)
    asked = times_beyond(subject) or 0.0
    worse = [factor for factor, verdict in rungs if verdict == "do not trust" and factor > asked]
    if worse and subject.trust.verdict != "do not trust":
        said = f"at {times(worse[0])} your largest run the verdict is 'do not trust'"
        yield f"A larger target: {said}."


def _flatness(subject: Subject) -> Iterator[str]:
    if subject.near is None:
        return
    place = int(np.argmax(subject.near.draws["flops"].values))
    largest = subject.near.draws.isel(budget=place)
    ends = [largest[name].median(skipna=True) for name in ("smallest_params", "largest_params")]
    levels = [str(largest[factor].item()) for factor in subject.main.model.factors]
    where = ", ".join([f"{cell('flops', float(largest['flops']))} FLOP", *levels])
    if np.isfinite(ends).all():
        low, high = (
            numbers_of(subject.near, str(end.name), subject.prob)[place][1] for end in ends
        )
        yield (
            f"Not the exact size at {where}: any from {low} to {high} parameters costs at most "
            f"{100 * subject.near.within:g} % of loss, so that other reasons may decide."
        )


def _models(subject: Subject) -> Iterator[str]:
    if subject.comparison is None:
        yield (
            "Another law that fits as well and forecasts something else: none was compared, which "
            "is what bs.compare is for."
        )

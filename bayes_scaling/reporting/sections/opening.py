"""The first screen: question, number with its interval, verdict with its reason, picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from bayes_scaling import plots
from bayes_scaling.decisions.allocation import Allocation
from bayes_scaling.display.intervals import interval_percent
from bayes_scaling.display.wording import axis_words, counted, times, unit_words
from bayes_scaling.fitting.average import leading
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.model.inputs import input_values
from bayes_scaling.model.reach import level_labels
from bayes_scaling.plots.sources import run_values
from bayes_scaling.reporting.citing.estimates import Citable, estimates, row_words
from bayes_scaling.reporting.sections.contents import Answer, Block, Opening, joined
from bayes_scaling.reporting.sections.figures import drawn
from bayes_scaling.reporting.sections.subject import Subject
from bayes_scaling.trust import CheckResult
from bayes_scaling.units import format_count, format_flops

NAMED = 3
"""Numbers on the first screen; more are in the table."""

REASONS = {
    "sampler": "the sampler's chains disagree about it",
    "design": "these runs cannot tell the law's parameters apart",
    "learning": "it follows the priors of the law, and not the runs alone",
    "predictive": "the law does not describe all of the runs",
    "influence": "single runs carry much of it",
    "floor": "it could not be judged how much of it is the floor of the loss",
    "backtest": "forecasts of the larger runs from the smaller ones missed too often",
    "calibration": "intervals from such a sweep miss the truth too often",
    "reach": "it lies farther beyond the runs than these runs could test",
    "form": "another law that describes the runs as well expects something else",
    "conventions": "it hangs on how the table counts parameters or compute",
}
"""The doubt of each check, as the end of a sentence about the answer."""

TOO_FEW = "these runs are too few for all that the law has to learn from them"
"""That of the design where nothing but the number of runs is wrong with it."""


def opening(subject: Subject) -> Opening:
    """The first screen of a report.

    Chains that have not converged come before everything else: no check can be read without them.
    """
    status, reason = _verdict(subject)
    return Opening(
        question=subject.facts.get("question") or joined(list(_questions(subject))),
        answers=tuple(_answers(subject))[:NAMED],
        status=status,
        reason=reason,
        context=tuple(_context(subject)),
        picture=_picture(subject),
    )


def _verdict(subject: Subject) -> tuple[str, str]:
    """The status, and the reason for it in one sentence."""
    trust, problems = subject.trust, subject.fit.diagnostics.problems
    if problems:
        return "not converged", (
            f"The sampler's chains have not settled ({'; '.join(problems)}): use no number of this "
            "report."
        )
    if trust is None:
        return "not assessed", "Nobody has checked whether this answer can be believed."
    if trust.verdict == "trust":
        return "trust", "No check found a reason for doubt."
    doubts = [one for one in trust.checks if one.verdict != "trust"]
    doubts.sort(key=lambda one: one.verdict == "caution")
    return trust.verdict, because(doubts)


def because(checks: Sequence[CheckResult]) -> str:
    """The doubts of checks in one sentence: two of them, and how many more there are."""
    said = [doubt(check) for check in checks]
    more, reason = len(said) - 2, "; ".join(said[:2]) or "its checks doubt it"
    if more > 0:
        reason += f", and {counted(more, 'more check')} {'doubts' if more == 1 else 'doubt'} it"
    return sentence(reason)


def doubt(check: CheckResult) -> str:
    """Doubt that a check raises, as part of a sentence."""
    if check.table.attrs.get("only_few"):
        return TOO_FEW
    return REASONS.get(check.check, f"the check '{check.check}' doubts it")


def sentence(text: str) -> str:
    """Part of a sentence as a sentence of its own.

    >>> sentence("it rests on one run")
    'It rests on one run.'
    """
    return f"{text[0].upper()}{text[1:]}."


def _questions(subject: Subject) -> Iterator[str]:
    if subject.forecast is not None:
        table = subject.forecast.table(subject.prob)
        runs = [run_words(table, place) for place in range(min(len(table), NAMED))]
        more = f" or {len(table) - NAMED} more" if len(table) > NAMED else ""
        asked = " or ".join(runs) + more
        end = "," if "," in asked else ""
        yield f"What {subject.fit.runs.response} will {asked}{end} reach?"
    if subject.allocation is not None:
        budgets = list(dict.fromkeys(_budgets(subject.allocation)))
        more = f" or {len(budgets) - NAMED} more budgets" if len(budgets) > NAMED else ""
        yield (
            f"How is a budget of {' or '.join(budgets[:NAMED])}{more} best split between "
            "parameters and tokens?"
        )
    if not subject.asked:
        laws = dict.fromkeys(part.fit.model.law.name for part in subject.parts)
        yield f"What are the parameters of {' and '.join(laws)}?"


def run_words(table: pd.DataFrame, place: int) -> str:
    """A row of a forecast as a run: ``"a 70B model on 1.4T tokens"``."""
    words = dict(zip(table.index.names, row_words(table, place), strict=True))
    if {"params", "tokens"} <= set(words):
        size = words.pop("params").removesuffix(" parameters")
        article = "an" if re.match(r"8|1[18](?!\d)", size) else "a"
        start = f"{article} {size} model on {words.pop('tokens')}"
        words.pop("flops", None)
    else:
        start = f"a run with {words.pop(next(iter(words)))}"
    return ", ".join([start, *words.values()])


def _budgets(allocation: Allocation) -> list[str]:
    """The budget of each row, with its unit."""
    unit = allocation.cost.unit
    write = format_flops if unit == "flops" else format_count
    return [
        f"{write(value)} {unit_words(unit)}" for value in allocation.draws[unit].values.tolist()
    ]


def _answers(subject: Subject) -> Iterator[Answer]:
    for result in subject.results:
        if isinstance(result, Forecast):
            yield from _losses(result, subject.prob)
        elif isinstance(result, Allocation):
            yield from _splits(subject, result, subject.prob)
        else:
            yield from _parameters(result, subject.prob)


def _losses(forecast: Forecast, prob: float) -> Iterator[Answer]:
    table, response = forecast.table(prob), forecast.fit.runs.response
    for one in numbers_of(forecast, "loss", prob):
        run = run_words(table, one[0])
        yield Answer(f"{response.capitalize()} of {run}", one[1], _interval(one, prob))


def _splits(subject: Subject, allocation: Allocation, prob: float) -> Iterator[Answer]:
    budgets, table = _budgets(allocation), allocation.table(prob)
    asked = _of_groups_asked(subject, table.index)
    tokens = {row: number for row, number, *_ in numbers_of(allocation, "tokens", prob)}
    for one in numbers_of(allocation, "params", prob):
        if one[0] not in asked:
            continue
        words = dict(zip(table.index.names, row_words(table, one[0]), strict=True))
        words.pop(allocation.cost.unit, None)
        yield Answer(
            ", ".join([f"Best model for {budgets[one[0]]}", *words.values()]),
            f"{one[1]} parameters on {tokens[one[0]]} tokens",
            _interval(one, prob, " parameters"),
        )


def _of_groups_asked(subject: Subject, index: pd.Index) -> set[int]:
    """Rows of an allocation that are of the groups of the forecast, all if there are none."""
    factors, size = subject.main.model.factors, len(index)
    if subject.forecast is None:
        return set(range(size))
    of_rows = level_labels([index.get_level_values(name).to_numpy() for name in factors], size)
    points = subject.forecast.points
    of_points = level_labels([points[name].to_numpy() for name in factors], len(points))
    return {*np.flatnonzero(np.isin(of_rows, of_points)).tolist()} or set(range(size))


def _parameters(fit: ScalingFit, prob: float) -> Iterator[Answer]:
    for name in fit.parameter_names:
        if name in fit.model.parameters:
            for one in numbers_of(fit, name, prob):
                yield Answer(name, one[1], _interval(one, prob))


type Written = tuple[int, str, str, str]
"""Row, median, lower and upper end, the numbers as text."""


def numbers_of(result: Citable, quantity: str, prob: float) -> list[Written]:
    """A quantity in each row of a result, with the digits that its draws support."""
    of_quantity = (e for e in estimates(result, prob) if e.quantity.split("[")[0] == quantity)
    rows = []
    for one in of_quantity:
        number, low, high = (*one.numbers, "", "")[:3]
        rows.append((one.row, number, low, high))
    return rows


def _interval(one: Written, prob: float, unit: str = "") -> str:
    return f"{interval_percent(prob)} between {one[2]} and {one[3]}{unit}" if one[2] else ""


def _context(subject: Subject) -> Iterator[str]:
    """Sentences on the distance from the runs, the sweep's own record, and its best run."""
    farther, record = times_beyond(subject), sweep_record(subject)
    outside = "" if subject.forecast is None else _outside(subject.forecast)
    grouped = subject.forecast is not None and bool(subject.main.model.factors)
    largest = "the largest run of its group" if grouped else "your largest run"
    if farther is not None and farther > 1:
        yield sentence(f"{times(farther)} beyond {largest}{record and f', and {record}'}")
    elif farther is not None:
        yield outside or f"No larger than {largest}."
    if subject.forecast is not None and subject.fit.runs.response == "loss":
        best = float(subject.fit.runs.values("loss").min())
        yield f"The best of your {len(subject.fit.runs)} runs reached {best:.3g}."


def times_beyond(subject: Subject) -> float | None:
    """Size of the farthest run asked about over the largest run, in compute where it is known.

    Of a forecast by the largest run of its own level.
    """
    found = []
    if subject.forecast is not None:
        found.append(float(subject.forecast.times_largest_run().max()))
    if subject.allocation is not None and "flops" in subject.allocation.draws.coords:
        fit = leading(subject.fit)
        largest = float(run_values(fit.model, fit.runs, "flops").max())
        found.append(float(subject.allocation.draws["flops"].max()) / largest)
    return max(found, default=None)


def _outside(forecast: Forecast) -> str:
    """The input by which a forecast lies farthest above all runs, as a sentence; or nothing."""
    fit, asked = leading(forecast.fit), forecast.points
    above = {
        name: float(asked[name].max() / input_values(fit.runs, name).max())
        for name in fit.model.law.inputs
    }
    name = max(above, key=above.__getitem__)
    if above[name] <= 1:
        return ""
    return f"{sentence(times(above[name]))} the {axis_words(name)} of any of your runs."


def sweep_record(subject: Subject) -> str:
    """The misses of this sweep beyond its own cut-offs, as part of a sentence; or nothing."""
    check = subject.check("backtest")
    notes = check.table.attrs.get("notes", ()) if check is not None else ()
    return f"{notes[0][0].lower()}{notes[0][1:]}".rstrip(".") if notes else ""


def _picture(subject: Subject) -> Block | None:
    if subject.forecast is not None:
        return fan(subject.forecast, subject.prob)
    return split(subject.allocation, subject.prob) if subject.allocation is not None else None


def fan(forecast: Forecast, prob: float) -> Block:
    """The runs and the forecast."""
    response = forecast.fit.runs.response.capitalize()
    return drawn(
        "forecast",
        f"{response} of the runs and of the forecast, with its credible band, out to the target.",
        "Your runs, and the forecast beyond the largest of them (shaded).",
        lambda ax: plots.forecast_fan(forecast, ax=ax, prob=prob),
    )


def split(allocation: Allocation, prob: float) -> Block:
    """The best split against compute."""
    return drawn(
        "allocation",
        "Best parameters, tokens and tokens per parameter against compute, with bands.",
        "The best split of each budget. Points are your runs.",
        lambda ax: plots.allocation(allocation, ax=ax, prob=prob),
        panels=3,
    )

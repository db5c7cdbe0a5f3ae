"""The sentence that cites a result: estimate, interval, source and verdict.

What speaks against believing it stands first, so that it cannot be cut off. A *prediction* is of
what a run will show, its loss; a *projection* is of what no run shows, such as an expected loss.
"""

from __future__ import annotations

from collections.abc import Sequence

from bayes_scaling.decisions.allocation import Allocation
from bayes_scaling.decisions.groups import LevelComparison
from bayes_scaling.display.digits import label_writer
from bayes_scaling.display.versions import installed_version
from bayes_scaling.display.wording import UNITS, counted, of_response
from bayes_scaling.fitting.average import Fitted
from bayes_scaling.fitting.law_fit import LawFit
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.drawn_result import DrawnResult
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.model.inputs import input_values
from bayes_scaling.noise import Noise
from bayes_scaling.reporting.citing.bibliography import short_citation
from bayes_scaling.reporting.citing.escaping import one_line
from bayes_scaling.reporting.citing.estimates import (
    Citable,
    Estimate,
    Fit,
    averaged,
    estimates,
    fits,
    problems,
    response,
    row_words,
)
from bayes_scaling.reporting.citing.tables import interval_words
from bayes_scaling.schedules import CurveFit, CurveForecast
from bayes_scaling.trust import TrustReport

NAMED = 3
"""Rows of a result that a sentence names; the others are counted."""

_PROPER = ("Student", "Laplace")


def citing_sentence(result: Citable, trust: TrustReport | None, prob: float | None) -> str:
    """The whole sentence, in plain text."""
    found = _warning(result, trust) + _findings(result, prob)
    basis = f"by {_basis(result)}"
    version = f"bayes_scaling {installed_version('bayes_scaling')}"
    text = f"{found} (median and {interval_words(prob)}), {basis}, in {version}{_belief(trust)}."
    return text[0].upper() + text[1:]


def _basis(result: Citable) -> str:
    average = averaged(result)
    if average is None:
        return f"Bayesian fit of {_joined([law_words(fit) for fit in fits(result)])}"
    if len(average.fits) == 1:
        weight = f"which has all the weight of an average ({average.source})"
        return f"Bayesian fit, {weight}, of {law_words(average.fits[average.heaviest])}"
    parts = [
        f"{law_words(average.fits[name])} (weight {weight:.2f})"
        for name, weight in average.weights.items()
    ]
    return (
        f"an average of {counted(len(parts), 'Bayesian fit')}, {average.source}: {_joined(parts)}"
    )


def law_words(fit: Fit) -> str:
    """Law, paper, scatter, and runs or curves of a fit."""
    law = fit.model.law
    paper = f" ({one_line(short_citation(law.cite))})" if law.cite else ""
    data = _curve_words(fit) if isinstance(fit, CurveFit) else _run_words(fit)
    return f"the law {one_line(repr(law)).removesuffix('()')}{paper} with {data}"


def _run_words(fit: ScalingFit) -> str:
    scatter = noise_words(fit.model.noise, fit.runs.response)
    return f"{scatter} to {counted(len(fit.runs), 'training run')} {span_words(fit)}"


def noise_words(noise: Noise, called: str = "loss") -> str:
    """Scatter of the runs, from the first words of the noise's documentation.

    Examples
    --------
    >>> from bayes_scaling.noise import LogNormal, LogStudentT
    >>> noise_words(LogStudentT()), noise_words(LogNormal(), "metric")
    ('Student-t scatter on log loss', 'normal scatter on log metric')
    """
    documented = (type(noise).__doc__ or type(noise).__name__).strip().splitlines()[0]
    for mark in (",", ";", ":", "."):
        documented = documented.split(mark)[0]
    documented = documented.replace("log loss", f"log {called}")
    return documented if documented.startswith(_PROPER) else documented[0].lower() + documented[1:]


def span_words(fit: ScalingFit) -> str:
    """Range of compute of the runs, or of the law's first input where compute is not known."""
    name = "flops" if "flops" in fit.runs.inputs else fit.model.law.inputs[0]
    values, write = input_values(fit.runs, name), label_writer(name)
    low, high = write(float(values.min())), write(float(values.max()))
    span = low if low == high else f"{low} to {high}"
    return f"of {span} FLOP" if name == "flops" else f"with {one_line(name)} of {span}"


def reasons(trust: TrustReport) -> str:
    """Checks that doubt, in brackets."""
    doubting = [check.check for check in trust.checks if check.verdict != "trust"]
    return f" ({', '.join(doubting)})" if doubting else ""


def _warning(result: Citable, trust: TrustReport | None) -> str:
    warnings = []
    if found := problems(result):
        warnings.append(f"not converged ({'; '.join(found)})")
    if trust is not None and trust.verdict == "do not trust":
        warnings.append(f"do not trust this extrapolation{reasons(trust)}")
    return f"{', '.join(warnings)}: " if warnings else ""


def _belief(trust: TrustReport | None) -> str:
    if trust is None:
        return "; the extrapolation was not assessed"
    doubted = reasons(trust) if trust.verdict == "caution" else ""
    return f'; the verdict on the extrapolation is "{trust.verdict}"{doubted}'


def _findings(result: Citable, prob: float | None) -> str:
    found = estimates(result, prob)
    if isinstance(result, LawFit):
        return _of_parameters(result, found)
    table = result.table(prob)
    said = []
    for place in range(min(len(table), NAMED)):
        row = {one.quantity: one.text for one in found if one.row == place}
        words = _row_sentence(result, row) + _of_miss(result, place, prob)
        said.append(f"at {_joined(row_words(table, place))}, {words}")
    return "; ".join(said) + _others(len(table) - len(said), "row")


def _of_parameters(fit: Fit, found: Sequence[Estimate]) -> str:
    """The law's own parameters, of a pooled one those of the first levels."""
    own = [one for one in found if one.quantity.split("[")[0] in fit.model.parameters]
    said = [f"{one_line(one.quantity)} = {one.text}" for one in own[: len(fit.model.parameters)]]
    return f"the law has {_joined(said)}" + _others(len(own) - len(said), "parameter")


def _others(count: int, what: str) -> str:
    return f"; and {counted(count, f'further {what}')} in the table" if count > 0 else ""


def _of_miss(result: DrawnResult[Fitted] | CurveForecast, place: int, prob: float | None) -> str:
    """Share of a new run's interval that comes from extrapolation."""
    if not isinstance(result, Forecast):
        return ""
    share = result.miss_share(prob).iloc[place]
    if not round(share, 2) > 0:
        return ""
    return f", {100 * share:.0f} % of whose width is how laws miss beyond their runs"


def _row_sentence(result: DrawnResult[Fitted] | CurveForecast, written: dict[str, str]) -> str:
    """The estimates of one row in words."""
    called = response(result)
    match result:
        case Forecast() | CurveForecast():
            return (
                f"the expected {called} is {written['expected_loss']} and that of a new run "
                f"{written['loss']}"
            )
        case Allocation():
            return _allocation(written)
        case LevelComparison(first=first, second=second):
            pair = f"'{one_line(first)}' against '{one_line(second)}' has "
        case _:
            pair = ""
    return pair + _joined([_quantity(name, number, called) for name, number in written.items()])


def _allocation(written: dict[str, str]) -> str:
    epochs = f" ({written['epochs']} epochs)" if "epochs" in written else ""
    return (
        f"the best run has {written['params']} parameters, {written['tokens']} "
        f"tokens{epochs}, "
        f"{written['tokens_per_param']} tokens per parameter and expected loss "
        f"{written['expected_loss']}"
    )


def _quantity(name: str, number: str, called: str) -> str:
    if name in UNITS:
        return f"{number} {UNITS[name]}"
    return f"{of_response(name, called).replace('_', ' ')} {number}"


def _joined(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _curve_words(fit: CurveFit) -> str:
    """Misses of the law that a fit allows curves, and the curves that were fitted."""
    curves = counted(len(fit.curves.names), "loss curve")
    return (
        f"a miss of the gain of each curve, wandering and normal scatter on log loss to {curves} "
        f"of up to {fit.curves.longest} steps"
    )

"""Checks of an average: those of its fits, joined by weight.

A mixture is as sound as what most of it is made of. A check's verdict on it is the worst that fits
with at least a quarter of the weight together give or exceed: less than that moves the ends of its
interval, but not what lies between. Fits of hardly any weight are not judged at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from bayes_scaling.errors import RunsError
from bayes_scaling.fitting.average import FitAverage, made_from
from bayes_scaling.forecasting.forecasts import Forecast, forecast
from bayes_scaling.model.points import At
from bayes_scaling.validation.verdict import VERDICTS, CheckResult, Verdict, worst

LEAST = 0.05
"""Weight below which a fit is not judged: the probability of one tail of a 90 % interval."""

QUARTER = 0.25
"""Weight of the fits that must doubt for the mixture to be doubted."""


def asked_of(average: FitAverage, at: Forecast | At) -> dict[str, Forecast]:
    """The targets as forecasts of each fit that is judged.

    Raises
    ------
    RunsError
        The targets cannot be points of these fits, or the forecast is of other runs.
    """
    made = at if isinstance(at, Forecast) else forecast(average, at=at)
    if not made_from(made.fit, average):
        raise RunsError(
            "assess: the forecast was made from other fits than those averaged, and these may be "
            "right where those are wrong. Forecast from the average that is assessed."
        )
    return {
        name: Forecast(made.draws, average.fits[name], made.new_levels) for name in judged(average)
    }


def judged(average: FitAverage) -> list[str]:
    """Names of the fits with enough weight to be judged, heaviest first."""
    return [name for name, weight in average.weights.items() if weight >= LEAST]


def joined(average: FitAverage, results: Mapping[str, CheckResult], asked: int) -> CheckResult:
    """Results of one check on several fits, joined to one on their average."""
    weights = {name: average.weights[name] for name in results}
    shares = [weight / sum(weights.values()) for weight in weights.values()]
    columns = zip(*(result.by_point for result in results.values()), strict=True)
    by_point = tuple(by_weight(column, shares) for column in columns)
    verdict = worst(by_point[:asked])
    # The sentence of the heaviest fit that found so, or of the heaviest that found worse.
    spoken = [name for name, r in results.items() if r.verdict == verdict] or [
        name for name, r in results.items() if worst([r.verdict, verdict]) == r.verdict
    ]
    chosen = results[(spoken or list(results))[0]]
    rows = {
        name: (weights[name], result.verdict, result.headline) for name, result in results.items()
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["weight", "verdict", "headline"])
    return CheckResult(
        chosen.check,
        verdict,
        f"{(spoken or list(results))[0]}: {chosen.headline}",
        table.rename_axis("fit"),
        sum(result.seconds for result in results.values()),
        by_point,
    )


def by_weight(verdicts: Sequence[Verdict], shares: Sequence[float]) -> Verdict:
    """The worst verdict reached by fits that together have a quarter of the weight.

    Examples
    --------
    >>> by_weight(["trust", "do not trust"], [0.8, 0.2])
    'trust'
    >>> by_weight(["trust", "caution", "do not trust"], [0.7, 0.2, 0.1])
    'caution'
    """
    for verdict in reversed(VERDICTS):
        pairs = zip(verdicts, shares, strict=True)
        worse = [share for one, share in pairs if worst([one, verdict]) == one]
        if sum(worse) >= QUARTER:
            return verdict
    return "trust"

"""The check that a plot is given what it draws, shared by all of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import get_type_hints

from bayes_scaling.errors import ModelError

MADE_BY = {
    "Allocation": "bs.allocate(fit, ...)",
    "CurveForecast": "bs.schedules.forecast(fit, ...)",
    "Forecast": "bs.forecast(fit, ...)",
    "IsoflopOptima": "bs.decisions.isoflop_optima(fit)",
    "Isolines": "bs.decisions.isoflop_curves(fit, ...)",
    "LevelComparison": "bs.compare_levels(fit, ...)",
    "LifetimeAllocation": "bs.decisions.lifetime_allocation(fit, ...)",
    "NearOptimal": "bs.near_optimal(fit, ...)",
    "Needed": "bs.needed(fit, ...)",
    "NextRuns": "bs.next_runs(fit, ...)",
    "OverfittingThreshold": "bs.decisions.overfitting_threshold(fit, ...)",
    "ScalingFit": "bs.fit(model, runs)",
    "TrackRecord": "bs.score(sealed, ...)",
}
"""The call that makes what a plot draws."""


def asked_kind[**Given, Drawn](plot: Callable[Given, Drawn]) -> Callable[Given, Drawn]:
    """Wrap a plot so that it refuses a first argument of another type than its annotation says."""
    argument, kind = next(iter(get_type_hints(plot).items()))

    @wraps(plot)
    def checked(*args: Given.args, **options: Given.kwargs) -> Drawn:
        value = args[0] if args else options.get(argument)
        if not isinstance(value, kind):
            found = f"of type {type(value).__name__}, which this plot cannot draw"
            if value is None:
                found = "missing, and without it there is nothing to draw"
            raise ModelError(
                f"plots.{plot.__name__}: {argument} is {found}. "
                f"Give what {MADE_BY[kind.__name__]} returns."
            )
        return plot(*args, **options)

    return checked

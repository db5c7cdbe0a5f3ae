"""Check that a verdict belongs to the result it is cited with: the same fit and targets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayes_scaling.decisions.allocation import Allocation
from bayes_scaling.display.tables import short
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.fitting.average import FitAverage, Fitted, made_from, parts
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.reporting.citing.estimates import Citable
from bayes_scaling.schedules import CurveFit, CurveForecast
from bayes_scaling.trust import TrustReport

FARTHER = 2.0
"""Factor above the largest compute assessed up to which its verdict covers an allocation."""

SAME = 1e-6
"""Relative difference up to which inputs are the same: targets went through their logarithm."""


def check_assessed(result: Citable | FitAverage, trust: TrustReport | None, asker: str) -> None:
    """Refuse a verdict on another fit or on other targets, and what is no verdict.

    The best run of a budget has no targets of its own to be assessed: a forecast of about its
    compute, or of more, stands for it. Verdicts of unknown origin are not looked at.

    Raises
    ------
    BayesScalingError
        With what to assess.
    """
    if trust is not None and not isinstance(trust, TrustReport):
        raise BayesScalingError(
            f"{asker}: trust={trust!r} is not a TrustReport, and a verdict is cited with its "
            "checks. Give what bs.assess(fit, at=...) returns."
        )
    if trust is None or trust.fit is None:
        return
    if isinstance(result, CurveFit | CurveForecast):
        raise BayesScalingError(
            f"{asker}: trust is the verdict on a fit to runs ({model_names(trust.fit)}), and a fit "
            "to curves has none. Cite it without."
        )
    fit = result if isinstance(result, ScalingFit | FitAverage) else result.fit
    if not (made_from(fit, trust.fit) or _is_part(result, trust.fit)):
        raise BayesScalingError(
            f"{asker}: trust is the verdict on another fit ({model_names(trust.fit)}), which may "
            f"be right where this one ({model_names(fit)}) is wrong. Give what bs.assess says of "
            "the fit that is cited."
        )
    if isinstance(result, Forecast):
        _check_points(result, trust, asker)
    if isinstance(result, Allocation):
        _check_budgets(result, trust, asker)


def _is_part(result: Citable | FitAverage, assessed: Fitted) -> bool:
    """True if the result is one fit of the average that was assessed."""
    if not isinstance(result, ScalingFit):
        return False
    return any(made_from(result, part.fit) for part in parts(assessed))


def _check_points(forecast: Forecast, trust: TrustReport, asker: str) -> None:
    asked = forecast.points
    columns = [str(name) for name in asked if name in trust.targets]
    if {"params", "tokens"} <= set(columns):
        # Compute that was given beside the two may be counted in another way.
        columns = [name for name in columns if name != "flops"]
    for point in asked[columns].to_dict("records"):
        among = np.logical_and.reduce([_alike(trust.targets[n], point[n]) for n in columns])
        if not np.any(among):
            words = ", ".join(f"{name} {_written(point[name])}" for name in columns)
            raise BayesScalingError(
                f"{asker}: the forecast is of {words}, which is none of the "
                f"{len(trust.targets)} target(s) that trust is about, and a verdict on one run "
                "says nothing of another. Assess the forecast itself: "
                "trust=bs.assess(fit, at=forecast)."
            )


def _check_budgets(allocation: Allocation, trust: TrustReport, asker: str) -> None:
    if "flops" not in allocation.draws.coords or "flops" not in trust.targets:
        return
    asked, assessed = float(allocation.draws["flops"].max()), float(trust.targets["flops"].max())
    if asked > FARTHER * assessed:
        raise BayesScalingError(
            f"{asker}: the allocation is of {short(asked)} FLOP and trust is about runs of up to "
            f"{short(assessed)}, {asked / assessed:.3g} times less. A verdict on a smaller run "
            "does not cover a larger one. Assess a forecast of the run that is allocated, and give "
            "that."
        )


def _alike(column: pd.Series, value: object) -> np.ndarray:
    if isinstance(value, str):
        return np.asarray(column.astype(str) == value)
    return np.isclose(column.to_numpy(float), float(value), rtol=SAME, atol=0)  # type: ignore[arg-type]


def _written(value: object) -> str:
    return repr(value) if isinstance(value, str) else short(float(value))  # type: ignore[arg-type]


def model_names(fitted: Fitted) -> str:
    """Models of a fit or an average, as they are written in code."""
    return ", ".join(repr(part.fit.model) for part in parts(fitted))

"""Results that can be cited: their draws, their fits, and the words for their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import arviz as az
import pandas as pd
import xarray as xr

from bayes_scaling.decisions.allocation import Allocation
from bayes_scaling.display.digits import interval_numbers, interval_text, label_writer
from bayes_scaling.display.intervals import SAMPLE_DIMS
from bayes_scaling.display.wording import UNITS
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.fitting.average import FitAverage, Fitted, parts
from bayes_scaling.fitting.law_fit import LawFit
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.drawn_result import DrawnResult, PairedResult
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.reporting.citing.escaping import one_line
from bayes_scaling.schedules import CurveFit, CurveForecast

type Fit = ScalingFit | CurveFit
"""A posterior of one law."""

type Citable = Fit | DrawnResult[Fitted] | CurveForecast


@dataclass(frozen=True)
class Estimate:
    """A median with its interval, as text with the digits that its draws support.

    Attributes
    ----------
    row : int
        Number of the row of the result's table.
    quantity : str
    numbers : tuple of str
        Median, lower and upper end; one number without any uncertainty.
    """

    row: int
    quantity: str
    numbers: tuple[str, ...]

    @property
    def text(self) -> str:
        """The estimate in one piece, such as ``1.97 [1.95, 2.00]``."""
        return interval_text(self.numbers)


def check_result(result: object) -> None:
    """Refuse an object without draws to cite.

    Raises
    ------
    BayesScalingError
        With what can be given instead.
    """
    if not isinstance(result, LawFit | DrawnResult | CurveForecast):
        raise BayesScalingError(
            f"A {type(result).__name__} cannot be cited: it holds no draws of a fit, so there is "
            "no estimate with an interval. Give a ScalingFit, or what forecast, allocate, "
            "near_optimal, regret, needed and the like made from one."
        )


def fits(result: Citable) -> tuple[Fit, ...]:
    """The fits that a result rests on."""
    if isinstance(result, LawFit):
        return (result,)
    if isinstance(result, CurveForecast):
        return (result.fit,)
    if isinstance(result, PairedResult):
        return (result.fit, result.other)
    return tuple(part.fit for part in parts(result.fit))


def response(result: DrawnResult[Fitted] | CurveForecast) -> str:
    """Response of the runs or curves: a loss, an accuracy, a metric."""
    return "loss" if isinstance(result, CurveForecast) else result.fit.runs.response


def averaged(result: Citable) -> FitAverage | None:
    """The average that a result was made from; None for a single fit."""
    fit = None if isinstance(result, LawFit) else result.fit
    return fit if isinstance(fit, FitAverage) else None


def problems(result: Citable) -> tuple[str, ...]:
    """Reasons to count the chains as not converged; empty if they have."""
    if isinstance(result, Forecast | Allocation):
        return result.diagnostics.problems
    return tuple(problem for fit in fits(result) for problem in fit.diagnostics.problems)


def estimates(result: Citable, prob: float | None) -> list[Estimate]:
    """Every median with its interval in a result's table, row by row."""
    if isinstance(result, LawFit):
        return _of_parameters(result, prob)
    table = result.table(prob)
    first, second = (table.columns.get_level_values(level) for level in (0, 1))
    quantities, draws = list(map(str, first[second == "median"])), result.draws
    return [
        Estimate(place, name, interval_numbers(name, draws[name].isel({result.dim: place}), ends))
        for name in quantities
        for place, ends in enumerate(_ends(pd.DataFrame(table[name])))
    ]


def _of_parameters(fit: Fit, prob: float | None) -> list[Estimate]:
    summary = fit.summary(prob)
    draws = fit.posterior[list(fit.parameter_names)]
    parts = az.xarray_var_iter(draws, skip_dims=set(SAMPLE_DIMS))
    drawn = [xr.DataArray(values, dims=SAMPLE_DIMS) for *_, values in parts]
    return [
        Estimate(place, name, interval_numbers(name, values, ends))
        for place, (name, values, ends) in enumerate(
            zip(map(str, summary.index), drawn, _ends(summary), strict=True)
        )
    ]


def _ends(table: pd.DataFrame) -> list[tuple[float, float, float]]:
    columns = table[["median", "lower", "upper"]].to_numpy(float)
    return [(median, lower, upper) for median, lower, upper in columns.tolist()]


def row_words(table: pd.DataFrame, place: int) -> list[str]:
    """The subject of a row of a result's table: ``["7B parameters", "corpus 'books'"]``."""
    key = table.index[place]
    keys: Sequence[object] = key if isinstance(key, tuple) else (key,)
    return [_label(str(name), value) for name, value in zip(table.index.names, keys, strict=True)]


def _label(name: str, value: object) -> str:
    if isinstance(value, str):
        return f"{one_line(name)} '{one_line(value)}'"
    written = written_label(name, value)
    if name in UNITS:
        return f"{written} {UNITS[name]}"
    return f"{one_line(name).replace('_', ' ')} {written}"


def written_label(name: str, value: object) -> str:
    """An entry of an index as text: exact numbers shortened, labels in one line."""
    if isinstance(value, str | bool):
        return one_line(str(value))
    return label_writer(name)(float(value))  # type: ignore[arg-type]

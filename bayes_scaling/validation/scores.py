"""Scores of predictive draws against observations: PIT, interval ends, CRPS."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.intervals import SAMPLE_DIMS

COVERAGES = (0.5, 0.8, 0.9, 0.95)
"""Probabilities of the central intervals whose coverage is counted."""

LEVELS = np.arange(1, 200) / 200


def score_draws(draws: np.ndarray, observed: np.ndarray) -> pd.DataFrame:
    """Scores of each observation.

    Parameters
    ----------
    draws : array, dims (sample, run)
        On the scale on which errors are judged: the logarithm of a loss.
    observed : array, dims (run,)

    Returns
    -------
    pandas.DataFrame
        ``pit``: share of draws below the observation. ``median``, ``lower``, ``upper``: of the
        central 90 % interval. ``error``: median minus observation. ``width``. ``crps``: from the
        199 quantiles at multiples of 0.5 %, so that a draw far out in a heavy tail, which a mean
        over draws would be made of, does not decide.

    Examples
    --------
    >>> draws = np.linspace(-1, 1, 2001)[:, None]
    >>> score_draws(draws, np.array([0.0])).round(3).loc[0, ["pit", "lower", "crps"]].tolist()
    [0.5, -0.9, 0.167]
    """
    below = (draws < observed).mean(axis=0) + 0.5 * (draws == observed).mean(axis=0)
    quantiles = np.quantile(draws, LEVELS, axis=0)
    excess = observed - quantiles
    pinball = np.where(excess > 0, LEVELS[:, None] * excess, (LEVELS[:, None] - 1) * excess)
    lower, median, upper = np.quantile(draws, [0.05, 0.5, 0.95], axis=0)
    return pd.DataFrame(
        {
            "observed": observed,
            "median": median,
            "lower": lower,
            "upper": upper,
            "pit": below,
            "error": median - observed,
            "width": upper - lower,
            "crps": 2 * pinball.mean(axis=0),
        }
    )


def covered(pit: pd.Series[float], prob: float) -> pd.Series[bool]:
    """True where central intervals of probability `prob` hold the observations.

    Examples
    --------
    >>> covered(pd.Series([0.01, 0.3, 0.96]), 0.9).tolist()
    [False, True, False]
    """
    return (2 * pit - 1).abs() <= prob


def coverages(pit: pd.Series[float]) -> dict[str, float]:
    """Share of observations that central intervals of each of :data:`COVERAGES` hold, by name.

    Examples
    --------
    >>> coverages(pd.Series([0.01, 0.3, 0.96, 0.5]))
    {'coverage_50': 0.5, 'coverage_80': 0.5, 'coverage_90': 0.5, 'coverage_95': 0.75}
    """
    return {f"coverage_{100 * prob:.0f}": float(covered(pit, prob).mean()) for prob in COVERAGES}


def interval_score(lower: Any, upper: Any, observed: Any, prob: float) -> Any:
    """Interval score, elementwise: width, plus a penalty for what lies outside; lower is better.

    References
    ----------
    Gneiting and Raftery (2007), Strictly Proper Scoring Rules, Prediction, and Estimation,
    equation 43.

    Examples
    --------
    Outside by 0.1, of an interval of width 2 and probability 90 %:

    >>> round(float(interval_score(-1.0, 1.0, 1.1, 0.9)), 3)
    4.0
    """
    outside = np.maximum(lower - observed, 0) + np.maximum(observed - upper, 0)
    return upper - lower + 2 / (1 - prob) * outside


def flat(draws: xr.DataArray) -> np.ndarray:
    """Draws at points or runs as an array, dims (sample, point)."""
    sampled = draws.transpose(*SAMPLE_DIMS, ...).values
    return np.asarray(sampled.reshape(-1, sampled.shape[-1]))


def spread(draws: xr.DataArray) -> xr.DataArray:
    """Half the width of the central 68 %, which a far tail does not move."""
    ends = draws.quantile([0.16, 0.84], SAMPLE_DIMS, skipna=True)
    half: xr.DataArray = ends.diff("quantile").isel(quantile=0, drop=True) / 2
    return half


def summarised(scores: pd.DataFrame, by: str | list[str]) -> pd.DataFrame:
    """Coverage at each probability, mean bias, median width, mean log score and CRPS by group."""
    groups = scores.groupby(by, sort=False)
    table = pd.DataFrame({name: coverages(pit) for name, pit in groups["pit"]}).T
    table.index = groups.size().index
    table["bias"] = groups["error"].mean()
    table["median_error"] = groups["error"].agg(lambda error: error.abs().median())
    table["width"] = groups["width"].median()
    table["log_score"] = groups["log_score"].mean()
    table["crps"] = groups["crps"].mean()
    table.insert(0, "predictions", groups.size())
    return table

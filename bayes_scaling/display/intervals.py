"""Credible intervals of draws: of 90 % and in ArviZ's kind unless told otherwise."""

from __future__ import annotations

import warnings
from typing import Any

import arviz as az
import numpy as np
import xarray as xr

SAMPLE_DIMS = ("chain", "draw")

PROB = 0.9
"""Probability of intervals where none is asked for: that at which the checks judge them."""

_BEYOND, _INFINITE = 1e300, 1e200
"""Number that stands for infinity while quantiles are interpolated, which would give NaN between
infinities; and that beyond which a quantile has such a neighbour."""

_OF_ARVIZ = 0.89
"""ArviZ's ``rcParams["stats.ci_prob"]`` where nobody has set it."""


def interval_prob(prob: float | None) -> float:
    """`prob`; if not given 0.9, or what ArviZ's ``rcParams["stats.ci_prob"]`` was set to.

    Raises
    ------
    ValueError
        A probability that is not between 0 and 1.
    """
    usual = az.rcParams["stats.ci_prob"]
    chosen = float((PROB if usual == _OF_ARVIZ else usual) if prob is None else prob)
    if not 0 < chosen < 1:
        raise ValueError(
            f"prob={chosen} is not the probability of an interval, which lies between 0 and 1. "
            "Give a fraction such as 0.9 for a 90 % interval."
        )
    return chosen


def interval_percent(prob: float | None) -> str:
    """The probability of an interval as text and headings write it: ``90 %``."""
    return f"{100 * interval_prob(prob):.3g} %"


def interval_attrs(prob: float | None) -> dict[str, Any]:
    """Kind and probability of a table's intervals: ``ci_kind`` and ``ci_prob``."""
    return {"ci_kind": az.rcParams["stats.ci_kind"], "ci_prob": interval_prob(prob)}


def intervals(draws: xr.DataArray, prob: float | None = None) -> xr.Dataset:
    """Median and ends of the credible interval, over chain and draw.

    Parameters
    ----------
    draws : xarray.DataArray, dims (chain, draw, ...)
        Draws that are NaN are left out. Infinite ones count: an end that has an infinite neighbour
        is infinite too.
    prob : float, optional
        Probability of the interval.

    Returns
    -------
    xarray.Dataset
        ``median``, ``lower``, ``upper``, each with the remaining dims.
    """
    kind = {"eti": az.eti, "hdi": az.hdi}[az.rcParams["stats.ci_kind"]]
    draws = draws.where(draws != np.inf, _BEYOND)
    with warnings.catch_warnings():
        # Where every draw is missing, the NaN of the result says all there is to say.
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        ends = kind(draws, prob=interval_prob(prob), dim=list(SAMPLE_DIMS), skipna=True)
        median = draws.median(SAMPLE_DIMS, skipna=True)
    lower, upper = (ends.sel(ci_bound=end, drop=True) for end in ("lower", "upper"))
    found = xr.Dataset({"median": median, "lower": lower, "upper": upper})
    return found.where(~(found > _INFINITE), np.inf)

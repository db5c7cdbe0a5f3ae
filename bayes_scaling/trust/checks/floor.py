"""Dependence of the forecast on the floor: the answer with the floor held at three values.

No run shows a floor; law and prior say where it is from how runs bend. The draws are weighted by
how near their floor lies to each value, with Pareto-smoothed weights, so nothing is fitted again.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.intervals import SAMPLE_DIMS
from bayes_scaling.display.wording import per_cent
from bayes_scaling.trust.case import Case
from bayes_scaling.validation.scores import spread
from bayes_scaling.validation.verdict import Finding

PINNED = (0.1, 0.5, 0.9)
"""Quantiles of the floor at which it is held."""

WIDTH = 0.25
"""Width of the kernel that holds the floor, in posterior standard deviations of its logarithm: wide
enough for hundreds of draws at either end, and narrow beside the distance between the values."""


def check_floor(case: Case) -> Finding:
    """Median of the expected loss at each point with the floor held at three values.

    It explains and never doubts, for the interval holds what is not known of the floor: the public
    sweeps whose forecasts follow it most miss least. A forecast that follows the floor's prior is a
    doubt of :func:`bayes_scaling.trust.checks.learning.check_learning`.
    """
    response = case.fit.runs.response
    if response != "loss":
        said = f"It does not apply: floors are of losses, and the response is {response}."
        return Finding(["trust"] * case.size, said, pd.DataFrame())
    floor = case.surface.inside.floor + xr.zeros_like(case.expected.reset_coords(drop=True))
    if not float(spread(floor).max()) > 0:
        said = f"It does not apply: {case.fit.model.law.name} has no floor that could be otherwise."
        return Finding(["trust"] * case.size, said, pd.DataFrame())
    table = pd.DataFrame(_rows(case, floor)).set_index(["point", "quantile"]).sort_index()
    medians = table["expected_loss"].unstack()
    moved = (medians.max(axis=1) - medians.min(axis=1)) / _width(case)
    headline = _headline(case, table, moved)
    return Finding(["trust"] * case.size, headline, table.loc[: case.asked - 1])


def _rows(case: Case, floor: xr.DataArray) -> Iterator[dict[str, float]]:
    """Floor, weighted median of the expected loss, and effective sample size of the weights."""
    log = xr.apply_ufunc(np.log, floor)
    width = WIDTH * spread(log)
    for quantile in PINNED:
        apart = (log - log.quantile(quantile, SAMPLE_DIMS)) / width
        # ArviZ takes the negative logarithms of the weights, as they are for leave-one-out.
        smoothed, pareto_k = (0.5 * apart**2).azstats.psislw(dim=list(SAMPLE_DIMS))
        weights = np.exp(smoothed)
        for point in range(case.size):
            own = weights.isel(point=point).values.ravel()
            yield {
                "point": point,
                "quantile": quantile,
                "floor": _weighted(floor.isel(point=point), own),
                "expected_loss": _weighted(case.expected.isel(point=point), own),
                "ess": 1 / float((own**2).sum()),
                "pareto_k": float(pareto_k[point]),
            }


def _weighted(draws: xr.DataArray, weights: np.ndarray) -> float:
    flat = draws.transpose(*SAMPLE_DIMS).values.ravel()
    return float(np.quantile(flat, 0.5, weights=weights, method="inverted_cdf"))


def _width(case: Case) -> np.ndarray:
    ends = case.expected.reset_coords(drop=True).quantile([0.05, 0.95], SAMPLE_DIMS)
    return np.asarray(ends.diff("quantile").isel(quantile=0).values)


def _headline(case: Case, table: pd.DataFrame, moved: pd.Series[float]) -> str:
    point = int(moved.iloc[: case.asked].to_numpy().argmax())
    held = table.loc[point].iloc[[0, -1]]
    (low, high), (first, last) = held["floor"], held["expected_loss"]
    return (
        f"With the floor held low ({low:.3g}) {case.named(point)} is expected at {first:.3g}. With "
        f"it held high ({high:.3g}) it is expected at {last:.3g}: {per_cent(moved.iloc[point])} of "
        "the 90 % interval's width lies between the two."
    )

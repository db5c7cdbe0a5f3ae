"""Runs larger than the largest, with the inputs of every law of a fit or an average."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from bayes_scaling.fitting.average import Fitted, widest_first
from bayes_scaling.model.as_points import largest_run, scaled_runs
from bayes_scaling.trust import TrustReport


def larger_runs(fitted: Fitted, times: Sequence[float]) -> pd.DataFrame:
    """The largest run scaled up by each of several factors.

    Parameters
    ----------
    fitted : ScalingFit or FitAverage
        Of an average the law that reads most says which run is the largest and how it grows;
        others add what only they read.
    times : sequence of float

    Returns
    -------
    pandas.DataFrame
        One row for each factor; the inputs of every law, and the factors of every model.
    """
    fits = widest_first(fitted)
    top = largest_run(fits[0].model.law, fits[0].runs)
    columns: dict[str, list[object]] = {}
    for fit in fits:
        rows = scaled_runs(fit.model, fit.runs, top, times)
        columns |= {str(name): rows[name].tolist() for name in rows if name not in columns}
    return pd.DataFrame(columns)


def ladder_factors(trust: TrustReport) -> list[float]:
    """Multiples of the largest run on the ladder of an assessment."""
    return [float(str(reach).removesuffix("x")) for reach in trust.ladder.index]

"""Runs of one configuration that differ in their seed only, put in an order.

What earlier replicates of a run showed is data of that run: with it, the scatter between
configurations and the scatter between seeds have a density without latent variables.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from bayes_scaling.noise import Noise
from bayes_scaling.noise.location_scale import EARLIER_MEAN, EARLIER_RUNS
from bayes_scaling.runs import Runs


def earlier_replicates(noise: Noise, runs: Runs, unit: float) -> pd.DataFrame:
    """For each run, how many replicates stand before it, and their mean on the noise's scale.

    Parameters
    ----------
    unit : float
        By what the response is divided before it is brought to that scale.

    Returns
    -------
    pandas.DataFrame
        Columns ``EARLIER_RUNS`` and ``EARLIER_MEAN``; the mean of no run is 0, and has no weight.
    """
    response, groups = _by_configuration(noise, runs, unit)
    return _counted(groups.cumcount(), groups.cumsum() - response)


def other_replicates(noise: Noise, runs: Runs, unit: float) -> pd.DataFrame:
    """For each run, how many other replicates there are, and their mean, as if all were earlier."""
    response, groups = _by_configuration(noise, runs, unit)
    return _counted(groups.transform("size") - 1, groups.transform("sum") - response)


def _by_configuration(noise: Noise, runs: Runs, unit: float) -> tuple[pd.Series, Any]:
    """The response on the noise's scale, and the same in groups of one configuration."""
    table = runs.table
    same = [table[name] for name in (*runs.inputs, *runs.factors)]
    response = pd.Series(noise.on_scale(runs.values("loss") / unit), table.index)
    return response, response.groupby(same, sort=False)


def _counted(count: pd.Series, total: pd.Series) -> pd.DataFrame:
    mean = (total / count.where(count > 0, 1)).where(count > 0, 0.0)
    return pd.DataFrame({EARLIER_RUNS: count.astype(float), EARLIER_MEAN: mean})

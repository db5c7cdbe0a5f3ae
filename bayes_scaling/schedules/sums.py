"""Schedules reduced to the sums over past steps that a law of the loss curve reads.

A law sums over every change of the learning rate before the step, 20 000 of them in a cosine of as
many steps. Changes that are near one another, as the step sees them, are taken together: of one
sign, alike in how long ago they were and in the learning rate. The total change is kept exactly,
and losses of the multi-power law are off by less than 0.006 % of themselves, a twentieth of what
the law itself misses.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_scaling.errors import RunsError
from bayes_scaling.schedules.shapes import Schedule, as_schedule

AGE_RATIO = 0.3
"""Log of the ratio of ages within which changes of the learning rate are grouped."""

RATE_RATIO = 1.0
"""Log of the ratio of learning rates within which changes are grouped."""

LEAST_RATE = 1e-6
"""Least learning rate after a change, as a share of the peak: laws take negative powers of it."""

POINT, NODE = "point", "node"


def schedule_sums(schedule: Schedule, steps: npt.ArrayLike) -> xr.Dataset:
    """Sums over a schedule at each step asked for, as laws of the loss curve read them.

    Parameters
    ----------
    schedule : array, shape (all steps,)
        Learning rate of each step from 0.
    steps : array of int, shape (points,)
        Steps at which the loss is asked for.

    Returns
    -------
    xarray.Dataset, dims (point, node)
        ``total`` (point): sum of the learning rates up to the step, warm-up included; ``travel``
        (point): sum of the sizes of all changes over the peak. By node, which is a group of
        changes: ``rise`` and ``fall``, by how much the learning rate rose or fell in them;
        ``rate``, the learning rate after them; ``area``, the sum of the learning rates since, and
        ``age``, the number of steps, both from the change itself to the step.

    Raises
    ------
    RunsError
        A step that the schedule does not have.
    """
    rates, asked = as_schedule("schedule_sums", schedule), np.atleast_1d(np.asarray(steps))
    if not len(asked) or asked.min() < 0 or asked.max() >= len(rates):
        raise RunsError(
            f"Steps {asked.min(initial=0)} to {asked.max(initial=0)} are asked for of a schedule "
            f"of {len(rates)}, whose last is step {len(rates) - 1}. Give a longer schedule."
        )
    # The first learning rate is a rise from zero, as one that is warmed up to is.
    peak, change = rates.max(), np.diff(rates, prepend=0.0)
    total, changed = np.cumsum(rates), np.flatnonzero(change)
    if total[asked.min()] <= 0:
        raise RunsError(
            f"At step {asked.min()} no learning rate has been positive yet, so nothing has been "
            "learned. Ask for later steps."
        )
    columns = [
        _groups(rates, change, total, changed[changed <= step], step, peak) for step in asked
    ]
    at_nodes = _padded(columns, peak)
    travel = np.cumsum(np.abs(change))[asked] / peak
    found = {"total": (POINT, total[asked]), "travel": (POINT, travel), "step": (POINT, asked)}
    return xr.Dataset({**found, **{name: ((POINT, NODE), x) for name, x in at_nodes.items()}})


def _groups(
    rates: Schedule,
    change: Schedule,
    total: Schedule,
    changed: npt.NDArray[np.int_],
    step: int,
    peak: float,
) -> dict[str, np.ndarray]:
    """Changes before a step, like neighbours grouped."""
    size, age = change[changed], step - changed + 1.0
    rate = np.maximum(rates[changed], LEAST_RATE * peak)
    area = total[step] - total[changed] + rates[changed]
    likeness = (np.sign(size), np.log(age) // AGE_RATIO, np.log(rate / peak) // RATE_RATIO)
    differ = np.any([np.diff(one) != 0 for one in likeness], axis=0)
    starts = np.append(0, np.flatnonzero(differ) + 1)[: len(size)]
    weight = np.add.reduceat(np.abs(size), starts)
    means = {
        name: np.add.reduceat(np.abs(size) * values, starts) / weight
        for name, values in (("rate", rate), ("area", area), ("age", age))
    }
    signed = np.add.reduceat(size, starts)
    return {"rise": np.maximum(signed, 0.0), "fall": np.maximum(-signed, 0.0), **means}


def _padded(columns: Sequence[dict[str, np.ndarray]], peak: float) -> dict[str, np.ndarray]:
    """Points padded to the largest number of nodes; added nodes change nothing."""
    most = max(1, *(len(column["rate"]) for column in columns))
    blank = {"rise": 0.0, "fall": 0.0, "rate": peak, "area": 0.0, "age": 1.0}
    padded = {name: np.full((len(columns), most), value) for name, value in blank.items()}
    for row, column in enumerate(columns):
        for name, values in column.items():
            padded[name][row, : len(values)] = values
    return padded

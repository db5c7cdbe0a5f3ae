"""Learning-rate schedules as arrays: the learning rate of every step, from step 0.

Owns the usual shapes and the decay that may follow any of them. A schedule from elsewhere is any
array of the same kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from bayes_scaling.errors import RunsError

type Schedule = npt.NDArray[np.float64]
"""Learning rate of each step, the first being step 0."""

type Shape = Literal["linear", "cosine", "exponential", "sqrt"]


class _Course(Protocol):
    def __call__(self, share: Schedule, start: float, end: float) -> Schedule: ...


_COURSES: Mapping[str, _Course] = MappingProxyType(
    {
        "linear": lambda share, start, end: start + (end - start) * share,
        "cosine": lambda share, start, end: end + (start - end) * (1 + np.cos(np.pi * share)) / 2,
        "exponential": lambda share, start, end: start ** (1 - share) * end**share,
        "sqrt": lambda share, start, end: end + (start - end) * (1 - np.sqrt(share)),
    }
)


def constant(peak: float, steps: int, warmup: int = 0) -> Schedule:
    """Constant learning rate after a linear warm-up from zero.

    Parameters
    ----------
    peak : float
        Learning rate after the warm-up.
    steps : int
        Steps in all, the warm-up among them.
    warmup : int
        Steps of the warm-up.

    Returns
    -------
    numpy.ndarray, shape (steps,)

    Raises
    ------
    RunsError
        A learning rate or a number of steps that no schedule has.

    Examples
    --------
    >>> constant(3e-4, steps=5, warmup=3).tolist()
    [0.0, 0.00015, 0.0003, 0.0003, 0.0003]
    """
    return stages([peak], [steps], warmup)


def stages(rates: Sequence[float], steps: Sequence[int], warmup: int = 0) -> Schedule:
    """Constant learning rates one after the other, after a linear warm-up to the first.

    Parameters
    ----------
    rates : sequence of float
        Learning rate of each stage.
    steps : sequence of int
        Steps of each stage, the warm-up among those of the first.
    warmup : int
        Steps of the warm-up.

    Examples
    --------
    >>> stages([2e-4, 1e-4], steps=[3, 2]).tolist()
    [0.0002, 0.0002, 0.0002, 0.0001, 0.0001]
    """
    if len(rates) != len(steps) or not rates:
        raise RunsError(
            f"stages: {len(rates)} learning rates for {len(steps)} numbers of steps, which cannot "
            "be paired. Give one number of steps for each learning rate."
        )
    _check("stages", rates, (*steps, steps[0] - warmup + 1, warmup + 1))
    schedule = np.repeat(np.asarray(rates, dtype=float), steps)
    schedule[:warmup] = np.linspace(0.0, rates[0], warmup)
    return schedule


def cosine(peak: float, end: float, steps: int, warmup: int = 0) -> Schedule:
    """Half a cosine from `peak` after the warm-up down to `end` after the last step.

    Examples
    --------
    >>> cosine(2e-4, end=0.0, steps=4).round(6).tolist()
    [0.0002, 0.000171, 0.0001, 2.9e-05]
    """
    return wsd(peak, end, steps, decay=steps - warmup, warmup=warmup, shape="cosine")


def linear(peak: float, end: float, steps: int, warmup: int = 0) -> Schedule:
    """A line from `peak` after the warm-up down to `end` after the last step.

    Examples
    --------
    >>> linear(2e-4, end=0.0, steps=4).round(6).tolist()
    [0.0002, 0.00015, 0.0001, 5e-05]
    """
    return wsd(peak, end, steps, decay=steps - warmup, warmup=warmup)


def wsd(
    peak: float, end: float, steps: int, decay: int, warmup: int = 0, shape: Shape = "linear"
) -> Schedule:
    """Warm-up, stable, decay: constant until the last `decay` steps, in which it falls to `end`.

    Parameters
    ----------
    peak, end : float
        Learning rate before the decay, and after the last step.
    steps, decay, warmup : int
        Steps in all, of the decay, and of the warm-up.
    shape : {"linear", "cosine", "exponential", "sqrt"}
        Course of the decay; ``sqrt`` is one minus the square root of the share of it that is over.

    Examples
    --------
    >>> wsd(2e-4, end=0.0, steps=6, decay=2, warmup=2).round(6).tolist()
    [0.0, 0.0002, 0.0002, 0.0002, 0.0002, 0.0001]
    """
    return decayed(
        constant(peak, steps, warmup), at=steps - decay, over=decay, end=end, shape=shape
    )


def decayed(
    schedule: Schedule, at: int, over: int, end: float = 0.0, shape: Shape = "linear"
) -> Schedule:
    """A schedule that decays from a given step on.

    Parameters
    ----------
    schedule : array, shape (steps,)
    at : int
        First step of the decay.
    over : int
        Steps of the decay.
    end : float
        Learning rate after the last step.
    shape : {"linear", "cosine", "exponential", "sqrt"}
        Course of the decay.

    Returns
    -------
    numpy.ndarray, shape (at + over,)

    Examples
    --------
    >>> decayed(constant(2e-4, steps=100), at=2, over=4).round(6).tolist()
    [0.0002, 0.0002, 0.0002, 0.00015, 0.0001, 5e-05]
    """
    rates = as_schedule("decayed", schedule)
    if not 0 <= at <= len(rates) or over < 1:
        raise RunsError(
            f"decayed: at={at}, over={over} for a schedule of {len(rates)} steps. A decay begins "
            "within the schedule and takes a step at least. Give at from 0 to its length."
        )
    if shape not in _COURSES or (shape == "exponential" and end <= 0):
        raise RunsError(
            f"decayed: shape={shape!r} with end={end} is not a course of a decay, and an "
            f"exponential one never reaches zero. Use one of {', '.join(_COURSES)}, or a "
            "positive end."
        )
    start = rates[at] if at < len(rates) else rates[-1]
    return np.concatenate([rates[:at], _COURSES[shape](np.arange(over) / over, start, end)])


def logged(steps: npt.ArrayLike, rates: npt.ArrayLike) -> Schedule:
    """The schedule of a run from learning rates logged at some of its steps.

    Between logged steps the learning rate is interpolated; before the first it is a linear warm-up
    from zero, so that a run that had none must be logged from step 0.

    Parameters
    ----------
    steps, rates : array, shape (points,)
        Steps in increasing order, and the learning rate at each.

    Returns
    -------
    numpy.ndarray, shape (last step + 1,)

    Examples
    --------
    >>> logged([2, 4], [2e-4, 1e-4]).round(6).tolist()
    [0.0, 0.0001, 0.0002, 0.00015, 0.0001]
    """
    at, given = np.asarray(steps), np.asarray(rates, dtype=float)
    if at.ndim != 1 or at.shape != given.shape or not len(at) or (np.diff(at) <= 0).any():
        raise RunsError(
            f"logged: {at.size} steps and {given.size} learning rates, which must be as many and "
            "the steps increasing, or there is nothing to interpolate. Sort and pair them."
        )
    if at[0] > 0:
        at, given = np.append(0, at), np.append(0.0, given)
    return as_schedule("logged", np.interp(np.arange(at[-1] + 1), at, given))


def as_schedule(what: str, rates: npt.ArrayLike) -> Schedule:
    """Learning rates as a schedule, after checking them.

    Raises
    ------
    RunsError
        They are not one row of finite learning rates, one of them positive.
    """
    schedule = np.asarray(rates, dtype=float)
    if schedule.ndim != 1 or not len(schedule):
        raise RunsError(
            f"{what}: an array of shape {schedule.shape} is not a schedule, which has a learning "
            "rate for each step. Give one row, such as schedules.cosine(3e-4, 3e-5, steps=24_000)."
        )
    _check(what, schedule, ())
    return schedule


def _check(what: str, rates: npt.ArrayLike, counts: Sequence[int]) -> None:
    values = np.asarray(rates, dtype=float)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() <= 0:
        raise RunsError(
            f"{what}: learning rates from {values.min()} to {values.max()}. A schedule is of "
            "finite rates that are not negative, one of them positive. Check for blanks and units."
        )
    if min(counts, default=1) < 1:
        raise RunsError(
            f"{what}: a stage has no step, or the warm-up is longer than what it is part of. "
            "Give more steps, or a shorter warm-up."
        )

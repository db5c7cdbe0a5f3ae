"""Greedy choice of a batch of runs by how much each reduces the variance of one quantity.

Plain arrays: draws of the quantity and of what the candidates would measure, the variance of their
scatter, their costs. Knows nothing of laws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayes_scaling.units import ROUNDING

POWERS = (1.0, 0.5, 0.0)
"""Powers of cost that a gain is divided by: gain per cost, halfway, and the gain alone."""

LEAST_GAIN = 1e-3
"""Share of the variance left that a run must take off to be worth a place in the batch."""


@dataclass(frozen=True)
class Batch:
    """Candidates in the order chosen, and the variance left after each.

    Attributes
    ----------
    places : tuple of int
        Column of each chosen run.
    variances : tuple of float
        Variance of the quantity before any run and after each; one more than `places`.
    """

    places: tuple[int, ...]
    variances: tuple[float, ...]


@dataclass(frozen=True)
class Candidates:
    """Draws, noise and costs of the runs to choose from.

    Attributes
    ----------
    quantity : numpy.ndarray, dims (draw,)
        The quantity of interest, on a scale on which it is about normal.
    responses : numpy.ndarray, dims (draw, candidate)
        What each candidate is expected to measure, in the same draws.
    noise : numpy.ndarray, dims (candidate,)
        Variance of the scatter of one run about it.
    costs : numpy.ndarray, dims (candidate,)
    """

    quantity: np.ndarray
    responses: np.ndarray
    noise: np.ndarray
    costs: np.ndarray

    def deviations(self) -> np.ndarray:
        """Deviations from the mean, quantity first, so that products of rows are covariances."""
        drawn = np.vstack([self.quantity, self.responses.T])
        return np.asarray((drawn - drawn.mean(axis=1)[:, None]) / np.sqrt(drawn.shape[1] - 1))


def best_batch(candidates: Candidates, budget: float, most: int) -> Batch:
    """The best of several greedy batches within the budget: least variance, then least cost.

    Gain per cost alone may fill the budget with cheap runs where one large run teaches more. One
    batch therefore goes by gain alone: it starts from the best single run that can be afforded, so
    that no single run promises more than the answer.
    """
    batches = [_greedy(candidates, budget, most, power) for power in POWERS]
    spent = [candidates.costs[list(batch.places)].sum() for batch in batches]
    number = min(range(len(batches)), key=lambda i: (batches[i].variances[-1], spent[i]))
    return batches[number]


def variance_after(candidates: Candidates, places: Sequence[int]) -> Batch:
    """Variance left after each of given runs, in their order."""
    state = _State.of(candidates)
    return Batch(tuple(places), (state.left, *(state.observe(place) for place in places)))


def gains_alone(candidates: Candidates) -> np.ndarray:
    """Fall of the variance of the quantity by each candidate alone."""
    return _State.of(candidates).gains()


def _greedy(candidates: Candidates, budget: float, most: int, power: float) -> Batch:
    state, costs = _State.of(candidates), candidates.costs
    price = (costs / costs.max()) ** power
    open_ = np.ones(len(costs), dtype=bool)
    places: list[int] = []
    variances = [state.left]
    left = budget * (1 + ROUNDING)
    while len(places) < most:
        gains = state.gains()
        possible = open_ & (costs <= left) & (gains > LEAST_GAIN * state.left)
        if not possible.any():
            break
        place = int(np.argmax(np.where(possible, gains / price, -np.inf)))
        variances.append(state.observe(place))
        places.append(place)
        open_[place] = False
        left -= costs[place]
    return Batch(tuple(places), tuple(variances))


@dataclass
class _State:
    """Covariances given the runs chosen so far, by a partial Cholesky decomposition.

    Only the quantity's own row, the variances and one row for each chosen run are kept: thousands
    of candidates need no square matrix.
    """

    deviations: np.ndarray
    noise: np.ndarray
    shared: np.ndarray
    variances: np.ndarray
    rows: list[np.ndarray]

    @classmethod
    def of(cls, candidates: Candidates) -> _State:
        deviations = candidates.deviations()
        shared = deviations @ deviations[0]
        return cls(deviations, candidates.noise, shared, (deviations**2).sum(axis=1), [])

    @property
    def left(self) -> float:
        return float(self.shared[0])

    def gains(self) -> np.ndarray:
        return np.asarray(self.shared[1:] ** 2 / (self.variances[1:] + self.noise))

    def observe(self, place: int) -> float:
        """Condition on a run of this candidate; the variance of the quantity that is left."""
        column = self.deviations @ self.deviations[place + 1]
        for row in self.rows:
            column -= row * row[place + 1]
        row = column / np.sqrt(self.variances[place + 1] + self.noise[place])
        self.rows.append(row)
        self.shared = self.shared - row * row[0]
        self.variances = np.maximum(self.variances - row**2, 0.0)
        return self.left

"""Directions in which `delta` and deviations of levels are sampled, by what the runs say of them.

What runs settle well and what they leave to the prior are apart there. Owns the rotations from
nodes to directions and their numbers in a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayes_scaling.laws import Law
from bayes_scaling.model.axes import told_places
from bayes_scaling.model.nodes import Placement
from bayes_scaling.runs import Runs

DIRECTION, LEVEL_DIRECTION, SHOWN = "direction", "level_direction", "shown_run"
"""Dims: directions of `delta`, those of each level's deviation, runs that directions are centred
by."""

MOST_SHOWN = 2000
"""Runs that directions are centred by, at the most: where they are centred changes no posterior,
and of many runs those chosen tell it as well, for a fifth less of a gradient's time."""

TYPICAL_FLOOR = 0.7
"""Share of the lowest losses that a floor typically is."""

LEAST_REDUCIBLE = 0.1
"""Least share of a loss that is taken to be reducible, where runs come near to a typical floor."""


def reducible_share(runs: Runs) -> np.ndarray:
    """Share of each loss that is typically above the floor, dims (run,)."""
    losses = runs.values("loss") / runs.reference["loss"]
    return np.clip(1 - TYPICAL_FLOOR / losses, LEAST_REDUCIBLE, 1.0)


def by_strength(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions of functions of runs, the strongest first, by singular value decomposition.

    Parameters
    ----------
    rows : numpy.ndarray, dims (run, node)

    Returns
    -------
    left : numpy.ndarray, dims (run, direction)
    strength : numpy.ndarray, dims (direction,)
    turn : numpy.ndarray, dims (node, direction)
    """
    count = rows.shape[1]
    # Rows of zeros for runs that are fewer than the directions, of which none has a strength.
    padded = np.vstack([rows, np.zeros((count, count))])
    left, strength, right = np.linalg.svd(padded, full_matrices=False)
    return left[: len(rows)], strength, right.T


@dataclass(frozen=True, eq=False)
class Rotation:
    """Directions of `delta`, by how much the runs say of each, in which it is sampled.

    Attributes
    ----------
    basis : numpy.ndarray, dims (run, direction)
    turn : numpy.ndarray, dims (node, direction)
        Takes weights of directions to weights of nodes.
    strength : numpy.ndarray, dims (direction,)
        Change of the runs' log losses with one unit of the direction, summed over them by squares.
    shown : numpy.ndarray, dims (direction, shown_run)
        What log reducible losses show of each direction, times `strength`.
    chosen : numpy.ndarray of int, dims (shown_run,)
        Runs by whose losses this is told: all, or evenly chosen ones.
    """

    basis: np.ndarray
    turn: np.ndarray
    strength: np.ndarray
    shown: np.ndarray
    chosen: np.ndarray

    @classmethod
    def of(cls, law: Law, runs: Runs) -> Rotation:
        """The directions of these runs."""
        basis = Placement.of(law, runs).basis(*told_places(law, runs))
        reducible = reducible_share(runs)[:, None]
        left, strength, turn = by_strength(reducible * basis)
        chosen = _chosen(runs)
        share = len(chosen) / len(runs)
        shown = (left * reducible)[chosen].T / share
        return cls(basis @ turn, turn, strength, shown, chosen)


@dataclass(frozen=True, eq=False)
class LevelRotation:
    """Directions of the deviation of each level of a factor, by how much its own runs say of them.

    Attributes
    ----------
    basis : numpy.ndarray, dims (run, level_direction)
        Of the level of each run.
    turn : numpy.ndarray, dims (level, level_node, level_direction)
    strength : numpy.ndarray, dims (level, level_direction)
        As for :class:`Rotation`.
    """

    basis: np.ndarray
    turn: np.ndarray
    strength: np.ndarray

    @classmethod
    def of(cls, law: Law, runs: Runs, factor: str) -> LevelRotation:
        """The directions of the levels of one factor."""
        basis = Placement.of(law, runs).level_basis(*told_places(law, runs))
        codes, rows = runs.codes(factor), reducible_share(runs)[:, None] * basis
        levels = range(len(runs.levels(factor)))
        _, strengths, turns = zip(*(by_strength(rows[codes == one]) for one in levels), strict=True)
        turn, strength = np.stack(turns), np.stack(strengths)
        return cls(np.einsum("rk,rkd->rd", basis, turn[codes]), turn, strength)


def _chosen(runs: Runs) -> np.ndarray:
    """Runs in their order, or every so many of them by loss."""
    count = len(runs)
    if count <= MOST_SHOWN:
        return np.arange(count)
    even = np.linspace(0, count - 1, MOST_SHOWN).astype(int)
    return np.sort(np.argsort(runs.values("loss"))[even])


def direction_data(
    law: Law, runs: Runs, factors: Sequence[str]
) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """Numbers of the directions as (dims, values), by the names that a model has for them."""
    shared = Rotation.of(law, runs)
    values: dict[str, tuple[tuple[str, ...], np.ndarray]] = {
        # Runs last: of 100,000 the product with the weights takes three quarters of the time.
        "delta_basis": ((DIRECTION, "run"), shared.basis.T),
        "delta_strength": ((DIRECTION,), shared.strength),
        "delta_shown": ((DIRECTION, SHOWN), shared.shown),
        "delta_shown_index": ((SHOWN,), shared.chosen),
    }
    for factor in factors:
        own = LevelRotation.of(law, runs, factor)
        values[f"delta_basis_{factor}"] = (("run", LEVEL_DIRECTION), own.basis)
        values[f"delta_strength_{factor}"] = ((factor, LEVEL_DIRECTION), own.strength)
    return values

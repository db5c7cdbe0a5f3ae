"""Nodes at which `delta` and deviations have their values, placed by the range of the runs.

`delta` is the sum of a function of tokens per parameter alone and of one of compute and tokens per
parameter. Nodes are placed by the runs, so that the structure of the model is the same for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bayes_scaling.laws import Law
from bayes_scaling.model.axes import compute_and_ratio, run_places, told_places
from bayes_scaling.runs import Runs

COMPUTE_LENGTH = 1.0
"""Decades of compute over which `delta` changes."""

RATIO_LENGTH = 0.6
"""Decades of tokens per parameter over which `delta` changes; 0.25 and 0.35 forecast new runs of
public sweeps worse, and 0.8 no better."""

WIDEST_GAP = 1.25
"""Lengths that nodes lie apart at the most: of runs over so many decades that they would be farther
apart the length grows, or `delta` could not follow them in between."""

COMPUTE_NODES, RATIO_NODES, SHAPE_NODES = 5, 4, 6

SHAPE_SHARE = 0.5
"""Share of the variance of `delta` that is a function of tokens per parameter alone."""

LEAST_DEPTH = 0.3
"""Decades below the largest run that the nodes span at the least."""

INNER_MASS = 0.96
"""Share of the runs, by tokens per parameter, among which the nodes lie."""

JITTER = 1e-6
"""Added to the variance at each node, so that the factor of their covariance exists."""

NODE, LEVEL_NODE = "node", "level_node"
"""Dims: nodes of `delta`, and those of a level's deviation, first along compute."""


def node_count(law: Law) -> int:
    """Number of nodes at which `delta` has its values."""
    if not compute_and_ratio(law)[1]:
        return COMPUTE_NODES
    return SHAPE_NODES + COMPUTE_NODES * RATIO_NODES


def level_node_count(law: Law) -> int:
    """Number of nodes of a level's deviation from what all share."""
    return COMPUTE_NODES + (RATIO_NODES if compute_and_ratio(law)[1] else 0)


@dataclass(frozen=True, eq=False)
class Nodes:
    """Places along one axis at which a function has its values, and its covariance there."""

    at: np.ndarray
    length: float

    @classmethod
    def between(cls, low: float, high: float, count: int, length: float) -> Nodes:
        """Nodes over which a function changes, not so far apart that it is lost in between."""
        at = np.linspace(low, high, count)
        return cls(at, max(length, float(at[1] - at[0]) / WIDEST_GAP))

    @cached_property
    def factor(self) -> np.ndarray:
        """Kernel coefficients of standard normal weights, dims (node, weight).

        The inverse transpose of the Cholesky factor of the covariance at the nodes.
        """
        covariance = kernel(self.at[:, None], self.at, self.length)
        lower = np.linalg.cholesky(covariance + JITTER * np.eye(len(self.at)))
        return np.asarray(np.linalg.inv(lower).T)

    def basis(self, place: np.ndarray) -> np.ndarray:
        """Basis functions whose weights are standard normal, dims (run, node)."""
        return np.asarray(np.stack(self.kernels(place), axis=-1) @ self.factor)

    def kernels(self, place: Any) -> list[Any]:
        """Kernel to each node, of the shape of `place`; below the lowest node those of there."""
        inside = np.maximum(place, self.at[0])
        return [kernel(inside, node, self.length) for node in self.at]


def kernel(place: Any, node: Any, length: float) -> Any:
    """Squared exponential covariance."""
    return np.exp(-0.5 * ((place - node) / length) ** 2)


def kernel_sum(kernels: Sequence[Any], coefficients: Sequence[Any]) -> Any:
    """Value of a function at places, from the kernels to its nodes and their coefficients."""
    return sum(k * c for k, c in zip(kernels, coefficients, strict=True))


@dataclass(frozen=True, eq=False)
class Placement:
    """Places of the nodes among the runs.

    Attributes
    ----------
    top, centre : float
        Log10 of the largest run, along compute, and the mean log10 of tokens per parameter.
    compute : Nodes
        Below the top.
    ratio, shape : Nodes or None
        About the centre, of the function of both and of that of tokens per parameter alone; None
        for a law without tokens per parameter.
    """

    top: float
    centre: float
    compute: Nodes
    ratio: Nodes | None = None
    shape: Nodes | None = None

    @property
    def span(self) -> float:
        """Decades of compute that the runs span, at least :data:`LEAST_DEPTH`."""
        return -float(self.compute.at[0])

    @classmethod
    def of(cls, law: Law, runs: Runs) -> Placement:
        """The nodes for these runs."""
        top = float(run_places(law, runs)[0].max())
        u, v = told_places(law, runs)
        depth = min(float(u.min()) - top, -LEAST_DEPTH)
        compute = Nodes.between(depth, 0.0, COMPUTE_NODES, COMPUTE_LENGTH)
        if v is None:
            return cls(top, 0.0, compute)
        centre = float(v.mean())
        low, high = np.quantile(v - centre, [(1 - INNER_MASS) / 2, (1 + INNER_MASS) / 2])
        ends = low, max(high, low + 1e-3)
        counts = RATIO_NODES, SHAPE_NODES
        ratio, shape = (Nodes.between(*ends, count, RATIO_LENGTH) for count in counts)
        return cls(top, centre, compute, ratio, shape)

    @property
    def ratios(self) -> tuple[float, float]:
        """Least and largest log10 of tokens per parameter among the nodes."""
        assert self.shape is not None
        return self.centre + float(self.shape.at[0]), self.centre + float(self.shape.at[-1])

    def across(self, v: Any) -> Any:
        """Tokens per parameter about the centre; outside the nodes that of the outermost."""
        return np.clip(v, *self.ratios) - self.centre

    def basis(self, u: np.ndarray, v: np.ndarray | None) -> np.ndarray:
        """Basis functions of `delta`, dims (run, node)."""
        along = self.compute.basis(u - self.top)
        if v is None or self.ratio is None or self.shape is None:
            return along
        across = self.ratio.basis(self.across(v))
        both = (along[:, :, None] * across[:, None, :]).reshape(len(u), -1)
        alone = self.shape.basis(self.across(v))
        return np.hstack([SHAPE_SHARE**0.5 * alone, (1 - SHAPE_SHARE) ** 0.5 * both])

    def level_basis(self, u: np.ndarray, v: np.ndarray | None) -> np.ndarray:
        """Basis functions of a level's deviation, dims (run, level_node).

        Half its variance is a function of compute and half one of tokens per parameter, of no more
        weights than few runs can tell; where these go together is shared.
        """
        along = self.compute.basis(np.minimum(u - self.top, 0.0))
        if v is None or self.ratio is None:
            return along
        both = np.hstack([along, self.ratio.basis(self.across(v))])
        return np.asarray(np.sqrt(0.5) * both)

    def level_coefficients(self, z: Any) -> tuple[Any, Any]:
        """Kernel coefficients of a level's deviation, of weights with a last dim of its nodes.

        Returns
        -------
        along, across : numpy.ndarray
            At nodes of compute, and of tokens per parameter, none for a law without it; this dim
            first.
        """
        along, across = np.split(z, [COMPUTE_NODES], axis=-1)
        if self.ratio is None:
            return np.einsum("ik,...k->i...", self.compute.factor, along), ()
        pairs = ((self.compute, along), (self.ratio, across))
        found = [np.sqrt(0.5) * np.einsum("ik,...k->i...", at.factor, w) for at, w in pairs]
        return found[0], found[1]

    def coefficients(self, z: Any) -> tuple[Any, Any]:
        """Kernel coefficients of weights with a last dim of nodes, this dim first.

        Returns
        -------
        of_both, alone : numpy.ndarray
            At pairs of nodes, compute by tokens per parameter; and at the nodes of the function of
            the latter alone, none for a law without it.
        """
        if self.ratio is None or self.shape is None:
            of_compute = np.einsum("ik,...k->i...", self.compute.factor, z)
            return of_compute[:, None], np.empty((0, *z.shape[:-1]))
        alone, both = np.split(z, [SHAPE_NODES], axis=-1)
        grid = both.reshape(*both.shape[:-1], COMPUTE_NODES, RATIO_NODES)
        factors = self.compute.factor, self.ratio.factor
        of_both = np.einsum("ik,jl,...kl->ij...", *factors, grid) * (1 - SHAPE_SHARE) ** 0.5
        return of_both, np.einsum("ik,...k->i...", self.shape.factor, alone) * SHAPE_SHARE**0.5

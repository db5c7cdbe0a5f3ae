"""Draws of what a law leaves out: `delta`, deviations of levels, and changes beyond the runs.

Owns how a draw's `delta` is evaluated anywhere; what it is added to is the surface's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.model.nodes import LEVEL_NODE, NODE, Placement, kernel_sum
from bayes_scaling.model.surface import SIZE, WEIGHTS


@dataclass(frozen=True, eq=False)
class Drift:
    """Movement of the best ratio of tokens to parameters beyond the largest run, for each draw.

    Attributes
    ----------
    start : array
        Log10 of the best tokens per parameter at the compute of the largest run.
    rate : array
        Decades by which it moves with each decade of compute, beside the law's growth.
    """

    start: Any
    rate: Any

    def shift(self, reach: Any, v: Any, placement: Placement) -> Any:
        """Decades of tokens per parameter that a run `reach` decades beyond is to be taken back.

        In full for ratios like those of the runs, and less farther off, where more of one input
        alone leads and never to a best run.
        """
        low, high = placement.ratios
        width = (high - low) / 2 + abs(self.start - (high + low) / 2)
        within = np.maximum(reach + width - abs(v - self.start), 0.0)
        return self.rate * np.minimum(within, reach)

    def map(self, change: Callable[[Any], Any]) -> Drift:
        """A copy with a function applied to every array."""
        return Drift(change(self.start), change(self.rate))


@dataclass(frozen=True, eq=False)
class Deviation:
    """Deviation of levels from the `delta` that all share, for each draw.

    Attributes
    ----------
    along, across : sequence of array
        Kernel coefficients at nodes of compute, and at those of tokens per parameter.
    """

    along: Sequence[Any]
    across: Sequence[Any]

    @classmethod
    def of(cls, nodes: Placement, weights: xr.DataArray) -> Deviation:
        """The deviation of weights of its nodes."""
        ordered = weights.transpose(..., LEVEL_NODE)
        like = ordered.isel({LEVEL_NODE: 0}, drop=True)
        found = nodes.level_coefficients(ordered.to_numpy())
        return cls(*([like.copy(data=one) for one in values] for values in found))

    def at(self, placement: Placement, u: Any, v: Any) -> Any:
        """Deviation at log10 compute, beyond the largest run that of there, and at a ratio."""
        inner = placement.compute.kernels(np.minimum(u - placement.top, 0.0))
        found = kernel_sum(inner, self.along)
        if placement.ratio is None:
            return found
        return found + kernel_sum(placement.ratio.kernels(placement.across(v)), self.across)

    def map(self, change: Callable[[Any], Any]) -> Deviation:
        """A copy with a function applied to every array."""
        return Deviation([change(one) for one in self.along], [change(one) for one in self.across])


@dataclass(frozen=True, eq=False)
class LeftOut:
    """`delta` by its values at nodes, deviations, and what changes beyond the runs, for each draw.

    Attributes
    ----------
    placement : Placement
    both : sequence of sequences of array
        Kernel coefficients at nodes of compute, and within each at nodes of tokens per parameter.
    alone : sequence of array
        The same of the function of tokens per parameter alone.
    misses : sequence of (array, array)
        Log10 compute of an edge, and the `miss` beyond it: of each level's own runs, then of all.
    drift : Drift or None
        None for a law without tokens per parameter, and inside the runs.
    deviation : Deviation or None
        Of the levels of each point; None where nothing varies by level, and for typical levels.
    drop : array or None
        Share of the floor's excess that goes on declining beyond all runs; None for nothing of it.
    """

    placement: Placement
    both: Sequence[Sequence[Any]]
    alone: Sequence[Any]
    misses: Sequence[tuple[Any, Any]] = ()
    drift: Drift | None = None
    deviation: Deviation | None = None
    drop: Any = None

    def of_levels(self, u: Any, v: Any) -> Any:
        """Deviation of each point's levels from `delta`."""
        return 0.0 if self.deviation is None else self.deviation.at(self.placement, u, v)

    def delta(self, u: Any, v: Any) -> Any:
        """`delta` that all levels share, at log10 compute and log10 tokens per parameter."""
        at = self.placement
        if at.ratio is None or at.shape is None:
            return kernel_sum(at.compute.kernels(u - at.top), [row[0] for row in self.both])
        across = at.ratio.kernels(at.across(v))
        inner = at.compute.kernels(np.minimum(u - at.top, 0.0))
        both = kernel_sum(inner, [kernel_sum(across, row) for row in self.both])
        alone = kernel_sum(at.shape.kernels(at.across(v)), self.alone)
        return both + alone + self._faded(u, inner)

    def map(self, change: Callable[[Any], Any]) -> LeftOut:
        """A copy with a function applied to every array, such as one that makes them plain."""
        return replace(
            self,
            both=[[change(one) for one in row] for row in self.both],
            alone=[change(one) for one in self.alone],
            misses=[(change(edge), change(miss)) for edge, miss in self.misses],
            drift=self.drift and self.drift.map(change),
            deviation=self.deviation and self.deviation.map(change),
            drop=None if self.drop is None else change(self.drop),
        )

    def _faded(self, u: Any, inner: Sequence[Any]) -> Any:
        """Change beyond the largest runs of `delta` at their best ratio."""
        at = self.placement
        if self.drift is None or at.ratio is None or not np.any(u > at.top):
            return 0.0
        across = at.ratio.kernels(at.across(self.drift.start))
        change = [
            far - near for far, near in zip(at.compute.kernels(u - at.top), inner, strict=True)
        ]
        return kernel_sum(change, [kernel_sum(across, row) for row in self.both])


def coefficients(
    nodes: Placement, draws: xr.Dataset
) -> tuple[list[list[xr.DataArray]], list[xr.DataArray]]:
    """Kernel coefficients of `delta` in each draw: `both` and `alone` of :class:`LeftOut`."""
    size = draws[SIZE]
    z = (size * draws[WEIGHTS]).transpose("chain", "draw", NODE)
    both, alone = nodes.coefficients(z.to_numpy())

    def labelled(values: np.ndarray) -> xr.DataArray:
        return size.copy(data=values)

    return [[labelled(one) for one in row] for row in both], [labelled(one) for one in alone]

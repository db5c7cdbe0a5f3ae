"""The expected loss of draws as a function of inputs: law, `delta`, `drift` and `miss`.

The one engine of every question: forecasts, splits, roots and checks evaluate it, on labelled
draws or on plain arrays. Owns no question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.laws import Law
from bayes_scaling.model.axes import moved, place, stepped_back
from bayes_scaling.model.nodes import LEVEL_NODE, NODE, Placement, kernel_sum
from bayes_scaling.model.surface import SIZE, WEIGHTS

LEAST_ABOVE_FLOOR = 1e-300
"""Reducible loss that has a logarithm, where rounding leaves none above the floor."""


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
    """`delta` by its values at nodes, deviations, `drift` and `miss`, for each draw.

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
    """

    placement: Placement
    both: Sequence[Sequence[Any]]
    alone: Sequence[Any]
    misses: Sequence[tuple[Any, Any]] = ()
    drift: Drift | None = None
    deviation: Deviation | None = None

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


@dataclass(frozen=True, eq=False)
class LossSurface:
    """Expected loss of each draw as a function of the law's inputs.

    Attributes
    ----------
    law : Law
    units : mapping of str to float
        Reference scales of the loss and of the inputs.
    theta : mapping of str to array
        Parameters on the reference scale.
    left_out : LeftOut or None
        None for the law alone.
    """

    law: Law
    units: Mapping[str, float]
    theta: Mapping[str, Any]
    left_out: LeftOut | None

    def loss(self, inputs: Mapping[str, Any] | xr.Dataset) -> Any:
        """Expected loss, in the unit of the runs, at inputs in their own units."""
        given = [inputs[name] for name in self.law.inputs]
        own: list[Any] = []
        self.map(own.append)
        # Labels are joined once, and not at each of the hundreds of steps of the formula.
        return xr.apply_ufunc(self._of_arrays, *given, *own)

    def _of_arrays(self, *arrays: Any) -> Any:
        """The loss of plain arrays: the inputs, and those of the surface as `map` meets them."""
        rest = iter(arrays)
        given = {name: next(rest) for name in self.law.inputs}
        return self.map(lambda _: next(rest))._loss(given)

    def _loss(self, given: Mapping[str, Any]) -> Any:
        if self.left_out is None:
            return self.units["loss"] * self._law(given)
        u, v = place(self.law, given)
        # Of the ratio itself: with one that drifts, a larger run might be worse for its level.
        own = self.left_out.of_levels(u, v)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            given, v = self._taken_back(given, u, v)
            log_reducible = self._beyond(given, u) + self.left_out.delta(u, v) + own
            return self.units["loss"] * (self._floor + np.exp(log_reducible))

    @property
    def floor(self) -> Any:
        """Loss that no scale gets below, in the unit of the runs."""
        return self.units["loss"] * self._floor

    def map(self, change: Callable[[Any], Any]) -> LossSurface:
        """A copy with a function applied to every array."""
        theta = {name: change(values) for name, values in self.theta.items()}
        left_out = self.left_out and self.left_out.map(change)
        return replace(self, theta=theta, left_out=left_out)

    @property
    def inside(self) -> LossSurface:
        """The surface, had the law gone on beyond the runs as it says."""
        left_out = self.left_out
        if left_out is None or left_out.drift is None:
            return replace(self, left_out=left_out and replace(left_out, misses=()))
        still = replace(left_out.drift, rate=0.0)
        return replace(self, left_out=replace(left_out, misses=(), drift=still))

    def log_reducible(self, inputs: Mapping[str, Any]) -> Any:
        """Log of what the law says is above its floor, over the reference loss."""
        return np.log(np.maximum(self._law(inputs) - self._floor, LEAST_ABOVE_FLOOR))

    @property
    def _floor(self) -> Any:
        return self.law.irreducible(self.theta)

    def _law(self, inputs: Mapping[str, Any]) -> Any:
        scaled = {name: values / self.units[name] for name, values in inputs.items()}
        return self.law.evaluate(scaled, self.theta)

    def _taken_back(
        self, inputs: Mapping[str, Any], u: Any, v: Any
    ) -> tuple[Mapping[str, Any], Any]:
        """Inputs and log10 tokens per parameter at which runs would be, had nothing drifted."""
        assert self.left_out is not None
        drift, placement = self.left_out.drift, self.left_out.placement
        reach = np.maximum(u - placement.top, 0.0)
        if drift is None or not np.any(reach > 0):
            return inputs, v
        shift = drift.shift(reach, v, placement)
        return moved(self.law, inputs, shift / 2, -shift / 2), v - shift

    def _beyond(self, inputs: Mapping[str, Any], u: Any) -> Any:
        """Log reducible loss of the law, its decline beyond each edge multiplied by exp(miss).

        Beyond a level's own runs but inside the others' that of the level counts, beyond all runs
        both.
        """
        assert self.left_out is not None
        drift, found, factor = self.left_out.drift, 0.0, 0.0
        centre = self.left_out.placement.centre if drift is None else drift.start
        beyond = [(edge, miss) for edge, miss in self.left_out.misses if np.any(u > edge)]
        paths = [
            stepped_back(self.law, inputs, np.maximum(u - edge, 0.0), edge, centre)
            for edge, _ in beyond
        ]
        places = [self.log_reducible(at) for at in (*paths, inputs)]
        for (_, miss), (near, far) in zip(beyond, pairwise(places), strict=True):
            factor = factor + miss
            found = found + np.exp(factor) * (far - near)
        return places[0] + found


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

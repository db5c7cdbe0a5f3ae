"""The expected loss of draws as a function of inputs: law, `delta`, and what lies beyond the runs.

The one engine of every question: forecasts, splits, roots and checks evaluate it, on labelled
draws or on plain arrays. Owns no question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.fitting.left_out import LeftOut
from bayes_scaling.laws import Law
from bayes_scaling.model.axes import moved, place, stepped_back
from bayes_scaling.model.surface import FLOOR_SHARE

LEAST_ABOVE_FLOOR = 1e-300
"""Reducible loss that has a logarithm, where rounding leaves none above the floor."""


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
            edge, near, far = self._beyond(given, u)
            far = far + self.left_out.delta(u, v) + own
            if self.left_out.drop is None or not np.any(u > self.left_out.placement.top):
                return self.units["loss"] * (self._floor + np.exp(far))
            near = near + self.left_out.delta(*place(self.law, edge)) + own
            return self.units["loss"] * lowered(self._floor, near, far, self._dropped)

    @property
    def floor(self) -> Any:
        """Loss that no scale gets below, in the unit of the runs."""
        return self.units["loss"] * (self._floor - self._dropped)

    def map(self, change: Callable[[Any], Any]) -> LossSurface:
        """A copy with a function applied to every array."""
        theta = {name: change(values) for name, values in self.theta.items()}
        left_out = self.left_out and self.left_out.map(change)
        return replace(self, theta=theta, left_out=left_out)

    @property
    def inside(self) -> LossSurface:
        """The surface, had the law gone on beyond the runs as it says."""
        left_out = self.left_out
        if left_out is None:
            return self
        still = left_out.drift and replace(left_out.drift, rate=0.0)
        return replace(self, left_out=replace(left_out, misses=(), drop=None, drift=still))

    def log_reducible(self, inputs: Mapping[str, Any]) -> Any:
        """Log of what the law says is above its floor, over the reference loss."""
        return np.log(np.maximum(self._law(inputs) - self._floor, LEAST_ABOVE_FLOOR))

    @property
    def _floor(self) -> Any:
        return self.law.irreducible(self.theta)

    @property
    def _dropped(self) -> Any:
        """Part of the floor that goes on declining beyond the runs, over the reference loss."""
        if self.left_out is None or self.left_out.drop is None:
            return 0.0
        # Lowest losses are the unit; of a level whose floor is above them, that floor stands in.
        excess = self._floor - FLOOR_SHARE * np.maximum(self._floor, 1.0)
        return self.left_out.drop * np.maximum(excess, 0.0)

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

    def _beyond(self, inputs: Mapping[str, Any], u: Any) -> tuple[Mapping[str, Any], Any, Any]:
        """Log reducible loss of the law, its decline beyond each edge multiplied by exp(miss).

        Beyond a level's own runs but inside the others' that of the level counts, beyond all runs
        both.

        Returns
        -------
        edge : mapping of str to array
            Inputs at the last edge, from which runs beyond it have grown.
        near, far : array
            The log at that edge, and at the inputs.
        """
        assert self.left_out is not None
        drift, factor = self.left_out.drift, 0.0
        centre = self.left_out.placement.centre if drift is None else drift.start
        beyond = [(edge, miss) for edge, miss in self.left_out.misses if np.any(u > edge)]
        paths: list[Mapping[str, Any]] = [
            stepped_back(self.law, inputs, np.maximum(u - edge, 0.0), edge, centre)
            for edge, _ in beyond
        ]
        places = [self.log_reducible(at) for at in (*paths, inputs)]
        near = found = places[0]
        for (_, miss), (start, end) in zip(beyond, pairwise(places), strict=True):
            factor = factor + miss
            near, found = found, found + np.exp(factor) * (end - start)
        return (paths or [inputs])[-1], near, found


def lowered(floor: Any, near: Any, far: Any, dropped: Any) -> Any:
    """Loss beyond the runs, of whose floor some goes on declining.

    At the edge the loss and its slope are those without, so that only how long it declines changes.

    Parameters
    ----------
    floor : array
        Floor of the law.
    near, far : array
        Log reducible loss at the edge and beyond it, had the floor been one.
    dropped : array
        What of the floor goes on declining.

    Examples
    --------
    >>> near, far = np.log(0.2), np.log([0.2, 0.1, 1e-9])
    >>> lowered(1.8, near, far, 0.0).round(2).tolist()
    [2.0, 1.9, 1.8]
    >>> lowered(1.8, near, far, 0.3).round(2).tolist()
    [2.0, 1.88, 1.5]
    """
    reducible = np.exp(near)
    declining = reducible + dropped
    # Where nothing lies beyond the edge this is the loss there, to the last digit.
    loss = floor + reducible + declining * np.expm1((far - near) * reducible / declining)
    return np.maximum(loss, floor - dropped)

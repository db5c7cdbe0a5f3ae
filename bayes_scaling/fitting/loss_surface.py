"""The expected loss of posterior draws as a function of the law's inputs: law, `delta` and `miss`.

The one engine of every question: forecasts, splits, roots and checks evaluate it, on labelled
draws or on plain arrays. Owns no question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.fitting.posterior import parameters_at
from bayes_scaling.laws import Law
from bayes_scaling.model.axes import stepped_back
from bayes_scaling.model.hierarchy import NewLevels, extended
from bayes_scaling.model.inputs import scales
from bayes_scaling.model.reach import tops_of
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.model.surface import (
    MISS,
    MISS_SIZE,
    NODE,
    SIZE,
    WEIGHTS,
    Placement,
    kernel_sum,
    miss_spread,
    place,
)
from bayes_scaling.runs import Runs

LEAST_ABOVE_FLOOR = 1e-300
"""Reducible loss that has a logarithm, where rounding leaves none above the floor."""

MOST_MISS = 3.9
"""Largest `miss` downwards: beyond 4 a larger run would be worse than a smaller one."""


@dataclass(frozen=True, eq=False)
class LeftOut:
    """`delta` by its values at nodes, and `miss`, for each draw.

    Attributes
    ----------
    placement : Placement
    both : sequence of sequences of array
        Kernel coefficients at nodes of compute, and within each at nodes of tokens per parameter.
    alone : sequence of array
        The same of the function of tokens per parameter alone.
    misses : sequence of (array, array)
        Log10 compute of an edge, and the `miss` beyond it: of all runs, then of each level's own.
    """

    placement: Placement
    both: Sequence[Sequence[Any]]
    alone: Sequence[Any]
    misses: Sequence[tuple[Any, Any]]

    def delta(self, u: Any, v: Any) -> Any:
        """`delta` at log10 compute and log10 tokens per parameter."""
        at = self.placement
        along = at.compute.kernels(u - at.top)
        if at.ratio is None or at.shape is None:
            return kernel_sum(along, [row[0] for row in self.both])
        across = at.ratio.kernels(v - at.centre)
        both = kernel_sum(along, [kernel_sum(across, row) for row in self.both])
        alone = kernel_sum(at.shape.kernels(v - at.centre), self.alone)
        return both + alone

    def map(self, change: Callable[[Any], Any]) -> LeftOut:
        """A copy with a function applied to every array, such as one that makes them plain."""
        return replace(
            self,
            both=[[change(one) for one in row] for row in self.both],
            alone=[change(one) for one in self.alone],
            misses=[(change(edge), change(miss)) for edge, miss in self.misses],
        )


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
        given = {name: inputs[name] for name in self.law.inputs}
        if self.left_out is None:
            return self.units["loss"] * self._law(given)
        u, v = place(self.law, given)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            log_reducible = self._beyond(given, u) + self.left_out.delta(u, v)
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
        return replace(self, left_out=self.left_out and replace(self.left_out, misses=()))

    @property
    def _floor(self) -> Any:
        return self.law.irreducible(self.theta)

    def _law(self, inputs: Mapping[str, Any]) -> Any:
        scaled = {name: values / self.units[name] for name, values in inputs.items()}
        return self.law.evaluate(scaled, self.theta)

    def _log_reducible(self, inputs: Mapping[str, Any]) -> Any:
        return np.log(np.maximum(self._law(inputs) - self._floor, LEAST_ABOVE_FLOOR))

    def _beyond(self, inputs: Mapping[str, Any], u: Any) -> Any:
        """Log reducible loss of the law, its decline beyond each edge multiplied by exp(miss).

        From the edge nearest to the point inwards: beyond all runs the misses of both edges count,
        beyond a level's own runs but inside the others' that of the level.
        """
        assert self.left_out is not None
        found, factor, outer = 0.0, 0.0, self._log_reducible(inputs)
        centre = self.left_out.placement.centre
        for edge, miss in self.left_out.misses:
            reach = np.maximum(u - edge, 0.0)
            if not np.any(reach > 0):
                continue
            inner = self._log_reducible(stepped_back(self.law, inputs, reach, edge, centre))
            factor = factor + miss * reach / (reach + self.left_out.placement.span)
            found, outer = found + np.exp(np.maximum(factor, -MOST_MISS)) * (outer - inner), inner
        return found + outer


def loss_surface(
    posterior: xr.Dataset,
    model: ScalingModel,
    runs: Runs,
    labels: Mapping[str, xr.DataArray],
    new_levels: NewLevels = "error",
    rng: np.random.Generator | None = None,
) -> LossSurface:
    """The surface of each draw, at points with given levels.

    Parameters
    ----------
    posterior : xarray.Dataset
        As :func:`bayes_scaling.fitting.posterior.complete` returns it.
    labels : mapping of str to xarray.DataArray of str
        Level of each factor at each point.
    new_levels, rng
        As for :func:`bayes_scaling.fitting.posterior.parameters_at`.
    """
    theta = parameters_at(posterior, model, labels, new_levels, rng)
    units = scales(model.law, runs)
    if not model.has_surface(runs):
        return LossSurface(model.law, units, theta, None)
    draw = rng if new_levels == "draw" else None
    return LossSurface(model.law, units, theta, _left_out(posterior, model, runs, labels, draw))


def labelled(draws: xr.DataArray, where: xr.Dataset, model: ScalingModel) -> xr.DataArray:
    """Draws at points with the inputs and levels of these as coordinates."""
    named: xr.DataArray = draws.drop_vars(model.factors, errors="ignore").assign_coords(
        {name: where[name] for name in where.data_vars}
    )
    return named.transpose("chain", "draw", ...).rename("expected_loss")


def _left_out(
    posterior: xr.Dataset,
    model: ScalingModel,
    runs: Runs,
    labels: Mapping[str, xr.DataArray],
    rng: np.random.Generator | None,
) -> LeftOut:
    nodes = Placement.of(model.law, runs)
    misses: list[tuple[Any, Any]] = [(nodes.top, posterior[MISS])]
    if model.factors:
        spread = miss_spread(posterior[MISS_SIZE], posterior[SIZE])
        z = [extended(posterior[f"{MISS}_{f}"] / spread, f, labels[f], rng) for f in model.factors]
        misses.append((tops_of(model, runs, labels), spread * sum(z[1:], start=z[0])))
    return LeftOut(nodes, *_coefficients(nodes, posterior), misses)


def _coefficients(
    nodes: Placement, posterior: xr.Dataset
) -> tuple[list[list[xr.DataArray]], list[xr.DataArray]]:
    """Kernel coefficients of `delta` in each draw."""
    size = posterior[SIZE]
    z = (size * posterior[WEIGHTS]).transpose("chain", "draw", NODE)
    both, alone = nodes.coefficients(z.to_numpy())

    def draws(values: np.ndarray) -> xr.DataArray:
        return size.copy(data=values)

    return [[draws(one) for one in row] for row in both], [draws(one) for one in alone]

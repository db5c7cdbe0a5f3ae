"""The loss surface of a posterior: of all its draws, at points with given levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.fitting.left_out import Deviation, Drift, LeftOut, coefficients
from bayes_scaling.fitting.loss_surface import LossSurface
from bayes_scaling.fitting.posterior import parameters_at
from bayes_scaling.model.hierarchy import NewLevels, extended
from bayes_scaling.model.inputs import scales
from bayes_scaling.model.nodes import Placement
from bayes_scaling.model.reach import tops_of
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.model.surface import DELTA, DRIFT, DROP, EDGE, LEVEL_MISS, MISS, MISS_SIZE
from bayes_scaling.runs import Runs


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
    misses: list[tuple[Any, Any]] = []
    if model.factors:
        size = LEVEL_MISS * posterior[MISS_SIZE]
        z = [extended(posterior[f"{MISS}_{f}"] / size, f, labels[f], rng) for f in model.factors]
        misses.append((tops_of(model, runs, labels), size * sum(z[1:], start=z[0])))
    misses.append((nodes.top, posterior[MISS]))
    drift = None
    if DRIFT in posterior:
        drift = Drift(np.log10(posterior[EDGE]), posterior[DRIFT])
    weights = [
        posterior[one.spread_name] * extended(posterior[one.z_name], one.by, labels[one.by], rng)
        for one in model.deviating(DELTA, runs)
    ]
    deviation = Deviation.of(nodes, sum(weights[1:], start=weights[0])) if weights else None
    found = coefficients(nodes, posterior)
    return LeftOut(nodes, *found, misses, drift, deviation, posterior.get(DROP))

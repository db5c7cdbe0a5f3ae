"""From sampled variables to draws that can be read: levels, paper units, derived quantities.

Owns what the variables of a posterior are called and how a law's parameters are taken from it at
a set of points. Works draw by draw on prior and posterior alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.fitting.beyond import beyond
from bayes_scaling.laws.contract import quantities
from bayes_scaling.model.building import RAW, TURNED
from bayes_scaling.model.directions import DIRECTION, LEVEL_DIRECTION, LevelRotation, Rotation
from bayes_scaling.model.hierarchy import (
    NewLevels,
    Vary,
    at_levels,
    centred_weights,
    combine,
    extended,
    level_centre,
    offset,
)
from bayes_scaling.model.inputs import noise_scale, scales
from bayes_scaling.model.nodes import LEVEL_NODE, NODE, level_node_count, node_count
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.model.surface import DELTA, SCATTER, SIZE, WEIGHTS
from bayes_scaling.runs import Runs


def complete(sampled: xr.Dataset, model: ScalingModel, runs: Runs, seed: int = 0) -> xr.Dataset:
    """Add to sampled draws all that follows from them, and how the surface goes on beyond the runs.

    Parameters
    ----------
    sampled : xarray.Dataset, dims (chain, draw) and those of factors
        The variables of ``model.build(runs)``, from prior or posterior.
    seed : int
        Seed of `miss` and `drift`, of which other sweeps have taught.

    Returns
    -------
    xarray.Dataset
        The law's parameters in paper units under their own names, on the reference scale under
        ``*_ref`` where they have a unit, typical values, spreads, standardised offsets
        ``*_z_*`` and weights ``delta_z_*``, noise parameters, the law's derived quantities, and
        ``miss`` and ``drift`` with their sizes.
    """
    draws = sampled.assign_coords({factor: list(runs.levels(factor)) for factor in model.factors})
    draws = _with_fixed(draws, model, runs)
    if model.has_surface(runs):
        draws = _with_nodes(draws, model, runs)
    for parameter in model.parameters:
        if model.varying(parameter):
            draws = _with_levels(draws, model, parameter, runs)
    if scatter := model.deviating(SCATTER, runs):
        draws, _ = _with_offsets(draws, scatter, np.log(draws[model.noise_name(SCATTER)]), runs)
    typical = {name: draws[model.typical_name(name)] for name in model.parameters}
    values = {name: draws[model.reference_name(name)] for name in model.parameters}
    units = scales(model.law, runs)
    in_paper_units = model.law.rescale(units, values)
    for name, typical_value in model.law.rescale(units, typical).items():
        if model.varying(name):
            draws[f"{name}_typical"] = typical_value
    draws = draws.assign(in_paper_units)
    for name, (sampled_name, column) in model.noise_units.items():
        draws = draws.assign({name: draws[sampled_name] * units[column]})
    paper = {name: draws[name] for name in model.parameters}
    draws = draws.assign(quantities(model.law.derived, paper))
    if model.has_surface(runs):
        draws = draws.assign(beyond(draws, typical, model, runs, seed))
    return draws


def _with_nodes(draws: xr.Dataset, model: ScalingModel, runs: Runs) -> xr.Dataset:
    """Replace the directions that were sampled by standard normal weights at the nodes."""
    turn = xr.DataArray(Rotation.of(model.law, runs).turn, dims=(NODE, DIRECTION))
    z = (draws[TURNED].drop_vars(DIRECTION) @ turn) / draws[SIZE]
    kept = draws.drop_vars([RAW, TURNED, DIRECTION])
    kept = kept.assign({WEIGHTS: z.transpose("chain", "draw", NODE)})
    deviating = model.deviating(DELTA, runs)
    for one in deviating:
        kept = _with_own_nodes(kept, model, one, runs)
    numbers = {NODE: list(range(node_count(model.law)))}
    own = {LEVEL_NODE: list(range(level_node_count(model.law)))} if deviating else {}
    return kept.drop_vars(LEVEL_DIRECTION, errors="ignore").assign_coords({**numbers, **own})


def _with_own_nodes(draws: xr.Dataset, model: ScalingModel, own: Vary, runs: Runs) -> xr.Dataset:
    """Replace the directions of levels' deviations by standard normal weights at their nodes."""
    turned = f"{TURNED}_{own.by}"
    turn = LevelRotation.of(model.law, runs, own.by).turn
    of_levels = xr.DataArray(turn, dims=(own.by, LEVEL_NODE, LEVEL_DIRECTION))
    weights = xr.dot(draws[turned].drop_vars(LEVEL_DIRECTION), of_levels, dim=LEVEL_DIRECTION)
    z = (weights / draws[own.spread_name]).transpose("chain", "draw", own.by, LEVEL_NODE)
    return draws.drop_vars([own.raw_name, turned]).assign({own.z_name: z})


def taken(draws: xr.Dataset, places: np.ndarray) -> xr.Dataset:
    """Draws at places among those of all chains, dims (chain, draw), without their numbers."""
    chain, draw = (
        xr.DataArray(part, dims=("chain", "draw")) for part in divmod(places, draws.sizes["draw"])
    )
    return draws.drop_vars(["chain", "draw"], errors="ignore").isel(chain=chain, draw=draw)


def new_runs(
    draws: xr.Dataset,
    model: ScalingModel,
    runs: Runs,
    expected: xr.DataArray,
    where: xr.Dataset,
    rng: np.random.Generator,
) -> xr.DataArray:
    """One new run's response for each draw of the expected one, at the same points."""
    theta, columns = noise_at(draws, model, runs, where, rng)
    return model.noise.draw(expected, theta, rng, columns)


def log_density(
    draws: xr.Dataset,
    model: ScalingModel,
    runs: Runs,
    response: xr.DataArray,
    expected: xr.DataArray,
    where: xr.Dataset,
) -> xr.DataArray:
    """Log density of responses at points, per unit of the response, for each draw."""
    theta, columns = noise_at(draws, model, runs, where)
    return model.noise.log_density(response, expected, theta, columns)


def stages_at(
    draws: xr.Dataset,
    model: ScalingModel,
    theta: Mapping[str, Any],
    where: xr.Dataset,
    units: Mapping[str, float],
) -> dict[str, tuple[xr.DataArray, dict[str, xr.DataArray]]]:
    """Expected values on the way to the response and their noise, in their own units."""
    scaled = {name: where[name] / units[name] for name in model.law.inputs}
    noise = model.stage_noise.priors
    return {
        stage: (value * units[stage], {name: draws[f"{stage}_{name}"] for name in noise})
        for stage, value in model.law.evaluate_stages(scaled, theta).items()
    }


def noise_at(
    draws: xr.Dataset,
    model: ScalingModel,
    runs: Runs,
    where: xr.Dataset,
    rng: np.random.Generator | None = None,
) -> tuple[dict[str, xr.DataArray], dict[str, xr.DataArray]]:
    """Parameters of the noise and, at points or runs, the columns of it that are there.

    A level that was not fitted scatters as is typical, or with `rng` as drawn from the spread.
    """
    theta = {name: draws[name] for name in model.noise.priors}
    for one in model.deviating(SCATTER, runs):
        z = extended(draws[one.z_name], one.by, where[one.by], rng)
        theta[SCATTER] = theta[SCATTER] * np.exp(draws[one.spread_name] * z)
    read = [name for name in model.noise.columns if name in where]
    columns = {name: where[name] / noise_scale(model.noise, runs, name) for name in read}
    return theta, columns


def parameters_at(
    draws: xr.Dataset,
    model: ScalingModel,
    labels: Mapping[str, xr.DataArray],
    new_levels: NewLevels = "error",
    rng: np.random.Generator | None = None,
) -> dict[str, xr.DataArray]:
    """The law's parameters on the reference scale at points with given levels.

    Parameters
    ----------
    draws : xarray.Dataset
        As :func:`complete` returns them.
    labels : mapping of str to xarray.DataArray of str
        Level of each factor at each point; factors that are left out keep their own dim.
    new_levels : {"error", "draw", "typical"}
        What a level that was not fitted gets; ``"error"`` expects that there is none.
    rng : numpy.random.Generator, optional
        Needed by ``"draw"``.
    """
    theta = {}
    for name in model.parameters:
        varies = [vary for vary in model.varying(name) if vary.by in labels]
        used = {vary.by: labels[vary.by] for vary in varies}
        if new_levels == "error" or not varies:
            theta[name] = draws[model.reference_name(name)].sel(used)
        else:
            varying = [(v, draws[v.spread_name], draws[v.z_name]) for v in model.varying(name)]
            everywhere = {v.by: draws[v.by] for v in model.varying(name)}
            theta[name] = at_levels(
                model.link(name),
                draws[model.typical_name(name)],
                varying,
                {**everywhere, **used},
                rng if new_levels == "draw" else None,
            )
    return theta


def _with_fixed(draws: xr.Dataset, model: ScalingModel, runs: Runs) -> xr.Dataset:
    """Parameters held at a value are not sampled; give them draws that are all that value."""
    dims = {name: draws[name] for name in ("chain", "draw")}
    ones = xr.DataArray(1.0, coords=dims, dims=tuple(dims))
    for variable, prior in model.sampled_priors(runs).items():
        if prior.fixed:
            draws = draws.assign({variable: prior.numbers[0] * ones})
    typical = {name: draws[model.typical_name(name)] for name in model.parameters}
    for name in model.converted:
        if model.parameters[name].fixed:
            unit = model.unit_of(name, scales(model.law, runs), typical)
            draws = draws.assign({model.typical_name(name): typical[name] / unit})
    return draws


def _with_levels(draws: xr.Dataset, model: ScalingModel, parameter: str, runs: Runs) -> xr.Dataset:
    """Replace raw offsets by standardised ones, and add the parameter's value in each level."""
    link = model.link(parameter)
    typical = draws[model.typical_name(parameter)]
    varies = model.varying(parameter)
    draws, offsets = _with_offsets(draws, varies, link.forward(typical), runs)
    value = combine(link, typical, offsets)
    return draws.assign({model.reference_name(parameter): value})


def _with_offsets(
    draws: xr.Dataset, varies: Sequence[Vary], typical: Any, runs: Runs
) -> tuple[xr.Dataset, list[xr.DataArray]]:
    """Draws with standardised offsets instead of raw ones, and the offsets of each factor."""
    offsets = []
    for vary in varies:
        spread = draws[vary.spread_name]
        weights = centred_weights(np.bincount(runs.codes(vary.by)))
        centred = xr.DataArray(weights, dims=(vary.by,), coords={vary.by: draws[vary.by]})
        raw = draws[vary.raw_name]
        offsets.append(offset(raw, spread, centred, level_centre(vary, varies, typical)))
        draws = draws.drop_vars(vary.raw_name).assign({vary.z_name: offsets[-1] / spread})
    return draws, offsets

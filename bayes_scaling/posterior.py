"""From sampled variables to draws that can be read: levels, paper units, derived quantities.

Owns what the variables of a posterior are called and how a law's parameters are taken from it at
a set of points. Works draw by draw on prior and posterior alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.hierarchy import LINKS, NewLevels, at_levels, centred_weights, combine, offset
from bayes_scaling.laws._base import arguments
from bayes_scaling.model import ScalingModel
from bayes_scaling.runs import Runs


def complete(sampled: xr.Dataset, model: ScalingModel, runs: Runs) -> xr.Dataset:
    """Add to sampled draws all that follows from them.

    Parameters
    ----------
    sampled : xarray.Dataset, dims (chain, draw) and those of factors
        The variables of ``model.build(runs)``, from prior or posterior.

    Returns
    -------
    xarray.Dataset
        The law's parameters in paper units under their own names, on the reference scale under
        ``*_ref`` where they have a unit, typical values, spreads, standardised offsets
        ``*_z_*``, noise parameters, and the law's derived quantities.
    """
    draws = sampled.assign_coords({factor: list(runs.levels(factor)) for factor in model.factors})
    draws = _with_fixed(draws, model, runs)
    for parameter in model.parameters:
        if model.varying(parameter):
            draws = _with_levels(draws, model, parameter, runs)
    typical = {name: draws[model.typical_name(name)] for name in model.parameters}
    values = {name: draws[model.reference_name(name)] for name in model.parameters}
    in_paper_units = paper_units(model, values, runs.reference)
    for name, typical_value in paper_units(model, typical, runs.reference).items():
        if model.varying(name):
            draws[f"{name}_typical"] = typical_value
    draws = draws.assign(in_paper_units)
    return draws.assign(derived(model, {name: draws[name] for name in model.parameters}))


def paper_units(
    model: ScalingModel, theta: Mapping[str, Any], reference: Mapping[str, float]
) -> dict[str, Any]:
    """Parameters in paper units, by name, from all parameters on the reference scale.

    Parameters without a unit are returned as they are; so are all of a law that does not say what
    its parameters are in paper units.
    """
    if model.law.paper_units is None:
        return dict(theta)
    scales = {name: reference[name] for name in ("loss", *model.law.inputs)}
    return {**theta, **model.law.paper_units(**scales, **theta)}


def derived(model: ScalingModel, theta: Mapping[str, Any]) -> dict[str, Any]:
    """The law's derived quantities from parameters in paper units."""
    if model.law.derived is None:
        return {}
    return model.law.derived(**{name: theta[name] for name in arguments(model.law.derived)})


def noise_parameters(model: ScalingModel, draws: xr.Dataset) -> dict[str, xr.DataArray]:
    """Draws of the noise model's parameters."""
    return {name: draws[name] for name in model.noise.priors}


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
    for name, prior in model.parameters.items():
        varies = [vary for vary in model.varying(name) if vary.by in labels]
        used = {vary.by: labels[vary.by] for vary in varies}
        if new_levels == "error" or not varies:
            theta[name] = draws[model.reference_name(name)].sel(used)
        else:
            varying = [(v, draws[v.spread_name], draws[v.z_name]) for v in model.varying(name)]
            everywhere = {v.by: draws[v.by] for v in model.varying(name)}
            theta[name] = at_levels(
                prior.support,
                draws[model.typical_name(name)],
                varying,
                {**everywhere, **used},
                rng if new_levels == "draw" else None,
            )
    return theta


def expected_loss(
    model: ScalingModel,
    theta: Mapping[str, Any],
    inputs: Mapping[str, Any] | xr.Dataset,
    reference: Mapping[str, float],
) -> Any:
    """The law's value in the unit of the runs' loss, from reference-scale parameters.

    Parameters
    ----------
    inputs : mapping of str to array
        Each input of the law, in its own unit.
    """
    scaled = {name: inputs[name] / reference[name] for name in model.law.inputs}
    return reference["loss"] * model.law.loss(**scaled, **theta)


def _with_fixed(draws: xr.Dataset, model: ScalingModel, runs: Runs) -> xr.Dataset:
    """Parameters held at a value are not sampled; give them draws that are all that value."""
    like = xr.zeros_like(draws[next(iter(model.noise.priors))])
    fixed = {name: p for name, p in model.parameters.items() if p.fixed}
    for name, prior in fixed.items():
        value = like + prior.numbers[0]
        if prior.units == "paper" and name in model.law.scaled:
            theta = {n: draws.get(model.typical_name(n), like + 1) for n in model.parameters}
            value = value / paper_units(model, {**theta, name: like + 1}, runs.reference)[name]
        draws = draws.assign({model.typical_name(name): value})
    return draws


def _with_levels(draws: xr.Dataset, model: ScalingModel, parameter: str, runs: Runs) -> xr.Dataset:
    """Replace raw offsets by standardised ones, and add the parameter's value in each level."""
    support = model.parameters[parameter].support
    typical = draws[model.typical_name(parameter)]
    offsets = []
    for number, vary in enumerate(model.varying(parameter)):
        spread = draws[vary.spread_name]
        weights = centred_weights(np.bincount(runs.codes(vary.by)))
        centred = xr.DataArray(weights, dims=(vary.by,), coords={vary.by: draws[vary.by]})
        centre = LINKS[support].forward(typical) * (number == 0)
        offsets.append(offset(draws[vary.raw_name], spread, centred, centre))
        draws = draws.drop_vars(vary.raw_name).assign({vary.z_name: offsets[-1] / spread})
    value = combine(support, typical, offsets)
    return draws.assign({model.reference_name(parameter): value})

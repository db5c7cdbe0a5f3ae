"""The random variables of a model, and the parameters and `delta` that they make.

What is a number enters as ``Data``, by name; the specification says the names.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pymc.dims as pmd
import pytensor
import pytensor.tensor as pt
from pytensor.xtensor import as_xtensor

from bayes_scaling import ops
from bayes_scaling.model.directions import DIRECTION, LEVEL_DIRECTION
from bayes_scaling.model.hierarchy import LINKS, Link, Vary, combine, level_centre, offset
from bayes_scaling.model.specification import Specification
from bayes_scaling.model.surface import DELTA, SCATTER, SIZE
from bayes_scaling.noise import LocationScale, Noise
from bayes_scaling.priors import TIE, Prior

LEAST_ABOVE = 0.02
"""Share of the reference loss near which an observed loss above the floor is smoothly held up."""

TYPICAL_SCATTER = 0.005
"""Scatter of log loss that is taken where a noise model says none."""

RAW, TURNED = "delta_raw", "delta_weights"
"""Sampled variable of the directions of `delta`, and their weights."""


@cache
def accept_missing_blas() -> None:
    """Let PyTensor find its BLAS, without a word if there is none.

    It would warn at the first product of matrices; those of the model are small.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _ = pytensor.config.blas__ldflags


def _tied_by(
    model: Specification, parameter: str, theta: Mapping[str, Any], data: Mapping[str, Any]
) -> Any:
    """Standard deviations by which the tie moves the logarithm of a parameter."""
    other = model.ties[parameter]
    name = model.typical_name(other)
    return (pmd.math.log(theta[other]) - data[f"{name}_mu"]) / data[f"{name}_sigma"]


def on_surface(
    model: Specification,
    data: Mapping[str, Any],
    expected: Any,
    floor: Any,
    scatter: Any,
    levels: tuple[Vary, ...],
) -> Any:
    """The law's expected response with what it leaves out of the part above its floor.

    `levels` are the factors whose levels deviate from the `delta` that all share.
    """
    reducible = expected - floor
    if levels:
        deviations = sum(_deviations(model, data, level, scatter) for level in levels)
        reducible = reducible * pmd.math.exp(deviations)
    left_out = _left_out_by_law(model, data, reducible, floor, scatter)
    return floor + reducible * pmd.math.exp(left_out)


def _deviations(model: Specification, data: Mapping[str, Any], factor: Vary, scatter: Any) -> Any:
    """Deviation of each run's level from the `delta` that all share.

    Each direction is sampled in units of how well the level's runs settle it, as if scatter were
    normal: of many precise runs the weight itself, of few its share of the size.
    """
    by, dims = factor.by, (factor.by, LEVEL_DIRECTION)
    size = prior_variable(factor.spread_name, model.spread(factor), data)
    told = pmd.math.sqrt(1 + (size / scatter * data[f"{DELTA}_strength_{by}"]) ** 2)
    raw = pmd.Normal(factor.raw_name, mu=0.0, sigma=told, dims=dims)
    weights = pmd.Deterministic(f"{TURNED}_{by}", size / told * raw)
    at_runs = weights.isel({by: data[f"{by}_index"]}) * data[f"{DELTA}_basis_{by}"]
    return at_runs.sum(LEVEL_DIRECTION)


def noise_of_levels(
    model: Specification,
    theta: Mapping[str, Any],
    data: Mapping[str, Any],
    deviate: tuple[Vary, ...],
) -> Mapping[str, Any]:
    """Noise parameters, of which levels scatter more or less than is typical."""
    if not deviate:
        return theta
    return {**theta, SCATTER: _of_runs(model, deviate, LINKS["positive"], theta[SCATTER], data)}


def _left_out_by_law(
    model: Specification, data: Mapping[str, Any], reducible: Any, floor: Any, scatter: Any
) -> Any:
    """`delta` at each run: what the law leaves out of the log of the reducible loss.

    Each direction is sampled as its distance from where the runs put it, given the law and the
    scatter, in units of how well they settle it, as if scatter were normal. The posterior is the
    same as if its weights were sampled, and has no narrow ends for chains to get stuck in.
    """
    assert model.surface is not None
    size = prior_variable(SIZE, model.surface.size(model.law), data)
    strength, chosen = data["delta_strength"], {"run": data["delta_shown_index"]}
    above = (data["response_ref"] - floor).isel(chosen)
    observed = pmd.math.log(0.5 * (above + pmd.math.sqrt(above**2 + LEAST_ABOVE**2)))
    misfit = _product(data["delta_shown"], pmd.math.log(reducible.isel(chosen)) - observed)
    told = (size / scatter) ** 2
    settled = 1 + told * strength**2
    centre = -told * strength * misfit / settled
    spread = size / pmd.math.sqrt(settled)
    raw = pmd.Normal(RAW, mu=-centre / spread, sigma=size / spread, dims=(DIRECTION,))
    weights = pmd.Deterministic(TURNED, centre + spread * raw)
    return _product(weights, data["delta_basis"])


def _product(left: Any, right: Any) -> Any:
    """Product of a matrix, which is data, and a vector, or the other way round.

    The gradient of ``pymc.dims``'s own dot makes that of the matrix as well, as large as it is.
    """
    return as_xtensor(pt.dot(left.values, right.values), dims=left.dims[:-1] + right.dims[1:])


def scatter_of(noise: Noise, theta: Mapping[str, Any]) -> Any:
    """Scatter of log loss for the parametrisation: what the noise model has of it.

    Of levels with a scatter of their own the mean over the runs, which these tell; the typical
    scatter of few levels they hardly do.
    """
    if not isinstance(noise, LocationScale):
        return TYPICAL_SCATTER
    sd = theta[SCATTER]
    if "run" in getattr(sd, "dims", ()):
        sd = pmd.math.exp(pmd.math.log(sd).mean("run"))
    return sd * ops.sqrt(noise.shape.informative(theta))


def prior_variable(
    name: str, prior: Prior, data: Mapping[str, Any], scale: Any = None, tie: Any = None
) -> Any:
    """The PyMC variable of a prior.

    `scale` is the paper unit of one reference unit; `tie` is how far the variable that it is tied
    to lies from its prior's centre, in standard deviations.
    """
    numbers = {argument: data[f"{name}_{argument}"] for argument in prior.arguments}
    if prior.fixed:
        return numbers["value"] if scale is None else numbers["value"] / scale
    if scale is not None:
        numbers["mu"] = numbers["mu"] - pmd.math.log(scale)
    if tie is not None:
        numbers["mu"] = numbers["mu"] + TIE * numbers["sigma"] * tie
        numbers["sigma"] = numbers["sigma"] * np.sqrt(1 - TIE**2)
    return getattr(pmd, prior.distribution)(name, **numbers)


def scatter_variables(
    noise: Noise, named: Callable[[str], str], data: Mapping[str, Any]
) -> dict[str, Any]:
    """Variables of a noise model by their own names; `named` gives those of the posterior."""
    return {name: prior_variable(named(name), prior, data) for name, prior in noise.priors.items()}


def _typical_parameters(model: Specification, data: Mapping[str, Any]) -> dict[str, Any]:
    """Typical values on the reference scale.

    Those with a prior in paper units come last, for their unit depends on the exponents.
    """
    theta: dict[str, Any] = {}
    # A parameter after the one that it is tied to.
    for name in sorted(model.parameters, key=lambda name: name in model.ties):
        if name not in model.converted:
            tie = _tied_by(model, name, theta, data) if name in model.ties else None
            theta[name] = prior_variable(
                model.typical_name(name), model.parameters[name], data, tie=tie
            )
    scaled = ("loss", *model.law.inputs, *model.law.stages)
    references = {name: data[f"reference_{name}"] for name in scaled}
    for name in model.converted:
        unit = model.unit_of(name, references, theta)
        theta[name] = prior_variable(model.typical_name(name), model.parameters[name], data, unit)
    return theta


def pooled_parameters(model: Specification, data: Mapping[str, Any]) -> dict[str, Any]:
    """Each parameter on the reference scale: a scalar, or one value for each run."""
    theta = _typical_parameters(model, data)
    for name, typical in theta.items():
        if varies := model.varying(name):
            theta[name] = _of_runs(model, varies, model.link(name), typical, data)
    return theta


def _of_runs(
    model: Specification,
    varies: tuple[Vary, ...],
    link: Link,
    typical: Any,
    data: Mapping[str, Any],
) -> Any:
    """Value at each run of what varies by level."""
    offsets = _offsets(model, varies, link.forward(typical), data)
    indices = {vary.by: data[f"{vary.by}_index"] for vary in varies}
    return combine(link, typical, offsets).isel(indices)


def _offsets(
    model: Specification, varies: tuple[Vary, ...], typical: Any, data: Mapping[str, Any]
) -> list[Any]:
    """Offsets of the levels of each factor."""
    offsets = []
    for vary in varies:
        spread = prior_variable(vary.spread_name, model.spread(vary), data)
        centred = data[f"{vary.by}_centred"]
        middle = level_centre(vary, varies, typical)
        raw = pmd.Normal(vary.raw_name, mu=centred * middle, sigma=spread**centred, dims=(vary.by,))
        offsets.append(offset(raw, spread, centred, middle))
    return offsets

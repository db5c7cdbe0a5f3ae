"""ScalingModel: law, what it leaves out, pooling, priors and noise, and its PyMC model.

Owns the names of the sampled variables and of the model's data. Everything that is a number
(runs, reference scales, prior arguments, the parametrisation of levels) enters as ``Data``; what
is left is the structure, by which compiled models are kept.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pymc.dims as pmd
import pytensor
import xarray as xr

from bayes_scaling._display import html_formula, html_table
from bayes_scaling._inputs import input_values, noise_columns, scales
from bayes_scaling._model_checks import check_model, check_runs, check_stage_noise
from bayes_scaling.hierarchy import LINKS, Vary, centred_weights, combine, offset
from bayes_scaling.laws import Law, as_law
from bayes_scaling.noise import LogStudentT, Noise
from bayes_scaling.priors import PRIOR_MASS, TIE, Prior
from bayes_scaling.runs import Runs
from bayes_scaling.surface import (
    DIRECTION,
    MISS_SIZE,
    NODE,
    SIZE,
    Rotation,
    Surface,
    node_count,
)

PRIOR_DRAWS = 4000

DEFAULT_SURFACE = Surface()

LEAST_ABOVE = 0.1
"""Share of the reference loss near which an observed loss above the floor is smoothly held up."""

TYPICAL_SCATTER = 0.005
"""Scatter of log loss that is taken where a noise model says none."""

RAW, TURNED = "delta_raw", "delta_weights"
"""Sampled variable of the directions of `delta`, and their weights."""


@dataclass(frozen=True, repr=False)
class ScalingModel:
    """What is assumed, before any run is seen.

    Parameters
    ----------
    law : Law, its class or its name
        The formula that the expected loss follows.
    vary : sequence of Vary
        Parameters that differ between the levels of a factor, partially pooled.
    priors : mapping of str to Prior
        Replaces default priors of the law's parameters. For a varying parameter it is the prior
        of the typical value.
    noise : Noise
        How a run scatters about the expected response.
    stage_noise : Noise
        How a run scatters about what the law expects on the way to the response, such as the
        loss from which a task's error follows; read only by laws that have such stages.
    surface : Surface or None
        What the law is assumed to leave out; None for the law alone, as papers have it. Responses
        other than losses, and laws with stages, have none.

    Raises
    ------
    ModelError
        A prior or Vary that names no parameter of the law, the same Vary twice, or a prior in
        paper units that cannot be honoured.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> bs.ScalingModel(bs.laws.Chinchilla, priors={"alpha": bs.Prior.between(0.2, 0.5)})
    ScalingModel(Chinchilla, priors={'alpha': Prior.between(0.2, 0.5)})
    """

    law: Law
    vary: tuple[Vary, ...] = ()
    priors: Mapping[str, Prior] = field(default_factory=dict)
    noise: Noise = field(default_factory=LogStudentT)
    stage_noise: Noise = field(default_factory=LogStudentT)
    surface: Surface | None = field(default_factory=Surface)

    def __init__(
        self,
        law: Law | type[Law] | str,
        vary: Sequence[Vary] | Vary = (),
        priors: Mapping[str, Prior] | None = None,
        noise: Noise | None = None,
        stage_noise: Noise | None = None,
        surface: Surface | None = DEFAULT_SURFACE,
    ) -> None:
        assign = object.__setattr__
        assign(self, "law", as_law(law))
        assign(self, "vary", (vary,) if isinstance(vary, Vary) else tuple(vary))
        assign(self, "priors", dict(priors or {}))
        assign(self, "noise", LogStudentT() if noise is None else noise)
        assign(self, "stage_noise", LogStudentT() if stage_noise is None else stage_noise)
        assign(self, "surface", surface)
        check_model(self.law, self.vary, self.priors, self.noise)
        check_stage_noise(self.stage_noise)

    @cached_property
    def parameters(self) -> Mapping[str, Prior]:
        """Prior of every parameter of the law, the user's before the law's own."""
        return {**self.law.priors, **self.priors}

    @cached_property
    def converted(self) -> tuple[str, ...]:
        """Parameters whose prior is in paper units and has to be brought to the reference scale."""
        scaled = self.law.scaled
        return tuple(n for n, p in self.parameters.items() if p.units == "paper" and n in scaled)

    @cached_property
    def factors(self) -> tuple[str, ...]:
        """Factors that some parameter varies by."""
        return tuple(dict.fromkeys(vary.by for vary in self.vary))

    def varying(self, parameter: str) -> tuple[Vary, ...]:
        """How one parameter varies; empty if it does not."""
        return tuple(vary for vary in self.vary if vary.parameter == parameter)

    def reference_name(self, parameter: str, name: str | None = None) -> str:
        """Posterior name on the reference scale: ``E_ref``, but ``alpha``, which has no unit."""
        return f"{name or parameter}_ref" if parameter in self.law.scaled else name or parameter

    def typical_name(self, parameter: str) -> str:
        """Name of the variable that carries the prior: ``E_ref``, or ``E_typical_ref``."""
        name = f"{parameter}_typical" if self.varying(parameter) else parameter
        return self.reference_name(parameter, name)

    def noise_name(self, parameter: str) -> str:
        """Posterior name of a noise parameter on the reference scale."""
        return f"{parameter}_ref" if parameter in self.noise.scaled else parameter

    def stage_noise_name(self, stage: str, parameter: str) -> str:
        """The same for the scatter of what is observed on the way to the response."""
        name = f"{stage}_{parameter}"
        return f"{name}_ref" if parameter in self.stage_noise.scaled else name

    @cached_property
    def noise_units(self) -> Mapping[str, tuple[str, str]]:
        """Noise parameters that have a unit: the name sampled, and the column whose unit it is."""
        own = self.noise.scaled & set(self.noise.priors)
        staged = self.stage_noise.scaled & set(self.stage_noise.priors)
        return {name: (self.noise_name(name), "loss") for name in sorted(own)} | {
            f"{stage}_{name}": (self.stage_noise_name(stage, name), stage)
            for stage in self.law.stages
            for name in sorted(staged)
        }

    @cached_property
    def top_level(self) -> Mapping[str, Prior]:
        """Prior of every sampled variable that has one of its own, by its posterior name."""
        law = {self.typical_name(name): prior for name, prior in self.parameters.items()}
        spreads = {vary.spread_name: vary.spread for vary in self.vary}
        noise = {self.noise_name(name): prior for name, prior in self.noise.priors.items()}
        stages = {
            self.stage_noise_name(stage, name): prior
            for stage in self.law.stages
            for name, prior in self.stage_noise.priors.items()
        }
        return {**law, **spreads, **noise, **stages}

    @cached_property
    def ties(self) -> Mapping[str, str]:
        """Exponents whose logarithms go together, unless the user has given a prior of either."""
        own = self.priors
        return {a: b for a, b in self.law.ties.items() if a not in own and b not in own}

    def has_surface(self, runs: Runs) -> bool:
        """Tell whether the law is fitted with what it leaves out: to losses, in one stage."""
        return self.surface is not None and runs.response == "loss" and not self.law.stages

    def sampled_priors(self, runs: Runs) -> Mapping[str, Prior]:
        """Prior of every variable that is sampled for these runs, by its posterior name."""
        if not self.has_surface(runs) or self.surface is None:
            return self.top_level
        return {**self.top_level, SIZE: self.surface.amplitude}

    def data(self, runs: Runs) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """Every number of the model as (dims, values): the runs, their scales, the priors."""
        run = ("run",)
        scale = scales(self.law, runs)
        values: dict[str, tuple[tuple[str, ...], Any]] = {
            f"{name}_ref": (run, input_values(runs, name) / scale[name]) for name in self.law.inputs
        }
        values["response_ref"] = (run, runs.values("loss") / scale["loss"])
        for name in self.law.stages:
            values[f"{name}_ref"] = (run, runs.values(name) / scale[name])
        for name, column in noise_columns(self.noise, runs).items():
            values[f"noise_{name}"] = (run, column)
        if self.has_surface(runs):
            values |= self._surface_data(runs)
        for factor in self.factors:
            codes = runs.codes(factor)
            values[f"{factor}_index"] = (run, codes)
            values[f"{factor}_centred"] = ((factor,), centred_weights(np.bincount(codes)))
        for variable, prior in self.sampled_priors(runs).items():
            for argument, number in prior.arguments.items():
                values[f"{variable}_{argument}"] = ((), number)
        for name, number in scale.items():
            values[f"reference_{name}"] = ((), number)
        return {name: (dims, np.asarray(value)) for name, (dims, value) in values.items()}

    def _surface_data(self, runs: Runs) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        found = Rotation.of(self.law, runs)
        return {
            "delta_basis": (("run", DIRECTION), found.basis),
            "delta_strength": ((DIRECTION,), found.strength),
            "delta_shown": ((DIRECTION, "run"), found.shown),
        }

    def coords(self, runs: Runs) -> dict[str, list[str] | list[int]]:
        """Labels of the model's dims: runs, levels of each factor in use, nodes of the surface."""
        levels = {factor: list(runs.levels(factor)) for factor in self.factors}
        numbers = list(range(node_count(self.law)))
        nodes = {NODE: numbers, DIRECTION: numbers} if self.has_surface(runs) else {}
        return {"run": list(runs.table.index), **levels, **nodes}

    def structure(self, runs: Runs) -> Hashable:
        """What a compiled model depends on: everything but the numbers in :meth:`data`."""
        sampled = self.sampled_priors(runs)
        priors = [(name, p.distribution, p.units) for name, p in sampled.items()]
        varies = [(vary.parameter, vary.by) for vary in self.vary]
        levels = [(factor, len(runs.levels(factor))) for factor in self.factors]
        stages = type(self.stage_noise) if self.law.stages else None
        noise = (type(self.noise), self.noise.columns, stages)
        ties = tuple(self.ties.items())
        return (self.law, noise, tuple(priors), tuple(varies), tuple(levels), ties)

    def build(self, runs: Runs) -> pm.Model:
        """The PyMC model of these runs, to inspect, extend or sample by other means.

        Returns
        -------
        pymc.Model
            Observed variable ``response``, dims (run,): the response over its reference, on the
            scale on which the noise model lets it scatter.

        Raises
        ------
        RunsError, ModelError
            The runs lack an input or factor of the model, or are too few.
        """
        check_runs(self, runs)
        _accept_missing_blas()
        with pm.Model(coords=self.coords(runs)) as model:
            data = {
                name: pmd.Data(name, values, dims=dims)
                for name, (dims, values) in self.data(runs).items()
            }
            theta = _pooled_parameters(self, data)
            inputs = {name: data[f"{name}_ref"] for name in self.law.inputs}
            noise = {
                name: _variable(self.noise_name(name), prior, data)
                for name, prior in self.noise.priors.items()
            }
            columns = {name: data[f"noise_{name}"] for name in self.noise.columns}
            expected = self.law.evaluate(inputs, theta)
            if self.has_surface(runs):
                floor = self.law.irreducible(theta)
                delta = _delta(self, data, expected - floor, floor, _scatter(noise))
                expected = floor + (expected - floor) * pmd.math.exp(delta)
            self.noise.observe("response", expected, data["response_ref"], noise, columns)
            for stage, value in self.law.evaluate_stages(inputs, theta).items():
                scatter = {
                    name: _variable(self.stage_noise_name(stage, name), prior, data)
                    for name, prior in self.stage_noise.priors.items()
                }
                self.stage_noise.observe(stage, value, data[f"{stage}_ref"], scatter, {})
        return model

    def describe(self, runs: Runs) -> pd.DataFrame:
        """Every prior with its 90 % range, what is pooled, and on what scale.

        Returns
        -------
        pandas.DataFrame
            Index: sampled variables. ``prior``: its distribution. ``lower``, ``upper``: the 90 %
            range on the scale named by ``units``. ``paper_lower``, ``paper_upper``: the same range
            in paper units for these runs. ``varies_by``: factors that it is pooled over.
        """
        check_runs(self, runs)
        paper = self._paper_ranges(runs)
        names = {self.typical_name(parameter): parameter for parameter in self.parameters}
        rows = {}
        beyond = {MISS_SIZE: self.surface.miss(self.law)[1]} if self.surface else {}
        shown = {**self.sampled_priors(runs), **(beyond if self.has_surface(runs) else {})}
        for variable, prior in shown.items():
            parameter = names.get(variable, variable)
            lower, upper = prior.range()
            paper_lower, paper_upper = paper.get(parameter, (lower, upper))
            rows[variable] = {
                "prior": prior.distribution,
                "lower": lower,
                "upper": upper,
                "units": prior.units,
                "paper_lower": paper_lower,
                "paper_upper": paper_upper,
                "varies_by": ", ".join(vary.by for vary in self.varying(parameter)),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("variable")

    def _paper_ranges(self, runs: Runs) -> dict[str, np.ndarray]:
        """90 % ranges, by simulation, of parameters whose prior is on the reference scale."""
        rng = np.random.default_rng(0)
        draws = {name: prior.sample(PRIOR_DRAWS, rng) for name, prior in self.parameters.items()}
        units = scales(self.law, runs)
        converted = self.law.rescale(units, draws)
        ends = [(1 - PRIOR_MASS) / 2, (1 + PRIOR_MASS) / 2]
        ranges = {
            name: np.quantile(converted[name], ends)
            for name in self.law.scaled
            if self.parameters[name].units == "reference"
        }
        scatter = {
            sampled: units[column] * np.array(self.top_level[sampled].range())
            for sampled, column in self.noise_units.values()
        }
        return {**ranges, **scatter}

    def prior_predictive(
        self, runs: Runs, *, draws: int = 500, seed: int | None = None
    ) -> xr.DataTree:
        """Draws from the priors and of the losses they expect, before any run is fitted.

        Returns
        -------
        xarray.DataTree
            Groups ``prior``, ``prior_predictive`` (``response``, on the scale of the noise),
            ``observed_data``, ``constant_data``, as PyMC names them.
        """
        # PyMC would announce what it draws, which is all of the model, on standard error.
        logging.getLogger("pymc.sampling.forward").setLevel(logging.WARNING)
        with self.build(runs):
            tree: xr.DataTree = pm.sample_prior_predictive(
                draws=draws, random_seed=seed, compile_kwargs={"mode": "FAST_COMPILE"}
            )
        return tree

    def _repr_html_(self) -> str:
        rows = [
            (name, repr(prior), ", ".join(vary.by for vary in self.varying(name)))
            for name, prior in self.parameters.items()
        ]
        rows += [(name, repr(prior), "") for name, prior in self.noise.priors.items()]
        head = f"<p><b>ScalingModel</b> {escape(self.law.name)}, {escape(repr(self.noise))}</p>"
        table = html_table(("parameter", "prior", "varies by"), rows)
        return head + html_formula(self.law.formula) + table

    def __hash__(self) -> int:
        priors = tuple(sorted(self.priors.items()))
        return hash((self.law, self.vary, priors, self.noise, self.stage_noise, self.surface))

    def __repr__(self) -> str:
        vary = f", vary={list(self.vary)}" if self.vary else ""
        priors = f", priors={self.priors}" if self.priors else ""
        noise = f", noise={self.noise}" if self.noise != LogStudentT() else ""
        plain = self.stage_noise == LogStudentT()
        stage_noise = "" if plain else f", stage_noise={self.stage_noise}"
        own = "" if self.surface == DEFAULT_SURFACE else f", surface={self.surface}"
        return f"ScalingModel({self.law.name}{vary}{priors}{noise}{stage_noise}{own})"


@cache
def _accept_missing_blas() -> None:
    """Let PyTensor find its BLAS, without a word if there is none.

    It would warn at the first product of matrices; those of the model are small.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _ = pytensor.config.blas__ldflags


def _tied_by(
    model: ScalingModel, parameter: str, theta: Mapping[str, Any], data: Mapping[str, Any]
) -> Any:
    """By how many of its standard deviations a tied parameter's logarithm is moved."""
    other = model.ties[parameter]
    name = model.typical_name(other)
    return (pmd.math.log(theta[other]) - data[f"{name}_mu"]) / data[f"{name}_sigma"]


def _delta(
    model: ScalingModel, data: Mapping[str, Any], reducible: Any, floor: Any, scatter: Any
) -> Any:
    """What the law leaves out at each run, in log reducible loss.

    Each direction is sampled as its distance from where the runs put it, given the law and the
    scatter, in units of how well they settle it, as if scatter were normal. The posterior is the
    same as if its weights were sampled, and has no narrow ends for chains to get stuck in.
    """
    assert model.surface is not None
    size = _variable(SIZE, model.surface.amplitude, data)
    strength, above = data["delta_strength"], data["response_ref"] - floor
    observed = pmd.math.log(0.5 * (above + pmd.math.sqrt(above**2 + LEAST_ABOVE**2)))
    misfit = pmd.math.dot(data["delta_shown"], pmd.math.log(reducible) - observed, dim="run")
    told = (size / scatter) ** 2
    settled = 1 + told * strength**2
    centre = -told * strength * misfit / settled
    spread = size / pmd.math.sqrt(settled)
    raw = pmd.Normal(RAW, mu=-centre / spread, sigma=size / spread, dims=(DIRECTION,))
    weights = pmd.Deterministic(TURNED, centre + spread * raw)
    return pmd.math.dot(data["delta_basis"], weights, dim=DIRECTION)


def _scatter(noise: Mapping[str, Any]) -> Any:
    """Scatter of log loss for the parametrisation: what any noise model has of it."""
    if "noise_sd" not in noise:
        return TYPICAL_SCATTER
    df = noise.get("noise_df")
    # The information on a location, of a Student-t of that many degrees of freedom.
    return noise["noise_sd"] * (1.0 if df is None else pmd.math.sqrt((df + 3) / (df + 1)))


def _variable(
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


def _typical_parameters(model: ScalingModel, data: Mapping[str, Any]) -> dict[str, Any]:
    """Typical values on the reference scale.

    Those with a prior in paper units come last, for their unit depends on the exponents.
    """
    theta: dict[str, Any] = {}
    # A parameter after the one that it is tied to.
    for name in sorted(model.parameters, key=lambda name: name in model.ties):
        if name not in model.converted:
            tie = _tied_by(model, name, theta, data) if name in model.ties else None
            theta[name] = _variable(model.typical_name(name), model.parameters[name], data, tie=tie)
    scaled = ("loss", *model.law.inputs, *model.law.stages)
    references = {name: data[f"reference_{name}"] for name in scaled}
    ones = dict.fromkeys(model.converted, 1.0)
    for name in model.converted:
        unit = model.law.rescale(references, {**ones, **theta, name: 1.0})[name]
        theta[name] = _variable(model.typical_name(name), model.parameters[name], data, unit)
    return theta


def _pooled_parameters(model: ScalingModel, data: Mapping[str, Any]) -> dict[str, Any]:
    """Each parameter on the reference scale: a scalar, or one value for each run."""
    theta = _typical_parameters(model, data)
    for name, typical in theta.items():
        if varies := model.varying(name):
            support = model.parameters[name].support
            offsets = _offsets(varies, LINKS[support].forward(typical), data)
            indices = {vary.by: data[f"{vary.by}_index"] for vary in varies}
            theta[name] = combine(support, typical, offsets).isel(indices)
    return theta


def _offsets(varies: tuple[Vary, ...], typical: Any, data: Mapping[str, Any]) -> list[Any]:
    """Offsets of the levels; only the first factor may be centred on the typical value."""
    offsets = []
    for number, vary in enumerate(varies):
        spread = _variable(vary.spread_name, vary.spread, data)
        centred = data[f"{vary.by}_centred"]
        centre = typical if number == 0 else typical * 0
        raw = pmd.Normal(vary.raw_name, mu=centred * centre, sigma=spread**centred, dims=(vary.by,))
        offsets.append(offset(raw, spread, centred, centre))
    return offsets

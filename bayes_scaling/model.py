"""ScalingModel: law, pooling, priors and noise as one frozen specification, and its PyMC model.

Owns the names of the sampled variables and of the model's data. Everything that is a number
(runs, reference scales, prior arguments, the parametrisation of levels) enters as ``Data``; what
is left is the structure, by which compiled models are kept.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pymc.dims as pmd
import xarray as xr

from bayes_scaling._display import html_formula, html_table
from bayes_scaling._inputs import input_values, noise_columns, scales
from bayes_scaling._model_checks import check_model, check_runs, check_stage_noise
from bayes_scaling.hierarchy import LINKS, Vary, centred_weights, combine, offset
from bayes_scaling.laws import Law, as_law
from bayes_scaling.noise import LogStudentT, Noise
from bayes_scaling.noise._base import RUN_SPREAD
from bayes_scaling.priors import PRIOR_MASS, Prior
from bayes_scaling.runs import Runs

PRIOR_DRAWS = 4000


@dataclass(frozen=True, repr=False)
class ScalingModel:
    """What is assumed, before any run is seen.

    Parameters
    ----------
    law : Law, its class or its name
        The formula of the expected loss.
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

    def __init__(
        self,
        law: Law | type[Law] | str,
        vary: Sequence[Vary] | Vary = (),
        priors: Mapping[str, Prior] | None = None,
        noise: Noise | None = None,
        stage_noise: Noise | None = None,
    ) -> None:
        assign = object.__setattr__
        assign(self, "law", as_law(law))
        assign(self, "vary", (vary,) if isinstance(vary, Vary) else tuple(vary))
        assign(self, "priors", dict(priors or {}))
        assign(self, "noise", LogStudentT() if noise is None else noise)
        assign(self, "stage_noise", LogStudentT() if stage_noise is None else stage_noise)
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

    def data(
        self, runs: Runs, run_spread: np.ndarray | None = None
    ) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """Every number of the model as (dims, values): the runs, their scales, the priors.

        `run_spread`, dims (run,), is how many times wider than the others each run scatters.
        """
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
        if self.noise.has_spread:
            values[RUN_SPREAD] = (run, np.ones(len(runs)) if run_spread is None else run_spread)
        for factor in self.factors:
            codes = runs.codes(factor)
            values[f"{factor}_index"] = (run, codes)
            values[f"{factor}_centred"] = ((factor,), centred_weights(np.bincount(codes)))
        for variable, prior in self.top_level.items():
            for argument, number in prior.arguments.items():
                values[f"{variable}_{argument}"] = ((), number)
        for name, number in scale.items():
            values[f"reference_{name}"] = ((), number)
        return {name: (dims, np.asarray(value)) for name, (dims, value) in values.items()}

    def coords(self, runs: Runs) -> dict[str, list[str]]:
        """Labels of the model's dims: the runs, and the levels of each factor in use."""
        levels = {factor: list(runs.levels(factor)) for factor in self.factors}
        return {"run": list(runs.table.index), **levels}

    def structure(self, runs: Runs) -> Hashable:
        """What a compiled model depends on: everything but the numbers in :meth:`data`."""
        priors = [(name, p.distribution, p.units) for name, p in self.top_level.items()]
        varies = [(vary.parameter, vary.by) for vary in self.vary]
        levels = [(factor, len(runs.levels(factor))) for factor in self.factors]
        stages = type(self.stage_noise) if self.law.stages else None
        noise = (type(self.noise), self.noise.columns, stages)
        return (self.law, noise, tuple(priors), tuple(varies), tuple(levels))

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
            columns |= {name: data[name] for name in (RUN_SPREAD,) if name in data}
            expected = self.law.evaluate(inputs, theta)
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
        for variable, prior in self.top_level.items():
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

    def __repr__(self) -> str:
        vary = f", vary={list(self.vary)}" if self.vary else ""
        priors = f", priors={self.priors}" if self.priors else ""
        noise = f", noise={self.noise}" if self.noise != LogStudentT() else ""
        plain = self.stage_noise == LogStudentT()
        stage_noise = "" if plain else f", stage_noise={self.stage_noise}"
        return f"ScalingModel({self.law.name}{vary}{priors}{noise}{stage_noise})"


def _variable(name: str, prior: Prior, data: Mapping[str, Any], scale: Any = None) -> Any:
    """The PyMC variable of a prior; `scale` is the paper unit of one reference unit."""
    numbers = {argument: data[f"{name}_{argument}"] for argument in prior.arguments}
    if prior.fixed:
        return numbers["value"] if scale is None else numbers["value"] / scale
    if scale is not None:
        numbers["mu"] = numbers["mu"] - pmd.math.log(scale)
    return getattr(pmd, prior.distribution)(name, **numbers)


def _typical_parameters(model: ScalingModel, data: Mapping[str, Any]) -> dict[str, Any]:
    """Typical values on the reference scale.

    Those with a prior in paper units come last, for their unit depends on the exponents.
    """
    theta = {
        name: _variable(model.typical_name(name), prior, data)
        for name, prior in model.parameters.items()
        if name not in model.converted
    }
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

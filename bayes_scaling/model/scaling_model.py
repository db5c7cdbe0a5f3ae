"""ScalingModel: law, what it leaves out, pooling, priors and noise, and its PyMC model.

Owns the names of the sampled variables and of the model's data. Everything that is a number
(runs, reference scales, prior arguments, the parametrisation of levels) enters as ``Data``; what
is left is the structure, by which compiled models are kept.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pymc.dims as pmd
import xarray as xr

from bayes_scaling.display.html import html_formula, html_table
from bayes_scaling.display.tables import WholeTable
from bayes_scaling.frozen import FrozenMapping
from bayes_scaling.laws import Law, as_law
from bayes_scaling.model.building import (
    accept_missing_blas,
    noise_of_levels,
    on_surface,
    pooled_parameters,
    scatter_of,
    scatter_variables,
)
from bayes_scaling.model.checks import check_model, check_runs, check_stage_noise
from bayes_scaling.model.directions import (
    DIRECTION,
    LEVEL_DIRECTION,
    MOST_SHOWN,
    SHOWN,
    direction_data,
)
from bayes_scaling.model.hierarchy import Vary, centred_weights
from bayes_scaling.model.inputs import input_columns, noise_columns, response_columns, scales
from bayes_scaling.model.logarithms import by_logarithms
from bayes_scaling.model.nodes import LEVEL_NODE, NODE, level_node_count, node_count
from bayes_scaling.model.specification import Specification
from bayes_scaling.model.surface import DELTA, SCATTER, Surface
from bayes_scaling.noise import LogStudentT, Noise
from bayes_scaling.priors import PRIOR_MASS, Prior
from bayes_scaling.runs import Runs

PRIOR_DRAWS = 4000

DEFAULT_SURFACE = Surface()


@dataclass(frozen=True, repr=False)
class ScalingModel(Specification):
    """Everything assumed before any run is seen.

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
        assign(self, "priors", FrozenMapping(priors))
        assign(self, "noise", LogStudentT() if noise is None else noise)
        assign(self, "stage_noise", LogStudentT() if stage_noise is None else stage_noise)
        assign(self, "surface", surface)
        check_model(self.law, self.vary, self.priors, self.noise)
        check_stage_noise(self.stage_noise)

    def data(self, runs: Runs) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """Every number of the model as (dims, values): the runs, their scales, the priors."""
        run, scale = ("run",), scales(self.law, runs)
        losses = runs.values("loss") / scale["loss"]
        columns = input_columns(self.law, runs) | response_columns("response", losses, self.noise)
        for stage in self.law.stages:
            shares = runs.values(stage) / scale[stage]
            columns |= response_columns(stage, shares, self.stage_noise)
        columns |= {f"noise_{name}": one for name, one in noise_columns(self.noise, runs).items()}
        values: dict[str, tuple[tuple[str, ...], Any]] = {n: (run, c) for n, c in columns.items()}
        if self.has_surface(runs):
            values |= direction_data(
                self.law, runs, [one.by for one in self.deviating(DELTA, runs)]
            )
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

    def coords(self, runs: Runs) -> dict[str, list[str] | list[int]]:
        """Labels of the model's dims: runs, levels of each factor in use, nodes of the surface."""
        levels = {factor: list(runs.levels(factor)) for factor in self.factors}
        nodes: dict[str, list[int]] = {}
        if self.has_surface(runs):
            numbers = list(range(node_count(self.law)))
            shown = list(range(min(len(runs), MOST_SHOWN)))
            nodes = {NODE: numbers, DIRECTION: numbers, SHOWN: shown}
        if self.deviating(DELTA, runs):
            own = list(range(level_node_count(self.law)))
            nodes |= {LEVEL_NODE: own, LEVEL_DIRECTION: own}
        return {"run": list(runs.table.index), **levels, **nodes}

    def structure(self, runs: Runs) -> Hashable:
        """Everything that a compiled model depends on: all but the numbers in :meth:`data`."""
        sampled = self.sampled_priors(runs)
        priors = [(name, p.distribution, p.units) for name, p in sampled.items()]
        varies = [(vary.parameter, vary.by) for vary in self.vary]
        levels = [(factor, len(runs.levels(factor))) for factor in self.factors]
        stages = type(self.stage_noise) if self.law.stages else None
        noise = (type(self.noise), self.noise.columns, stages)
        ties = tuple(self.ties.items())
        return (self.law, noise, tuple(priors), tuple(varies), tuple(levels), ties)

    def check(self, runs: Runs) -> None:
        """Refuse runs that this model cannot be fitted to.

        Raises
        ------
        RunsError, ModelError
            The runs lack an input or factor of the model, or are too few.
        """
        check_runs(self, runs, lambda: self.data(runs))

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
        self.check(runs)
        accept_missing_blas()
        with pm.Model(coords=self.coords(runs)) as model:
            data = {
                name: pmd.Data(name, values, dims=dims, shape=_known_shape(dims, values))
                for name, (dims, values) in self.data(runs).items()
            }
            theta = pooled_parameters(self, data)
            inputs = {name: data[f"{name}_ref"] for name in self.law.inputs}
            noise = scatter_variables(self.noise, self.noise_name, data)
            columns = {name: data[f"noise_{name}"] for name in self.noise.columns}
            logarithms = {data[f"{name}_ref"]: data[f"{name}_log"] for name in self.law.inputs}
            expected = by_logarithms(self.law.evaluate(inputs, theta), logarithms)
            own = noise_of_levels(self, noise, data, self.deviating(SCATTER, runs))
            if self.has_surface(runs):
                floor, scatter = self.law.irreducible(theta), scatter_of(self.noise, own)
                levels = self.deviating(DELTA, runs)
                expected = on_surface(self, data, expected, floor, scatter, levels)
            self.noise.observe("response", expected, data["response_scaled"], own, columns)
            for stage, value in self.law.evaluate_stages(inputs, theta).items():
                named = partial(self.stage_noise_name, stage)
                scatter = scatter_variables(self.stage_noise, named, data)
                value = by_logarithms(value, logarithms)
                self.stage_noise.observe(stage, value, data[f"{stage}_scaled"], scatter, {})
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
        self.check(runs)
        paper = self._paper_ranges(runs)
        names = {self.typical_name(parameter): parameter for parameter in self.parameters}
        rows = {}
        shown = {**self.sampled_priors(runs), **self.priors_beyond(runs)}
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
        return WholeTable(pd.DataFrame.from_dict(rows, orient="index").rename_axis("variable"))

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
        own = "" if self.surface == DEFAULT_SURFACE else f", surface={self.surface}"
        return f"ScalingModel({self.law.name}{vary}{priors}{noise}{stage_noise}{own})"


def _known_shape(dims: tuple[str, ...], values: np.ndarray) -> list[int | None]:
    """Lengths of the dims that are the same for all runs of one structure."""
    lengths = zip(dims, values.shape, strict=True)
    return [None if dim in ("run", SHOWN) else length for dim, length in lengths]

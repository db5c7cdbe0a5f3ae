"""The expected loss of a fit as a function of inputs, draw by draw, on NumPy arrays.

Root finding evaluates a law hundreds of times; here the parameters are looked up once. Arrays have
the shape (chain, draw, point). Owns which inputs are held and which are free; no question of its
own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling._inputs import RATIOS, flops_per_pair, scales, typical_value
from bayes_scaling.decisions._isoloss import optimal_params
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.laws._base import arguments
from bayes_scaling.points import points
from bayes_scaling.posterior import expected_loss, parameters_at
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

SPLIT = ("params", "tokens", "flops", "tokens_per_param")
"""Inputs that follow from params and tokens."""

FAR = 1e100
"""How many times the reference an input is where only the floor of a law is left."""


@dataclass(frozen=True, eq=False)
class Surface:
    """The loss at points whose levels and held inputs are given, as a function of the others.

    Attributes
    ----------
    fit : ScalingFit
    where : xarray.Dataset, dims (point,)
        Levels of factors, held inputs, and the numbers that are asked about.
    free : tuple of str
        Inputs that are not held.
    """

    fit: ScalingFit
    where: xr.Dataset
    free: tuple[str, ...] = ("params", "tokens")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Chains, draws, points."""
        sizes = self.fit.posterior.sizes
        return sizes["chain"], sizes["draw"], self.where.sizes["point"]

    def loss(self, **inputs: Any) -> np.ndarray:
        """Expected loss with these inputs, in the unit of the runs' loss."""
        held = {str(name): self.where[name].values for name in self.where.data_vars}
        law, runs = self.fit.model.law, self.fit.runs
        given = with_compute({**held, **inputs}, flops_per_pair(runs, law.inputs))
        # Searches go where powers leave the range of floats, and on from draws without a solution.
        with np.errstate(all="ignore"):
            loss = expected_loss(self.fit.model, self._theta, given, scales(law, runs))
        result: np.ndarray = np.broadcast_to(loss, self.shape)
        return result

    def split_loss(self, params: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """Expected loss of params and tokens."""
        return self.loss(params=params, tokens=tokens)

    def centre(self, name: str) -> np.ndarray:
        """Reference of an input, the middle of searches."""
        return np.full(self.shape, typical_value(self.fit.runs, name))

    def floor(self) -> np.ndarray:
        """Loss left when every free input is beyond all bounds."""
        return self.loss(**{name: FAR * self.centre(name) for name in self.free})

    def frontier(self, flops: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Parameters, tokens and loss of the compute-optimal run."""
        flops = np.broadcast_to(flops, self.shape)
        if self.fit.model.law.optimum is not None:
            best = self.fit.model.law.optimum(flops, **self._paper)[0]
            params = np.broadcast_to(best, flops.shape)
        else:
            params = optimal_params(self.split_loss, flops, self.centre("params"))
        tokens = flops / FLOPS_PER_PARAM_TOKEN / params
        return params, tokens, self.split_loss(params, tokens)

    def labelled(self, **values: np.ndarray) -> xr.Dataset:
        """Arrays as draws, with levels and held inputs as coordinates of the points."""
        dims = ("chain", "draw", "point")
        arrays = {name: (dims, np.broadcast_to(v, self.shape)) for name, v in values.items()}
        coords = {str(name): self.where[name] for name in self.where.data_vars}
        sampled = {name: self.fit.posterior[name] for name in ("chain", "draw")}
        return xr.Dataset(arrays, {**sampled, **coords})

    @cached_property
    def _theta(self) -> dict[str, np.ndarray]:
        labels = {factor: self.where[factor] for factor in self.fit.model.factors}
        theta = parameters_at(self.fit.posterior, self.fit.model, labels)
        return {name: _as_array(values) for name, values in theta.items()}

    @cached_property
    def _paper(self) -> dict[str, np.ndarray]:
        optimum = self.fit.model.law.optimum
        names = arguments(optimum) if optimum is not None else ()
        labels = {factor: self.where[factor] for factor in self.fit.model.factors}
        draws = {name: self.fit.posterior[name] for name in names if name != "flops"}
        return {
            name: _as_array(values.sel({f: labels[f] for f in labels if f in values.dims}))
            for name, values in draws.items()
        }


def surface(
    fit: ScalingFit,
    asked: Mapping[str, Any],
    at: pd.DataFrame | None = None,
    free: Sequence[str] = ("params", "tokens"),
) -> Surface:
    """Points crossed with the fitted levels, and what is asked at each.

    Parameters
    ----------
    asked : mapping of str to array
        Numbers by name, broadcast against each other and the rows of `at`: targets, or inputs.
    at : pandas.DataFrame, optional
        Held inputs, and factors; a factor that is left out is crossed with the points.
    free : sequence of str
        Inputs that are solved for; they may be missing.

    Raises
    ------
    RunsError
        A number is not positive, an input that is not free is missing, or lengths differ.
    """
    table = _table(asked, at)
    if at is not None and (given := [name for name in free if name in at]):
        raise RunsError(
            f"{given[0]} is given in `at`, and {' and '.join(free)} is what is solved for, so it "
            "cannot be held. Leave the column out, or ask for another input."
        )
    held = table.drop(columns=list(asked))
    anywhere = {name: np.full(len(table), typical_value(fit.runs, name)) for name in free}
    where = points(fit.model, fit.runs, at=held.assign(**anywhere))
    copies = where.sizes["point"] // len(table)
    kept = {name: where[name] for name in (*held, *fit.model.factors) if name in where}
    numbers = {name: ("point", np.repeat(table[name].to_numpy(float), copies)) for name in asked}
    together = xr.Dataset({**numbers, **kept}, {"point": where["point"]})
    return Surface(fit, together, tuple(free))


def paired(fit: ScalingFit, like: ScalingFit) -> ScalingFit:
    """A fit with as many draws as another, independent one, repeated from the first if too few.

    Draws of independent posteriors may be paired in any order.
    """
    posterior, sizes = fit.posterior, like.posterior.sizes
    draws = posterior.sizes["draw"]
    numbers = np.arange(posterior.sizes["chain"] * draws)
    shape = (sizes["chain"], sizes["draw"])
    chosen = xr.DataArray(np.resize(numbers, shape), dims=("chain", "draw"))
    bare = posterior.drop_vars(["chain", "draw"])
    taken = bare.isel(chain=chosen // draws, draw=chosen % draws)
    numbered = taken.assign_coords({name: like.posterior[name] for name in ("chain", "draw")})
    return replace(fit, posterior=numbered)


def splits(fit: ScalingFit) -> bool:
    """Whether the law, with other inputs held, is one of params and tokens."""
    inputs = set(fit.model.law.inputs)
    return len(inputs & set(SPLIT)) > 1


def check_splits(fit: ScalingFit, question: str) -> None:
    """Refuse a law that does not trade parameters for tokens, or a response that is no loss."""
    check_loss(fit, question)
    if not splits(fit):
        raise ModelError(
            f"{question}: {fit.model.law.name} is a function of "
            f"{', '.join(fit.model.law.inputs)}, and only a law of params and tokens says what "
            "one is worth in the other. Fit such a law, for instance bs.laws.Chinchilla."
        )


def check_loss(fit: ScalingFit, question: str) -> None:
    """Refuse a response that does not fall with scale."""
    if fit.runs.response != "loss":
        raise ModelError(
            f"{question}: the response of these runs is {fit.runs.response!r}, which need not "
            "fall as runs grow, and the search relies on that. Fit the loss of the same runs."
        )


def with_compute(inputs: Mapping[str, Any], each: float) -> dict[str, Any]:
    """Inputs with all that follows from two others, at `each` FLOP for a parameter and token."""
    found = dict(inputs)
    if {"params", "tokens"} <= set(found):
        found["flops"] = each * found["params"] * found["tokens"]
    for name, (numerator, denominator) in RATIOS.items():
        if {numerator, denominator} <= set(found):
            found[name] = found[numerator] / found[denominator]
    return found


def _table(asked: Mapping[str, Any], at: pd.DataFrame | None) -> pd.DataFrame:
    columns = {} if at is None else {str(name): at[name].to_numpy() for name in at}
    numbers = {name: np.ravel(np.asarray(value, dtype=float)) for name, value in asked.items()}
    for name, values in numbers.items():
        bad = values[~(np.isfinite(values) & (values >= 0))]
        if bad.size:
            raise RunsError(
                f"{name} is {bad[0]}, and laws are defined for positive finite numbers only. "
                "Give positive finite numbers, such as 5.76e23 FLOP or a loss of 2.1."
            )
    try:
        arrays = np.broadcast_arrays(*columns.values(), *numbers.values())
    except ValueError as error:
        sizes = {name: np.size(value) for name, value in {**columns, **numbers}.items()}
        raise RunsError(
            f"What is asked has different lengths: {sizes}, so it cannot be paired. Give arrays "
            "of one length, or single numbers."
        ) from error
    return pd.DataFrame(dict(zip((*columns, *numbers), arrays, strict=True)))


def _as_array(values: xr.DataArray) -> np.ndarray:
    """Values with dims (chain, draw, point), the last of length one where it is missing."""
    if "point" not in values.dims:
        values = values.expand_dims("point")
    return values.transpose("chain", "draw", "point").to_numpy()

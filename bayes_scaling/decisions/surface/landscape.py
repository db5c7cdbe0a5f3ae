"""The expected loss of a fit as a function of inputs, draw by draw, on NumPy arrays.

Arrays have the dims (chain, draw, place), after those of a search. Owns which inputs are held and
which are free, and how much of one input reaches a loss; no question of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.decisions.surface.solvers import Array, first_below
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.fitting.average import check_is_fit
from bayes_scaling.fitting.loss_surface import LossSurface
from bayes_scaling.fitting.posterior import taken
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.inputs import RATIOS, flops_per_pair, typical_value
from bayes_scaling.model.points import At, Numbers, as_floats, asked_table, points

FAR = 1e100
"""Multiple of its reference at which no more of an input changes the loss."""

REACH = np.log(1e40) * np.linspace(-1, 1, 25) ** 3
"""Log distances from the centre of a search at which amounts are tried, densest near it."""

STEP = 1e-3
"""Half of the step of differences, in logarithms: their error is about its square."""

STEEPEST = 50.0
"""Logarithms of ratios are cut off here, far from any root, so that all are finite."""


@dataclass(frozen=True, eq=False)
class Landscape:
    """The loss at places whose levels and held inputs are given, as a function of the others.

    Attributes
    ----------
    fit : ScalingFit
    where : xarray.Dataset, of one dim
        Levels of factors, held inputs, and the numbers that are asked about.
    surface : LossSurface
        At these levels, of arrays.
    held : mapping of str to float
        Inputs that are the same at all places.
    """

    fit: ScalingFit
    where: xr.Dataset
    surface: LossSurface
    held: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls, fit: ScalingFit, where: xr.Dataset, held: Mapping[str, float] | None = None
    ) -> Self:
        """The loss of a fit at places."""
        labels = {name: xr.DataArray(where[name].variable) for name in fit.model.factors}
        [dim] = where.sizes
        surface = fit.surface_at(labels).map(lambda values: _as_array(values, str(dim)))
        return cls(fit, where, surface, held or {})

    @property
    def inside(self) -> Self:
        """The landscape of a law that goes on beyond the runs as it says.

        Limits of endless data or size lie on no path along which runs grow, of which alone it is
        known by how much laws miss.
        """
        return replace(self, surface=self.surface.inside)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Chains, draws, places."""
        sizes, [places] = self.fit.posterior.sizes, self.where.sizes.values()
        return sizes["chain"], sizes["draw"], places

    def everywhere(self, values: Any) -> Array:
        """Values for each draw and place, and each step of a search if they have its dims."""
        full: Array = np.broadcast_to(values, np.broadcast_shapes(np.shape(values), self.shape))
        return full

    def asked(self, name: str) -> Array:
        """Numbers that are asked about, for each draw."""
        return self.everywhere(self.where[name].values)

    def loss(self, **inputs: Any) -> Array:
        """Expected loss with these inputs, in the unit of the runs' loss."""
        given = {str(name): self.where[name].values for name in self.where.data_vars}
        each = flops_per_pair(self.fit.runs, self.fit.model.law.inputs)
        # Searches go where powers leave the range of floats, and on from draws without a solution.
        with np.errstate(all="ignore"):
            loss = self.surface.loss(with_compute({**given, **self.held, **inputs}, each))
        return self.everywhere(loss)

    def split_loss(self, params: Array | float, tokens: Array) -> Array:
        """Expected loss of params and tokens."""
        return self.loss(params=params, tokens=tokens)

    def gains(self, params: Array, tokens: Array) -> tuple[Array, Array]:
        """Fall of the loss per unit of log params and of log tokens."""
        up, down = np.exp(STEP), np.exp(-STEP)
        in_params = self.split_loss(params * down, tokens) - self.split_loss(params * up, tokens)
        in_tokens = self.split_loss(params, tokens * down) - self.split_loss(params, tokens * up)
        return in_params / (2 * STEP), in_tokens / (2 * STEP)

    def reaching(self, loss: Callable[[Array], Array], target: Array, centre: Array) -> Array:
        """Amount of an input that reaches a loss: infinite where none does, 0 where any does.

        Parameters
        ----------
        loss : callable
            Loss of the input, which falls as that grows but for small wiggles, or up to a point.
        target : numpy.ndarray
            Loss to be reached.
        centre : numpy.ndarray
            Middle of the range searched.
        """

        def excess(log_amount: Array) -> Array:
            return log_ratio(loss(np.exp(log_amount)), target)

        middle = self.everywhere(np.log(centre))
        amount: Array = np.exp(first_below(excess, middle + REACH.reshape(-1, 1, 1, 1)))
        return amount

    def centre(self, name: str) -> Array:
        """Reference of an input, the middle of searches."""
        return np.full(self.shape, typical_value(self.fit.runs, name))

    @property
    def floor(self) -> Array:
        """Loss that no scale gets below."""
        return self.everywhere(self.surface.floor)

    def labelled(self, **values: Array) -> xr.Dataset:
        """Arrays as draws, with levels and held inputs as coordinates of the places."""
        [place] = self.where.sizes
        dims = ("chain", "draw", place)
        arrays = {name: (dims, np.broadcast_to(v, self.shape)) for name, v in values.items()}
        sampled = {name: self.fit.posterior[name] for name in ("chain", "draw")}
        own = {name: (place, values.values) for name, values in self.where.variables.items()}
        return xr.Dataset(arrays, {**sampled, **own})


def log_ratio(value: Array, other: Array) -> Array:
    """Logarithm of one value over another, as searches take it."""
    with np.errstate(all="ignore"):
        ratio: Array = np.log(value / other).clip(-STEEPEST, STEEPEST)
    return ratio


def surface(
    fit: ScalingFit,
    asked: Mapping[str, Any],
    at: At | None = None,
    free: Sequence[str] = ("params", "tokens"),
) -> Landscape:
    """The loss at points crossed with the fitted levels.

    Parameters
    ----------
    asked : mapping of str to array
        Numbers by name, broadcast against each other and the rows of `at`: targets, or inputs.
    at : pandas.DataFrame or mapping, optional
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
    return Landscape.of(fit, xr.Dataset({**numbers, **kept}, {"point": where["point"]}))


def paired(fit: ScalingFit, like: ScalingFit) -> ScalingFit:
    """A fit with as many draws as another, independent one; draws repeat if there are too few.

    Draws of independent posteriors may be paired in any order.
    """
    own, sizes = fit.posterior.sizes, like.posterior.sizes
    numbers = np.arange(own["chain"] * own["draw"])
    paired = taken(fit.posterior, np.resize(numbers, (sizes["chain"], sizes["draw"])))
    numbered = paired.assign_coords({name: like.posterior[name] for name in ("chain", "draw")})
    return replace(fit, posterior=numbered)


def check_splits(fit: ScalingFit, question: str) -> None:
    """Refuse a law that does not trade parameters for tokens, or a response that is no loss."""
    check_loss(fit, question)
    if not fit.model.law.splits_compute:
        raise ModelError(
            f"{question}: {fit.model.law.name} is a function of "
            f"{', '.join(fit.model.law.inputs)}, and only a law of params and tokens says what "
            "one is worth in the other. Fit such a law, for instance bs.laws.Chinchilla."
        )


def check_loss(fit: ScalingFit, question: str) -> None:
    """Refuse what is no fit, and a response that does not fall with scale."""
    check_is_fit(fit, question)
    if fit.runs.response != "loss":
        raise ModelError(
            f"{question}: the response of these runs is {fit.runs.response!r}, which need not "
            "fall as runs grow, and the search relies on that. Fit the loss of the same runs."
        )


def with_compute(inputs: Mapping[str, Any], each: float) -> dict[str, Any]:
    """Inputs with compute and ratios that follow from them; `each`: FLOP per param and token."""
    found = dict(inputs)
    if {"params", "tokens"} <= set(found):
        found["flops"] = each * found["params"] * found["tokens"]
    for name, (numerator, denominator) in RATIOS.items():
        if {numerator, denominator} <= set(found):
            found[name] = found[numerator] / found[denominator]
    return found


def _table(asked: Mapping[str, Numbers], at: At | None) -> pd.DataFrame:
    """Numbers asked for beside what is held, paired."""
    numbers = {name: as_floats(name, value) for name, value in asked.items()}
    for name, values in numbers.items():
        bad = values[~(np.isfinite(values) & (values >= 0))]
        if bad.size:
            raise RunsError(
                f"{name} is {bad[0]}, and laws are defined for positive finite numbers only. "
                "Give positive finite numbers, such as 5.76e23 FLOP or a loss of 2.1."
            )
    return asked_table(numbers, at)


def _as_array(values: Any, place: str) -> Any:
    """Values with the dims (chain, draw, place), the last of length one where it is missing."""
    if not isinstance(values, xr.DataArray):
        return values
    missing = {name: 1 for name in ("chain", "draw", place) if name not in values.dims}
    return values.expand_dims(missing).transpose("chain", "draw", place).to_numpy()

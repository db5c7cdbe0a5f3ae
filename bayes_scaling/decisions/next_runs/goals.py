"""Goal: the quantity that new runs are to make more certain.

Says which draws of a fit it is and what to call it. What runs would teach of it is for
:mod:`bayes_scaling.decisions.next_runs.choosing`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.decisions.allocation import allocate
from bayes_scaling.decisions.groups import check_level, compare_levels
from bayes_scaling.display.digits import label_writer
from bayes_scaling.display.html import AsCode
from bayes_scaling.display.intervals import SAMPLE_DIMS
from bayes_scaling.errors import ModelError, RunsError, check_kind
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.runs.cells import as_label
from bayes_scaling.units import format_flops

type RunAt = Mapping[str, float | str]
"""Inputs and levels of factors, by column name."""

Optimal = Literal["params", "tokens", "tokens_per_param"]


AT = '{"corpus": "web"}'
"""Levels of factors, as a message shows them."""


class Goal(AsCode, ABC):
    """The quantity that new runs are to make more certain, for :func:`bayes_scaling.next_runs`.

    Made by :meth:`loss`, :meth:`optimum`, :meth:`parameter` or :meth:`multiplier`.

    Examples
    --------
    >>> Goal.loss(params=70e9, tokens=1.4e12)
    Goal.loss(params=70B, tokens=1.4T)
    >>> Goal.optimum(flops=5.76e23, at={"corpus": "web"})
    Goal.optimum(flops=5.76e23, of='params', at={'corpus': 'web'})
    >>> Goal.parameter("a")
    Goal.parameter('a')
    """

    quantity: str
    """Its name: ``"expected_loss"``, ``"params"``, ``"a"``."""

    @staticmethod
    def loss(
        params: float | None = None,
        tokens: float | None = None,
        flops: float | None = None,
        at: RunAt | None = None,
    ) -> Goal:
        """The expected loss of one run, such as the large one that the sweep is for.

        Parameters
        ----------
        params, tokens, flops : float
            Parameters, training tokens, FLOP, of which two give the third (6ND).
        at : mapping of str to float or str, optional
            Further inputs of the law, and the level of each factor of the model.
        """
        given = {"params": params, "tokens": tokens, "flops": flops}
        for name, value in given.items():
            check_kind("Goal.loss", name, value, Real, "7e10")
        numbers = {name: float(value) for name, value in given.items() if value is not None}
        check_kind("Goal.loss", "at", at, Mapping, AT)
        return _Loss(numbers, dict(at or {}))

    @staticmethod
    def optimum(flops: float, of: Optimal = "params", at: RunAt | None = None) -> Goal:
        """The compute-optimal run at a budget.

        Parameters
        ----------
        flops : float
            Compute in FLOP.
        of : {"params", "tokens", "tokens_per_param"}
            Which part of that run.
        at : mapping of str to float or str, optional
            As for :meth:`loss`.

        Raises
        ------
        ValueError
            `of` is none of them.
        """
        if of not in ("params", "tokens", "tokens_per_param"):
            raise ValueError(
                f"Goal.optimum: of={of!r} is no part of a split of compute. Use 'params', "
                "'tokens' or 'tokens_per_param'."
            )
        check_kind("Goal.optimum", "flops", flops, Real, "1e24")
        check_kind("Goal.optimum", "at", at, Mapping, AT)
        return _Optimum(float(flops), of, dict(at or {}))

    @staticmethod
    def parameter(name: str, at: RunAt | None = None) -> Goal:
        """A parameter of the law, or a quantity derived from them such as ``"a"``.

        Parameters
        ----------
        name : str
            As in the summary of the fit, such as ``"E"`` or ``"E_typical"``.
        at : mapping of str to str, optional
            The level of each factor that it varies by.
        """
        check_kind("Goal.parameter", "name", name, str, '"E"')
        check_kind("Goal.parameter", "at", at, Mapping, AT)
        return _Parameter(name, dict(at or {}))

    @staticmethod
    def multiplier(
        first: str, second: str, scale: float, factor: str | None = None, at: RunAt | None = None
    ) -> Goal:
        """Multiple of the compute that one level needs to reach the loss of another.

        Parameters
        ----------
        first, second, scale, factor
            As for :func:`bayes_scaling.compare_levels`, one scale.
        at : mapping, optional
            Levels of other factors, and other inputs of the law.
        """
        for name, level in (("first", first), ("second", second)):
            check_kind("Goal.multiplier", name, level, str, '"web"')
        check_kind("Goal.multiplier", "scale", scale, Real, "1e24")
        check_kind("Goal.multiplier", "at", at, Mapping, AT)
        return _Multiplier(first, second, float(scale), factor, dict(at or {}))

    @property
    @abstractmethod
    def words(self) -> str:
        """The quantity in words, as titles call it."""

    @abstractmethod
    def draws(self, fit: ScalingFit) -> xr.DataArray:
        """Posterior draws of the quantity, dims (chain, draw), in its own unit.

        Raises
        ------
        RunsError, ModelError
            The fit does not have the quantity, or has several of that name.
        """


@dataclass(frozen=True, repr=False)
class _Loss(Goal):
    numbers: Mapping[str, float]
    at: RunAt = field(default_factory=dict)
    quantity: str = "expected_loss"

    def draws(self, fit: ScalingFit) -> xr.DataArray:
        table = pd.DataFrame([{**self.at, **self.numbers}])
        return _single(fit.expected_loss(at=table), "point", fit, self.at)

    @property
    def words(self) -> str:
        given = [f"{name} {label_writer(name)(value)}" for name, value in self.numbers.items()]
        return f"the expected loss at {', '.join([*given, *_told(self.at)])}"

    def __repr__(self) -> str:
        numbers = [f"{name}={label_writer(name)(value)}" for name, value in self.numbers.items()]
        return f"Goal.loss({', '.join([*numbers, *_shown(self.at)])})"


@dataclass(frozen=True, repr=False)
class _Optimum(Goal):
    flops: float
    quantity: Optimal = "params"
    at: RunAt = field(default_factory=dict)

    def draws(self, fit: ScalingFit) -> xr.DataArray:
        labels = {n: as_label(self.at[n]) for n in fit.model.factors if n in self.at}
        inputs = {n: float(value) for n, value in self.at.items() if n not in fit.model.factors}
        found = allocate(fit, self.flops, inputs=inputs).draws[self.quantity]
        for factor, level in labels.items():
            check_level(fit, factor, level, "Goal")
            found = found.isel(budget=np.flatnonzero(found[factor].values.astype(str) == level))
        return _single(found, "budget", fit, self.at)

    @property
    def words(self) -> str:
        budget = f"{format_flops(self.flops)} FLOP"
        best = self.quantity.replace("_", " ").replace("param", "parameter")
        return f"the optimal {best} at {', '.join([budget, *_told(self.at)])}"

    def __repr__(self) -> str:
        parts = [f"flops={format_flops(self.flops)}", f"of={self.quantity!r}", *_shown(self.at)]
        return f"Goal.optimum({', '.join(parts)})"


@dataclass(frozen=True, repr=False)
class _Parameter(Goal):
    quantity: str
    at: RunAt = field(default_factory=dict)

    def draws(self, fit: ScalingFit) -> xr.DataArray:
        if self.quantity not in fit.parameter_names:
            raise ModelError(
                f"Goal.parameter: {self.quantity!r} is no quantity of this fit, so no run can make "
                f"it more certain. It has {', '.join(fit.parameter_names)}. Use one of these."
            )
        found = fit.posterior[self.quantity]
        for factor in [str(dim) for dim in found.dims if dim not in SAMPLE_DIMS]:
            if factor not in self.at:
                _refuse_levels([factor], fit)
            level = as_label(self.at[factor])
            check_level(fit, factor, level, "Goal")
            found = found.sel({factor: level}, drop=True)
        return found

    @property
    def words(self) -> str:
        return ", ".join([self.quantity, *_told(self.at)])

    def __repr__(self) -> str:
        return f"Goal.parameter({', '.join([repr(self.quantity), *_shown(self.at)])})"


@dataclass(frozen=True, repr=False)
class _Multiplier(Goal):
    first: str
    second: str
    scale: float
    factor: str | None = None
    at: RunAt = field(default_factory=dict)
    quantity: str = "multiplier"

    def draws(self, fit: ScalingFit) -> xr.DataArray:
        held = pd.DataFrame([self.at]) if self.at else None
        found = compare_levels(
            fit, self.first, self.second, self.scale, factor=self.factor, at=held
        )
        multiplier = found.draws["multiplier"]
        finite = multiplier.where(np.isfinite(multiplier))
        return _single(finite, "point", fit, {**self.at, found.factor: self.first})

    @property
    def words(self) -> str:
        where = ", ".join([format_flops(self.scale), *_told(self.at)])
        return (
            f"the multiple of the compute of {self.first!r} that {self.second!r} needs at {where}"
        )

    def __repr__(self) -> str:
        parts = [repr(self.first), repr(self.second), format_flops(self.scale), *_shown(self.at)]
        return f"Goal.multiplier({', '.join(parts)})"


def _single(draws: xr.DataArray, dim: str, fit: ScalingFit, at: RunAt) -> xr.DataArray:
    """The draws of the only element of a dim; several mean that a level was not given."""
    if draws.sizes[dim] != 1:
        _refuse_levels([factor for factor in fit.model.factors if factor not in at], fit)
    return draws.isel({dim: 0}).reset_coords(drop=True)


def _refuse_levels(factors: list[str], fit: ScalingFit) -> None:
    factor = factors[0]
    levels = fit.runs.levels(factor)
    raise RunsError(
        f"Goal: this fit differs by {factor} ({', '.join(levels)}) and the goal names none of "
        f"them, so it would be {len(levels)} quantities. Give at={{{factor!r}: {levels[0]!r}}}."
    )


def _told(at: RunAt) -> list[str]:
    return [
        f"{name} {value!r}" if isinstance(value, str) else f"{name} {label_writer(name)(value)}"
        for name, value in at.items()
    ]


def _shown(at: RunAt) -> list[str]:
    return [f"at={dict(at)!r}"] if at else []

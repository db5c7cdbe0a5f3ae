"""Splitting one budget between parameters and tokens: the search that every decision rests on.

Owns the least expected loss within a budget, for any law, cost and constraints, draw by draw, and
the compute that an optimal run of given loss would have needed. Knows nothing of tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling._inputs import flops_per_pair, scales
from bayes_scaling._optimise import minimise_within, root
from bayes_scaling.costs import Cost, SixND
from bayes_scaling.decisions.constraints import Constraints
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.laws._base import arguments
from bayes_scaling.posterior import expected_loss, parameters_at

SEARCH_WIDTH = np.log(1e9)
"""How far from the runs' mean size an optimum is searched for, in log params."""

LEAST_SHARE = np.log(1e-9)
"""Down to which log share of a budget an equivalent one is searched for."""

MOST_PARAMS = np.log(1e30)
"""Up to which log count the size of a given ratio is searched for."""

SPLIT = frozenset({"params", "tokens", "flops", "tokens_per_param"})
"""Inputs that follow from how a budget is split."""


@dataclass(frozen=True, eq=False)
class Splitting:
    """What a budget is split under: law, cost, constraints, other inputs, levels of factors.

    Attributes
    ----------
    inputs : mapping of str to float or xarray.DataArray
        Inputs of the law that the split does not change, such as ``unique_tokens``.
    labels : mapping of str to xarray.DataArray
        Level of each factor, by budget.
    shift : float or xarray.DataArray, dims (chain, draw, budget)
        Log params by which the best size of a budget lies off the law's: the loss of sizes on which
        it is spent is that of the law at sizes so much smaller.
    """

    fit: ScalingFit
    cost: Cost = field(default_factory=SixND)
    constraints: Constraints = field(default_factory=Constraints)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, xr.DataArray] = field(default_factory=dict)
    shift: float | xr.DataArray = 0.0

    def loss(self, params: Any, tokens: Any) -> xr.DataArray:
        """Draws of the expected loss."""
        fit = self.fit
        values = {
            "params": params,
            "tokens": tokens,
            "flops": flops_per_pair(fit.runs, fit.model.law.inputs) * params * tokens,
            "tokens_per_param": tokens / params,
            **self.inputs,
        }
        if "unique_tokens" in self.inputs:
            values["epochs"] = tokens / self.inputs["unique_tokens"]
        units = scales(fit.model.law, fit.runs)
        loss: xr.DataArray = expected_loss(fit.model, self._theta, values, units)
        return loss.drop_vars(list(self.labels), errors="ignore")

    def loss_of(self, params: Any, budget: xr.DataArray) -> xr.DataArray:
        """Draws of the expected loss of a size on which the whole budget is spent."""
        return self._loss_by_law(params * np.exp(-self.shift), budget)

    def optimum(self, budget: xr.DataArray) -> xr.Dataset:
        """``params``, ``tokens`` of least loss, and the ``end`` of what was searched they are at.

        `end` is -1, 0 or 1; NaN parameters are those of draws without an optimum.
        """
        if self.constraints.tokens_per_param is not None:
            params, end = self._at_ratio(budget), xr.zeros_like(budget, dtype=int)
        elif self.constraints.sizes:
            params, end = self._of_menu(budget)
        else:
            params, end = self._between(budget)
        posterior = self.fit.posterior
        params = params + 0.0 * posterior["chain"] + 0.0 * posterior["draw"]
        tokens = self.cost.tokens(params, budget)
        return xr.Dataset({"params": params, "tokens": tokens, "end": end})

    def best_loss(self, budget: xr.DataArray) -> xr.DataArray:
        """Draws of the least expected loss that a budget reaches."""
        return self.loss_of(self.optimum(budget)["params"], budget)

    def equivalent(self, loss: xr.DataArray, budget: xr.DataArray) -> xr.DataArray:
        """The share of a budget that would have reached a loss, split optimally.

        One where the loss is the best there is, NaN where it is worse than a billionth of the
        budget reaches.
        """

        def too_much(log_share: xr.DataArray) -> xr.DataArray:
            return loss - self.best_loss(budget * np.exp(log_share))

        log_share = root(too_much, xr.zeros_like(loss) + LEAST_SHARE, 0.0)
        share: xr.DataArray = xr.ufuncs.exp(log_share).where(log_share > LEAST_SHARE)
        return share

    def range_searched(self, budget: xr.DataArray) -> xr.Dataset:
        """Ends of the log parameters searched, and whether each is one of the constraints."""
        kept, cost = self.constraints, self.cost
        centre = 0 * budget + np.log(self.fit.runs.reference["params"])
        low, high = centre - SEARCH_WIDTH, centre + SEARCH_WIDTH
        below = [kept.min_params, kept.max_tokens and cost.params(kept.max_tokens, budget)]
        above = [kept.max_params, kept.min_tokens and cost.params(kept.min_tokens, budget)]
        floor = _combined(np.maximum, below, -np.inf * xr.ones_like(budget))
        ceiling = _combined(np.minimum, above, np.inf * xr.ones_like(budget))
        return xr.Dataset(
            {
                "low": np.maximum(low, floor),
                "high": np.minimum(high, ceiling),
                "low_is_limit": floor > low,
                "high_is_limit": ceiling < high,
            }
        )

    def check_budget(self, budget: xr.DataArray) -> None:
        """Refuse a budget that cannot be spent within the constraints."""
        spendable = self._spendable(budget)
        if not bool(spendable.all()):
            bad = float(budget.values[~spendable.values][0])
            raise RunsError(
                f"A budget of {bad:.4g} {self.cost.unit} cannot be spent within "
                f"{self.constraints!r}: no size of model keeps to the bounds both on params and on "
                "tokens. Widen the bounds, or change the budget."
            )

    @cached_property
    def _theta(self) -> dict[str, xr.DataArray]:
        return parameters_at(self.fit.posterior, self.fit.model, self.labels)

    @property
    def _closed(self) -> bool:
        return self.fit.model.law.optimum is not None and isinstance(self.cost, SixND)

    def _spendable(self, budget: xr.DataArray) -> xr.DataArray:
        searched = self.range_searched(budget)
        if self.constraints.sizes:
            return self._allowed(budget).any("size")
        return searched["low"] <= searched["high"] * (1 + 1e-12)

    def _between(self, budget: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
        searched = self.range_searched(budget)
        if self._closed:
            best = xr.ufuncs.log(self._closed_form(budget)) + self.shift
            end = (best > searched["high"]).astype(int) - (best < searched["low"]).astype(int)
            best = best.clip(searched["low"], searched["high"])
        else:
            # Limits are of the size that is asked for, the rest of the range of the law's.
            low, high = (
                (searched[side] - self.shift).where(searched[f"{side}_is_limit"], searched[side])
                for side in ("low", "high")
            )
            by_law, end = minimise_within(
                lambda log: self._loss_by_law(np.exp(log), budget), low, high
            )
            best = by_law + self.shift
        low_limits, high_limits = searched["low_is_limit"], searched["high_is_limit"]
        real = (end == 0) | ((end < 0) & low_limits) | ((end > 0) & high_limits)
        return xr.ufuncs.exp(best).where(real), end

    def _loss_by_law(self, params: Any, budget: xr.DataArray) -> xr.DataArray:
        return self.loss(params, self.cost.tokens(params, budget))

    def _closed_form(self, budget: xr.DataArray) -> xr.DataArray:
        law, posterior = self.fit.model.law, self.fit.posterior
        if law.optimum is None:
            raise ModelError(f"{law.name} has no closed form of its optimum. Search for it.")
        used = [name for name in arguments(law.optimum) if name != "flops"]
        theta = {name: _at(posterior[name], self.labels) for name in used}
        params: xr.DataArray = law.optimum(budget, **theta)[0]
        return params

    def _of_menu(self, budget: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
        sizes = xr.DataArray(list(self.constraints.sizes), dims="size")
        allowed = self._allowed(budget)
        best = self.loss_of(sizes, budget).where(allowed, np.inf).argmin("size")
        rank = xr.DataArray(np.arange(len(sizes)), dims="size")
        first, last = rank.where(allowed).min("size"), rank.where(allowed).max("size")
        end = (best == last).astype(int) - (best == first).astype(int)
        return sizes.isel(size=best), end

    def _allowed(self, budget: xr.DataArray) -> xr.DataArray:
        sizes = xr.DataArray(np.log(self.constraints.sizes), dims="size")
        searched = self.range_searched(budget)
        low = searched["low"].where(searched["low_is_limit"], -np.inf) - 1e-12
        high = searched["high"].where(searched["high_is_limit"], np.inf) + 1e-12
        return (sizes >= low) & (sizes <= high)

    def _at_ratio(self, budget: xr.DataArray) -> xr.DataArray:
        ratio = self.constraints.tokens_per_param

        def too_much(log: xr.DataArray) -> xr.DataArray:
            params = xr.ufuncs.exp(log)
            excess: xr.DataArray = np.log(self.cost.spent(params, ratio * params) / budget)
            return excess

        log_params = root(too_much, xr.zeros_like(budget), MOST_PARAMS)
        params: xr.DataArray = xr.ufuncs.exp(log_params)
        return params


def _combined(combine: Any, counts: list[Any], start: xr.DataArray) -> xr.DataArray:
    for count in counts:
        if count is not None:
            start = combine(start, np.log(count))
    return start


def _at(values: xr.DataArray, labels: Mapping[str, xr.DataArray]) -> xr.DataArray:
    chosen = {factor: label for factor, label in labels.items() if factor in values.dims}
    return values.sel(chosen).drop_vars(list(labels), errors="ignore")

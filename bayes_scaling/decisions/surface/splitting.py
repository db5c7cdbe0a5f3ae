"""Splitting one budget between parameters and tokens: the search that every decision rests on.

Owns the least expected loss within a budget, for any cost and constraints, and the least budget
that reaches a loss, draw by draw. Knows nothing of tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from bayes_scaling.decisions.constraints import Constraints
from bayes_scaling.decisions.costs import Cost, SixND
from bayes_scaling.decisions.surface.landscape import Landscape
from bayes_scaling.decisions.surface.solvers import Array, minimum
from bayes_scaling.errors import RunsError

SEARCH_WIDTH = np.log(1e9)
"""Distance from the size at the runs' ratio of tokens to the ends of a search, in log params."""

ROUNDS = 8
"""Most rounds in which the split and the budget of the cheapest run are sought in turn."""

SAME = 1e-4
"""Share of the budget by which a round must lower it for another to be worth making: what is left
after a round is about the square of what it took."""


class Split(NamedTuple):
    """Splits of a budget, one for each draw.

    Attributes
    ----------
    params, tokens, loss : numpy.ndarray
        NaN in draws without an optimum.
    end : numpy.ndarray of int
        -1 or 1 where it is the smallest or largest size that was searched, and else 0.
    """

    params: Array
    tokens: Array
    loss: Array
    end: Array

    @property
    def ratio(self) -> Array:
        """Tokens per parameter; NaN of endless ones."""
        with np.errstate(invalid="ignore"):
            ratio: Array = self.tokens / self.params
        return ratio


class Range(NamedTuple):
    """The log params searched: its ends, and those at the runs' ratio of tokens in between.

    Attributes
    ----------
    low, likely, high : numpy.ndarray
    low_is_limit, high_is_limit : numpy.ndarray of bool
        Where an end is one of the constraints.
    """

    low: Array
    likely: Array
    high: Array
    low_is_limit: Array
    high_is_limit: Array


@dataclass(frozen=True, eq=False)
class Splitting:
    """The split of a budget: by the loss of params and tokens, at a cost, under constraints."""

    where: Landscape
    cost: Cost = field(default_factory=SixND)
    constraints: Constraints = field(default_factory=Constraints)

    def loss_of(self, params: Array | float, budget: Array) -> Array:
        """Expected loss of a size on which the whole budget is spent."""
        with np.errstate(all="ignore"):
            return self.where.split_loss(params, self.cost.tokens(params, budget))

    def optimum(self, budget: Array) -> Split:
        """Run of least loss that spends a budget within the constraints."""
        budget = self.where.everywhere(budget)
        if self.constraints.tokens_per_param is not None:
            params = self.cost.params_at(self.constraints.tokens_per_param, budget)
            end = np.zeros(budget.shape, int)
        elif self.constraints.sizes:
            params, end = self._of_menu(budget)
        else:
            params, end = self._between(budget)
        return Split(params, self.cost.tokens(params, budget), self.loss_of(params, budget), end)

    def cheapest(self, target: Array, near: Split | None = None) -> Split:
        """Cheapest run that reaches a loss; infinite where none does.

        At a fixed ratio of tokens to parameters it is a root. Its cost, split better, gives a
        better ratio; since the cost is flat at the best ratio, few rounds of the two find it.

        Parameters
        ----------
        target : numpy.ndarray
            Loss to be reached.
        near : Split, optional
            Runs whose ratio is about the best one; the runs' typical ratio if not given.
        """
        params, tokens = (self.where.centre(name) for name in ("params", "tokens"))
        usual = self.cost.spent(params, tokens)
        ratio = tokens / params if near is None else near.ratio
        params = self._grown(ratio, target)
        for _ in range(ROUNDS):
            spent = self.cost.spent(params, ratio * params)
            finite = np.isfinite(spent) & (spent > 0)
            split = self.optimum(np.where(finite, spent, usual))
            better = np.where(finite, split.ratio, ratio)
            grown = self._grown(better, target)
            costs = self.cost.spent(grown, better * grown)
            less = np.isnan(better) | (costs < spent)
            params, ratio = np.where(less, grown, params), np.where(less, better, ratio)
            if not (costs < spent * (1 - SAME)).any():
                break
        return Split(params, ratio * params, target, np.zeros(self.where.shape, int))

    def range_searched(self, budget: Array) -> Range:
        """The log params among which the optimum is."""
        kept, cost, where = self.constraints, self.cost, self.where
        centre = np.log(cost.params_at(where.centre("tokens_per_param"), budget))
        low, high = centre - SEARCH_WIDTH, centre + SEARCH_WIDTH
        floor = [kept.min_params, kept.max_tokens and cost.params(kept.max_tokens, budget)]
        ceiling = [kept.max_params, kept.min_tokens and cost.params(kept.min_tokens, budget)]
        least = np.max([np.log(n) + 0 * low for n in floor if n is not None] or [low], axis=0)
        most = np.min([np.log(n) + 0 * low for n in ceiling if n is not None] or [high], axis=0)
        limits = (np.maximum(low, least), np.minimum(high, most))
        return Range(limits[0], centre, limits[1], least > low, most < high)

    def check_budget(self, budget: Array) -> None:
        """Refuse a budget that cannot be spent within the constraints."""
        budget = self.where.everywhere(budget)
        bad = budget[~self._spendable(budget)]
        if bad.size:
            raise RunsError(
                f"A budget of {bad[0]:.4g} {self.cost.unit} cannot be spent within "
                f"{self.constraints!r}: no size of model keeps to the bounds both on params and on "
                "tokens. Widen the bounds, or change the budget."
            )

    def _spendable(self, budget: Array) -> Array:
        if self.constraints.sizes:
            return self._allowed(budget).any(0)
        searched = self.range_searched(budget)
        return searched.low <= searched.high * (1 + 1e-12)

    def _grown(self, ratio: Array, target: Array) -> Array:
        """Fewest parameters that reach a loss at a ratio of tokens to them."""
        where = self.where
        return where.reaching(
            lambda size: where.split_loss(size, ratio * size), target, where.centre("params")
        )

    def _between(self, budget: Array) -> tuple[Array, Array]:
        among = self.range_searched(budget)
        best, end = minimum(lambda log: self.loss_of(np.exp(log), budget), *among[:3])
        real = (end == 0) | ((end < 0) & among.low_is_limit) | ((end > 0) & among.high_is_limit)
        return np.where(real, np.exp(best), np.nan), end

    def _of_menu(self, budget: Array) -> tuple[Array, Array]:
        sizes, allowed = np.array(self.constraints.sizes), self._allowed(budget)
        losses = np.stack([self.loss_of(size, budget) for size in sizes])
        best = np.where(allowed, losses, np.inf).argmin(0)
        last = len(sizes) - 1 - allowed[::-1].argmax(0)
        end = (best == last).astype(int) - (best == allowed.argmax(0))
        return sizes[best], end

    def _allowed(self, budget: Array) -> Array:
        searched = self.range_searched(budget)
        low = np.where(searched.low_is_limit, searched.low, -np.inf) - 1e-12
        high = np.where(searched.high_is_limit, searched.high, np.inf) + 1e-12
        sizes = np.log(self.constraints.sizes).reshape(-1, *[1] * low.ndim)
        return (sizes >= low) & (sizes <= high)

"""near_optimal(): the range of model sizes that are nearly as good as the best.

Optima are flat, so the answer to "how large" is a range. It is found in each draw, and says how
much the choice matters; how well the optimum is known is what the intervals of its ends say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling._intervals import SAMPLE_DIMS
from bayes_scaling._optimise import root
from bayes_scaling._results import coordinate_index, result_html, result_table, result_text
from bayes_scaling.costs import Cost, SixND
from bayes_scaling.decisions._asking import budget_table, check_inputs, check_law, splitting
from bayes_scaling.decisions._displacement import displaced, displacement, levels_of
from bayes_scaling.decisions._splitting import Splitting
from bayes_scaling.decisions.constraints import Constraints
from bayes_scaling.discrepancy import DEFAULT, Discrepancy, misses
from bayes_scaling.errors import RunsError
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.points import Numbers

Measure = Literal["loss", "compute"]


@dataclass(frozen=True, repr=False, eq=False)
class NearOptimal:
    """Draws of the sizes that are nearly as good as the best, for each budget.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, budget)
        ``smallest_params``, ``params`` (the optimum), ``largest_params``; ``most_tokens`` and
        ``fewest_tokens``, which go with the smallest and the largest; ``ratio`` of largest to
        smallest; ``expected_loss`` at the optimum and ``highest_loss``, at the ends of the range;
        ``shift``, log params by which all sizes lie off the law's.
    fit, within, of, cost, constraints, inputs
        As given to :func:`near_optimal`.
    """

    draws: xr.Dataset
    fit: ScalingFit
    within: float
    of: Measure = "loss"
    cost: Cost = field(default_factory=SixND)
    constraints: Constraints = field(default_factory=Constraints)
    inputs: Mapping[str, float] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What the range is, in words."""
        if self.of == "loss":
            return f"Sizes within {100 * self.within:.3g} % of the least loss"
        return f"Sizes that waste at most {100 * self.within:.3g} % of the compute"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know: of the fit, and of draws whose range is open or cut off."""
        return (*self.fit.notes, *self._notes())

    def _notes(self) -> Iterator[str]:
        missing = float(self.draws["params"].isnull().mean())
        if missing:
            yield f"{missing:.1%} of draws have no optimum and are left out of the intervals."
        for name in ("smallest_params", "largest_params"):
            unknown = float(self.draws[name].isnull().mean()) - missing
            if unknown > 0:
                yield f"In {unknown:.1%} of draws {name} is beyond every size that was searched."
            cut = float(self.draws[f"{name}_at_limit"].mean())
            if cut:
                yield f"In {cut:.1%} of draws {name} is cut off by {self.constraints!r}."

    def table(self, prob: float | None = None) -> pd.DataFrame:
        """Median and credible interval of the ends of the range and of the optimum, by budget.

        Parameters
        ----------
        prob : float, optional
            Probability of the intervals; ArviZ's ``rcParams["stats.ci_prob"]`` if not given.

        Returns
        -------
        pandas.DataFrame
            Columns (``smallest_params``, ``params``, ``largest_params``, ``ratio``; ``median``,
            ``lower``, ``upper``), and ``diagnosis`` of the fit.
        """
        names = ["smallest_params", "params", "largest_params", "ratio"]
        return result_table(
            self.draws[names], "budget", self.fit.diagnostics.diagnosis, self.notes, prob
        )

    def probability(self, params: Numbers) -> pd.DataFrame:
        """Probability that models of given sizes are nearly as good as the best.

        Parameters
        ----------
        params : float or array
            Sizes, in parameters.

        Returns
        -------
        pandas.DataFrame
            By budget, a column for each size, and ``diagnosis`` of the fit. Draws whose range has
            no end count as missing.
        """
        sizes = xr.DataArray(np.ravel(np.asarray(params, dtype=float)), dims="size")
        draws = self.draws
        inside = (draws["smallest_params"] <= sizes) & (sizes <= draws["largest_params"])
        known = draws["smallest_params"].notnull() & draws["largest_params"].notnull()
        chances = inside.where(known).mean(SAMPLE_DIMS).transpose("budget", "size")
        index = coordinate_index(draws["budget"])
        table = pd.DataFrame(chances.values, index, pd.Index(sizes.values, name="params"))
        return table.assign(diagnosis=self.fit.diagnostics.diagnosis)

    def losses(self, params: Numbers) -> xr.DataArray:
        """Draws of the expected loss of given sizes on which each budget is spent.

        Returns
        -------
        xarray.DataArray, dims (chain, draw, budget, size)
        """
        budgets = self.draws.coords.to_dataset().drop_vars(SAMPLE_DIMS)
        asked = splitting(self.fit, budgets, self.cost, self.constraints, self.inputs)
        asked = replace(asked, shift=self.draws["shift"].drop_vars(budgets.coords))
        budget = budgets[self.cost.unit].drop_vars(budgets.coords)
        sizes = xr.DataArray(np.ravel(np.asarray(params, dtype=float)), dims="size")
        return asked.loss_of(sizes, budget).transpose("chain", "draw", "budget", "size")

    def __repr__(self) -> str:
        return result_text(self.title, self.table(), self.notes)

    def _repr_html_(self) -> str:
        return result_html(self.title, self.table(), self.notes)


def near_optimal(
    fit: ScalingFit,
    flops: Numbers,
    within: float = 0.01,
    *,
    of: Measure = "loss",
    cost: Cost | None = None,
    constraints: Constraints | None = None,
    inputs: Mapping[str, float] | None = None,
    discrepancy: Discrepancy | None = DEFAULT,
) -> NearOptimal:
    """Find the range of sizes that are nearly as good as the best for a budget.

    Parameters
    ----------
    fit : ScalingFit
        Of a law of params and tokens.
    flops : float or array
        Budgets, in FLOP or the unit of `cost`; all of a budget is spent on each size.
    within : float
        How near, from 0 to 1: 0.01 is one per cent.
    of : {"loss", "compute"}
        Per cent of what: of the least expected loss, which it may be above, or of the budget,
        which it may waste: the optimum of the remaining budget would be as good. Much of a loss is
        the floor that no run gets below, so a per cent of the loss may be worth a third of the
        compute.
    cost, constraints, inputs
        As for :func:`bayes_scaling.allocate`; constraints are bounds only. Where they cut the range
        off, it ends there, and such draws are counted in the notes.
    discrepancy : Discrepancy or None
        As for :func:`bayes_scaling.allocate`: the range is moved and widened with the optimum; None
        for that of the law alone. Losses are the law's either way.

    Returns
    -------
    NearOptimal

    Raises
    ------
    ModelError
        The law is not a function of params and tokens, or lacks an input.
    RunsError
        A budget is not positive or cannot be spent within the constraints, `within` is no
        fraction, or the constraints are a ratio or a menu.
    """
    fixed = dict(inputs or {})
    _check(within, of, constraints)
    check_law(fit, fixed, "near_optimal")
    check_inputs(fixed, "near_optimal")
    budgets = budget_table(fit, flops, cost, "near_optimal")
    asked = splitting(fit, budgets, cost, constraints, fixed)
    budget = budgets[asked.cost.unit]
    asked.check_budget(budget if of == "loss" else (1 - within) * budget)
    bare = budget.drop_vars(budgets.coords)
    moved = displacement(fit, levels_of(asked, bare)) if misses(fit, discrepancy) else None
    draws = _draws(displaced(asked, bare, moved), bare, within, of)
    draws = draws.assign_coords(budgets.coords).transpose("chain", "draw", "budget")
    return NearOptimal(draws, fit, within, of, asked.cost, asked.constraints, fixed)


def _draws(asked: Splitting, budget: xr.DataArray, within: float, of: Measure) -> xr.Dataset:
    best = asked.optimum(budget)
    least = asked.loss_of(best["params"], budget)
    highest = (1 + within) * least if of == "loss" else asked.best_loss((1 - within) * budget)
    draws = _range(asked, budget, best["params"], highest)
    smallest, largest = draws["smallest_params"], draws["largest_params"]
    return draws.assign(
        {
            "params": best["params"],
            "most_tokens": asked.cost.tokens(smallest, budget),
            "fewest_tokens": asked.cost.tokens(largest, budget),
            "ratio": largest / smallest,
            "expected_loss": least,
            "highest_loss": highest,
            "shift": asked.shift + xr.zeros_like(least),
        }
    )


def _range(
    asked: Splitting, budget: xr.DataArray, params: xr.DataArray, highest: xr.DataArray
) -> xr.Dataset:
    """Where the loss passes the highest one that will do, on either side of the optimum."""
    searched = asked.range_searched(budget)
    optimum = xr.ufuncs.log(params)

    def too_high(log_params: xr.DataArray) -> xr.DataArray:
        return asked.loss_of(xr.ufuncs.exp(log_params), budget) - highest

    low, high = (searched[end] + xr.zeros_like(optimum) for end in ("low", "high"))
    smallest = root(lambda log: -too_high(log), low, optimum)
    largest = root(too_high, optimum, high)
    cut_low, cut_high = smallest <= low, largest >= high
    low_limits, high_limits = searched["low_is_limit"], searched["high_is_limit"]
    return xr.Dataset(
        {
            "smallest_params": xr.ufuncs.exp(smallest).where(~cut_low | low_limits),
            "largest_params": xr.ufuncs.exp(largest).where(~cut_high | high_limits),
            "smallest_params_at_limit": cut_low & low_limits,
            "largest_params_at_limit": cut_high & high_limits,
        }
    )


def _check(within: float, of: str, constraints: Constraints | None) -> None:
    if not 0 < within < 1:
        raise RunsError(
            f"near_optimal: within={within} is not a fraction between 0 and 1, so nothing or "
            "everything is that near. Give for instance 0.01 for one per cent."
        )
    if of not in ("loss", "compute"):
        raise RunsError(
            f"near_optimal: of={of!r} is not what a size can be near in. Give 'loss' or 'compute'."
        )
    if constraints is not None and (constraints.sizes or constraints.tokens_per_param is not None):
        raise RunsError(
            f"near_optimal: {constraints!r} leaves single sizes and no range. Give bounds only, "
            "and compare single sizes by bs.regret."
        )

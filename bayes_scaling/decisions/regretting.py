"""regret(): loss and compute that a plan wastes against the best split of its budget.

Owns the loss and the compute that given runs waste, with intervals, and which of several plans is
better with what probability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.decisions.asking import checked_cost, checked_inputs
from bayes_scaling.decisions.costs import Cost, SixND
from bayes_scaling.decisions.surface.landscape import Landscape
from bayes_scaling.decisions.surface.splitting import Splitting
from bayes_scaling.display.intervals import SAMPLE_DIMS
from bayes_scaling.errors import RunsError
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.drawn_result import DrawnResult
from bayes_scaling.laws.law import SPLIT
from bayes_scaling.model.points import points

Plans = pd.DataFrame | Mapping[str, tuple[float, float]]
"""Runs by name: pairs of params and tokens, or a table with columns of these names."""


@dataclass(frozen=True, repr=False, eq=False)
class Regret(DrawnResult[ScalingFit]):
    """Draws of the loss and compute that plans waste against the best split of their cost.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, point)
        ``expected_loss`` of the plan; ``loss_regret``, by how much the best run of the same cost
        is better, in the unit of the runs' loss; ``compute_share``, which part of the budget, split
        optimally, would have reached the plan's loss; ``best_params`` and ``best_tokens``. The
        plan's name, ``params``, ``tokens``, cost and levels of factors are coordinates of
        ``point``.
    fit : ScalingFit
        The fit it was made from.
    cost, inputs
        As given to :func:`regret`.
    """

    cost: Cost = field(default_factory=SixND)
    inputs: Mapping[str, float] = field(default_factory=dict)

    shown: ClassVar[tuple[str, ...]] = ("expected_loss", "loss_regret", "compute_share")
    missing: ClassVar[str] = "have no optimum, hence no regret,"

    def _listed(self) -> xr.Dataset:
        return super()._listed().drop_vars(self.cost.unit, errors="ignore")

    def probability_better(self) -> pd.DataFrame:
        """Probability that one plan has a lower expected loss than another.

        Returns
        -------
        pandas.DataFrame
            A row and a column for each plan: that of the row is better than that of the column.
            With factors, rows are (plan, levels), compared within their levels. Equal losses, as
            those of a plan with itself, count as missing.
        """
        loss = self.draws["expected_loss"]
        factors = list(self.fit.model.factors)
        names = loss["plan"].values.astype(str)
        groups = list(zip(*(loss[factor].values.astype(str) for factor in factors), strict=True))
        groups = groups or [()] * len(names)
        rows = {}
        for place, (name, group) in enumerate(zip(names, groups, strict=True)):
            rows[name, *group] = {
                other: _chance(loss.isel(point=place), loss.isel(point=against))
                for against, (other, same) in enumerate(zip(names, groups, strict=True))
                if same == group
            }
        index = pd.MultiIndex.from_tuples(list(rows), names=["plan", *factors])
        table = pd.DataFrame(list(rows.values()), index=index if factors else names)
        table.columns.name = "better than"
        table = table if factors else table.rename_axis(index="plan")
        return table.assign(diagnosis=self.diagnosis)


def regret(
    fit: ScalingFit,
    plans: Plans,
    *,
    cost: Cost | None = None,
    inputs: Mapping[str, float] | None = None,
) -> Regret:
    """Compare plans with the best split of their cost.

    Parameters
    ----------
    fit : ScalingFit
        Of a law of params and tokens.
    plans : mapping of str to (float, float), or pandas.DataFrame
        Parameters and tokens of each plan by its name; or a table with columns ``params`` and
        ``tokens`` whose index names the plans, such as
        :func:`bayes_scaling.decisions.published_plans` makes. A column for a factor says which
        level a plan is of; otherwise each is taken for every level.
    cost : Cost, optional
        What a run costs: 6ND if not given.
    inputs : mapping of str to float, optional
        Inputs of the law that plan and best run share, such as ``{"unique_tokens": 25e9}``.

    Raises
    ------
    ModelError
        The law is not a function of params and tokens, or lacks an input.
    RunsError
        A plan lacks params or tokens, they are not positive, or two plans have one name.
    """
    fixed = checked_inputs(fit, inputs, "regret")
    spent = checked_cost("regret", cost)
    table = _plan_table(plans)
    where = _points(fit, table, fixed, spent)
    asked = Splitting(Landscape.of(fit, where, fixed), spent)
    draws = asked.where.labelled(**_draws(asked))
    return Regret(draws, fit, asked.cost, fixed)


def _draws(asked: Splitting) -> dict[str, np.ndarray]:
    params, tokens = asked.where.asked("params"), asked.where.asked("tokens")
    budget = asked.where.asked(asked.cost.unit)
    best = asked.optimum(budget)
    loss = asked.where.split_loss(params, tokens)
    same = asked.cheapest(loss, best)
    return {
        "expected_loss": loss,
        # A plan that is the optimum may come out better than the search by a rounding error.
        "loss_regret": np.maximum(loss - best.loss, 0.0),
        "compute_share": np.minimum(asked.cost.spent(same.params, same.tokens) / budget, 1.0),
        "best_params": best.params,
        "best_tokens": best.tokens,
    }


def _plan_table(plans: Plans) -> pd.DataFrame:
    if isinstance(plans, pd.DataFrame):
        table = plans.copy()
    else:
        table = pd.DataFrame.from_dict(dict(plans), orient="index", columns=["params", "tokens"])
    missing = {"params", "tokens"} - set(table)
    twice = table.index[table.index.duplicated()]
    if missing or len(table) == 0 or len(twice):
        found = f"plans named {twice[0]!r}" if len(twice) else f"columns {list(table)}"
        raise RunsError(
            f"regret: {len(table)} plans with {found}. A plan is a run with params and tokens and "
            'a name of its own. Give for instance {"ours": (70e9, 1.4e12)}.'
        )
    return table


def _points(
    fit: ScalingFit, table: pd.DataFrame, inputs: Mapping[str, float], cost: Cost
) -> xr.Dataset:
    """Plans, their levels and what they cost, dims (point,)."""
    known = [name for name in ("params", "tokens", *fit.model.factors) if name in table]
    fixed = {name: value for name, value in inputs.items() if name not in SPLIT}
    at = table[known].assign(**fixed).reset_index(drop=True)
    where = points(fit.model, fit.runs, at=at)
    params, tokens = where["params"], where["tokens"]
    names = np.repeat(table.index.astype(str), len(params) // len(table))
    factors = {factor: where[factor] for factor in fit.model.factors}
    columns = {"plan": ("point", names), "params": params, "tokens": tokens}
    columns |= {cost.unit: cost.spent(params, tokens)}
    return xr.Dataset({**columns, **factors})


def _chance(first: xr.DataArray, second: xr.DataArray) -> float:
    differs = first.values != second.values
    return float((first < second).where(differs).mean(SAMPLE_DIMS))

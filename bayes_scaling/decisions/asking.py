"""Arguments of decisions, checked: budgets by level, other inputs, and laws that can answer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.decisions.constraints import Constraints
from bayes_scaling.decisions.costs import Cost, SixND
from bayes_scaling.decisions.surface.landscape import Landscape, check_loss
from bayes_scaling.decisions.surface.splitting import Splitting
from bayes_scaling.display.wording import unit_words
from bayes_scaling.errors import ModelError, RunsError, check_kind
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.laws.law import SPLIT
from bayes_scaling.model.points import FAR_ABOVE, FAR_BELOW, Numbers, as_floats, crossed
from bayes_scaling.units import compute


def asked_split(
    asker: str,
    fit: ScalingFit,
    flops: Numbers,
    cost: Cost | None,
    constraints: Constraints | None,
    inputs: Mapping[str, float] | None,
) -> Splitting:
    """Split of the budgets asked for; arguments that no split answers are refused."""
    check_kind(asker, "constraints", constraints, Constraints, "bs.Constraints(max_params=70e9)")
    fixed = checked_inputs(fit, inputs, asker)
    return splitting(fit, budget_table(fit, flops, cost, asker), cost, constraints, fixed)


def splitting(
    fit: ScalingFit,
    budgets: xr.Dataset,
    cost: Cost | None,
    constraints: Constraints | None,
    inputs: Mapping[str, float] | None,
) -> Splitting:
    """Split of the budgets asked for, at every level of the model's factors."""
    where = Landscape.of(fit, budgets, inputs)
    return Splitting(where, cost or SixND(), constraints or Constraints())


def budget_table(fit: ScalingFit, budget: Numbers, cost: Cost | None, asker: str) -> xr.Dataset:
    """Budgets crossed with the levels of the model's factors, dims (budget,)."""
    spent = checked_cost(asker, cost)
    unit = spent.unit
    values = checked_budgets(budget, asker, unit)
    if isinstance(spent, SixND):
        _check_magnitude(fit, values, asker)
    table = crossed(pd.DataFrame({unit: values}), fit.model, fit.runs)
    columns = {str(name): ("budget", table[name].to_numpy()) for name in table}
    return xr.Dataset(columns, {"budget": np.arange(len(table))})


def checked_cost(asker: str, cost: Cost | None) -> Cost:
    """The cost asked for, 6ND if none is; what is no cost is refused."""
    check_kind(asker, "cost", cost, Cost, "bs.decisions.costs.SixND(), or another cost")
    return cost or SixND()


def checked_budgets(budget: Numbers, asker: str, unit: str = "flops") -> np.ndarray:
    """Budgets as positive finite numbers."""
    values = as_floats(unit, budget)
    bad = [value for value in values if not (np.isfinite(value) and value > 0)]
    if bad:
        shown = unit_words(unit)
        raise RunsError(
            f"{asker}: a budget of {bad[0]} {shown} cannot be spent. Budgets are positive finite "
            f"numbers of {shown}, such as 5.76e23."
        )
    return values


def _check_magnitude(fit: ScalingFit, budgets: np.ndarray, asker: str) -> None:
    """Refuse a budget far below or above all runs, which is probably in another unit."""
    runs = fit.runs
    if not {"params", "tokens"} <= set(runs.inputs):
        return
    spent = compute(runs.values("params"), runs.values("tokens"))
    least, most = float(np.min(spent)), float(np.max(spent))
    below, above = budgets < least / FAR_BELOW, budgets > most * FAR_ABOVE["flops"]
    if below.any():
        raise RunsError(
            f"{asker}: a budget of {budgets[below][0]:g} FLOP is less than a thousandth of the "
            f"smallest run's compute ({least:.3g}), where a fit says nothing. It may be in "
            "petaFLOP or another unit. Give FLOP, such as 5.76e23."
        )
    if above.any():
        raise RunsError(
            f"{asker}: a budget of {budgets[above][0]:g} FLOP is more than 1e12 times the largest "
            f"run's compute ({most:.3g}), where a fit says nothing. Sizes of the runs may be in "
            "millions or billions. Read the table anew with plain counts, or "
            "counts with their unit, such as '70B'."
        )


def checked_inputs(
    fit: ScalingFit, inputs: Mapping[str, float] | None, asker: str
) -> dict[str, float]:
    """Inputs of the law besides params and tokens.

    A law without a split is refused, and a response that is no loss, which is not to be least.
    """
    check_loss(fit, asker)
    check_kind(asker, "inputs", inputs, Mapping, "{'unique_tokens': 25e9}")
    fixed = dict(inputs or {})
    _check_law(fit, fixed, asker)
    _check_inputs(fixed, asker)
    return fixed


def _check_law(fit: ScalingFit, inputs: Mapping[str, object], asker: str) -> None:
    law = fit.model.law
    split = {*SPLIT, *(("epochs",) if "unique_tokens" in inputs else ())}
    if len(split & set(law.inputs)) < 2:
        raise ModelError(
            f"{asker}: {law.name} is a function of {', '.join(law.inputs)}. "
            "Only a law of params and tokens says how compute is split between them. Fit such a "
            "law, for instance bs.laws.Chinchilla."
        )
    wanted = [name for name in law.inputs if name not in split]
    missing = [name for name in wanted if name not in inputs]
    unused = sorted(set(inputs) - set(wanted) - {"unique_tokens"})
    if missing or unused:
        given = ", ".join(f"{name!r}: ..." for name in wanted)
        raise ModelError(
            f"{asker}: {law.name} reads {', '.join(law.inputs)}; missing {missing or 'none'}, "
            f"unknown {unused or 'none'}. Its loss needs a value of each input that does not "
            f"follow from the split, and of no other. Give inputs={{{given}}}."
        )


def _check_inputs(inputs: Mapping[str, float], asker: str) -> None:
    """Refuse inputs that are not positive finite numbers."""
    for name, value in inputs.items():
        if not (np.ndim(value) == 0 and np.isfinite(value) and value > 0):
            raise RunsError(
                f"{asker}: {name} is {value!r}, and laws are defined for positive finite numbers "
                "only. Give one number for each input, such as 25e9."
            )

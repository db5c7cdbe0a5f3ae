"""allocate(): how a compute budget is best split between parameters and tokens.

Every quantity is computed draw by draw: the optimum of a median law is not the median optimum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling._inputs import scales
from bayes_scaling._optimise import minimise
from bayes_scaling._results import result_html, result_table, result_text
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.laws._base import arguments
from bayes_scaling.points import Numbers
from bayes_scaling.posterior import expected_loss, parameters_at
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

STEP = 1.01
"""Ratio of compute over which local exponents are taken."""

SEARCH_WIDTH = np.log(1e9)
"""How far from the runs' mean size an optimum is searched for, in log params."""


@dataclass(frozen=True, repr=False, eq=False)
class Allocation:
    """Draws of the compute-optimal run for each budget.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, budget)
        ``params``, ``tokens``, ``tokens_per_param``, ``expected_loss`` there (in the unit of the
        runs' loss), and the local exponents ``params_exponent`` and ``tokens_exponent``: a and b
        in N ∝ C^a, D ∝ C^b. ``flops`` and the labels of factors are coordinates of ``budget``.
    fit : ScalingFit
        The fit it was made from.
    """

    draws: xr.Dataset
    fit: ScalingFit

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know: of the fit, and of draws without an optimum."""
        missing = float(self.draws["params"].isnull().mean())
        if not missing:
            return self.fit.notes
        return (
            *self.fit.notes,
            f"{missing:.1%} of draws have no optimum in the range searched and are left out of "
            "the intervals, which are too narrow by as much as these draws differ.",
        )

    def table(self, prob: float | None = None) -> pd.DataFrame:
        """Median and credible interval of the optimum, by budget.

        Parameters
        ----------
        prob : float, optional
            Probability of the intervals; ArviZ's ``rcParams["stats.ci_prob"]`` if not given.

        Returns
        -------
        pandas.DataFrame
            Columns (``params``, ``tokens``, ``tokens_per_param``, ``expected_loss``; ``median``,
            ``lower``, ``upper``), and ``diagnosis`` of the fit. ``attrs`` carry ``ci_kind``,
            ``ci_prob`` and ``notes``.
        """
        names = ["params", "tokens", "tokens_per_param", "expected_loss"]
        return result_table(self.draws[names], "budget", self.fit, self.notes, prob)

    def growth(self, prob: float | None = None) -> pd.DataFrame:
        """Exponents of the optimum, and how it grows with ten times the compute.

        Returns
        -------
        pandas.DataFrame
            By budget, columns (``params_exponent``, ``tokens_exponent``, ``params_per_tenfold``,
            ``tokens_per_tenfold``; ``median``, ``lower``, ``upper``).
        """
        exponents = self.draws[["params_exponent", "tokens_exponent"]]
        factors = {
            "params_per_tenfold": 10 ** exponents["params_exponent"],
            "tokens_per_tenfold": 10 ** exponents["tokens_exponent"],
        }
        return result_table(exponents.assign(factors), "budget", self.fit, self.notes, prob)

    def __repr__(self) -> str:
        return result_text("Allocation", self.table(), self.notes)

    def _repr_html_(self) -> str:
        return result_html("Allocation", self.table(), self.notes)


def allocate(fit: ScalingFit, flops: Numbers) -> Allocation:
    """Split each compute budget so that the expected loss is least, with C = 6ND.

    Uses the law's closed form where it has one, and else minimises numerically for each draw. A
    draw without an optimum inside the range searched is NaN, and counted in the notes.

    Parameters
    ----------
    fit : ScalingFit
        Of a law of params and tokens.
    flops : float or array
        Budgets, in FLOP. A pooled model has one optimum for each budget and level.

    Returns
    -------
    Allocation

    Raises
    ------
    ModelError
        The law is not a function of params and tokens.
    RunsError
        A budget is not positive.

    References
    ----------
    Hoffmann et al. (2022), arXiv:2203.15556, equation 4.
    """
    inputs = set(fit.model.law.inputs)
    if len(inputs) < 2 or not inputs <= {"params", "tokens", "flops", "tokens_per_param"}:
        raise ModelError(
            f"allocate: {fit.model.law.name} is a function of {', '.join(fit.model.law.inputs)}. "
            "Only a law of params and tokens says how compute is split between them. Fit such a "
            "law, for instance bs.laws.Chinchilla."
        )
    budgets = _budgets(fit, flops)
    compute = budgets["flops"]
    params = _optimal_params(fit, compute, budgets)
    nearby = [_optimal_params(fit, compute * step, budgets) for step in (1 / STEP, STEP)]
    exponent = np.log(nearby[1] / nearby[0]) / (2 * np.log(STEP))
    tokens = compute / FLOPS_PER_PARAM_TOKEN / params
    draws = xr.Dataset(
        {
            "params": params,
            "tokens": tokens,
            "tokens_per_param": tokens / params,
            "expected_loss": _loss(fit, params, tokens, budgets),
            "params_exponent": exponent,
            "tokens_exponent": 1 - exponent,
        }
    )
    return Allocation(draws.transpose("chain", "draw", "budget"), fit)


def _budgets(fit: ScalingFit, flops: Numbers) -> xr.Dataset:
    """Budgets crossed with the levels of the model's factors, as coordinates of ``budget``."""
    values = np.ravel(np.asarray(flops, dtype=float))
    bad = [value for value in values if not (np.isfinite(value) and value > 0)]
    if bad:
        raise RunsError(
            f"allocate: a budget of {bad[0]} FLOP cannot be spent. Budgets are positive finite "
            "numbers of FLOP, such as 5.76e23."
        )
    table = pd.DataFrame({"flops": values})
    for factor in fit.model.factors:
        levels = pd.DataFrame({factor: list(fit.runs.levels(factor))})
        table = table.merge(levels, how="cross")
    coords = {str(name): ("budget", table[name].to_numpy()) for name in table}
    return xr.Dataset(coords={"budget": np.arange(len(table)), **coords})


def _optimal_params(fit: ScalingFit, compute: xr.DataArray, budgets: xr.Dataset) -> xr.DataArray:
    law = fit.model.law
    labels = {factor: budgets[factor] for factor in fit.model.factors}
    if law.optimum is not None:
        used = [name for name in arguments(law.optimum) if name != "flops"]
        theta = {name: _at(fit.posterior[name], labels) for name in used}
        params: xr.DataArray = law.optimum(compute, **theta)[0]
        return params
    centre = 0 * compute + np.log(fit.runs.reference["params"])

    def loss_at(log_params: xr.DataArray) -> xr.DataArray:
        params = xr.ufuncs.exp(log_params)
        return _loss(fit, params, compute / FLOPS_PER_PARAM_TOKEN / params, budgets)

    best = minimise(loss_at, low=centre - SEARCH_WIDTH, high=centre + SEARCH_WIDTH)
    optimum: xr.DataArray = xr.ufuncs.exp(best)
    return optimum


def _at(values: xr.DataArray, labels: dict[str, xr.DataArray]) -> xr.DataArray:
    chosen = {factor: label for factor, label in labels.items() if factor in values.dims}
    return values.sel(chosen).drop_vars(list(labels), errors="ignore")


def _loss(
    fit: ScalingFit, params: xr.DataArray, tokens: xr.DataArray, budgets: xr.Dataset
) -> xr.DataArray:
    labels = {factor: budgets[factor] for factor in fit.model.factors}
    theta = parameters_at(fit.posterior, fit.model, labels)
    inputs = {
        "params": params,
        "tokens": tokens,
        "flops": FLOPS_PER_PARAM_TOKEN * params * tokens,
        "tokens_per_param": tokens / params,
    }
    loss: xr.DataArray = expected_loss(fit.model, theta, inputs, scales(fit.model.law, fit.runs))
    return loss

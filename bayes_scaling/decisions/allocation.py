"""allocate(): how a compute budget is best split between parameters and tokens.

Every quantity is computed draw by draw: the optimum of a median law is not the median optimum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling._axes import main_axis
from bayes_scaling._diagnostics import Diagnostics
from bayes_scaling._focus import reach_of_sizes
from bayes_scaling._inputs import flops_per_pair
from bayes_scaling._intervals import SAMPLE_DIMS, intervals
from bayes_scaling._mixture import mixture
from bayes_scaling._results import coordinate_index, result_html, result_table, result_text, short
from bayes_scaling.averaging import FitAverage, Fitted, diagnostics_of, notes_of
from bayes_scaling.costs import Cost, SixND
from bayes_scaling.decisions._asking import budget_table, check_inputs, check_law, splitting
from bayes_scaling.decisions._common_budgets import on_same_budgets
from bayes_scaling.decisions._displacement import (
    Displacement,
    displaced,
    displacement,
    levels_of,
)
from bayes_scaling.decisions._splitting import Splitting
from bayes_scaling.decisions.constraints import Constraints
from bayes_scaling.decisions.rules import published_growth
from bayes_scaling.discrepancy import DEFAULT, Discrepancy, answered, lies_beyond, misses
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.points import Numbers

STEP = 1.01
"""Ratio of compute over which local exponents are taken."""


@dataclass(frozen=True, repr=False, eq=False)
class Allocation:
    """Draws of the compute-optimal run for each budget.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, budget)
        ``params``, ``tokens``, ``tokens_per_param``, ``expected_loss`` there (in the unit of the
        runs' loss), and the local exponents ``params_exponent`` and ``tokens_exponent``: a and b
        in N ∝ C^a, D ∝ C^b. With ``unique_tokens`` given, ``epochs`` too. With constraints,
        ``at_limit`` is -1 or 1 where the optimum is the smallest or the largest size that they
        leave, and else 0. ``discrepancy`` is what is in the logarithm of the loss beyond the law,
        and ``params_by_law`` the optimum of the law alone. The budgets (``flops``, or the unit of
        the cost) and the labels of factors are coordinates of ``budget``.
    fit : ScalingFit or FitAverage
        What it was made from.
    cost, constraints, inputs, discrepancy
        As given to :func:`allocate`; no discrepancy where the response is no loss.
    groups : int
        How many groups of runs of about equal compute show a best size, which the split follows.
    """

    draws: xr.Dataset
    fit: Fitted
    cost: Cost = field(default_factory=SixND)
    constraints: Constraints = field(default_factory=Constraints)
    inputs: Mapping[str, float] = field(default_factory=dict)
    discrepancy: Discrepancy | None = None
    groups: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know: of the fit, and of draws without an optimum or at a limit."""
        return (*notes_of(self.fit, self.beyond), *self._notes())

    @property
    def beyond(self) -> bool:
        """Whether any budget lies beyond the runs, where the focused posterior answers."""
        return lies_beyond(self.draws, self.discrepancy)

    @property
    def diagnostics(self) -> Diagnostics:
        """Convergence, worst over the posteriors that the expected losses rest on."""
        return diagnostics_of(self.fit, self.beyond)

    @property
    def diagnosis(self) -> str:
        """``"ok"``, or what is wrong with a posterior that the expected losses rest on."""
        return self.diagnostics.diagnosis

    def _notes(self) -> Iterator[str]:
        missing = float(self.draws["params"].isnull().mean())
        if missing:
            yield (
                f"{missing:.1%} of draws have no optimum in the range searched and are left out of "
                "the intervals, which are too narrow by as much as these draws differ."
            )
        if "at_limit" in self.draws:
            yield from _at_limits(self.draws["at_limit"], self.constraints)
        if self.constraints.tokens_per_param is not None:
            ratio = short(self.constraints.tokens_per_param)
            yield f"Split at {ratio} tokens per parameter, as asked."
        if "params_by_law" in self.draws:
            yield from _beside_the_law(self.draws, self.groups)

    def table(self, prob: float | None = None) -> pd.DataFrame:
        """Median and credible interval of the optimum, by budget.

        Parameters
        ----------
        prob : float, optional
            Probability of the intervals; ArviZ's ``rcParams["stats.ci_prob"]`` if not given.

        Returns
        -------
        pandas.DataFrame
            Columns (``params``, ``tokens``, ``tokens_per_param``, ``expected_loss`` and with
            ``unique_tokens`` given ``epochs``; ``median``, ``lower``, ``upper``), and
            ``diagnosis`` of the fit. ``attrs`` carry ``ci_kind``, ``ci_prob`` and ``notes``.
        """
        names = ["params", "tokens", "tokens_per_param", "expected_loss", "epochs"]
        shown = self.draws[[name for name in names if name in self.draws]]
        return result_table(shown, "budget", self.diagnosis, self.notes, prob)

    def growth(self, prob: float | None = None) -> pd.DataFrame:
        """Exponents of the optimum, and how it grows with ten times the budget.

        Returns
        -------
        pandas.DataFrame
            By budget, columns (``params_exponent``, ``tokens_exponent``, ``params_per_tenfold``,
            ``tokens_per_tenfold``; ``median``, ``lower``, ``upper``). Missing where sizes are
            chosen from a menu.
        """
        exponents = self.draws[["params_exponent", "tokens_exponent"]]
        factors = {
            "params_per_tenfold": 10 ** exponents["params_exponent"],
            "tokens_per_tenfold": 10 ** exponents["tokens_exponent"],
        }
        draws, diagnosis = exponents.assign(factors), self.fit.diagnostics.diagnosis
        return result_table(draws, "budget", diagnosis, self.notes, prob)

    def growth_beside_rules(self, prob: float | None = None) -> pd.DataFrame:
        """Growth with ten times the budget, beside the two rules that papers have printed.

        Returns
        -------
        pandas.DataFrame
            By ``source``, this fit's at each budget first; columns (``params_per_tenfold``,
            ``tokens_per_tenfold``; ``median``, ``lower``, ``upper``). Rules have no interval.
        """
        ours = self.growth(prob)
        keys = [key if isinstance(key, tuple) else (key,) for key in ours.index]
        named = [
            ", ".join(short(k) if isinstance(k, float) else str(k) for k in key) for key in keys
        ]
        rules = published_growth()
        names = list(rules)
        ours = ours[names].set_axis([f"this fit at {name}" for name in named])
        rules.columns = pd.MultiIndex.from_product([names, ["median"]])
        table = pd.concat([ours, rules]).rename_axis("source")[list(ours)]
        table.attrs = {"ci_kind": ours.attrs["ci_kind"], "ci_prob": ours.attrs["ci_prob"]}
        return table

    def size_chances(self) -> pd.DataFrame:
        """Probability that each size of the menu is the best, by budget; the sizes are columns."""
        sizes = list(self.constraints.sizes)
        params = self.draws["params"]
        chances = {size: (params == size).mean(SAMPLE_DIMS).values for size in sizes}
        table = pd.DataFrame(chances, index=coordinate_index(self.draws["budget"]))
        return table.rename_axis(columns="params").assign(diagnosis=self.fit.diagnostics.diagnosis)

    def __repr__(self) -> str:
        lines = [result_text("Allocation", self.table(), self.notes)]
        if not self.constraints.given and "params_exponent" in self.draws:
            lines.append(
                result_text("Growth with ten times the budget", self.growth_beside_rules(), ())
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return result_html("Allocation", self.table(), self.notes)


def allocate(
    fit: Fitted,
    flops: Numbers,
    *,
    cost: Cost | None = None,
    constraints: Constraints | None = None,
    inputs: Mapping[str, float] | None = None,
    discrepancy: Discrepancy | None = DEFAULT,
) -> Allocation:
    """Split each budget so that the expected loss is least; all of it is spent.

    Uses the law's closed form where it has one and C = 6ND, and else minimises numerically for
    each draw. A draw without an optimum inside the range searched is NaN, and counted in the notes.
    Where constraints bind, the optimum is the run at the limit; such draws are counted in the
    notes, and marked in ``draws["at_limit"]``.

    Parameters
    ----------
    fit : ScalingFit or FitAverage
        Of a law of params and tokens. Of an average, fits of other laws are left out, which is
        noted, and the optima of the others are mixed.
    flops : float or array
        Budgets, in FLOP or the unit of `cost`. A pooled model has one optimum for each budget and
        level.
    cost : Cost, optional
        What a run costs: 6ND if not given. :mod:`bayes_scaling.costs` has fuller counts of FLOP,
        and fits a cost to one's own GPU hours.
    constraints : Constraints, optional
        Bounds on params and tokens, a fixed ratio of them, or a menu of sizes.
    inputs : mapping of str to float, optional
        Inputs of the law that do not follow from the split, such as ``{"unique_tokens": 25e9}``:
        the answer then has epochs.
    discrepancy : Discrepancy or None
        What the law is assumed to leave out, as for :func:`bayes_scaling.forecast`; None for the
        split of the law alone. It widens the expected loss at the optimum. The split is moved to
        where runs of about equal compute have their best size, along a line in log compute, and
        widened by what laws miss on public sweeps; the more so where no runs show a best size.

    Returns
    -------
    Allocation

    Raises
    ------
    ModelError
        The law is not a function of params and tokens, or lacks an input.
    RunsError
        A budget is not positive, or cannot be spent within the constraints.

    References
    ----------
    Hoffmann et al. (2022), arXiv:2203.15556, equation 4, and section 3.2 for best sizes at equal
    compute.
    """
    fixed = dict(inputs or {})
    if isinstance(fit, FitAverage):
        return _of_average(
            fit,
            lambda one: allocate(
                one,
                flops,
                cost=cost,
                constraints=constraints,
                inputs=inputs,
                discrepancy=discrepancy,
            ),
        )
    check_law(fit, fixed, "allocate")
    check_inputs(fixed, "allocate")
    budgets = budget_table(fit, flops, cost, "allocate")
    asked = splitting(fit, budgets, cost, constraints, fixed)
    budget = budgets[asked.cost.unit].drop_vars(budgets.coords)
    asked.check_budget(budget)
    widened = discrepancy if misses(fit, discrepancy) else None
    moved = displacement(fit, levels_of(asked, budget)) if widened else None
    draws = _draws(asked, budget, widened, moved).assign_coords(budgets.coords)
    draws = draws.transpose("chain", "draw", "budget")
    groups = moved.groups if moved else 0
    return Allocation(draws, fit, asked.cost, asked.constraints, fixed, widened, groups)


def _of_average(average: FitAverage, ask: Callable[[ScalingFit], Allocation]) -> Allocation:
    """Each fit's allocation, mixed; fits that know no split are left out."""
    found: dict[str, Allocation] = {}
    refused: list[ModelError] = []
    for name, fit in average.fits.items():
        try:
            found[name] = ask(fit)
        except ModelError as error:
            refused.append(error)
    if not found:
        raise refused[0]
    kept = average.only(found)
    draws = on_same_budgets({name: one.draws for name, one in found.items()}, kept)
    first = found[kept.heaviest]
    widened = next((one.discrepancy for one in found.values() if one.discrepancy), None)
    mixed = mixture(kept, draws, kept.settings.seed)
    return replace(first, draws=mixed, fit=kept, discrepancy=widened)


def _draws(
    asked: Splitting,
    budget: xr.DataArray,
    discrepancy: Discrepancy | None,
    moved: Displacement | None,
) -> xr.Dataset:
    there = displaced(asked, budget, moved)
    best = there.optimum(budget)
    params, tokens = best["params"], best["tokens"]
    draws = {
        "params": params,
        "tokens": tokens,
        "tokens_per_param": tokens / params,
        **_losses(there, budget, params, discrepancy),
        **_exponents(asked, budget, params, moved),
    }
    if moved is not None and not asked.constraints.given:
        draws["params_by_law"] = asked.optimum(budget)["params"]
    if "unique_tokens" in asked.inputs:
        draws["epochs"] = tokens / asked.inputs["unique_tokens"]
    if asked.constraints.given and asked.constraints.tokens_per_param is None:
        draws["at_limit"] = best["end"].where(params.notnull(), 0) + xr.zeros_like(params, int)
    return xr.Dataset(draws)


def _losses(
    asked: Splitting, budget: xr.DataArray, params: xr.DataArray, discrepancy: Discrepancy | None
) -> dict[str, xr.DataArray]:
    """The loss of the runs chosen, as a forecast has it; they are of about one compute."""
    fit = asked.fit
    if discrepancy is None:
        return {"expected_loss": asked.loss_of(params, budget)}
    tokens = asked.cost.tokens(params, budget)
    typical = {"params": params.median(SAMPLE_DIMS), "tokens": tokens.median(SAMPLE_DIMS)}
    each = flops_per_pair(fit.runs, fit.model.law.inputs)
    typical["flops"] = each * typical["params"] * typical["tokens"]
    size = xr.ufuncs.log10(typical[main_axis(fit.model.law)])
    beyond = reach_of_sizes(fit.model, fit.runs, size, asked.labels)
    shift = discrepancy.shift(fit, beyond, fit.settings.seed)
    law = answered(fit, beyond, lambda one: replace(asked, fit=one).loss_of(params, budget))
    return {"expected_loss": law * np.exp(shift), "discrepancy": shift}


def _beside_the_law(draws: xr.Dataset, groups: int) -> Iterator[str]:
    """What the split rests on, and where the runs have it elsewhere than the law."""
    if not groups:
        yield (
            "No runs of about equal compute show a best size, so the split is the law's, widened "
            "by what laws miss on public sweeps."
        )
    ends, median = intervals(draws["params_by_law"], 0.9), draws["params"].median(SAMPLE_DIMS)
    apart = np.flatnonzero((median < ends["lower"]) | (median > ends["upper"]))
    if apart.size:
        ratio = (median / ends["median"]).values[apart]
        worst = int(apart[np.abs(np.log(ratio)).argmax()])
        yield (
            f"The law does not have the best size where the runs have it: at "
            f"{_named(draws, worst)} it gives {short(float(ends['median'][worst]))} parameters, "
            f"and runs of equal compute, carried on, {short(float(median[worst]))}. The answer "
            "follows the runs."
        )


def _named(draws: xr.Dataset, place: int) -> str:
    """One budget by its amount and levels: ``5.76e+23 flops, web``."""
    coords = draws["params"].isel(budget=place).coords
    amounts = [
        f"{short(value.item())} {name}" if value.dtype.kind == "f" else str(value.item())
        for name, value in coords.items()
        if value.ndim == 0 and name != "budget"
    ]
    return ", ".join(amounts)


def _exponents(
    asked: Splitting, budget: xr.DataArray, params: xr.DataArray, moved: Displacement | None
) -> dict[str, xr.DataArray]:
    if asked.constraints.sizes:
        missing = xr.full_like(params, np.nan)
        return {"params_exponent": missing, "tokens_exponent": missing}
    runs = [
        displaced(asked, budget * step, moved).optimum(budget * step)[["params", "tokens"]]
        for step in (1 / STEP, STEP)
    ]
    growth = np.log(runs[1] / runs[0]) / (2 * np.log(STEP))
    return {"params_exponent": growth["params"], "tokens_exponent": growth["tokens"]}


def _at_limits(at_limit: xr.DataArray, constraints: Constraints) -> Iterator[str]:
    what = "of the menu" if constraints.sizes else f"within {constraints!r}"
    for end, size in ((-1, "smallest"), (1, "largest")):
        share = float((at_limit == end).mean())
        if share:
            yield (
                f"In {share:.1%} of draws the best size is the {size} {what}; beyond it "
                "another may be better."
            )

"""allocate(): the best split of a compute budget between parameters and tokens.

Every quantity is computed draw by draw: the optimum of a median law is not the median optimum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.decisions.asking import asked_split
from bayes_scaling.decisions.constraints import Constraints
from bayes_scaling.decisions.costs import Cost, SixND
from bayes_scaling.decisions.rules import published_growth
from bayes_scaling.decisions.surface.splitting import Splitting
from bayes_scaling.display.digits import label_writer
from bayes_scaling.display.intervals import SAMPLE_DIMS
from bayes_scaling.display.tables import coordinate_index, short, titled_text
from bayes_scaling.display.wording import listed, per_cent
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting.average import FitAverage, Fitted
from bayes_scaling.fitting.mixture import mixture
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.drawn_result import DrawnResult
from bayes_scaling.model.points import Numbers

STEP = 1.1
"""Ratio of compute over which local exponents are taken, to either side."""


@dataclass(frozen=True, repr=False, eq=False)
class Allocation(DrawnResult[Fitted]):
    """Draws of the compute-optimal run for each budget.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, budget)
        ``params``, ``tokens``, ``tokens_per_param``, ``expected_loss`` there (in the unit of the
        runs' loss; the least of each draw: any one plan, such as the median, is forecast a little
        higher), and the local exponents ``params_exponent`` and ``tokens_exponent``: a and b in
        N ∝ C^a, D ∝ C^b. With ``unique_tokens`` given, ``epochs`` too. With constraints,
        ``at_limit`` is -1 or 1 where the optimum is the smallest or the largest size that they
        leave, and else 0. The budgets (``flops``, or the unit of the cost) and the labels of
        factors are coordinates of ``budget``.
    fit : ScalingFit or FitAverage
        What it was made from.
    cost, constraints, inputs
        As given to :func:`allocate`.
    """

    cost: Cost = field(default_factory=SixND)
    constraints: Constraints = field(default_factory=Constraints)
    inputs: Mapping[str, float] = field(default_factory=dict)

    shown: ClassVar[tuple[str, ...]] = (
        *("params", "tokens", "tokens_per_param", "expected_loss", "epochs"),
    )
    missing: ClassVar[str] = "have no optimum in the range searched"

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for a reader: of the fit, and of draws without an optimum or at a limit."""
        return (*super().notes, *self._limit_notes())

    def _limit_notes(self) -> Iterator[str]:
        if "at_limit" in self.draws:
            yield from _at_limits(self.draws["at_limit"], self.constraints)
        if self.constraints.tokens_per_param is not None:
            ratio = short(self.constraints.tokens_per_param)
            yield f"Split at {ratio} tokens per parameter, as asked."

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
        return self._intervals(exponents.assign(factors), "budget", prob)

    def growth_beside_rules(self, prob: float | None = None) -> pd.DataFrame:
        """Growth with ten times the budget, beside the two rules that papers have printed.

        Returns
        -------
        pandas.DataFrame
            By ``source``, this fit's at each budget first; columns (``params_per_tenfold``,
            ``tokens_per_tenfold``; ``median``, ``lower``, ``upper``). Rules have no interval.
        """
        ours = self.growth(prob)
        labels, write = ours.index.to_frame(index=False), label_writer(self.cost.unit)
        labels[self.cost.unit] = labels[self.cost.unit].map(write)
        named = labels.agg(", ".join, axis=1)
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
        return self._columns(self.draws["budget"], chances).rename_axis(columns="params")

    def __repr__(self) -> str:
        if self.constraints.given or "params_exponent" not in self.draws:
            return super().__repr__()
        growth = titled_text("Growth with ten times the budget", self.growth_beside_rules())
        return f"{super().__repr__()}\n\n{growth}"


def allocate(
    fit: Fitted,
    flops: Numbers,
    *,
    cost: Cost | None = None,
    constraints: Constraints | None = None,
    inputs: Mapping[str, float] | None = None,
) -> Allocation:
    """Split each budget so that the expected loss is least; all of it is spent.

    The optimum is the minimum of the surface that :func:`bayes_scaling.forecast` reads, in each
    draw: where the runs show another best size than the law, it follows the runs, and beyond them
    it drifts on as it did among them (``tests/benchmarks/test_best_sizes.py``). A draw without an
    optimum inside the range searched is NaN, and counted in the notes. Where constraints bind, the
    optimum is the run at the limit; such draws are counted in the notes, and marked in
    ``draws["at_limit"]``.

    Parameters
    ----------
    fit : ScalingFit or FitAverage
        Of a law of params and tokens. Of an average, fits of other laws are left out, which is
        noted, and the optima of the others are mixed.
    flops : float or array
        Budgets, in FLOP or the unit of `cost`. A pooled model has one optimum for each budget and
        level.
    cost : Cost, optional
        What a run costs: 6ND if not given. :mod:`bayes_scaling.decisions.costs` has fuller counts
        of FLOP, and fits a cost to one's own GPU hours.
    constraints : Constraints, optional
        Bounds on params and tokens, a fixed ratio of them, or a menu of sizes.
    inputs : mapping of str to float, optional
        Inputs of the law that do not follow from the split, such as ``{"unique_tokens": 25e9}``:
        the answer then has epochs.

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
    if isinstance(fit, FitAverage):
        asking = partial(allocate, flops=flops, cost=cost, constraints=constraints, inputs=inputs)
        return _of_average(fit, asking)
    asked = asked_split("allocate", fit, flops, cost, constraints, inputs)
    budget = asked.where.asked(asked.cost.unit)
    asked.check_budget(budget)
    draws = asked.where.labelled(**_draws(asked, budget))
    return Allocation(draws, fit, asked.cost, asked.constraints, asked.where.held)


def _of_average(average: FitAverage, ask: Callable[[ScalingFit], Allocation]) -> Allocation:
    """Mixture of the allocations of the fits; those whose law splits no compute are left out."""
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
    draws = _on_same_budgets({name: one.draws for name, one in found.items()}, kept)
    mixed = mixture(kept, draws, kept.settings.seed)
    return replace(found[kept.heaviest], draws=mixed, fit=kept)


def _draws(asked: Splitting, budget: np.ndarray) -> dict[str, np.ndarray]:
    best = asked.optimum(budget)
    draws = {
        "params": best.params,
        "tokens": best.tokens,
        "tokens_per_param": best.ratio,
        "expected_loss": best.loss,
        **_exponents(asked, budget),
    }
    held, kept = asked.where.held, asked.constraints
    if "unique_tokens" in held:
        draws["epochs"] = best.tokens / held["unique_tokens"]
    if kept.given and kept.tokens_per_param is None:
        draws["at_limit"] = np.where(np.isnan(best.params), 0, best.end)
    return draws


def _exponents(asked: Splitting, budget: np.ndarray) -> dict[str, np.ndarray]:
    if asked.constraints.sizes:
        return dict.fromkeys(("params_exponent", "tokens_exponent"), np.array(np.nan))
    less, more = (asked.optimum(budget * step) for step in (1 / STEP, STEP))
    return {
        f"{name}_exponent": np.log(getattr(more, name) / getattr(less, name)) / (2 * np.log(STEP))
        for name in ("params", "tokens")
    }


def _at_limits(at_limit: xr.DataArray, constraints: Constraints) -> Iterator[str]:
    what = "of the menu" if constraints.sizes else f"within {constraints!r}"
    for end, size in ((-1, "smallest"), (1, "largest")):
        share = float((at_limit == end).mean())
        if share:
            yield (
                f"In {per_cent(share, 1)} of draws the best size is the {size} {what}; beyond it "
                "another may be better."
            )


def _on_same_budgets(draws: Mapping[str, xr.Dataset], average: FitAverage) -> dict[str, xr.Dataset]:
    """Draws of each fit at the budgets and levels of the fit with most factors.

    Raises
    ------
    ModelError
        No fit has all the factors.
    """
    factors = {name: set(average.fits[name].model.factors) for name in draws}
    most = max(factors, key=lambda name: len(factors[name]))
    wanted = coordinate_index(draws[most]["budget"]).to_frame(index=False)
    other = next((name for name in draws if not factors[name] <= factors[most]), None)
    if other is not None:
        raise ModelError(
            f"allocate: {most!r} varies by {listed(sorted(factors[most]))} and {other!r} by "
            f"{listed(sorted(factors[other]))}, so they have no budgets and levels in common. "
            "Average fits of which one has all the factors."
        )
    placed = {}
    for name, part in draws.items():
        rows = coordinate_index(part["budget"]).to_frame(index=False)
        places = rows.drop_duplicates().reset_index(names="place")
        found = wanted.merge(places, how="left", on=list(rows.columns))["place"].to_numpy(int)
        placed[name] = part.isel(budget=found).assign_coords(draws[most]["budget"].coords)
    return placed

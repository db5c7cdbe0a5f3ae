"""near_optimal(): the range of model sizes that are nearly as good as the best.

Optima are flat, so the answer to "how large" is a range. It is found in each draw, and says how
much the choice matters; how well the optimum is known is what the intervals of its ends say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.decisions.asking import asked_split, splitting
from bayes_scaling.decisions.constraints import Constraints
from bayes_scaling.decisions.costs import Cost, SixND
from bayes_scaling.decisions.surface.landscape import log_ratio
from bayes_scaling.decisions.surface.solvers import OUTWARDS, first_change
from bayes_scaling.decisions.surface.splitting import Splitting
from bayes_scaling.display.intervals import SAMPLE_DIMS
from bayes_scaling.display.wording import per_cent
from bayes_scaling.errors import RunsError, check_kind
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.drawn_result import DrawnResult
from bayes_scaling.model.points import Numbers, as_floats

Measure = Literal["loss", "compute"]


@dataclass(frozen=True, repr=False, eq=False)
class NearOptimal(DrawnResult[ScalingFit]):
    """Draws of the sizes that are nearly as good as the best, for each budget.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, budget)
        ``smallest_params``, ``params`` (the optimum), ``largest_params``; ``most_tokens`` and
        ``fewest_tokens``, which go with the smallest and the largest; ``ratio`` of largest to
        smallest; ``expected_loss`` at the optimum and ``highest_loss``, at the ends of the range.
    fit, within, of, cost, constraints, inputs
        As given to :func:`near_optimal`.
    """

    within: float
    of: Measure = "loss"
    cost: Cost = field(default_factory=SixND)
    constraints: Constraints = field(default_factory=Constraints)
    inputs: Mapping[str, float] = field(default_factory=dict)

    shown: ClassVar[tuple[str, ...]] = ("smallest_params", "params", "largest_params", "ratio")

    @property
    def title(self) -> str:
        """The range in words."""
        if self.of == "loss":
            return f"Sizes within {100 * self.within:.3g} % of the least loss"
        return f"Sizes that waste at most {100 * self.within:.3g} % of the compute"

    def _missing_notes(self) -> tuple[str, ...]:
        return tuple(self._range_notes())

    def _range_notes(self) -> Iterator[str]:
        """Notes on draws whose range is missing, open or cut off."""
        missing = float(self.draws["params"].isnull().mean())
        if missing:
            yield (
                f"{per_cent(missing, 1)} of draws have no optimum and are left out of the "
                "intervals."
            )
        for name in ("smallest_params", "largest_params"):
            unknown = float(self.draws[name].isnull().mean()) - missing
            if unknown > 0:
                yield (
                    f"In {per_cent(unknown, 1)} of draws {name} is beyond every size that was "
                    "searched."
                )
            cut = float(self.draws[f"{name}_at_limit"].mean())
            if cut:
                yield f"In {per_cent(cut, 1)} of draws {name} is cut off by {self.constraints!r}."

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
        sizes = xr.DataArray(as_floats("params", params), dims="size")
        draws = self.draws
        inside = (draws["smallest_params"] <= sizes) & (sizes <= draws["largest_params"])
        known = draws["smallest_params"].notnull() & draws["largest_params"].notnull()
        chances = inside.where(known).mean(SAMPLE_DIMS).transpose("budget", "size")
        columns = dict(zip(sizes.values.tolist(), chances.values.T, strict=True))
        return self._columns(draws["budget"], columns).rename_axis(columns="params")

    def losses(self, params: Numbers) -> xr.DataArray:
        """Draws of the expected loss of given sizes on which each budget is spent.

        Returns
        -------
        xarray.DataArray, dims (chain, draw, budget, size)
        """
        names = (self.cost.unit, *self.fit.model.factors)
        budgets = self.draws.coords.to_dataset()[list(names)].reset_coords(names)
        asked = splitting(self.fit, budgets, self.cost, self.constraints, self.inputs)
        budget = asked.where.asked(self.cost.unit)
        sizes = as_floats("params", params)
        losses = np.stack([asked.loss_of(size, budget) for size in sizes], axis=-1)
        # The fit may be a thinned one of that which the ranges are of.
        drawn = {name: self.fit.posterior[name] for name in SAMPLE_DIMS}
        found = xr.DataArray(losses, drawn, ("chain", "draw", "budget", "size"))
        return found.assign_coords(
            {name: one for name, one in self.draws.coords.items() if name not in SAMPLE_DIMS}
        )


def near_optimal(
    fit: ScalingFit,
    flops: Numbers,
    within: float = 0.01,
    *,
    of: Measure = "loss",
    cost: Cost | None = None,
    constraints: Constraints | None = None,
    inputs: Mapping[str, float] | None = None,
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

    Raises
    ------
    ModelError
        The law is not a function of params and tokens, or lacks an input.
    RunsError
        A budget is not positive or cannot be spent within the constraints, `within` is no
        fraction, or the constraints are a ratio or a menu.
    """
    _check(within, of)
    asked = asked_split("near_optimal", fit, flops, cost, constraints, inputs)
    _check_bounds(asked.constraints)
    budget = asked.where.asked(asked.cost.unit)
    asked.check_budget(budget if of == "loss" else (1 - within) * budget)
    draws = asked.where.labelled(**_draws(asked, budget, within, of))
    return NearOptimal(draws, fit, within, of, asked.cost, asked.constraints, asked.where.held)


def _draws(
    asked: Splitting, budget: np.ndarray, within: float, of: Measure
) -> dict[str, np.ndarray]:
    best = asked.optimum(budget)
    other = (1 + within) * best.loss if of == "loss" else asked.optimum((1 - within) * budget).loss
    # Among the runs a little less compute may be as good.
    highest = np.maximum(other, best.loss)
    ends = _range(asked, budget, best.params, highest)
    smallest, largest = ends["smallest_params"], ends["largest_params"]
    return {
        **ends,
        "params": best.params,
        "most_tokens": asked.cost.tokens(smallest, budget),
        "fewest_tokens": asked.cost.tokens(largest, budget),
        "ratio": largest / smallest,
        "expected_loss": best.loss,
        "highest_loss": highest,
    }


def _range(
    asked: Splitting, budget: np.ndarray, params: np.ndarray, highest: np.ndarray
) -> dict[str, np.ndarray]:
    """Sizes on either side of the optimum at which the loss is the highest acceptable one."""
    searched, optimum, found = asked.range_searched(budget), np.log(params), {}

    def too_high(log_params: np.ndarray) -> np.ndarray:
        return log_ratio(asked.loss_of(np.exp(log_params), budget), highest)

    for name, end, is_limit in (
        ("smallest_params", searched.low, searched.low_is_limit),
        ("largest_params", searched.high, searched.high_is_limit),
    ):
        passed = first_change(too_high, optimum + (end - optimum) * OUTWARDS.reshape(-1, 1, 1, 1))
        cut = np.isnan(passed) & is_limit & ~np.isnan(optimum)
        found[name] = np.exp(np.where(cut, end, passed))
        found[f"{name}_at_limit"] = cut
    return found


def _check(within: float, of: str) -> None:
    check_kind("near_optimal", "within", within, Real, "0.01 for one per cent")
    if not 0 < within < 1:
        raise RunsError(
            f"near_optimal: within={within} is not a fraction between 0 and 1, so nothing or "
            "everything is that near. Give for instance 0.01 for one per cent."
        )
    if of not in ("loss", "compute"):
        raise RunsError(
            f"near_optimal: of={of!r} is no measure of nearness. Give 'loss' or 'compute'."
        )


def _check_bounds(constraints: Constraints) -> None:
    if constraints.sizes or constraints.tokens_per_param is not None:
        raise RunsError(
            f"near_optimal: {constraints!r} leaves single sizes and no range. Give bounds only, "
            "and compare single sizes by bs.regret."
        )

"""Numbers of the interactive page: quantiles over a grid of runs.

Owns where the tables have their nodes and how many digits they have; no layout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.decisions.allocation import allocate
from bayes_scaling.decisions.near_optimality import near_optimal
from bayes_scaling.display.digits import monte_carlo_error
from bayes_scaling.display.intervals import SAMPLE_DIMS, intervals
from bayes_scaling.fitting.average import Fitted, leading
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.laws.law import SPLIT
from bayes_scaling.model.axes import main_axis, run_axes
from bayes_scaling.model.inputs import input_values
from bayes_scaling.plots.sources import by_group, losses_along, thinned
from bayes_scaling.trust.case import ladder_table
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

BELOW, ABOVE = 0.5, 3.0
"""Decades below the smallest and above the largest run that the page reaches."""

ASIDE = 1.0
"""Decades of tokens per parameter, or of another input, beyond those of the runs."""

STEP = 0.15
"""Decades between nodes at most: losses between them are then within 0.1 %."""

MOST_VALUES = 3_000_000
"""Draws times nodes that the tables are made of at most; beyond, every k-th draw is taken."""

EACH_BUDGET = 2
"""Steps along compute between budgets that are split: best sizes bend less than losses."""

MOST_SEARCHED = 120_000
"""Draws times nodes at most where each draw is searched for its best split."""


@dataclass(frozen=True)
class Grid:
    """Runs at which the page knows quantiles; between them it interpolates.

    Attributes
    ----------
    fitted : ScalingFit or FitAverage
    start : mapping of str to float
        Inputs of the run at which the page opens; those off the axes stay as they are there.
    """

    fitted: Fitted
    start: Mapping[str, float]

    @cached_property
    def fit(self) -> ScalingFit:
        """The fit that says which groups, runs and inputs there are."""
        return leading(self.fitted)

    @property
    def splits(self) -> bool:
        """True if the law splits compute between parameters and tokens."""
        return self.fit.model.law.splits_compute

    @property
    def names(self) -> tuple[str, ...]:
        """The axes: that along which the runs grow, and another where there is one."""
        if self.splits:
            return ("flops", "tokens_per_param")
        law = self.fit.model.law
        first = main_axis(law)
        return (first, *[name for name in law.inputs if name != first][:1])

    @cached_property
    def opened(self) -> dict[str, float]:
        """The run at which the page opens: that of `start`, the largest where it says nothing."""
        largest, given = ladder_table(self.fit).iloc[0], dict(self.start)
        if self.splits and not {"params", "tokens"} <= set(given):
            top = int(self.logs("flops").argmax())
            given |= {name: 10 ** self.logs(name)[top] for name in ("params", "tokens")}
        if self.splits:
            given["flops"] = FLOPS_PER_PARAM_TOKEN * given["params"] * given["tokens"]
            given["tokens_per_param"] = given["tokens"] / given["params"]
        names = {*self.fit.model.law.inputs, *given}
        return {name: float(given[name] if name in given else largest[name]) for name in names}

    @property
    def held(self) -> dict[str, float]:
        """Inputs that the page does not set."""
        set_here = {*self.names, *(SPLIT if self.splits else ())}
        return {
            name: self.opened[name] for name in self.fit.model.law.inputs if name not in set_here
        }

    @cached_property
    def groups(self) -> pd.DataFrame:
        """Combinations of levels that occur in the runs."""
        factors = list(self.fit.model.factors)
        table = self.fit.runs.table[factors].drop_duplicates()
        return table.sort_values(factors) if factors else pd.DataFrame(index=[0])

    @cached_property
    def tops(self) -> np.ndarray:
        """Log10 of the largest run of each group, along the first axis; losses bend there."""
        values, table = self.logs(self.names[0]), self.fit.runs.table
        labels = [table[name].to_numpy() for name in self.groups]
        return np.asarray(pd.Series(values).groupby(labels or np.zeros(len(values))).max())

    @cached_property
    def along(self) -> np.ndarray:
        """Log10 of the nodes along the first axis."""
        return np.union1d(self._nodes(self.names[0], BELOW, ABOVE), self.tops)

    @cached_property
    def budgets(self) -> np.ndarray:
        """Log10 of the compute that is split."""
        opened = np.log10(self.opened[self.names[0]])
        return np.union1d(self.along[::EACH_BUDGET], [*self.tops, opened, self.along[-1]])

    @cached_property
    def across(self) -> np.ndarray:
        """Log10 of the nodes along the second axis; a single one for a law of one input."""
        if len(self.names) < 2:
            return np.zeros(1)
        return self._nodes(self.names[1], ASIDE, ASIDE)

    def logs(self, name: str) -> np.ndarray:
        """Log10 of a quantity of the runs."""
        if not self.splits:
            return np.asarray(np.log10(input_values(self.fit.runs, name)))
        params, tokens = (_of_runs(self.fit, one) for one in ("params", "tokens"))
        known: dict[str, np.ndarray] = {
            "params": params,
            "tokens": tokens,
            "flops": np.log10(FLOPS_PER_PARAM_TOKEN) + params + tokens,
            "tokens_per_param": tokens - params,
        }
        return known[name]

    def _nodes(self, name: str, below: float, above: float) -> np.ndarray:
        values, opened = self.logs(name), np.log10(self.opened[name])
        low, high = min(values.min() - below, opened), max(values.max() + above, opened)
        even = np.linspace(low, high, int(np.ceil((high - low) / STEP)) + 1)
        return np.union1d(even, [opened])

    def losses(self, prob: float | None) -> list[dict[str, Any]]:
        """Quantiles of the expected loss and of a new run's at every node, by group."""
        first, second = (
            10 ** one.ravel() for one in np.meshgrid(self.along, self.across, indexing="ij")
        )
        table = pd.DataFrame(self._inputs(first, second))
        few = thinned(self.fitted, len(table) * len(self.groups), MOST_VALUES)
        shape = len(self.along), len(self.across)
        found = []
        for _, levels in self.groups.iterrows():
            draws = losses_along(few, table.assign(**levels), "error")
            names = ("expected_loss", "loss")
            found.append({name: _quantiles(draws[name], prob, shape) for name in names})
            self._open_with_every_draw(found[-1], table.assign(**levels), prob)
        return found

    def _open_with_every_draw(
        self, found: dict[str, Any], table: pd.DataFrame, prob: float | None
    ) -> None:
        """Put the quantiles of all draws at the run at which the page opens."""
        opened = [np.log10(self.opened[name]) for name in self.names]
        i = int(np.abs(self.along - opened[0]).argmin())
        j = int(np.abs(self.across - opened[1]).argmin()) if len(opened) > 1 else 0
        draws = losses_along(self.fitted, table.iloc[[i * len(self.across) + j]], "error")
        for name, quantiles in found.items():
            for end, values in _quantiles(draws[name], prob, (1, 1)).items():
                quantiles[end][i][j] = values[0][0]

    def error(self, prob: float | None) -> float:
        """Monte-Carlo error over the width of the interval, at the run at which the page opens."""
        at = pd.DataFrame({name: [value] for name, value in self.opened.items()})
        level = self.groups.head(1).reset_index(drop=True)
        draws = losses_along(self.fitted, at.join(level[list(self.fit.model.factors)]), "error")
        loss = draws["loss"].isel(point=0)
        ends = intervals(loss, prob)
        median, lower, upper = (float(ends[end]) for end in ("median", "lower", "upper"))
        return monte_carlo_error(loss, median) / max(upper - lower, np.finfo(float).tiny)

    def _inputs(self, first: np.ndarray, second: np.ndarray) -> dict[str, Any]:
        if not self.splits:
            return {**dict(zip(self.names, (first, second), strict=False)), **self.held}
        params = np.sqrt(first / FLOPS_PER_PARAM_TOKEN / second)
        return {"params": params, "tokens": second * params, **self.held}

    def splits_of(self, within: float, prob: float | None) -> list[dict[str, Any]]:
        """Quantiles of the best split, and of the sizes nearly as good, along compute, by group."""
        budgets, model = 10**self.budgets, self.fit.model
        levels = np.prod([len(self.fit.runs.levels(factor)) for factor in model.factors])
        few = thinned(self.fitted, int(len(budgets) * levels), MOST_SEARCHED)
        asked = (
            near_optimal(few, budgets, within, inputs=self.held)
            if isinstance(few, ScalingFit)
            else allocate(few, budgets, inputs=self.held)
        )
        params = asked.draws["params"]
        tokens = asked.draws["flops"] / FLOPS_PER_PARAM_TOKEN / params
        draws = asked.draws.assign(tokens=tokens, ratio=tokens / params)
        names = [*("params", "tokens", "ratio", "expected_loss"), *_ENDS]
        kept = by_group(draws[[name for name in names if name in draws]], model.factors)
        parts = (kept[tuple(map(str, group))] for group in self.groups.to_numpy())
        return [
            {
                str(name): _quantiles(one, prob, budgets.shape)
                for name, one in part.data_vars.items()
            }
            for part in parts
        ]


_ENDS = ("smallest_params", "largest_params")


def _of_runs(fit: ScalingFit, name: str) -> np.ndarray:
    """Log10 parameters or tokens of the runs, from whatever the law has of them."""
    runs = fit.runs
    if name in runs.inputs:
        return np.asarray(np.log10(runs.values(name)))
    logs = run_axes(fit.model.law, runs)
    ratio = logs["tokens_per_param"] * (1 if name == "tokens" else -1)
    return np.asarray((logs["flops"] - np.log10(FLOPS_PER_PARAM_TOKEN) + ratio) / 2)


def _quantiles(
    draws: xr.DataArray, prob: float | None, shape: tuple[int, ...]
) -> dict[str, list[Any]]:
    """Median and ends at each node, and the share of draws that have no value."""
    ends = intervals(draws, prob).assign(missing=draws.isnull().mean(SAMPLE_DIMS))
    return {str(name): _short(values.values.reshape(shape)) for name, values in ends.items()}


def _short(values: np.ndarray) -> list[Any]:
    """Numbers to six digits, as JSON holds them; none where there is no number."""
    if values.ndim > 1:
        return [_short(row) for row in values]
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in values]

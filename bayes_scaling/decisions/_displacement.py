"""How far the best size of a budget lies from where the law puts it, at any compute.

A line along log compute for each level of factors: what groups of runs show
(:mod:`bayes_scaling.decisions._best_sizes`) updates its prior, and it is carried beyond the runs.
Where no runs show a best size, the prior is all there is. What was tried, and how it scored, stands
in ``tests/benchmarks/test_best_sizes.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from bayes_scaling._focus import level_labels
from bayes_scaling._intervals import SAMPLE_DIMS
from bayes_scaling.costs import SixND
from bayes_scaling.decisions._best_sizes import best_sizes, placed_runs
from bayes_scaling.decisions._splitting import Splitting
from bayes_scaling.discrepancy import shuffled_normal
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

LEVEL = 0.35
"""How far a law is off at the largest run, in log params, as a standard deviation."""

RATE = 0.4
"""By how much more, or less, with each tenfold of compute."""

SCATTER = 0.06
"""By how much single groups of runs lie off a line, beyond the errors of their parabolas."""

FURTHER = 0.1
"""By how much a line that runs show goes wrong with each tenfold of compute beyond them."""


@dataclass(frozen=True, eq=False)
class Displacement:
    """Draws of the line of each level: log params at the largest run, and for each decade.

    Attributes
    ----------
    lines : xarray.Dataset, dims (level, chain, draw)
        ``at_top``, ``per_decade`` and ``further``, for each decade beyond the runs; by level,
        ``top``, the log10 of the compute of its largest run.
    groups : int
        How many groups of runs show a best size.
    """

    lines: xr.Dataset
    groups: int

    def at(self, flops: xr.DataArray, levels: np.ndarray) -> xr.DataArray:
        """What is added to log params of budgets of given compute, one dim besides the draws."""
        (dim,) = (str(name) for name in flops.dims if name not in SAMPLE_DIMS)
        line = self.lines.sel(level=xr.DataArray(levels, dims=dim)).drop_vars("level")
        decades = xr.ufuncs.log10(flops) - line["top"]
        shift: xr.DataArray = (
            line["at_top"] + line["per_decade"] * decades + line["further"] * decades.clip(min=0.0)
        )
        return shift


def displacement(fit: ScalingFit, levels: np.ndarray) -> Displacement:
    """The lines of given levels, as the runs of each have them.

    Levels without runs are measured from the largest run of all.
    """
    runs, seen = placed_runs(fit), best_sizes(fit)
    tops = runs.groupby("level")["log_flops"].max()
    rng = np.random.default_rng([fit.settings.seed, 2])
    lines = []
    for level in map(str, dict.fromkeys(levels)):
        top = float(tops.get(level, runs["log_flops"].max()))
        shown = seen.isel(group=seen["level"].values == level) if seen.sizes["group"] else seen
        lines.append(_line(fit, shown, top, rng).assign(top=top).assign_coords(level=level))
    return Displacement(xr.concat(lines, "level"), seen.sizes["group"])


def displaced(asked: Splitting, budget: xr.DataArray, by: Displacement | None) -> Splitting:
    """The same question, with the best sizes where the runs put them."""
    if by is None or asked.constraints.tokens_per_param is not None:
        return asked
    flops = budget
    if not isinstance(asked.cost, SixND):
        best = asked.optimum(budget)
        flops = FLOPS_PER_PARAM_TOKEN * best["params"] * best["tokens"]
    return replace(asked, shift=by.at(flops, levels_of(asked, budget)))


def levels_of(asked: Splitting, budget: xr.DataArray) -> np.ndarray:
    """The label of the levels of each budget."""
    return level_labels([label.to_numpy() for label in asked.labels.values()], budget.size)


def _line(fit: ScalingFit, shown: xr.Dataset, top: float, rng: np.random.Generator) -> xr.Dataset:
    """Draws of the line given its prior and what groups of runs show, draw by draw of the law."""
    numbered = fit.posterior[["chain", "draw"]]
    shape = (numbered.sizes["chain"], numbered.sizes["draw"])
    precision = np.diag([LEVEL**-2.0, RATE**-2.0])
    pulled = np.zeros((*shape, 2))
    if shown.sizes["group"]:
        design = np.column_stack([np.ones(shown.sizes["group"]), shown["compute"] - top])
        weights = 1 / (shown["error"].to_numpy() ** 2 + SCATTER**2)
        precision = precision + design.T @ (design * weights[:, None])
        pulled = (shown["miss"].transpose("chain", "draw", "group").to_numpy() * weights) @ design
    covariance = np.linalg.inv(precision)
    drawn = [shuffled_normal(rng, shape[0] * shape[1]).reshape(shape) for _ in range(3)]
    standard = np.stack(drawn, axis=-1)
    line = pulled @ covariance + standard[..., :2] @ np.linalg.cholesky(covariance).T
    dims = ("chain", "draw")
    parts = {"at_top": line[..., 0], "per_decade": line[..., 1]}
    parts["further"] = FURTHER * standard[..., 2]
    return xr.Dataset({name: (dims, one) for name, one in parts.items()}, numbered.coords)

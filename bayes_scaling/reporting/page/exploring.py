"""The page on which a reader sets a run: its fields, what it holds, and its script.

Quantiles are computed here, on a grid of runs; the scripts in ``interactive/`` interpolate them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from bayes_scaling.display.intervals import interval_percent
from bayes_scaling.fitting.average import Fitted
from bayes_scaling.reporting.page.embedding import ABOVE, ASIDE, BELOW, Grid
from bayes_scaling.reporting.page.standing import tested_range, verdicts
from bayes_scaling.reporting.sections.contents import cell
from bayes_scaling.trust import TrustReport

FIELDS = ("params", "tokens", "flops")
LABELS = {"params": "Parameters", "tokens": "Training tokens", "flops": "Compute (FLOP, 6ND)"}
WITHIN = 0.01

SCRIPTS = ("grid.js", "words.js", "picture.js", "page.js")
"""Scripts of the page, in the order in which they run."""


@dataclass(frozen=True)
class Field:
    """One number that the reader sets; its slider's ends are logarithms to base 10."""

    name: str
    label: str
    start: float
    slider_low: float
    slider_high: float


@dataclass(frozen=True)
class Page:
    """Fields, groups, numbers and script of the page.

    Attributes
    ----------
    fields : tuple of Field
    groups : tuple of str
        Names of the levels to choose from; one without a name for a fit without groups.
    data : mapping
        Plain numbers and texts, for JSON.
    script : str
        JavaScript, free of anything that the user wrote.
    """

    fields: tuple[Field, ...]
    groups: tuple[str, ...]
    data: Mapping[str, Any]
    script: str

    @property
    def optimises(self) -> bool:
        """True if compute has a best split between parameters and tokens."""
        return self.data["best"] is not None

    @property
    def ranged(self) -> bool:
        """True if the sizes nearly as good as the best are known."""
        return self.optimises and "smallest_params" in self.data["best"][0]


def page(
    fitted: Fitted, start: Mapping[str, float], trust: TrustReport | None, prob: float | None
) -> Page:
    """The page of a fit or an average.

    Parameters
    ----------
    fitted : ScalingFit or FitAverage
    start : mapping of str to float
        What the fields hold at first; the run of largest compute where it has no value.
    trust : TrustReport, optional
    prob : float, optional
        Probability of the intervals.
    """
    grid = Grid(fitted, start)
    runs = grid.fit.runs
    data = {
        "axes": list(grid.names),
        "along": grid.along.tolist(),
        "across": grid.across.tolist(),
        "budgets": grid.budgets.tolist(),
        "losses": grid.losses(prob),
        # Of other responses more may be better, and there is no least one to look for.
        "best": grid.splits_of(WITHIN, prob) if grid.splits and runs.response == "loss" else None,
        "splits": grid.splits,
        "held": {name: cell(name, value) for name, value in grid.held.items()},
        "within": WITHIN,
        "interval": interval_percent(prob),
        "error": grid.error(prob),
        "response": runs.response,
        "range": tested_range(grid, trust),
        "trust": verdicts(grid.fit, trust),
        "problems": fitted.diagnostics.problems,
    }
    folder = resources.files("bayes_scaling.reporting").joinpath("interactive")
    files = [folder.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS]
    names = tuple(", ".join(map(str, row)) for row in grid.groups.to_numpy())
    fields = tuple(_field(grid, name) for name in (FIELDS if grid.splits else grid.names))
    return Page(fields, names, data, "\n".join(['"use strict";', *files]))


def _field(grid: Grid, name: str) -> Field:
    logs, opened = grid.logs(name), np.log10(grid.opened[name])
    # Parameters and tokens that grow alike are each half of the way of compute.
    share = 0.5 if grid.splits and name != "flops" else 1.0
    below, above = (BELOW, ABOVE) if grid.splits or name == grid.names[0] else (ASIDE, ASIDE)
    low, high = logs.min() - share * below, logs.max() + share * above
    ends = round(min(low, opened), 2), round(max(high, opened), 2)
    return Field(name, LABELS.get(name, name), grid.opened[name], *ends)

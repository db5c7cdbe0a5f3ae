"""Candidate runs as a checked table: labels, inputs, groups and costs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.digits import label_writer
from bayes_scaling.display.wording import listed, rows
from bayes_scaling.errors import RunsError, check_kind
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.points import points
from bayes_scaling.units import compute

COST = "cost"
"""Column of the candidates that says what each costs."""


def evaluated(fit: ScalingFit, candidates: pd.DataFrame) -> tuple[pd.DataFrame, xr.Dataset]:
    """Candidates with labels, inputs, factors and cost; and as points of the law."""
    example = "bs.datasets.isoflop_design(...), or another table"
    check_kind("next_runs", "candidates", candidates, pd.DataFrame, example)
    if candidates.empty:
        raise RunsError(
            "next_runs: the table of candidates has no rows, so there is nothing to choose from. "
            "Give one row for each run that could be made, as bs.datasets.isoflop_design lays out."
        )
    crossed = _crossed(fit, candidates)
    where = points(fit.model, fit.runs, at=crossed)
    twice = crossed.index[crossed.index.duplicated()]
    if len(twice):
        raise RunsError(
            f"next_runs: candidates have the same label in {rows(dict.fromkeys(twice))}, so a "
            "label would not identify a run. Give them an index without repeats."
        )
    names = [n for n in (*fit.model.law.inputs, *fit.model.factors) if n in where]
    shown = pd.DataFrame({n: where[n].values for n in names}, index=crossed.index)
    return shown.assign(**{COST: _costs(crossed, where)}), where


def _crossed(fit: ScalingFit, candidates: pd.DataFrame) -> pd.DataFrame:
    """One row for each fitted level of a factor that is left out, its label saying so."""
    table = candidates.set_axis([str(label) for label in candidates.index], axis=0)
    for factor in fit.model.factors:
        if factor not in table:
            crossed = []
            for level in fit.runs.levels(factor):
                labels = [f"{label} {level}" for label in table.index]
                crossed.append(table.set_axis(labels, axis=0).assign(**{factor: level}))
            table = pd.concat(crossed)
    return table


def _costs(candidates: pd.DataFrame, where: xr.Dataset) -> np.ndarray:
    if COST not in candidates and "flops" not in where:
        raise RunsError(
            "next_runs: the candidates have no column 'cost', and their compute does not follow "
            "from params and tokens, so the cost of a run is unknown. Add a column "
            "'cost' in the unit of the budget."
        )
    if COST not in candidates:
        asked = "flops" in candidates or "params" not in where
        flops = where["flops"] if asked else compute(where["params"], where["tokens"])
        return np.asarray(flops, dtype=float)
    costs = pd.to_numeric(candidates[COST], errors="coerce").astype(float)
    bad = candidates.index[~(np.isfinite(costs) & (costs > 0))]
    if len(bad):
        raise RunsError(
            f"next_runs: cost is no positive number in {rows(bad)}: "
            f"{listed(candidates[COST].loc[bad])}. Gains are weighed against costs. Give what "
            "each run costs, in the unit of the budget."
        )
    return costs.to_numpy()


def check_budget(budget: float, most: int | None, costs: pd.Series[float]) -> None:
    """Refuse a budget that cannot be spent on any of the runs, or a number of runs below one."""
    if not (np.ndim(budget) == 0 and np.isfinite(budget) and budget > 0):
        raise RunsError(
            f"next_runs: a budget of {budget!r} cannot be spent. Give one positive number in the "
            "unit of the candidates' cost, such as 1e21 FLOP."
        )
    if most is not None and most < 1:
        raise RunsError(
            f"next_runs: most={most!r} leaves no run to choose. Give a whole number of at least 1, "
            "or None for as many as the budget allows."
        )
    write = label_writer(COST)
    if budget < costs.min():
        raise RunsError(
            f"next_runs: a budget of {write(budget)} affords none of the "
            f"{len(costs)} candidates; the cheapest, {str(costs.idxmin())!r}, costs "
            f"{write(costs.min())}. Raise the budget or add smaller runs."
        )

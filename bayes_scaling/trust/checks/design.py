"""Check of the design: number, levels and spread of the runs, and slips of units."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayes_scaling.display.wording import listed
from bayes_scaling.model.hierarchy import CENTRED_FROM_RUNS
from bayes_scaling.trust.case import Case
from bayes_scaling.validation.verdict import Finding, Verdict, graded, worst

SAME_DECADES = 0.021
"""Decades within which values are one level: 5 %, as in the notes on runs."""

LEVELS_LEAST = 3
"""Least number of levels of an input: two cannot show that a curve bends, as one with a floor does.
"""

FEW_RATIOS = 0.2
"""Decades of tokens per parameter over which `delta` hardly changes: its length is 0.6."""

COLLINEAR = 0.98
"""Correlation beyond which log N explains 96 % of log D, as in the notes on runs."""

GAP_DOUBTED = 1.5
GAP_DECADES = 2.5
"""Decades of a gap that is a doubt, or a slip of units: sweeps go in steps of a decade or less, and
K, M, B and T are three decades apart, less the row's own distance from the others."""

SLIPS_SHARE = 0.1
SLIPS_MOST = 5
"""Most runs beyond a gap that can be slips: more of them are a level of a grid. Whole columns or
tables in another unit show in the losses."""


def check_design(case: Case) -> Finding:
    """Number and spread of the runs along each axis, and parameters that they cannot separate."""
    too_few, others = list(_too_few(case)), list(_alike(case))
    problems = [*too_few, *others]
    fatal = [text for verdict, text in problems if verdict == "do not trust"]
    verdict = worst(verdict for verdict, _ in problems)
    axes = case.runs
    table = pd.DataFrame(
        {
            "lowest": 10 ** axes.min(),
            "highest": 10 ** axes.max(),
            "decades": axes.max() - axes.min(),
            "levels": [_levels(axes[name]) for name in axes],
            "largest_gap": [np.diff(np.sort(axes[name])).max(initial=0.0) for name in axes],
        }
    ).rename_axis("axis")
    table.attrs["problems"] = tuple(text for _, text in problems)
    table.attrs["only_few"] = bool(too_few) and not others
    headline = (
        " ".join(fatal or [text for _, text in problems])
        or f"{len(axes)} runs for {_parameters(case)} parameters, over "
        f"{np.ptp(axes[case.main]):.1f} decades of {case.main}."
    )
    return Finding([verdict] * case.size, headline, table)


def _too_few(case: Case) -> Iterator[tuple[Verdict, str]]:
    count, needed = len(case.runs.round(2).drop_duplicates()), _parameters(case)
    if count <= needed:
        yield (
            "do not trust",
            f"{count} different runs for {needed} parameters and their scatter: nothing is left "
            "over to show that the law is wrong.",
        )
    elif count < 2 * needed:
        yield "caution", f"{count} different runs are fewer than two for each of {needed} unknowns."


def _alike(case: Case) -> Iterator[tuple[Verdict, str]]:
    axes, law = case.runs, case.fit.model.law
    for name in law.inputs:
        levels = _levels(axes[name])
        if levels < LEVELS_LEAST and name not in law.unscaled:
            yield "caution", f"{name} has {levels} level(s): its exponent comes from the prior."
    if {"params", "tokens"} <= set(law.inputs):
        yield from _on_one_line(axes)
    for name in (*law.inputs, "tokens_per_param"):
        if name in axes and name not in law.unscaled:
            yield from _slips(axes, name)


def _slips(axes: pd.DataFrame, name: str) -> Iterator[tuple[Verdict, str]]:
    gap, apart = _set_apart(axes, name)
    if gap > GAP_DOUBTED:
        yield (
            graded(gap, GAP_DOUBTED, GAP_DECADES),
            f"{name} of {listed(axes.index[apart])} lies {10**gap:.0f} times from the other "
            "runs, as after a slip of units.",
        )


def _on_one_line(axes: pd.DataFrame) -> Iterator[tuple[Verdict, str]]:
    ratio = axes["tokens_per_param"]
    if _levels(axes["params"]) < 2 or _levels(axes["tokens"]) < 2:
        return
    if np.ptp(ratio) < SAME_DECADES:
        yield (
            "caution",
            f"Every run has {10 ** ratio.median():.3g} tokens per parameter: alpha, "
            "beta and what the law leaves out along it (delta) cannot be told apart, and no other "
            "ratio can be asked for.",
        )
        return
    if np.ptp(ratio) < FEW_RATIOS:
        yield (
            "caution",
            f"The runs span {10 ** np.ptp(ratio):.2f} times in tokens per parameter: what the law "
            "leaves out along it (delta) and its exponents cannot be told apart.",
        )
        return
    correlation = float(np.corrcoef(axes["params"], axes["tokens"])[0, 1])
    if abs(correlation) > COLLINEAR:
        yield (
            "caution",
            f"log N and log D are on one line (r = {correlation:.3f}): what moves the loss across "
            "it comes from the law's form and the priors.",
        )


def _parameters(case: Case) -> int:
    """Free parameters of the law, the scatter of the runs as one more, and offsets of levels.

    A parameter that varies by a factor has one further unknown for each level that its own runs
    settle, save one: the typical value counts already. Smaller levels are held by what all levels
    share, so that they count together as one, the spread.
    """
    model, table = case.fit.model, case.fit.runs.table
    settled = {
        factor: int((table[factor].value_counts() >= CENTRED_FROM_RUNS).sum())
        for factor in model.factors
    }
    return 1 + len(model.free) + sum(max(1, settled[vary.by] - 1) for vary in model.vary)


def _levels(values: pd.Series[float]) -> int:
    """Number of values that differ by 5 % or more from the last one counted."""
    count, last = 0, -np.inf
    for value in np.sort(values):
        if value - last > SAME_DECADES:
            count, last = count + 1, value
    return count


def _set_apart(axes: pd.DataFrame, name: str) -> tuple[float, pd.Series[bool]]:
    """The largest step along an axis that has few runs on one side, and which runs these are."""
    different = axes.round(2).drop_duplicates().index
    allowed = np.clip(SLIPS_SHARE * len(different), 1, SLIPS_MOST)
    ordered = np.sort(axes[name])
    steps = np.diff(ordered)
    for where in np.argsort(-steps):
        below = axes[name] <= ordered[where]
        for apart in (below, ~below):
            if apart[different].sum() <= allowed:
                return float(steps[where]), apart
    return 0.0, axes[name] < -np.inf

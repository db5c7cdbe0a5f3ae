"""Words of the checks on the interactive page: the tested range, the verdicts and their reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import xarray as xr

from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.reach import ranges
from bayes_scaling.reporting.page.embedding import Grid
from bayes_scaling.reporting.sections.larger import ladder_factors
from bayes_scaling.reporting.sections.opening import because
from bayes_scaling.trust import TrustReport


def tested_range(grid: Grid, trust: TrustReport | None) -> list[dict[str, dict[str, float]]]:
    """Range of the runs of each group along each axis, and the multiple of it that was tested."""
    fit, groups = grid.fit, grid.groups
    trusted: Mapping[str, float] = {}
    if trust is not None:
        trusted = trust["reach"].table.attrs.get("trusted_times", {})
    where = xr.Dataset({str(name): ("point", groups[name].to_numpy()) for name in groups})
    low, high = (
        (10**ends).to_dict("records") for ends in ranges(fit.model, fit.runs, where, len(groups))
    )
    return [
        {
            str(name): {
                "low": float(least[name]),
                "high": float(largest[name]),
                "trusted": float(trusted.get(str(name), 1.0)),
            }
            for name in least
        }
        for least, largest in zip(low, high, strict=True)
    ]


def verdicts(fit: ScalingFit, trust: TrustReport | None) -> dict[str, Any] | None:
    """Verdicts on the largest run, on larger ones and on the targets."""
    if trust is None:
        return None
    judged = [*zip(ladder_factors(trust), *_judged(trust, trust.ladder), strict=True)]
    rungs = [
        {"times": times, "verdict": verdict, "reason": reason}
        for times, verdict, reason in sorted([*judged, *_asked(fit, trust)])
    ]
    return {"along": trust.along, "ladder": rungs}


def _judged(trust: TrustReport, points: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Verdicts, and the doubts behind them as sentences; none of what is trusted."""
    doubting = [[trust[name] for name in one.split(", ") if name] for one in points["because"]]
    return points["verdict"].to_list(), [because(one) if one else "" for one in doubting]


def _asked(fit: ScalingFit, trust: TrustReport) -> list[tuple[float, str, str]]:
    """Times the largest run of its level, verdict and reason of each target beyond it."""
    targets = trust.targets
    if trust.along not in targets:
        return []
    _, high = ranges(fit.model, fit.runs, targets.to_xarray(), len(targets))
    factors = targets[trust.along] / (10 ** high[trust.along]).to_numpy()
    asked = zip(factors.tolist(), *_judged(trust, targets), strict=True)
    return [one for one in asked if one[0] > 1]

"""Check: did the chains converge? R-hat, effective draws, divergences and E-BFMI.

Of the posterior of all runs for every target; of the posterior focused on the largest as well where
forecasts take draws of it, which begins below the largest run.
"""

from __future__ import annotations

from collections.abc import Mapping

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling._diagnostics import DIVERGENT_MOST, ESS_LEAST, R_HAT_MOST
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.trust._case import Case
from bayes_scaling.trust._folds import R_HAT_WORST
from bayes_scaling.trust._verdict import Finding, graded, worst

ESS_WORST = 100
"""Fewer effective draws than this leave the ends of a 90 % interval to chance."""

DIVERGENT_WORST = 0.05
BFMI_LEAST = 0.3
BFMI_WORST = 0.1
"""Below it the chains move too slowly between energies (Betancourt, 2016)."""

R_HAT_BEYOND = 1.02
"""What the law's forecast of the focused posterior may have: chains whose means scatter by a fifth
of its spread. Beyond the runs the discrepancy is most of a forecast, and drawn without chains."""

FOCUSED = "focused: "
"""What stands before the diagnostics of the posterior focused on the largest runs."""


def check_sampler(case: Case) -> Finding:
    """Diagnostics of parameters and of the forecast itself, of each posterior that it rests on."""
    on_focused, asked = case.on_focused, np.arange(case.size) < case.asked
    rows = _rows(case.fit, case.expected.isel(point=asked))
    if case.fit.focused is not None and on_focused.any():
        # Of the ladder alone where no target lies beyond the runs.
        places = on_focused & asked if (on_focused & asked).any() else on_focused
        rng = np.random.default_rng(case.fit.settings.seed)
        expected = case.fit.focused.expected_at(case.where, case.new_levels, rng)
        focused = _rows(case.fit.focused, expected.isel(point=places), R_HAT_BEYOND)
        rows |= {FOCUSED + name: row for name, row in focused.items()}
    table = _graded(rows)
    own = table[~table.index.str.startswith(FOCUSED)]
    verdict, anywhere = worst(own["verdict"]), worst(table["verdict"])
    by_point = [anywhere if beyond else verdict for beyond in on_focused]
    told = table if on_focused[: case.asked].any() else own
    return Finding(by_point, _headline(told), table)


Row = tuple[float, float, float, int]
"""A diagnostic, what it may be before caution and distrust, and 1 if more is worse, else -1."""


def _rows(
    fit: ScalingFit, expected: xr.DataArray, forecast_most: float = R_HAT_MOST
) -> dict[str, Row]:
    """Diagnostics of one posterior and of what it expects at some points."""
    found = fit.diagnostics
    r_hat, ess = _of_forecast(expected)
    rows: dict[str, Row] = {
        "r_hat": (found.r_hat, R_HAT_MOST, R_HAT_WORST, 1),
        "r_hat of the forecast": (r_hat, forecast_most, R_HAT_WORST, 1),
        "bulk ESS": (found.ess_bulk, ESS_LEAST, ESS_WORST, -1),
        "tail ESS": (found.ess_tail, ESS_LEAST, ESS_WORST, -1),
        "ESS of the forecast": (ess, ESS_LEAST, ESS_WORST, -1),
        "divergent draws": (found.divergent, DIVERGENT_MOST, DIVERGENT_WORST, 1),
    }
    if "energy" in fit.sample_stats:
        rows["E-BFMI"] = (_bfmi(fit), BFMI_LEAST, BFMI_WORST, -1)
    return rows


def _graded(rows: Mapping[str, Row]) -> pd.DataFrame:
    graded_rows = {
        name: {
            "value": value,
            "caution_beyond": caution,
            "distrust_beyond": distrust,
            "verdict": graded(sign * value, sign * caution, sign * distrust),
        }
        for name, (value, caution, distrust, sign) in rows.items()
    }
    return pd.DataFrame.from_dict(graded_rows, orient="index").rename_axis("diagnostic")


def _headline(table: pd.DataFrame) -> str:
    """What is wrong with the posteriors that the targets rest on, or the worst of their numbers."""
    values, bad = table["value"], table.index[table["verdict"] != "trust"]
    if len(bad):
        numbers = ", ".join(f"{name} {values[name]:.4g}" for name in bad)
        return (
            f"The chains have not converged ({numbers}): the draws are not yet the "
            "posterior's. Fit with more draws and tune, or mend what the other checks name."
        )
    of_both = values.groupby(table.index.str.removeprefix(FOCUSED))
    return (
        f"The chains agree: R-hat {of_both.max()['r_hat']:.3f}, {of_both.min()['bulk ESS']:.0f} "
        f"effective draws, {of_both.max()['divergent draws']:.1%} divergent."
    )


def _of_forecast(expected: xr.DataArray) -> tuple[float, float]:
    """Worst R-hat and ESS of the expected loss at some points."""
    table = az.summary(expected.to_dataset(), kind="diagnostics", round_to="none")
    return float(table["r_hat"].max()), float(table[["ess_bulk", "ess_tail"]].min().min())


def _bfmi(fit: ScalingFit) -> float:
    """The smallest energy fraction of any chain."""
    statistics = xr.DataTree.from_dict({"sample_stats": fit.sample_stats})
    return float(np.min(np.asarray(az.bfmi(statistics)["energy"])))

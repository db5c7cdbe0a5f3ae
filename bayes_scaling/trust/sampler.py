"""Check: did the chains converge? R-hat, effective draws, divergences and E-BFMI.

Of the posterior of all runs for every target; of the posterior focused on the largest as well where
forecasts take draws of it, which begins below the largest run.
"""

from __future__ import annotations

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling._diagnostics import DIVERGENT_MOST, ESS_LEAST, R_HAT_MOST
from bayes_scaling._focus import reach
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

FOCUSED = "focused: "
"""What stands before the diagnostics of the posterior focused on the largest runs."""


def check_sampler(case: Case) -> Finding:
    """Diagnostics of parameters and of the forecast itself, worst first."""
    fit, found = case.fit, case.fit.diagnostics
    r_hat, ess = _of_forecast(case.expected.isel(point=slice(case.asked)))
    rows = {
        "r_hat": (found.r_hat, R_HAT_MOST, R_HAT_WORST, 1),
        "r_hat of the forecast": (r_hat, R_HAT_MOST, R_HAT_WORST, 1),
        "bulk ESS": (found.ess_bulk, ESS_LEAST, ESS_WORST, -1),
        "tail ESS": (found.ess_tail, ESS_LEAST, ESS_WORST, -1),
        "ESS of the forecast": (ess, ESS_LEAST, ESS_WORST, -1),
        "divergent draws": (found.divergent, DIVERGENT_MOST, DIVERGENT_WORST, 1),
    }
    if "energy" in fit.sample_stats:
        rows["E-BFMI"] = (_bfmi(fit), BFMI_LEAST, BFMI_WORST, -1)
    if fit.focused is not None:
        beyond = fit.focused.diagnostics
        rows[FOCUSED + "r_hat"] = (beyond.r_hat, R_HAT_MOST, R_HAT_WORST, 1)
        rows[FOCUSED + "bulk ESS"] = (beyond.ess_bulk, ESS_LEAST, ESS_WORST, -1)
        rows[FOCUSED + "divergent draws"] = (beyond.divergent, DIVERGENT_MOST, DIVERGENT_WORST, 1)
    table = pd.DataFrame.from_dict(
        {
            name: {
                "value": value,
                "caution_beyond": caution,
                "distrust_beyond": distrust,
                "verdict": graded(sign * value, sign * caution, sign * distrust),
            }
            for name, (value, caution, distrust, sign) in rows.items()
        },
        orient="index",
    ).rename_axis("diagnostic")
    own = ~table.index.str.startswith(FOCUSED)
    verdict, anywhere = worst(table["verdict"][own]), worst(table["verdict"])
    bad = table.index[table["verdict"] != "trust"]
    numbers = ", ".join(f"{name} {table.loc[name, 'value']:.4g}" for name in bad)
    headline = (
        f"The chains have not converged ({numbers}): the draws are not yet the "
        "posterior's. Fit with more draws and tune, or mend what the other checks name."
        if len(bad)
        else f"The chains agree: R-hat {found.r_hat:.3f}, {found.ess_bulk:.0f} effective draws, "
        f"{found.divergent:.1%} divergent."
    )
    outside = (reach(fit.model, fit.runs, case.where) > 0).to_numpy()
    by_point = [anywhere if on_focused else verdict for on_focused in outside]
    return Finding(by_point, headline, table)


def _of_forecast(expected: xr.DataArray) -> tuple[float, float]:
    """Worst R-hat and ESS of the expected loss at the targets."""
    table = az.summary(expected.to_dataset(), kind="diagnostics", round_to="none")
    return float(table["r_hat"].max()), float(table[["ess_bulk", "ess_tail"]].min().min())


def _bfmi(fit: ScalingFit) -> float:
    """The smallest energy fraction of any chain."""
    statistics = xr.DataTree.from_dict({"sample_stats": fit.sample_stats})
    return float(np.min(np.asarray(az.bfmi(statistics)["energy"])))

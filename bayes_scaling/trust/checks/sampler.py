"""Check of the sampler: Monte-Carlo error and R-hat of the forecast, divergences.

The forecast at the targets decides. A variable in which chains fall a little short is not a doubt;
one in which they sit in different places is.
"""

from __future__ import annotations

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.intervals import SAMPLE_DIMS
from bayes_scaling.display.wording import per_cent
from bayes_scaling.fitting.diagnostics import DIVERGENT_MOST, ESS_LEAST, R_HAT_MOST, R_HAT_WORST
from bayes_scaling.trust.case import Case
from bayes_scaling.validation.verdict import Finding, Verdict, graded, worst

R_HAT_FORECAST = 1.02
"""R-hat of the forecast that is a doubt: chain means scatter by a fifth of its spread, which widens
it by 2 %."""

ADDS = 0.05
ADDS_WORST = 0.2
"""Standard error of an end of the 90 % interval, as a share of its width: above the first, another
seed may change a digit; above the second, the interval."""

DIVERGENT_WORST = 0.05
BFMI_WORST = 0.1
"""E-BFMI below which the chains move too slowly between energies (Betancourt, 2016)."""

ENDS = (0.05, 0.95)

FORECAST, ERROR = "r_hat of the forecast", "error of its interval's ends"


def check_sampler(case: Case) -> Finding:
    """R-hat and Monte-Carlo error of the forecast at each point, and the worst variables."""
    found = _of_forecast(case.expected)
    variables = _of_variables(case)
    everywhere = worst(variables["verdict"])
    by_point = [
        worst(
            [
                everywhere,
                graded(r_hat, R_HAT_FORECAST, R_HAT_WORST),
                graded(error, ADDS, ADDS_WORST),
            ]
        )
        for r_hat, error in found.itertuples(index=False)
    ]
    asked = found.iloc[: case.asked].max()
    rows = {
        FORECAST: _row(asked["r_hat"], R_HAT_FORECAST, R_HAT_WORST),
        ERROR: _row(asked["error"], ADDS, ADDS_WORST),
    }
    table = pd.concat([pd.DataFrame.from_dict(rows, orient="index"), variables])
    return Finding(by_point, _headline(table), table.rename_axis("diagnostic"))


def _of_forecast(expected: xr.DataArray) -> pd.DataFrame:
    """R-hat of the expected loss, and the error of its interval's ends over its width, by point."""
    plain = expected.reset_coords(drop=True)
    low, high = (plain.quantile(end, SAMPLE_DIMS) for end in ENDS)
    errors = [az.mcse(plain, method="quantile", prob=end).values for end in ENDS]
    error = np.max(errors, axis=0) / (high - low).values
    return pd.DataFrame({"r_hat": az.rhat(plain).values, "error": error})


def _of_variables(case: Case) -> pd.DataFrame:
    """The worst diagnostics of any variable; what is short of the ideal is shown, not judged."""
    found = case.fit.diagnostics
    rows = {
        "r_hat": _row(found.r_hat, R_HAT_WORST),
        "bulk ESS": {"value": found.ess_bulk, "ideal": ESS_LEAST, "verdict": "trust"},
        "tail ESS": {"value": found.ess_tail, "ideal": ESS_LEAST, "verdict": "trust"},
        "divergent draws": _row(found.divergent, DIVERGENT_WORST),
    }
    rows["r_hat"]["ideal"], rows["divergent draws"]["ideal"] = R_HAT_MOST, DIVERGENT_MOST
    if "energy" in case.fit.sample_stats:
        slow: Verdict = "trust" if _bfmi(case) >= BFMI_WORST else "caution"
        rows["E-BFMI"] = {"value": _bfmi(case), "caution_beyond": BFMI_WORST, "verdict": slow}
    return pd.DataFrame.from_dict(rows, orient="index")


def _row(value: float, caution: float, distrust: float = np.inf) -> dict[str, object]:
    return {
        "value": value,
        "caution_beyond": caution,
        "distrust_beyond": distrust,
        "verdict": graded(value, caution, distrust),
    }


def _headline(table: pd.DataFrame) -> str:
    """Sentence on a shortcoming of the sampler, or on the Monte-Carlo error of the answer."""
    values, bad = table["value"], table.index[table["verdict"] != "trust"]
    r_hat, error, divergent = values[[FORECAST, ERROR, "divergent draws"]]
    if len(bad.drop(ERROR, errors="ignore")):
        numbers = ", ".join(f"{name} {values[name]:.4g}" for name in bad)
        return (
            f"The chains have not converged ({numbers}): the draws are not yet the "
            "posterior's. Fit with more draws and tune, or mend what the other checks name."
        )
    diverged = f" {per_cent(divergent, 1)} of the draws diverged." if divergent else ""
    more = " Fit with more draws." if len(bad) else ""
    return (
        f"The chains agree on the forecast (R-hat {r_hat:.3f}). Other draws would move the ends of "
        f"its 90 % interval by {per_cent(error, 1)} of the width.{diverged}{more}"
    )


def _bfmi(case: Case) -> float:
    """The smallest energy fraction of any chain."""
    statistics = xr.DataTree.from_dict({"sample_stats": case.fit.sample_stats})
    return float(np.min(np.asarray(az.bfmi(statistics)["energy"])))

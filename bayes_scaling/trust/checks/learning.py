"""Check of learning: posterior against prior, and power-scaling of the forecast.

Only the priors of the law are asked how far the forecast follows them: the sizes of what it leaves
out and by how much it misses beyond the runs are what other sweeps have taught, and in the interval
already.
"""

from __future__ import annotations

import warnings
from typing import Any, Literal

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.wording import per_cent
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.hierarchy import LINKS
from bayes_scaling.model.surface import SIZE
from bayes_scaling.priors import Prior
from bayes_scaling.trust.case import Case
from bayes_scaling.validation.scores import spread
from bayes_scaling.validation.verdict import Finding, Verdict

SENSITIVE = 0.05
"""Power-scaling sensitivity that counts (Kallioinen et al., 2024)."""

RULED = 2.0
"""Ratio of the sensitivities to priors and runs above which the forecast is that of the priors."""

UNLEARNT = 0.5
"""Ratio of posterior to prior spread of the forecast above which most of it is prior."""


def check_learning(case: Case) -> Finding:
    """Sensitivity of the expected loss at each point, and the contraction of each parameter.

    It is that of the loss, had the law gone on beyond the runs as it says.
    """
    prior = case.prior
    expected, inside = case.expected, case.surface.inside.loss(case.where)
    before = spread(_expected(prior, case))
    miss_share = (1 - (spread(inside) / spread(expected)) ** 2).clip(0)
    table = pd.DataFrame(
        {
            "prior_sensitivity": _sensitivity(case, inside, "prior"),
            "likelihood_sensitivity": _sensitivity(case, inside, "likelihood"),
            "share_of_prior_spread": (spread(expected) / before).to_numpy(),
            "miss_share_of_variance": miss_share.to_numpy(),
        },
        index=pd.RangeIndex(case.size, name="point"),
    )
    judged = table.drop(columns="miss_share_of_variance")
    verdicts = [_verdict(*row) for row in judged.itertuples(index=False)]
    table.attrs["parameters"] = _contraction(prior, case.fit)
    return Finding(verdicts, _headline(case, table.iloc[: case.asked]), table)


def _headline(case: Case, table: pd.DataFrame) -> str:
    """The check in sentences, by the points that were asked about."""
    worst, _, share, miss = table.max()
    least = table.attrs["parameters"]["share_of_prior_spread"]
    missed = (
        f"{per_cent(miss)} of its variance is how laws miss beyond their runs, taught by other "
        "sweeps"
        if case.fit.model.has_surface(case.fit.runs)
        else "nothing is added for how laws miss beyond their runs"
    )
    return (
        f"The forecast's sensitivity to the law's priors is {worst:.3f}; from {SENSITIVE} they "
        f"matter. Its spread is {per_cent(share, 1)} of what the priors alone allow, and {missed}. "
        f"These runs taught least about {least.idxmax()}: {per_cent(least.max())} of its prior "
        "spread is left."
    )


def _verdict(prior: float, likelihood: float, share: float) -> Verdict:
    """The verdict on a forecast by its sensitivities and its share of the prior spread."""
    if share > UNLEARNT or prior > max(SENSITIVE, RULED * likelihood):
        return "do not trust"
    return "caution" if prior > SENSITIVE or not np.isfinite(prior) else "trust"


def _sensitivity(case: Case, expected: xr.DataArray, group: Literal["prior", "likelihood"]) -> Any:
    """Power-scaling sensitivity of each point to the priors of the law or to the runs."""
    tree, others = case.fit.tree, (SIZE, *case.fit.model.noise.priors)
    nodes = {
        "posterior": xr.Dataset({"forecast": expected.reset_coords(drop=True)}),
        "log_likelihood": tree["log_likelihood"].to_dataset(),
        "log_prior": tree["log_prior"].to_dataset().drop_vars(others, errors="ignore"),
    }
    # Draws that are all alike, far out, have no sensitivity; the NaN is a caution.
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.filterwarnings("ignore", "Estimated shape parameter", UserWarning)
        found = az.psense(xr.DataTree.from_dict(nodes), group=group)
    return found["forecast"].values


def _contraction(prior: ScalingFit, fit: ScalingFit) -> pd.DataFrame:
    """Robust spread of each sampled parameter on its own scale, after over before.

    That scale is the logarithm of a positive parameter and the logit of one between 0 and 1: runs
    that settle it to a few percent have taught it, however large it is.
    """
    rows = {
        name: {
            "prior_spread": _own_spread(one, prior.posterior[name]),
            "posterior_spread": _own_spread(one, fit.posterior[name]),
        }
        for name, one in fit.model.top_level.items()
        if not one.fixed and fit.posterior[name].dims == ("chain", "draw")
    }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")
    share = table["posterior_spread"] / table["prior_spread"]
    return table.assign(share_of_prior_spread=share)


def _own_spread(prior: Prior, draws: xr.DataArray) -> float:
    # A share may round to 0 or 1, which the spread of quantiles survives.
    with np.errstate(divide="ignore"):
        return float(spread(LINKS[prior.support].forward(draws)))


def _expected(prior: ScalingFit, case: Case) -> xr.DataArray:
    rng = np.random.default_rng(0)
    with np.errstate(over="ignore"):
        return prior.expected_at(case.where, case.new_levels, rng)

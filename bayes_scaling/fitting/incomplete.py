"""Draws that are no posterior: cut short, not finite, or of chains that hardly moved."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayes_scaling.errors import IncompletePosteriorError

STUCK_BELOW = 0.01
"""Smallest share of distinct draws that a chain may have of any variable."""

NO_SCATTER = 1e-6
"""Scatter, as a share of the loss, that only computed losses have: four decimals leave 1e-5."""

RAISE = "Raise target_accept or tune, narrow the priors, or try another seed."


class StuckChainError(IncompletePosteriorError):
    """A chain hardly moved, and may in smaller steps after a longer warm-up."""


def refuse_incomplete(tree: xr.DataTree, chains: int, expected: int) -> None:
    """Refuse draws that are truncated, not finite, or do not move.

    Raises
    ------
    IncompletePosteriorError
        With the variable and chain found.
    """
    posterior = tree["posterior"].to_dataset()
    found = posterior.sizes["chain"], posterior.sizes["draw"]
    if found != (chains, expected):
        raise IncompletePosteriorError(
            f"The sampler returned {found[0]} chains of {found[1]} draws where {chains} "
            f"of {expected} were asked for. A truncated posterior has not been explored. "
            "Fit again."
        )
    why_stuck = no_scatter(posterior)
    for name, values in posterior.data_vars.items():
        rest = tuple(dim for dim in values.dims if dim not in ("chain", "draw"))
        by_chain = values.transpose("chain", "draw", *rest).values
        by_chain = by_chain.reshape(chains, expected, -1)
        for chain, draws in enumerate(by_chain):
            _refuse_chain(f"Chain {chain}", str(name), draws, why_stuck)


def _refuse_chain(chain: str, name: str, draws: np.ndarray, why_stuck: str) -> None:
    """Refuse draws of one variable, dims (draw, element), that are not finite or do not move."""
    if not np.isfinite(draws).all():
        raise IncompletePosteriorError(
            f"{chain} has {int((~np.isfinite(draws)).sum())} draws of {name} that "
            "are not finite, so no summary of it means anything. Check the runs for "
            "extreme values, narrow the priors, and fit again."
        )
    distinct = min(len(np.unique(column)) for column in draws.T)
    if distinct < max(2, STUCK_BELOW * len(draws)):
        raise (IncompletePosteriorError if why_stuck else StuckChainError)(
            f"{chain} took {distinct} distinct values of {name} in {len(draws)} "
            "draws: it is stuck and says nothing of the posterior's width. "
            f"{why_stuck or RAISE}"
        )


def no_scatter(posterior: xr.Dataset) -> str:
    """A hint if the runs lie on the law to the last digit, else nothing."""
    name = "noise_sd_ref" if "noise_sd_ref" in posterior else "noise_sd"
    least = float(posterior[name].min()) if name in posterior else np.inf
    if least > NO_SCATTER:
        return ""
    return (
        f"The runs lie on the law without scatter (noise_sd goes down to {least:.0e}), as no "
        "training run does, and a posterior that narrow is hardly sampled. Add noise to simulated "
        "losses, for instance 0.3 %, or fix the scatter: "
        "noise=bs.noise.LogStudentT(sd=bs.Prior.fixed_at(0.003))."
    )

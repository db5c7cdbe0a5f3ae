"""Rounds of sampling: longer and longer, until the chains have converged."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.display.progress import stages
from bayes_scaling.errors import IncompletePosteriorError
from bayes_scaling.fitting.coordinates import Coordinates
from bayes_scaling.fitting.diagnostics import (
    DIVERGENT_MOST,
    ESS_LEAST,
    R_HAT_MOST,
    Diagnosed,
    Diagnostics,
)
from bayes_scaling.fitting.incomplete import StuckChainError
from bayes_scaling.fitting.sampling import LONG, Compilable, Settings, compiled
from bayes_scaling.fitting.starting import a_chain_is_lost

DRAWS, WARMUP = 1000, 500
"""Kept draws of each chain and those of its warm-up, unless others are asked for. On public sweeps
1000 of warm-up gave neither more effective draws nor shorter rounds, and 300 longer ones."""

LONGEST = 16
"""Length of the longest round, as a multiple of the first."""

LEAST_LONGER, MOST_LONGER = 2, LONG
"""Factor by which a round is longer than the one before, by how much more was needed."""

MARGIN = 1.3
"""Factor by which a round is longer than it needs to be: the need is known from few draws."""

PATIENCE = 60.0
"""Seconds that a longer round may take."""


def planned(
    draws: int | None,
    tune: int | None,
    chains: int,
    seed: int | None,
    target_accept: float = 0.9,
    warmup: int = WARMUP,
) -> tuple[Settings, int]:
    """Settings as they were asked for, and the longest round: the first if draws were.

    `warmup` is for `tune` not given.

    Raises
    ------
    ValueError
        No posterior can be sampled so.
    """
    chosen = int(np.random.default_rng().integers(2**31)) if seed is None else seed
    kept = DRAWS if draws is None else draws
    settings = Settings(kept, warmup if tune is None else tune, chains, chosen, target_accept)
    return settings, LONGEST if draws is None else 1


def converged[Table, Fit: Diagnosed](
    model: Compilable[Table],
    table: Table,
    settings: Settings,
    longest: int,
    progress: bool,
    made: Callable[[xr.DataTree, Settings], Fit],
    coordinates: Callable[[Any], Coordinates | None] | None = None,
) -> Fit:
    """The fit of the first round whose chains have converged, or of the last there is time for.

    The first round is as `settings` say, `longest` is how many times as long the last may be.
    `made` makes a fit from draws, and `coordinates` gives those that it is sampled in, from the
    compiled model with its data. A round in which a chain got lost, or did not move, is sampled
    again, once, after twice the warm-up, from where the others are.

    Raises
    ------
    IncompletePosteriorError
        No round gave a posterior.
    """
    found: Fit | None = None
    failure, tree, again = IncompletePosteriorError("No round was sampled."), None, True
    with stages(progress) as shown:
        sampler = compiled(model, table, shown).of(model, table)
        found_in = coordinates(sampler.density) if coordinates else None
        while True:
            start, factor, lost = time.monotonic(), MOST_LONGER, True
            try:
                tree = sampler.sample(settings, shown, found_in, tree)
                found = made(tree, settings)
                factor = _longer(found.diagnostics)
                lost = factor > 1 and a_chain_is_lost(tree)
            except StuckChainError as stuck:
                failure = stuck
            if again and lost:
                again, settings = False, replace(settings, tune=2 * settings.tune)
                continue
            thin = min(settings.thin * factor, longest)
            if thin <= settings.thin or (time.monotonic() - start) * factor > PATIENCE:
                break
            settings = replace(settings, thin=thin)
    if found is None:
        raise failure
    return found


def _longer(found: Diagnostics) -> int:
    """Factor by which chains that came so far are to be sampled for longer; 1 if not at all."""
    if not found.problems:
        return 1
    if found.divergent > DIVERGENT_MOST:
        return MOST_LONGER
    # R-hat comes near to 1 as the number of effective draws grows.
    apart = (found.r_hat - 1) / (R_HAT_MOST - 1)
    needed = MARGIN * np.nanmax([apart, ESS_LEAST / found.ess_bulk, ESS_LEAST / found.ess_tail])
    return int(np.clip(np.ceil(needed), LEAST_LONGER, MOST_LONGER))

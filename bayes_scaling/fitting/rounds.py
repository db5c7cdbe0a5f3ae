"""Rounds of sampling: longer and longer, until the chains have converged."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.display.progress import stages
from bayes_scaling.errors import IncompletePosteriorError
from bayes_scaling.fitting.coordinates import Coordinates
from bayes_scaling.fitting.diagnostics import Diagnosed
from bayes_scaling.fitting.sampling import Compilable, Settings, StuckChainError, compiled
from bayes_scaling.fitting.starting import a_chain_is_lost

DRAWS = 1000
"""Kept draws of each chain, unless others are asked for."""

ROUNDS = (1, 4, 16)
"""Lengths of the rounds, as multiples of the first."""

PATIENCE = 60.0
"""Seconds that a longer round may take."""


def planned(
    draws: int | None, tune: int, chains: int, seed: int | None, target_accept: float = 0.9
) -> tuple[Settings, Sequence[int]]:
    """Settings as they were asked for, and the rounds: a single one if draws were.

    Raises
    ------
    ValueError
        No posterior can be sampled so.
    """
    chosen = int(np.random.default_rng().integers(2**31)) if seed is None else seed
    settings = Settings(DRAWS if draws is None else draws, tune, chains, chosen, target_accept)
    return settings, ROUNDS if draws is None else ROUNDS[:1]


def converged[Table, Fit: Diagnosed](
    model: Compilable[Table],
    table: Table,
    settings: Settings,
    rounds: Sequence[int],
    progress: bool,
    made: Callable[[xr.DataTree, Settings], Fit],
    coordinates: Callable[[Any], Coordinates | None] | None = None,
) -> Fit:
    """The fit of the first round whose chains have converged, or of the last there is time for.

    `made` makes it from draws, `rounds` are how many times as long each is sampled, and
    `coordinates` gives those that it is sampled in, from the compiled model with its data. A round
    in which a chain got lost is sampled again, once, from where the others are.

    Raises
    ------
    IncompletePosteriorError
        No round gave a posterior.
    """
    found: Fit | None = None
    failure: IncompletePosteriorError | None = None
    with stages(progress) as shown:
        sampler, tree = compiled(model, table, shown).of(model, table), None
        found_in = coordinates(sampler.density) if coordinates else None
        left, again = list(rounds), True
        while left:
            start, chosen = time.monotonic(), replace(settings, thin=left.pop(0))
            try:
                tree = sampler.sample(chosen, shown, found_in, tree)
                found = made(tree, chosen)
                if not found.diagnostics.problems:
                    break
                if again and a_chain_is_lost(tree):
                    left, again = [chosen.thin, *left], False
            except StuckChainError as stuck:
                failure = stuck
            # A lost chain takes many steps a draw: without it the same round is shorter.
            longer = left[0] / chosen.thin if left else 1.0
            if longer > 1 and (time.monotonic() - start) * longer > PATIENCE:
                break
    if found is None:
        assert failure is not None
        raise failure
    return found

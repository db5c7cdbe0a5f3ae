"""CompiledModel: a structure compiled once, sampled on any data.

Owns the sampler (nutpie with low-rank adaptation) and the compiled models of this process. What a
sampler hands back incomplete is refused here, so that everything above holds whole posteriors.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pymc as pm
import xarray as xr
from nutpie._lib import PyNutsSettings
from nutpie.sample import _BackgroundSampler
from threadpoolctl import threadpool_limits

from bayes_scaling.display.progress import Stages
from bayes_scaling.errors import IncompletePosteriorError
from bayes_scaling.fitting.compiling import compile_model
from bayes_scaling.fitting.coordinates import Coordinates
from bayes_scaling.fitting.incomplete import refuse_incomplete
from bayes_scaling.fitting.starting import PLACES, started

_COMPILED: dict[Hashable, CompiledModel] = {}
_LOCK = threading.Lock()

MOST_WARMUP = 4
"""Factor by which warm-up is longer at the most, where draws are thinned."""

LONG = 4
"""Factor from which a round is long: the one before diverged, or was far from enough."""

SQUARES_FOR_A_DRAW = 300
"""Square of the number of what is sampled, for each draw between two mass matrices: each costs that
number cubed, and of hundreds of numbers would take most of the time."""

DEEPEST, MANY_NUMBERS = 7, 100
"""Doublings of a trajectory, at the most, in coordinates of so many numbers: five are common
there, and a chain that begins badly would take ten for much of its warm-up while the others wait.
Pools of few levels need theirs to find their way."""


class Compilable[Table](Protocol):
    """A model that can be compiled: of runs, or of what else a table may hold."""

    def structure(self, runs: Table, /) -> Hashable:
        """All that a compiled model depends on: everything but the numbers of its data."""

    def build(self, runs: Table, /) -> pm.Model:
        """The PyMC model of this table."""

    def data(self, runs: Table, /) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """Every number of the model as (dims, values)."""


@dataclass(frozen=True)
class Settings:
    """Settings by which a posterior was, or is to be, sampled.

    Parameters
    ----------
    draws, tune, chains : int
        Kept draws of each chain, discarded warm-up draws, independent chains.
    seed : int
        Seed of the sampler. With a warm compilation cache it fixes the draws; across machines
        and versions it does not.
    target_accept : float
        Acceptance rate that the step size is tuned to. Higher is slower and diverges less.
    thin : int
        One in so many draws is kept; warm-up is as many times longer, up to :data:`MOST_WARMUP`,
        and steps are smaller.
    """

    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    seed: int = 0
    target_accept: float = 0.9
    thin: int = 1

    def __post_init__(self) -> None:
        for name, least in (("draws", 4), ("tune", 1), ("chains", 1), ("thin", 1)):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or value < least:
                raise ValueError(
                    f"fit: {name}={value!r} is too few or no whole number, and no posterior can be "
                    f"summarised from it. Give a whole number of at least {least}."
                )
            object.__setattr__(self, name, int(value))
        if not isinstance(self.seed, int | np.integer) or not 0 <= self.seed < 2**63:
            raise ValueError(
                f"fit: seed={self.seed!r} is no whole number from 0 to 2**63, and the sampler "
                "starts from one. Give a number such as 1."
            )
        object.__setattr__(self, "seed", int(self.seed))
        if not 0 < self.target_accept < 1:
            raise ValueError(
                f"fit: target_accept={self.target_accept} is no acceptance rate, to which the "
                "step size is tuned. Give a number between 0 and 1, such as 0.95."
            )

    @property
    def acceptance(self) -> float:
        """Acceptance rate of this round: 0.9 becomes 0.95 in one four times as long.

        Less than 0.9 counts in rounds shorter than :data:`LONG`: others are as if it had been 0.9.
        """
        refused = 1 - self.target_accept
        return float(1 - (refused if self.thin < LONG else min(refused, 0.1)) / np.sqrt(self.thin))


@dataclass(frozen=True)
class CompiledModel:
    """The log density of one model structure and its gradient, as machine code.

    Attributes
    ----------
    density : nutpie's compiled PyMC model
        With the data of the runs it was first compiled for, until it is given others.
    """

    density: Any

    def of[Table](self, model: Compilable[Table], runs: Table) -> CompiledModel:
        """The compiled structure with the data of these runs."""
        shared = {variable.name for variable in self.density.shared_var_keys}
        numbers = model.data(runs).items()
        data = {name: values for name, (_, values) in numbers if name in shared}
        return CompiledModel(self.density.with_data(**data))

    def sample(
        self,
        settings: Settings,
        progress: Stages,
        coordinates: Coordinates | None = None,
        before: xr.DataTree | None = None,
    ) -> xr.DataTree:
        """Sample the posterior of the runs whose data this has.

        Parameters
        ----------
        coordinates : Coordinates, optional
            Coordinates to sample in; if not given, the scale of PyMC's variables.
        before : xarray.DataTree, optional
            What was sampled before, for too short a time; chains start from there.

        Returns
        -------
        xarray.DataTree
            Groups ``posterior`` (sampled variables), ``sample_stats`` and :data:`PLACES`.

        Raises
        ------
        IncompletePosteriorError
            The sampler failed, or its draws are truncated, not finite, or stuck.
        KeyboardInterrupt
            On an interrupt; the draws so far are thrown away.
        """
        draws = settings.draws * settings.thin
        tune = settings.tune * min(settings.thin, MOST_WARMUP)
        longer = f", {settings.thin} times as long" if settings.thin > 1 else ""
        progress.start(f"sampling{longer}", settings.chains * (draws + tune))
        try:
            density = started(self.density, coordinates, before)
            rules = _rules(settings, draws, tune, density.n_dim, coordinates is not None)
            sampler = _begun(density, rules, settings.chains, progress)
            # Chains share the cores. Products of matrices on threads of their own would wait for
            # each other, which takes three times as long.
            with threadpool_limits(1, user_api="blas"):
                tree = _wait(sampler)
        except RuntimeError as error:
            raise IncompletePosteriorError(
                f"The sampler stopped: {error}. Without draws there is no posterior. Check the "
                "runs for extreme values and the priors for ranges that exclude the data."
            ) from error
        refuse_incomplete(tree, settings.chains, draws)
        progress.finish()
        return _thinned(tree, settings)


def compiled[Table](model: Compilable[Table], runs: Table, progress: Stages) -> CompiledModel:
    """The compiled model of this structure, compiled now if this process has not had it yet."""
    structure = model.structure(runs)
    with _LOCK:
        if structure not in _COMPILED:
            progress.start("compiling (once)")
            _COMPILED[structure] = CompiledModel(compile_model(model.build(runs)))
        return _COMPILED[structure]


def _thinned(tree: xr.DataTree, settings: Settings) -> xr.DataTree:
    """One in so many draws, numbered anew, and apart from them where they lie."""
    kept, numbers = slice(None, None, settings.thin), np.arange(settings.draws)
    groups = {name: tree[name].to_dataset() for name in ("posterior", "sample_stats")}
    groups = {n: one.isel(draw=kept).assign_coords(draw=numbers) for n, one in groups.items()}
    stats = groups["sample_stats"]
    names = {"unconstrained_draw": "place", "logp": "log_density"}
    places = stats[list(names)].rename(names)
    left = stats.drop_dims("unconstrained_parameter")
    return xr.DataTree.from_dict({**groups, "sample_stats": left, PLACES: places})


def _rules(
    settings: Settings, draws: int, tune: int, numbers: int, in_coordinates: bool
) -> PyNutsSettings:
    """Nutpie's settings for so many numbers; ``nutpie.sample`` takes fewer."""
    rules = PyNutsSettings.LowRank(settings.seed)
    options = rules.as_dict()["settings"]
    options |= {"num_draws": draws, "num_tune": tune, "num_chains": settings.chains}
    options["store_unconstrained"] = True
    if in_coordinates and numbers >= MANY_NUMBERS:
        options["maxdepth"] = DEEPEST
    adaptation = options["adapt_options"]
    adaptation["step_size_settings"]["target_accept"] = settings.acceptance
    often = adaptation["mass_matrix_update_freq"], numbers**2 // SQUARES_FOR_A_DRAW
    adaptation["mass_matrix_update_freq"] = max(often)
    rules.update_settings(options)
    return rules


def _begun(density: Any, rules: PyNutsSettings, chains: int, progress: Stages) -> Any:
    """Nutpie's sampler, at work in the background."""
    return _BackgroundSampler(
        density,
        rules,
        np.zeros(density.n_dim),
        min(chains, os.process_cpu_count() or 1),
        save_warmup=False,
        store_unconstrained=True,
        progress_bar=False,
        progress_callback=lambda chains: _report(chains, progress),
    )


def _wait(sampler: Any) -> xr.DataTree:
    try:
        tree: xr.DataTree = sampler.wait()
    except KeyboardInterrupt:
        sampler.cancel()
        raise KeyboardInterrupt(
            "Sampling was interrupted: the draws so far were thrown away, since chains cut short "
            "have not explored the posterior. Nothing else was changed."
        ) from None
    return tree


def _report(chains: list[Any], progress: Stages) -> None:
    divergences = sum(chain.divergences for chain in chains)
    note = f"{divergences} divergences" if divergences else ""
    progress.advance(sum(chain.finished_draws for chain in chains), note)

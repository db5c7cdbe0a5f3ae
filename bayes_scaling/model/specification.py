"""Assumptions of a model before any run is seen: law, pooling, priors and noise.

Owns the names of the sampled variables. :class:`bayes_scaling.ScalingModel` puts it on runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bayes_scaling.frozen import FrozenMapping
from bayes_scaling.laws import Law
from bayes_scaling.laws.shared_priors import FLOORS
from bayes_scaling.model.hierarchy import FLOOR_SPREAD, LINKS, SPREAD_PRIOR, Link, Vary
from bayes_scaling.model.surface import (
    DELTA,
    LEAST_TELLING,
    MOST_DEVIATING,
    SCATTER,
    SCATTER_SPREAD,
    SIZE,
    Surface,
)
from bayes_scaling.noise import LocationScale, LogStudentT, Noise
from bayes_scaling.priors import Prior
from bayes_scaling.runs import Runs


@dataclass(frozen=True, repr=False)
class Specification:
    """The parts of a model, and the names and priors of the variables that follow from them.

    The attributes are those of :class:`bayes_scaling.ScalingModel`.
    """

    law: Law
    vary: tuple[Vary, ...] = ()
    priors: FrozenMapping[str, Prior] = field(default_factory=FrozenMapping)
    noise: Noise = field(default_factory=LogStudentT)
    stage_noise: Noise = field(default_factory=LogStudentT)
    surface: Surface | None = field(default_factory=Surface)

    @cached_property
    def parameters(self) -> FrozenMapping[str, Prior]:
        """Prior of every parameter of the law, the user's before the law's own."""
        return FrozenMapping({**self.law.priors, **self.priors})

    @cached_property
    def free(self) -> FrozenMapping[str, Prior]:
        """Prior of every parameter that is not held at a value."""
        return FrozenMapping({n: p for n, p in self.parameters.items() if not p.fixed})

    @cached_property
    def converted(self) -> tuple[str, ...]:
        """Parameters whose prior is in paper units and has to be brought to the reference scale."""
        scaled = self.law.scaled
        return tuple(n for n, p in self.parameters.items() if p.units == "paper" and n in scaled)

    @cached_property
    def factors(self) -> tuple[str, ...]:
        """Factors that some parameter varies by."""
        return tuple(dict.fromkeys(vary.by for vary in self.vary))

    def varying(self, parameter: str) -> tuple[Vary, ...]:
        """The pooling of one parameter; empty if it does not vary."""
        return tuple(vary for vary in self.vary if vary.parameter == parameter)

    def link(self, parameter: str) -> Link:
        """Scale on which the offsets of a parameter's levels add.

        That of a floor is its logarithm: as a share of the losses of all runs, by which its typical
        value is drawn, that of a level may be above 1.
        """
        support = self.parameters[parameter].support
        return LINKS["positive" if self._is_share_of_losses(parameter) else support]

    def spread(self, vary: Vary) -> Prior:
        """Prior of the standard deviation between levels."""
        if vary.spread is not None:
            return vary.spread
        return FLOOR_SPREAD if self._is_share_of_losses(vary.parameter) else SPREAD_PRIOR

    def _is_share_of_losses(self, parameter: str) -> bool:
        return parameter in FLOORS and self.law.priors[parameter].support == "unit"

    def reference_name(self, parameter: str, name: str | None = None) -> str:
        """Posterior name on the reference scale: ``E_ref``, but ``alpha``, which has no unit."""
        return f"{name or parameter}_ref" if parameter in self.law.scaled else name or parameter

    def typical_name(self, parameter: str) -> str:
        """Name of the variable that carries the prior: ``E_ref``, or ``E_typical_ref``."""
        name = f"{parameter}_typical" if self.varying(parameter) else parameter
        return self.reference_name(parameter, name)

    def unit_of(self, parameter: str, scales: Mapping[str, Any], theta: Mapping[str, Any]) -> Any:
        """Paper unit of one reference unit of a parameter, by the exponents in `theta`."""
        theta = {**dict.fromkeys(self.converted, 1.0), **theta, parameter: 1.0}
        return self.law.rescale(scales, theta)[parameter]

    def noise_name(self, parameter: str) -> str:
        """Posterior name of a noise parameter on the reference scale."""
        return f"{parameter}_ref" if parameter in self.noise.scaled else parameter

    def stage_noise_name(self, stage: str, parameter: str) -> str:
        """Posterior name of a noise parameter of what is observed on the way to the response."""
        name = f"{stage}_{parameter}"
        return f"{name}_ref" if parameter in self.stage_noise.scaled else name

    @cached_property
    def noise_units(self) -> Mapping[str, tuple[str, str]]:
        """Noise parameters that have a unit: the name sampled, and the column whose unit it is."""
        own = self.noise.scaled & set(self.noise.priors)
        staged = self.stage_noise.scaled & set(self.stage_noise.priors)
        return {name: (self.noise_name(name), "loss") for name in sorted(own)} | {
            f"{stage}_{name}": (self.stage_noise_name(stage, name), stage)
            for stage in self.law.stages
            for name in sorted(staged)
        }

    @cached_property
    def top_level(self) -> Mapping[str, Prior]:
        """Prior of every sampled variable that has one of its own, by its posterior name."""
        law = {self.typical_name(name): prior for name, prior in self.parameters.items()}
        spreads = {vary.spread_name: self.spread(vary) for vary in self.vary}
        noise = {self.noise_name(name): prior for name, prior in self.noise.priors.items()}
        stages = {
            self.stage_noise_name(stage, name): prior
            for stage in self.law.stages
            for name, prior in self.stage_noise.priors.items()
        }
        return {**law, **spreads, **noise, **stages}

    @cached_property
    def ties(self) -> Mapping[str, str]:
        """Exponents whose logarithms go together, unless the user has given a prior of either."""
        own = self.priors
        return {a: b for a, b in self.law.ties.items() if a not in own and b not in own}

    def has_surface(self, runs: Runs) -> bool:
        """Tell whether the law is fitted with what it leaves out: to losses, in one stage."""
        return self.surface is not None and runs.response == "loss" and not self.law.stages

    def deviations(self, runs: Runs) -> tuple[Vary, ...]:
        """Deviations of levels in what the law leaves out and in scatter, none without a surface.

        Not of parameters of the law, which vary as the user says, and not of a factor of more than
        :data:`MOST_DEVIATING` levels; in scatter only of levels that typically have
        :data:`LEAST_TELLING` runs.
        """
        if not self.has_surface(runs) or self.surface is None:
            return ()
        levels = {by: len(runs.levels(by)) for by in self.factors}
        deviating = [by for by, count in levels.items() if count <= MOST_DEVIATING]
        of_delta = [Vary(DELTA, by, self.surface.level_sd) for by in deviating]
        scatters = isinstance(self.noise, LocationScale) and not self.noise.sd.fixed
        told = [by for by in deviating if scatters and len(runs) >= LEAST_TELLING * levels[by]]
        return (*of_delta, *(Vary(SCATTER, by, SCATTER_SPREAD) for by in told))

    def deviating(self, what: str, runs: Runs) -> tuple[Vary, ...]:
        """The deviations of levels in one of the two."""
        return tuple(one for one in self.deviations(runs) if one.parameter == what)

    def sampled_priors(self, runs: Runs) -> Mapping[str, Prior]:
        """Prior of every variable that is sampled for these runs, by its posterior name."""
        if not self.has_surface(runs) or self.surface is None:
            return self.top_level
        spreads = {one.spread_name: self.spread(one) for one in self.deviations(runs)}
        return {**self.top_level, SIZE: self.surface.size(self.law), **spreads}

    def priors_beyond(self, runs: Runs) -> Mapping[str, Prior]:
        """Priors of how the surface goes on beyond these runs, of which none informs them."""
        if not self.has_surface(runs) or self.surface is None:
            return {}
        return self.surface.priors_beyond(self.law)

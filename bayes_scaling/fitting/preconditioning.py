"""The coordinates to sample a model in, of pooled levels those of a least-squares fit.

In pools parameters are closely tied: an exponent to the size in every level, the floor of a level
to its size. Where the size of a spread is not known the density has no mode of use, so the law's
parameters alone are approximated: by least squares, with `delta` integrated out, and scatter and
spreads as their priors have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import linalg, optimize, special, stats

from bayes_scaling.fitting.coordinates import Coordinates, about_mode
from bayes_scaling.fitting.rounds import WARMUP
from bayes_scaling.model.axes import compute_and_ratio
from bayes_scaling.model.building import TYPICAL_SCATTER
from bayes_scaling.model.directions import Rotation, reducible_share
from bayes_scaling.model.hierarchy import Vary, centred_weights, combine, level_centre, offset
from bayes_scaling.model.inputs import reference_inputs
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.priors import Prior
from bayes_scaling.runs import Runs

MANY = 1000
"""Runs from which it pays without levels: a hundred thousand are sampled in two thirds of the
time. Of fewer, the sampler's own adaptation does as well."""

WARMUP_OF_MANY = 120
"""Warm-up draws in coordinates of all that is sampled: more gave no more effective draws."""

STEP = 1e-5
"""Step of numerical derivatives, on the scale on which a parameter is sampled."""

OUTLYING = 2.0
"""Standard deviations from which a distance counts less than its square."""

ENOUGH, MOST_EVALUATIONS = 1e-3, 60
"""Relative change at which least squares stop, and how often they look at the most: an
approximation is enough."""

PRIOR_DRAWS = 4000

MOST_SETTLED = 0.75
"""Share of the runs' scatter that parameters are taken to have settled at the most."""

LEAST_SCATTERED = 0.1
"""Least scatter of the runs, as a share of what the prior has: computed losses have none."""

LEAST_SHOWN = 1e-6
"""Strength below which the runs say nothing of a direction of `delta`."""

TRANSFORMS = {
    "positive": (np.log, np.exp, "_log__"),
    "unit": (special.logit, special.expit, "_logodds__"),
    "real": (np.asarray, np.asarray, ""),
}
"""PyMC's scale of a variable by where its prior lies, the way back, and the ending of its name."""


def coordinates_of(model: ScalingModel, runs: Runs, density: Any) -> Coordinates | None:
    """The coordinates to sample a model of these runs in; None where they would not pay.

    `density` is the compiled model with the data of the runs.
    """
    if not model.factors:
        return about_mode(density) if len(runs) >= MANY else None
    # Least squares find no parameters of stages, and none with priors in paper units.
    return None if model.law.stages or model.converted else of_pool(model, runs)


def typical_warmup(model: ScalingModel, runs: Runs) -> int:
    """Warm-up draws that chains of these runs need in the coordinates that they are sampled in."""
    return WARMUP_OF_MANY if len(runs) >= MANY and not model.factors else WARMUP


def typical_acceptance(model: ScalingModel) -> float:
    """Acceptance rate of a first round: with 0.8 half as many steps give as many effective draws.

    Learning curves and pools then have chains that diverge.
    """
    return 0.9 if model.factors or not compute_and_ratio(model.law)[1] else 0.8


def of_pool(model: ScalingModel, runs: Runs) -> Coordinates:
    """Coordinates of a law's parameters whose levels are pooled."""
    misfit, scatter = Misfit(model, runs), _typical_scatter(model)
    found = _least_squares(misfit, misfit.start, scatter)
    found = _least_squares(misfit, found.x, misfit.scatter(found.x, scatter))
    # Robust least squares scales the slopes, so that this is how much is known in all.
    known = linalg.cholesky(found.jac.T @ found.jac, lower=True)
    spread = linalg.solve_triangular(known, np.eye(len(known)), lower=True).T
    return Coordinates(misfit.names, found.x, spread)


def _least_squares(misfit: Misfit, start: np.ndarray, scatter: float) -> optimize.OptimizeResult:
    return optimize.least_squares(
        misfit,
        start,
        misfit.slopes,
        args=(scatter,),
        loss="soft_l1",
        f_scale=OUTLYING,
        ftol=ENOUGH,
        tr_solver="lsmr",
        max_nfev=MOST_EVALUATIONS,
    )


def _typical_scatter(model: ScalingModel) -> float:
    """Scatter of a run as the prior has it."""
    sd = model.noise.priors.get("noise_sd")
    return TYPICAL_SCATTER if sd is None else _typical_value(sd)


@dataclass(frozen=True, eq=False)
class Misfit:
    """Distances of a law from runs and priors, in standard deviations, at any parameters.

    Parameters are given by a vector of what is sampled for them: typical values of those that are
    not fixed, then the numbers of the levels. `scatter` is the standard deviation of a run, on the
    scale on which it scatters.
    """

    model: ScalingModel
    runs: Runs

    def __call__(self, place: np.ndarray, scatter: float) -> np.ndarray:
        """Distances of runs, of levels from typical values, and of these from their priors."""
        # A step may go so far that powers are infinite: least squares then take a shorter one.
        with np.errstate(over="ignore", invalid="ignore"):
            return self._without_delta(self._distances(place, scatter), scatter)

    def slopes(self, place: np.ndarray, scatter: float) -> np.ndarray:
        """Derivatives of the distances, dims (distance, number)."""
        here, columns = self._distances(place, scatter), []
        for start, size, owner in self._moved_together:
            moved = place.copy()
            moved[start : start + size] += STEP
            change = (self._distances(moved, scatter) - here) / STEP
            columns.append(np.where(owner[:, None] == np.arange(size), change[:, None], 0.0))
        return self._without_delta(np.hstack(columns), scatter)

    def scatter(self, place: np.ndarray, assumed: float) -> float:
        """Scatter of the runs about the law, by the median of their distances at an assumed one."""
        settled = min(len(place) / len(self.runs), MOST_SETTLED)
        apart = np.median(np.abs(self(place, assumed)[: len(self.runs)]))
        share = apart / stats.norm.ppf(0.75) / np.sqrt(1 - settled)
        return assumed * float(max(share, LEAST_SCATTERED))

    @cached_property
    def names(self) -> list[str]:
        """Names of all numbers, as the sampler has them."""
        priors = self.model.free
        typical = [
            f"{self.model.typical_name(n)}{TRANSFORMS[priors[n].support][2]}" for n in priors
        ]
        raw = [f"{vary.raw_name}_{k}" for vary in self.model.vary for k in range(self._count(vary))]
        return typical + raw

    @cached_property
    def start(self) -> np.ndarray:
        """The means of the priors, with every level there."""
        mean, _ = self._prior
        theta = self._typical(mean)
        levels = [self._centred[vary.by] * self._centre(vary, theta) for vary in self.model.vary]
        return np.concatenate([mean, *levels])

    @cached_property
    def _prior(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each typical value, on the scale it is sampled on."""
        rng = np.random.default_rng(0)
        drawn = [
            TRANSFORMS[p.support][0](p.sample(PRIOR_DRAWS, rng)) for p in self.model.free.values()
        ]
        return np.mean(drawn, axis=1), np.std(drawn, axis=1)

    @cached_property
    def _centred(self) -> dict[str, np.ndarray]:
        return {f: centred_weights(np.bincount(codes)) for f, codes in self._codes.items()}

    @cached_property
    def _moved_together(self) -> list[tuple[int, int, np.ndarray]]:
        """First of the numbers that are moved at once, how many, and which one moves a distance.

        A level moves the distances of its own runs, and its own.
        """
        priors, number = len(self.model.free), len(self.model.free)
        total = len(self.runs) + sum(self._count(vary) for vary in self.model.vary) + priors
        moved = [(one, 1, np.zeros(total, int)) for one in range(priors)]
        for vary in self.model.vary:
            size = self._count(vary)
            owner = np.full(total, -1)
            owner[: len(self.runs)] = self._codes[vary.by]
            first = len(self.runs) + number - priors
            owner[first : first + size] = np.arange(size)
            moved.append((number, size, owner))
            number += size
        return moved

    @cached_property
    def _delta(self) -> tuple[np.ndarray, np.ndarray]:
        """Directions of `delta` among the runs, and the change along each of its typical size."""
        if self.model.surface is None or not self.model.has_surface(self.runs):
            return np.zeros((len(self.runs), 0)), np.zeros(0)
        rotation = Rotation.of(self.model.law, self.runs)
        shown = rotation.strength > LEAST_SHOWN
        strength = rotation.strength[shown]
        directions = reducible_share(self.runs)[:, None] * rotation.basis[:, shown] / strength
        return directions, strength * _typical_value(self.model.surface.size(self.model.law))

    def _without_delta(self, distances: np.ndarray, scatter: float) -> np.ndarray:
        """Distances, or their slopes, shortened along the directions that `delta` may take."""
        of_runs = distances[: len(self.runs)]
        directions, change = self._delta
        share = 1 / np.sqrt(1 + (change / scatter) ** 2)
        along = (directions * (1 - share)) @ (directions.T @ of_runs)
        return np.concatenate([of_runs - along, distances[len(self.runs) :]])

    def _distances(self, place: np.ndarray, scatter: float) -> np.ndarray:
        count = len(self.model.free)
        theta, standardised, first = self._typical(place[:count]), [], count
        offsets: dict[str, list[np.ndarray]] = {name: [] for name in theta}
        for vary in self.model.vary:
            raw = place[first : first + self._count(vary)]
            spread, centred = _typical_value(self.model.spread(vary)), self._centred[vary.by]
            off = offset(raw, spread, centred, self._centre(vary, theta))
            offsets[vary.parameter].append(off[self._codes[vary.by]])
            standardised.append(off / spread)
            first += len(raw)
        values = {n: combine(self.model.link(n), theta[n], offsets[n]) for n in theta}
        inputs, observed = self._observed
        expected = self.model.noise.on_scale(self.model.law.evaluate(inputs, values))
        mean, sd = self._prior
        from_priors = (place[:count] - mean) / sd
        return np.concatenate([(expected - observed) / scatter, *standardised, from_priors])

    @cached_property
    def _observed(self) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Inputs on the reference scale, and the response on the scale on which it scatters."""
        losses = self.runs.values("loss") / self.runs.reference["loss"]
        inputs = reference_inputs(self.model.law, self.runs)
        return inputs, self.model.noise.on_scale(losses)

    @cached_property
    def _codes(self) -> dict[str, np.ndarray]:
        """Level of each run, by factor."""
        return {factor: self.runs.codes(factor) for factor in self.model.factors}

    def _typical(self, numbers: np.ndarray) -> dict[str, Any]:
        """Typical values of all parameters."""
        fixed = {n: p.numbers[0] for n, p in self.model.parameters.items() if p.fixed}
        free = zip(self.model.free.items(), numbers, strict=True)
        return fixed | {name: TRANSFORMS[p.support][1](number) for (name, p), number in free}

    def _centre(self, vary: Vary, theta: Mapping[str, Any]) -> Any:
        """Value that the levels of a factor are centred on, if they are."""
        typical = self.model.link(vary.parameter).forward(theta[vary.parameter])
        return level_centre(vary, self.model.varying(vary.parameter), typical)

    def _count(self, vary: Vary) -> int:
        return len(self._centred[vary.by])


def _typical_value(prior: Prior) -> float:
    """Value between the ends of a prior's range, on a logarithmic scale."""
    low, high = prior.range()
    return float(np.sqrt(low * high))

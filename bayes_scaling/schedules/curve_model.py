"""CurveModel: a law of the loss curve and its misses, as a PyMC model."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pymc as pm
import pymc.dims as pmd

from bayes_scaling.errors import ModelError
from bayes_scaling.model.building import accept_missing_blas, prior_variable
from bayes_scaling.priors import Prior
from bayes_scaling.schedules.curves import Curves, scaled
from bayes_scaling.schedules.laws import CurveLaw
from bayes_scaling.schedules.misfit import PRIORS, wander_directions
from bayes_scaling.schedules.sums import POINT

CURVE, DIRECTION = "curve", "direction"


@dataclass(frozen=True)
class CurveModel:
    """Law, priors and misses of loss curves, without data.

    Attributes
    ----------
    law : CurveLaw
    priors : mapping of str to Prior
        Replaces default priors of the law's parameters, on the reference scale, or of
        ``gain_miss_sd``, ``wander_sd`` and ``noise_sd``.
    points : int
        Points of each curve that are fitted, at the most.
    """

    law: CurveLaw
    priors: Mapping[str, Prior] = field(default_factory=dict)
    points: int = 30

    def __post_init__(self) -> None:
        known = {**self.law.priors, **PRIORS}
        unknown = set(self.priors) - set(known)
        if unknown:
            raise ModelError(
                f"Priors of {', '.join(sorted(unknown))}, which are not parameters of {self.law!r} "
                f"or of the misfit, would change nothing. Known are {', '.join(known)}."
            )

    @property
    def sampled_priors(self) -> dict[str, Prior]:
        """Prior of every sampled variable by its posterior name."""
        return {self.reference_name(name): prior for name, prior in self.chosen.items()}

    @property
    def chosen(self) -> dict[str, Prior]:
        """Prior of every parameter of the law and of its misses, the user's before the law's."""
        return {**self.law.priors, **PRIORS, **self.priors}

    @property
    def parameters(self) -> dict[str, Prior]:
        """Those of the law."""
        return {name: self.chosen[name] for name in self.law.priors}

    def reference_name(self, parameter: str) -> str:
        """Posterior name on the reference scale: ``B_ref``, but ``beta``, which has no unit."""
        return f"{parameter}_ref" if parameter in self.law.scaled else parameter

    def data(self, curves: Curves) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """Every number of the model as (dims, values): the curves and the priors."""
        points = curves.points(self.points)
        scales, sums = curves.scales(points), curves.sums(points)
        number = points[CURVE].map(curves.names.index).to_numpy()
        directions, variance = wander_directions(sums, number)
        inputs = scaled(sums, scales).drop_vars(["step", "travel"])
        values: dict[str, tuple[tuple[str, ...], Any]] = {
            str(name): (tuple(map(str, one.dims)), one.values) for name, one in inputs.items()
        }
        log_loss = np.log(points["loss"].to_numpy() / scales.loss)
        values["turned_log_loss"] = ((DIRECTION,), directions @ log_loss)
        values["curve_index"] = ((POINT,), number)
        values["wander_directions"] = ((DIRECTION, POINT), directions)
        values["wander_variance"] = ((DIRECTION,), variance)
        for variable, prior in self.sampled_priors.items():
            for argument, value in prior.arguments.items():
                values[f"{variable}_{argument}"] = ((), value)
        return {name: (dims, np.asarray(value)) for name, (dims, value) in values.items()}

    def structure(self, curves: Curves) -> Hashable:
        """Key of a compiled model: everything but the numbers in :meth:`data`."""
        priors = tuple((name, one.distribution) for name, one in self.sampled_priors.items())
        return (self.law, priors, len(curves.names))

    def build(self, curves: Curves) -> pm.Model:
        """The PyMC model of these curves, to inspect, extend or sample by other means.

        Returns
        -------
        pymc.Model
            Observed variable ``turned_response``, dims (direction,): log losses, turned to the
            directions in which wandering is independent, in which each is normal by itself.
        """
        accept_missing_blas()
        numbers = self.data(curves)
        with pm.Model(coords=_coords(curves, numbers)) as model:
            data = {
                name: pmd.Data(name, values, dims=dims) for name, (dims, values) in numbers.items()
            }
            found = {
                name: prior_variable(name, prior, data)
                for name, prior in self.sampled_priors.items()
            }
            theta = {name: found[self.reference_name(name)] for name in self.law.priors}
            # The curves tell each gain better than they tell B, so the misses are centred.
            misses = pmd.Normal("gain_miss", mu=0.0, sigma=found["gain_miss_sd"], dims=(CURVE,))
            miss = misses.isel({CURVE: data["curve_index"]})
            expected = pmd.math.log(self.law.expected(data, theta, miss))
            variance = data["wander_variance"] * found["wander_sd"] ** 2 + found["noise_sd"] ** 2
            pmd.Normal(
                "turned_response",
                mu=pmd.math.dot(data["wander_directions"], expected, dim=POINT),
                sigma=pmd.math.sqrt(variance),
                observed=data["turned_log_loss"],
            )
        return model


def _coords(
    curves: Curves, numbers: Mapping[str, tuple[tuple[str, ...], np.ndarray]]
) -> dict[str, list[str] | list[int]]:
    """Labels of the model's dims: names of the curves, and numbers."""
    sizes = {
        dim: size
        for dims, values in numbers.values()
        for dim, size in zip(dims, values.shape, strict=True)
    }
    return {**{dim: list(range(size)) for dim, size in sizes.items()}, CURVE: list(curves.names)}

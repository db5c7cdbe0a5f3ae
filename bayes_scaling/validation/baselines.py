"""Baselines of a backtest: common point fits, as predictive draws of the held-out runs.

Log-linear least squares, and the law fitted by Huber loss with a bootstrap (Hoffmann et al., 2022).
Neither knows groups: both are fitted to all runs alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, special, stats

from bayes_scaling.model.hierarchy import LINKS
from bayes_scaling.model.inputs import input_values, scales
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.runs import Runs
from bayes_scaling.validation.verdict import CannotJudge

type Curve = Callable[[np.ndarray], np.ndarray]

BOOTSTRAPS = 100
STARTS = 40
DRAWS = 2000

DELTA = 1e-3
"""Residual of log loss beyond which the Huber loss is linear (Hoffmann et al., 2022)."""

STEP = 1e-5
"""Step of numerical derivatives of unconstrained parameters."""

ENOUGH = 1e-5
"""Relative change of the Huber loss at which its minimum is found."""

FARTHEST = 15.0
"""Bound of an unconstrained parameter; beyond it a power or a floor is 0 or 1."""

FAR = 1e3
"""Residual where the curve is not finite."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """A prediction of runs, on the scale of errors.

    Attributes
    ----------
    draws : array, dims (sample, run)
        New runs.
    log_density : array, dims (run,)
        Of what was observed.
    law : array, dims (sample, run), optional
        The expected log loss if the law went on beyond the runs as it says; baselines and other
        responses have none.
    """

    draws: np.ndarray
    log_density: np.ndarray
    law: np.ndarray | None = None


def error_scale(runs: Runs) -> np.ndarray:
    """The response on the scale on which errors are judged: log loss, other responses as is."""
    values = runs.values("loss")
    return np.log(values) if runs.response == "loss" else values


def log_linear(
    model: ScalingModel, train: Runs, test: Runs, rng: np.random.Generator
) -> Prediction:
    """Least squares of the (log) response on the logarithms of the law's inputs."""
    design, wanted = (_log_design(model, runs) for runs in (train, test))
    varying = np.ptp(design, axis=0) > 0
    varying[0] = True
    design, wanted = design[:, varying], wanted[:, varying]
    target = error_scale(train)
    freedom = len(target) - np.linalg.matrix_rank(design)
    if freedom < 1:
        raise CannotJudge(f"{len(target)} runs leave least squares no degree of freedom")
    inverse = np.linalg.pinv(design.T @ design)
    coefficients = inverse @ design.T @ target
    variance = ((target - design @ coefficients) ** 2).sum() / freedom
    leverage = np.einsum("ij,jk,ik->i", wanted, inverse, wanted)
    predictive = stats.t(freedom, wanted @ coefficients, np.sqrt(variance * (1 + leverage)))
    draws = predictive.rvs((DRAWS, len(wanted)), random_state=rng)
    return Prediction(draws, predictive.logpdf(error_scale(test)))


def huber(model: ScalingModel, train: Runs, test: Runs, rng: np.random.Generator) -> Prediction:
    """The law by Huber loss from many starts and on resampled runs, with normal residuals."""
    if model.converted or len(train) <= len(model.free):
        raise CannotJudge(f"{len(train)} runs do not settle {len(model.free)} parameters")
    target, curve = error_scale(train), _curve(model, train, train)
    starts = np.column_stack(
        [LINKS[p.support].forward(p.sample(STARTS, rng)) for p in model.free.values()]
    )
    start, _ = min((_least_huber(curve, one, target) for one in starts), key=lambda found: found[1])
    resampled = rng.integers(len(train), size=(BOOTSTRAPS, len(train)))
    fits = np.stack([_least_huber(curve, start, target, rows)[0] for rows in resampled])
    residual = target - curve(start[None])[0]
    spread = float(np.sqrt((residual**2).sum() / (len(train) - len(model.free))))
    centres = _curve(model, train, test)(fits)
    chosen = centres[rng.integers(BOOTSTRAPS, size=DRAWS)]
    each = stats.norm.logpdf(error_scale(test), centres, spread)
    density = special.logsumexp(each, axis=0) - np.log(BOOTSTRAPS)
    return Prediction(chosen + spread * rng.standard_normal(chosen.shape), density)


def _least_huber(
    curve: Curve, start: np.ndarray, target: np.ndarray, rows: Any = slice(None)
) -> tuple[np.ndarray, float]:
    """Parameters of the least Huber loss of some runs, from one start, and that loss."""
    steps = STEP * np.eye(len(start))

    def misses(theta: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            apart: np.ndarray = (target - curve(np.atleast_2d(theta)))[:, rows]
        return np.asarray(np.nan_to_num(apart, nan=FAR, posinf=FAR, neginf=-FAR))

    def slopes(theta: np.ndarray) -> np.ndarray:
        ahead, behind = misses(theta + steps), misses(theta - steps)
        return np.asarray((ahead - behind).T / (2 * STEP))

    found = optimize.least_squares(
        lambda theta: misses(theta)[0],
        np.clip(start, -FARTHEST, FARTHEST),
        slopes,
        bounds=(-FARTHEST, FARTHEST),
        loss="huber",
        f_scale=DELTA,
        x_scale="jac",
        ftol=ENOUGH,
    )
    return np.asarray(found.x), float(found.cost)


BASELINES = {"log-linear": log_linear, "huber + bootstrap": huber}


def _log_design(model: ScalingModel, runs: Runs) -> np.ndarray:
    columns = [np.log(input_values(runs, name)) for name in model.law.inputs]
    return np.column_stack([np.ones(len(runs)), *columns])


def _curve(model: ScalingModel, train: Runs, runs: Runs) -> Curve:
    """The law at the inputs of runs, from unconstrained parameters, dims (fit, parameter)."""
    unit = scales(model.law, train)
    inputs = {name: input_values(runs, name) / unit[name] for name in model.law.inputs}

    def curve(unconstrained: np.ndarray) -> np.ndarray:
        columns = iter(unconstrained.T[..., None])
        theta = {
            name: p.numbers[0] if p.fixed else LINKS[p.support].inverse(next(columns))
            for name, p in model.parameters.items()
        }
        value = unit["loss"] * np.asarray(model.law.evaluate(inputs, theta))
        return np.log(value) if train.response == "loss" else value

    return curve

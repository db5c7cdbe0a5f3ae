"""Many robust curve fits at once: Levenberg-Marquardt steps on a re-weighted Huber loss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

DELTA = 1e-3
"""Where the Huber loss turns linear, in log loss (Hoffmann et al., 2022)."""

STEPS = 120
DIFFERENCE = 1e-5
FARTHEST = 15.0
"""Largest size of a parameter on its own scale; beyond, a power or a floor is 0 or 1."""


def minimised(
    curve: Callable[[np.ndarray], np.ndarray],
    starts: np.ndarray,
    target: np.ndarray,
    counts: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Minimise the Huber loss of `target` about a curve, from each start.

    Parameters
    ----------
    curve : callable
        From parameters, dims (fit, parameter), to values, dims (fit, run).
    starts : array, dims (fit, parameter)
    target : array, dims (run,)
    counts : array, dims (fit or 1, run)
        How often each fit has each run.

    Returns
    -------
    array, dims (fit, parameter), and the loss reached, dims (fit,)

    Examples
    --------
    >>> x = np.linspace(0, 1, 20)
    >>> line = lambda theta: theta[:, :1] + theta[:, 1:] * x
    >>> best, _ = minimised(line, np.zeros((1, 2)), 1 + 2 * x, np.ones((1, 20)))
    >>> best.round(3).tolist()
    [[1.0, 2.0]]
    """
    theta, damping = starts.copy(), np.full(len(starts), 1e-2)
    with np.errstate(all="ignore"):
        residual = target - curve(theta)
        loss = _huber(residual, counts)
        for _ in range(STEPS):
            step = _step(curve, theta, residual, counts, damping)
            tried = np.clip(theta + step, -FARTHEST, FARTHEST)
            tried_residual = target - curve(tried)
            tried_loss = _huber(tried_residual, counts)
            better = tried_loss < loss
            theta = np.where(better[:, None], tried, theta)
            residual = np.where(better[:, None], tried_residual, residual)
            loss = np.where(better, tried_loss, loss)
            damping = np.clip(np.where(better, damping / 3, damping * 5), 1e-9, 1e9)
    return theta, loss


def _huber(residual: np.ndarray, counts: np.ndarray) -> np.ndarray:
    size = np.abs(residual)
    each = np.where(size <= DELTA, 0.5 * size**2, DELTA * (size - 0.5 * DELTA))
    total = (counts * each).sum(axis=1)
    return np.where(np.isfinite(total), total, np.inf)


def _step(
    curve: Callable[[np.ndarray], np.ndarray],
    theta: np.ndarray,
    residual: np.ndarray,
    counts: np.ndarray,
    damping: np.ndarray,
) -> np.ndarray:
    """One damped step of weighted least squares, by forward differences."""
    fits, number = theta.shape
    weight = counts * np.minimum(1.0, DELTA / np.maximum(np.abs(residual), 1e-12))
    moved = theta[None] + DIFFERENCE * np.eye(number)[:, None, :]
    base = curve(theta)
    ahead = curve(moved.reshape(-1, number)).reshape(number, fits, -1)
    jacobian = np.nan_to_num((ahead - base) / DIFFERENCE, posinf=0.0, neginf=0.0)
    residual = np.nan_to_num(residual, posinf=0.0, neginf=0.0)
    weight = np.nan_to_num(weight)
    normal = np.einsum("pfr,fr,qfr->fpq", jacobian, weight, jacobian)
    gradient = np.einsum("pfr,fr->fp", jacobian, weight * residual)
    size = np.einsum("fpp->fp", normal) + 1e-12
    damped = normal + (damping[:, None] * size)[:, :, None] * np.eye(number)
    solved: np.ndarray = np.linalg.solve(damped, gradient[:, :, None])[:, :, 0]
    return solved

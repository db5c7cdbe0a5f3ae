"""Stacking: weights of the mixture that would have predicted the observations best.

Yao et al. (2018), Using Stacking to Average Bayesian Predictive Distributions, Bayesian Analysis
13(3), equation 4: the mean log score of the mixture is maximised over the simplex. Here by
expectation maximisation, for it takes observations that count unequally, and is known to be done
by the bound on what any weight could still gain.
"""

from __future__ import annotations

import numpy as np

GAIN = 1e-6
"""Log score per observation that no change of the weights could gain any more."""

STEPS = 20_000

NONE = 1e-3
"""Weights below it are zero: a draw in a thousand moves no interval."""


def stacking(scores: np.ndarray, importance: np.ndarray) -> np.ndarray:
    """Weights of the mixture with the best mean log score.

    Parameters
    ----------
    scores : array, dims (observation, fit)
        Log densities.
    importance : array, dims (observation,)
        How much each observation counts; the sum is one.

    Returns
    -------
    array, dims (fit,)
        They add up to one. Fits alike in all scores share alike.

    Examples
    --------
    >>> better_half = np.log([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9]])
    >>> stacking(better_half, np.full(4, 1 / 4)).round(2).tolist()
    [0.81, 0.19]
    """
    density = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = np.full(scores.shape[1], 1 / scores.shape[1])
    for _ in range(STEPS):
        growth = importance @ (density / (density @ weights)[:, None])
        weights = weights * growth
        # The objective is concave: nothing gains more than its steepest slope promises.
        if growth.max() <= 1 + GAIN:
            break
    weights = np.where(weights < NONE, 0.0, weights)
    return np.asarray(weights / weights.sum())

"""Cheapest ways to a loss: optima on surfaces of the loss over parameters and tokens.

Functions of a function: the loss of parameters and tokens, on NumPy arrays, that falls with both.
All work in logarithms, by signs of first-order conditions, so that they need neither derivatives
nor closed forms. Owns nothing of fits.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bayes_scaling.decisions._roots import find_root, last_where
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

type Array = np.ndarray
type Loss = Callable[[Array, Array], Array]

REACH = np.log(1e40)
"""How far from the centre solutions are searched for, in logarithms."""

STEP = 1e-3
"""Half of the step of differences, in logarithms: their error is about its square."""

LEAST_GAIN = 1e-11
"""Share of the loss below which a gain is lost in the rounding of differences."""

STEEPEST = 50.0
"""Logarithms of the loss are cut off here, far from any root, so that all are finite."""


def gains(loss: Loss, params: Array, tokens: Array) -> tuple[Array, Array]:
    """By how much the loss falls per unit of log params and of log tokens.

    Examples
    --------
    >>> in_params, in_tokens = gains(lambda n, d: 1 / n + 4 / d, np.array(2.0), np.array(2.0))
    >>> in_params.round(4).item(), in_tokens.round(4).item()
    (0.5, 2.0)
    """
    up, down = np.exp(STEP), np.exp(-STEP)
    in_params = loss(params * down, tokens) - loss(params * up, tokens)
    in_tokens = loss(params, tokens * down) - loss(params, tokens * up)
    return in_params / (2 * STEP), in_tokens / (2 * STEP)


def optimal_params(loss: Loss, flops: Array, centre: Array) -> Array:
    """Parameters with the least loss at a compute of 6ND; NaN without an interior optimum."""
    product = flops / FLOPS_PER_PARAM_TOKEN

    def too_small(log_params: Array) -> Array:
        in_params, in_tokens = gains(loss, np.exp(log_params), product / np.exp(log_params))
        return in_params > in_tokens

    middle = np.log(centre)
    params: Array = np.exp(last_where(too_small, middle - REACH, middle + REACH))
    return np.where(_traded(loss, params, product / params), params, np.nan)


def optimal_tokens(loss: Loss, params: Array, centre: Array) -> Array:
    """Tokens for which that many parameters are the compute-optimal ones; NaN without any."""

    def too_few(log_tokens: Array) -> Array:
        in_params, in_tokens = gains(loss, params, np.exp(log_tokens))
        return in_tokens > in_params

    middle = np.log(centre)
    tokens: Array = np.exp(last_where(too_few, middle - REACH, middle + REACH))
    return np.where(_traded(loss, params, tokens), tokens, np.nan)


def amount_reaching(loss: Callable[[Array], Array], target: Array, centre: Array) -> Array:
    """How much of one input reaches a loss: infinite where no amount does, 0 where any does.

    Parameters
    ----------
    loss : callable
        Loss of the input, which falls as that grows.
    target : numpy.ndarray
        Loss to be reached.
    centre : numpy.ndarray
        Of the range searched, of the shape of the result.
    """

    def excess(log_amount: Array) -> Array:
        ratio = np.maximum(loss(np.exp(log_amount)) / target, np.exp(-STEEPEST))
        cut: Array = np.minimum(np.log(ratio), STEEPEST)
        return cut

    middle = np.log(centre)
    low, high = middle - REACH, middle + REACH
    with np.errstate(over="ignore"):
        amount = np.exp(find_root(excess, low, high))
        amount = np.where(excess(high) > 0, np.inf, amount)
        return np.where(excess(low) <= 0, 0.0, amount)


def cheapest(
    loss: Loss, target: Array, centre: tuple[Array, Array], train: float, serve: float
) -> tuple[Array, Array]:
    """Parameters and tokens that reach a loss at the least cost N (train x D + serve).

    Where the isoloss curve has slope -eN/eD in logarithms, the cost is least for
    eN/eD = 1 + serve / (train x D).

    Parameters
    ----------
    loss : callable
        Loss of params and tokens.
    target : numpy.ndarray
        Loss to be reached.
    centre : tuple of numpy.ndarray
        Parameters and tokens in the middle of the range searched, of the shape of the result.
    train, serve : float
        Cost of training per parameter and token (6 in FLOP), and of serving per parameter (twice
        the tokens served, in FLOP).

    Returns
    -------
    tuple of numpy.ndarray
        NaN where no point of the isoloss curve in the range is the cheapest.

    References
    ----------
    Sardana et al. (2024), arXiv:2401.00448, equation 3.
    """

    def tokens_for(params: Array) -> Array:
        return amount_reaching(lambda tokens: loss(params, tokens), target, centre[1])

    def too_small(log_params: Array) -> Array:
        params = np.exp(log_params)
        tokens = tokens_for(params)
        enough = np.isfinite(tokens) & (tokens > 0)
        in_params, in_tokens = gains(loss, params, np.where(enough, tokens, centre[1]))
        share = train * tokens / (train * tokens + serve)
        falling = share * in_params > in_tokens
        return np.where(enough, falling, np.isinf(tokens))

    middle = np.log(centre[0])
    with np.errstate(invalid="ignore", over="ignore"):
        params = np.exp(last_where(too_small, middle - REACH, middle + REACH))
        tokens = tokens_for(np.where(np.isnan(params), 1.0, params))
    # Where tokens jump between none and endlessly many, nothing is traded for them.
    interior = np.isfinite(params) & np.isfinite(tokens) & (tokens > 0)
    interior &= _traded(loss, params, np.where(interior, tokens, centre[1]))
    return np.where(interior, params, np.nan), np.where(interior, tokens, np.nan)


def _traded(loss: Loss, params: Array, tokens: Array) -> Array:
    """Whether the loss depends on both there, so that a balance of them means something."""
    least = LEAST_GAIN * loss(params, tokens)
    in_params, in_tokens = gains(loss, params, tokens)
    return (in_params > least) & (in_tokens > least)

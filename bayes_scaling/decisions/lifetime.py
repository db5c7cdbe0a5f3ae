"""lifetime_allocation(): the model that is cheapest to train and to serve, for a given quality.

A smaller model trained longer costs more to train and less with every token it serves. Owns the
prices; the search is that of any cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bayes_scaling.decisions.costs import Cost
from bayes_scaling.decisions.surface.landscape import check_splits, log_ratio, surface
from bayes_scaling.decisions.surface.solvers import first_change
from bayes_scaling.decisions.surface.splitting import Split, Splitting
from bayes_scaling.display.html import AsCode
from bayes_scaling.errors import RunsError, check_kind
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.drawn_result import DrawnResult
from bayes_scaling.model.points import At, Numbers, as_floats
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

FLOPS_PER_SERVED_TOKEN = 2
"""FLOP of one forward pass, per parameter and token read or written."""

FURTHEST = 1e6
"""Largest factor between the compute at which a size is best and that at the runs' ratio."""

CLOSE = 1e-4
"""Error of that size, in logarithms, while its compute is searched for."""


@dataclass(frozen=True)
class Prices(AsCode):
    """Prices of a FLOP in training and in serving.

    Parameters
    ----------
    training, serving : float
        Money for a FLOP at full utilisation: the price of an accelerator-hour, divided by 3600
        and by its peak FLOP per second.
    training_utilisation, input_utilisation, output_utilisation : float
        Share of the peak that is reached in training, in reading a prompt and in writing an
        answer, in (0, 1].

    Raises
    ------
    ValueError
        A price is not positive, or a utilisation not in (0, 1].

    References
    ----------
    Sardana et al. (2024), arXiv:2401.00448, equation 6.

    Examples
    --------
    Two dollars an hour for 3.12e14 FLOP per second:

    >>> hour = 2.0 / 3600 / 3.12e14
    >>> prices = Prices(hour, hour, 0.5, 0.5, 0.05)
    >>> f"{prices.train_rate:.3g} {prices.serve(1e9, 1e9):.3g}"
    '2.14e-17 7.83e-08'
    """

    training: float
    serving: float
    training_utilisation: float = 0.4
    input_utilisation: float = 0.4
    output_utilisation: float = 0.05

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            limit = 1.0 if name.endswith("utilisation") else np.inf
            if not (0 < value <= limit and np.isfinite(value)):
                raise ValueError(
                    f"Prices: {name} is {value}, and costs are divided by utilisations in (0, 1] "
                    "and multiplied by positive prices. Give a price per FLOP, such as 1.8e-18, "
                    "and a utilisation such as 0.4."
                )

    @property
    def train_rate(self) -> float:
        """Money for training one parameter on one token."""
        return FLOPS_PER_PARAM_TOKEN * self.training / self.training_utilisation

    def serve(self, input_tokens: float, output_tokens: float) -> float:
        """Money for serving these tokens, per parameter."""
        read = input_tokens / self.input_utilisation
        written = output_tokens / self.output_utilisation
        return FLOPS_PER_SERVED_TOKEN * self.serving * (read + written)


@dataclass(frozen=True)
class LifetimeCost(Cost):
    """Cost of training and serving: N (train x D + serve).

    Parameters
    ----------
    train, serve : float
        Of training per parameter and token (6 in FLOP), and of serving per parameter (twice the
        tokens served, in FLOP).
    """

    train: float
    serve: float

    def spent(self, params: Any, tokens: Any) -> Any:
        """Cost of a model over its life."""
        return params * (self.train * tokens + self.serve)

    def tokens(self, params: Any, budget: Any) -> Any:
        """Tokens that a budget buys; negative where serving alone costs more."""
        return (budget / params - self.serve) / self.train


class LifetimeAllocation(DrawnResult[ScalingFit]):
    """Draws of the model that is cheapest over its life, and of the compute-optimal one.

    ``params``, ``tokens``, ``tokens_per_param`` and ``cost`` (FLOP, or money) are of the cheapest
    model that reaches ``expected_loss``; ``reference_params``, ``_tokens`` and ``_cost``
    of the one that reaches it with the least training. ``params_ratio`` and ``tokens_ratio``
    compare the first with the second; ``saving`` is the share of the cost that it saves.
    """

    shown: ClassVar[tuple[str, ...]] = (
        "params",
        "tokens",
        "expected_loss",
        "cost",
        "params_ratio",
        "tokens_ratio",
        "saving",
    )
    missing: ClassVar[str] = "do not reach the loss, or have no cheapest way to it,"


def lifetime_allocation(
    fit: ScalingFit,
    input_tokens: float | str,
    output_tokens: float | str = 0.0,
    *,
    params: Numbers | None = None,
    flops: Numbers | None = None,
    loss: Numbers | None = None,
    prices: Prices | None = None,
    at: At | None = None,
) -> LifetimeAllocation:
    """The least cost of training and serving a model of a given quality.

    Parameters
    ----------
    fit : ScalingFit
        Of a law of params and tokens.
    input_tokens, output_tokens : float or str
        Tokens that the model will read and write over its life. Their kind matters to `prices`
        only.
    params, flops, loss : float or array
        The quality, by one of: that of the compute-optimal model of so many parameters, that of
        the optimal run of so many training FLOP, or an expected loss.
    prices : Prices, optional
        Costs in money; the cost is total FLOP if not given.
    at : pandas.DataFrame or mapping, optional
        Levels of factors, and other inputs of the law; a level left out is crossed.

    Raises
    ------
    ModelError
        The law is not one of params and tokens.
    RunsError
        The quality is not given once, or a number is not positive.

    References
    ----------
    Sardana et al. (2024), Beyond Chinchilla-Optimal: Accounting for Inference in Language Model
    Scaling Laws, arXiv:2401.00448, equations 3 and 6.
    """
    check_splits(fit, "lifetime_allocation")
    served = _served({"input_tokens": input_tokens, "output_tokens": output_tokens})
    name, value = _quality({"params": params, "flops": flops, "loss": loss})
    asked = f"optimal_{name}" if name != "loss" else "target_loss"
    where = surface(fit, {asked: value}, at)
    cost = LifetimeCost(*_rates(prices, *served))
    small = _optimal(Splitting(where), name, where.asked(asked))
    chosen = Splitting(where, cost).cheapest(small.loss, small)
    costs = [cost.spent(run.params, run.tokens) for run in (small, chosen)]
    draws = where.labelled(
        params=chosen.params,
        tokens=chosen.tokens,
        tokens_per_param=chosen.ratio,
        expected_loss=small.loss,
        cost=costs[1],
        params_ratio=chosen.params / small.params,
        tokens_ratio=chosen.tokens / small.tokens,
        saving=1 - costs[1] / costs[0],
        reference_params=small.params,
        reference_tokens=small.tokens,
        reference_cost=costs[0],
    )
    draws = draws.where(np.isfinite(draws["cost"]))
    return LifetimeAllocation(draws, fit)


def _quality(given: Mapping[str, Numbers | None]) -> tuple[str, Numbers]:
    """The one quality that is given, and its name."""
    quality = {name: value for name, value in given.items() if value is not None}
    if len(quality) != 1:
        raise RunsError(
            f"lifetime_allocation: the quality is given by {', '.join(quality) or 'nothing'}, and "
            "the least cost is that of one quality. Give one of params=, flops= (of the "
            "compute-optimal model) or loss=."
        )
    return next(iter(quality.items()))


def _served(asked: Mapping[str, Numbers]) -> list[float]:
    """Tokens that a model reads and writes over its life."""
    found = [as_floats(name, tokens) for name, tokens in asked.items()]
    for (name, tokens), values in zip(asked.items(), found, strict=True):
        if values.size != 1 or not (np.isfinite(values[0]) and values[0] >= 0):
            raise RunsError(
                f"lifetime_allocation: {name} is {tokens!r}, and a model has one life, in which it "
                "reads and writes so many. Give one number of at least 0, such as 1e12."
            )
    served = [float(values[0]) for values in found]
    if not max(served):
        raise RunsError(
            "lifetime_allocation: no tokens are served, so the compute-optimal model is cheapest. "
            "Give how many the model will read and write over its life, such as 1e12."
        )
    return served


def _rates(prices: Prices | None, input_tokens: float, output_tokens: float) -> tuple[float, float]:
    """Costs of training per parameter and token, and of serving per parameter."""
    example = "bs.decisions.Prices(training=2e-18, serving=2e-18)"
    check_kind("lifetime_allocation", "prices", prices, Prices, example)
    if prices is None:
        served = FLOPS_PER_SERVED_TOKEN * (input_tokens + output_tokens)
        return float(FLOPS_PER_PARAM_TOKEN), served
    return prices.train_rate, prices.serve(input_tokens, output_tokens)


def _optimal(asked: Splitting, name: str, value: np.ndarray) -> Split:
    """The model that reaches the quality with least training."""
    if name == "flops":
        return asked.optimum(value)
    if name == "loss":
        return asked.cheapest(value)
    typical = asked.cost.spent(value, value * asked.where.centre("tokens_per_param"))

    def too_large(log_budget: np.ndarray) -> np.ndarray:
        return log_ratio(asked.optimum(np.exp(log_budget)).params, value)

    ends = np.log(typical) + np.log(FURTHEST) * np.array([1.0, -1.0]).reshape(-1, 1, 1, 1)
    budget = np.exp(first_change(too_large, ends, CLOSE))
    tokens = asked.cost.tokens(value, budget)
    return Split(value, tokens, asked.where.split_loss(value, tokens), np.zeros(value.shape, int))

"""Costs: the price of a run of given size and length, and its unit.

Owns the way between parameters, tokens and what is spent, for budgets that are not 6ND. A cost of
one's own is a subclass of :class:`Cost` with one formula.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_scaling.decisions.surface.solvers import first_change
from bayes_scaling.display.html import AsCode
from bayes_scaling.errors import RunsError
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN, compute

SEARCHED = np.log(1e40)
"""Largest log count of tokens or parameters that is searched for."""

FEWEST_RUNS = 4


class Cost(AsCode):
    """Cost of a run; a subclass gives :meth:`spent`, which increases with both arguments.

    Attributes
    ----------
    unit : str
        What budgets are counted in: the name of their column in tables.

    Examples
    --------
    The square root of 6ND, as if someone paid that:

    >>> class Root(Cost):
    ...     unit = "coins"
    ...
    ...     def spent(self, params, tokens):
    ...         return (6 * params * tokens) ** 0.5
    >>> round(float(Root().tokens(params=1e9, budget=3e9)))
    1500000000
    """

    unit: str = "flops"

    def spent(self, params: Any, tokens: Any) -> Any:
        """Cost of a run of `params` parameters on `tokens` tokens."""
        raise NotImplementedError(
            f"{type(self).__name__} does not say what a run costs. Define spent(params, tokens)."
        )

    def tokens(self, params: Any, budget: Any) -> Any:
        """Tokens that a budget buys for a model of `params` parameters; NaN where none."""
        return _afforded(lambda amount, size: self.spent(size, amount), budget, params)

    def params(self, tokens: Any, budget: Any) -> Any:
        """Parameters of the model that a budget trains on `tokens` tokens; NaN where none."""
        return _afforded(self.spent, budget, tokens)

    def params_at(self, tokens_per_param: Any, budget: Any) -> Any:
        """Parameters of the model that a budget trains at a ratio of tokens to parameters."""
        return _afforded(
            lambda size, ratio: self.spent(size, ratio * size), budget, tokens_per_param
        )


def _afforded(spent: Callable[[Any, Any], Any], budget: Any, other: Any) -> Any:
    """Amount of one thing that spends a budget, given the amount of the other."""

    def solved(budget: Any, other: Any) -> Any:
        shape = np.broadcast_shapes(np.shape(budget), np.shape(other))
        ends = np.stack([np.zeros(shape), np.full(shape, SEARCHED)])
        return np.exp(first_change(lambda log: np.log(spent(np.exp(log), other) / budget), ends))

    return xr.apply_ufunc(solved, budget, other)


@dataclass(frozen=True)
class SixND(Cost):
    """The usual count of training compute, C = 6ND, in FLOP.

    Examples
    --------
    >>> f"{SixND().tokens(params=70e9, budget=5.88e23):.3g}"
    '1.4e+12'
    """

    def spent(self, params: Any, tokens: Any) -> Any:
        """FLOP of a run."""
        return compute(params, tokens)

    def tokens(self, params: Any, budget: Any) -> Any:
        """Tokens that a budget buys."""
        return budget / FLOPS_PER_PARAM_TOKEN / params

    def params(self, tokens: Any, budget: Any) -> Any:
        """Parameters of the model that a budget trains."""
        return budget / FLOPS_PER_PARAM_TOKEN / tokens

    def params_at(self, tokens_per_param: Any, budget: Any) -> Any:
        """Parameters of the model that a budget trains at a ratio of tokens to parameters."""
        return np.sqrt(budget / FLOPS_PER_PARAM_TOKEN / tokens_per_param)


@dataclass(frozen=True)
class TransformerFlops(Cost):
    """FLOP of training transformers of one shape, attention and embeddings counted, in FLOP.

    A model of N parameters is one of width `d` and ``d / aspect`` layers with
    ``12 layers d**2 + vocabulary d`` = N, feed-forward width ``4 d`` and heads of `key_size`; its
    FLOP are those of :func:`bayes_scaling.accounting.flops_per_token`.

    Parameters
    ----------
    vocabulary, context : float
        Size of the vocabulary, tokens of a sequence.
    aspect : float
        Width of the model for each layer.
    key_size : float
        Width of keys and values of one attention head.

    References
    ----------
    Hoffmann et al. (2022), arXiv:2203.15556, appendix F.

    Examples
    --------
    Against 6ND, a small model at a long context costs much more, a large one a little:

    >>> cost = TransformerFlops(vocabulary=32_000, context=8192)
    >>> [round(float(cost.spent(n, 1e9) / (6 * n * 1e9)), 2) for n in (1e8, 1e10, 1e12)]
    [2.45, 1.33, 1.07]
    """

    vocabulary: float
    context: float
    aspect: float = 100.0
    key_size: float = 128.0

    def __post_init__(self) -> None:
        why = "and a transformer has at least one. Give a positive number."
        _check_positive(self, ("vocabulary", "context", "aspect", "key_size"), why)

    def spent(self, params: Any, tokens: Any) -> Any:
        """FLOP of a run."""
        return self._per_token(params) * tokens

    def tokens(self, params: Any, budget: Any) -> Any:
        """Tokens that a budget buys."""
        return budget / self._per_token(params)

    def _per_token(self, params: Any) -> Any:
        width = self._width(params)
        attended = (4 + 3 / self.key_size) * self.context
        forward = width / self.aspect * (24 * width**2 + attended * width)
        return 3 * (forward + 4 * self.vocabulary * width)

    def _width(self, params: Any) -> Any:
        # The one real root of 12 d**3 / aspect + vocabulary d = params.
        third = np.sqrt(self.vocabulary * self.aspect / 36)
        return 2 * third * np.sinh(np.arcsinh(params * self.aspect / (24 * third**3)) / 3)


@dataclass(frozen=True)
class PowerCost(Cost):
    r"""A cost that grows as powers of size and length: :math:`c N^p D^q`.

    Parameters
    ----------
    coefficient, params_exponent, tokens_exponent : float
        `c`, `p` and `q`, all positive.
    unit : str
        What budgets are counted in.
    scatter : float
        Standard deviation of the log costs that it was fitted to around it.
    """

    coefficient: float
    params_exponent: float
    tokens_exponent: float
    unit: str = "gpu_hours"
    scatter: float = 0.0

    def __post_init__(self) -> None:
        why = (
            "so a larger or longer run would cost no more, and a budget would bound nothing. Check "
            "the costs of the runs for set-up time, changed hardware or a mistaken unit."
        )
        _check_positive(self, ("coefficient", "params_exponent", "tokens_exponent"), why)

    def spent(self, params: Any, tokens: Any) -> Any:
        """Cost of a run."""
        return self.coefficient * params**self.params_exponent * tokens**self.tokens_exponent

    def tokens(self, params: Any, budget: Any) -> Any:
        """Tokens that a budget buys."""
        per_token = self.coefficient * params**self.params_exponent
        return (budget / per_token) ** (1 / self.tokens_exponent)

    def params(self, tokens: Any, budget: Any) -> Any:
        """Parameters of the model that a budget trains."""
        per_param = self.coefficient * tokens**self.tokens_exponent
        return (budget / per_param) ** (1 / self.params_exponent)


def fit_cost(
    params: npt.ArrayLike, tokens: npt.ArrayLike, gpu_hours: npt.ArrayLike, unit: str = "gpu_hours"
) -> PowerCost:
    """Fit a power law to the costs of runs, by least squares on log scales.

    Parameters
    ----------
    params, tokens, gpu_hours : array
        Of each run: its parameters, training tokens and cost. Any unit of cost will do.
    unit : str
        Name of that unit.

    Returns
    -------
    PowerCost
        A point estimate: later intervals do not include its uncertainty.

    Raises
    ------
    RunsError
        Fewer than four runs, values that are not positive, runs whose sizes and lengths go
        together so that they cannot be told apart, or a cost that does not grow.

    Examples
    --------
    >>> size, length = np.array([1e8, 1e9, 1e9, 4e9]), np.array([2e9, 2e9, 2e10, 8e10])
    >>> f"{fit_cost(size, length, 2e-15 * size**0.9 * length).params_exponent:.4f}"
    '0.9000'
    """
    columns = [np.asarray(values, dtype=float).ravel() for values in (params, tokens, gpu_hours)]
    for name, values in zip(("params", "tokens", unit), columns, strict=True):
        bad = values[~(np.isfinite(values) & (values > 0))]
        if bad.size or values.size != columns[0].size or values.size < FEWEST_RUNS:
            raise RunsError(
                f"fit_cost: {name} has {values.size} values of which {bad.size} are not positive, "
                f"beside {columns[0].size} params. A power law of two inputs needs the logarithm "
                f"of each, and {FEWEST_RUNS} runs or more. Leave out runs without a cost."
            )
    size, length, cost = (np.log(values) for values in columns)
    design = np.column_stack([np.ones_like(size), size - size.mean(), length - length.mean()])
    (level, p, q), _, rank, _ = np.linalg.lstsq(design, cost, rcond=1e-8)
    if rank < design.shape[1]:
        raise RunsError(
            "fit_cost: the runs have one size, one length, or one ratio of them, so the cost of "
            "parameters cannot be told from that of tokens. Add a run with another ratio."
        )
    scatter = np.std(cost - design @ [level, p, q], ddof=design.shape[1])
    coefficient = np.exp(level - p * size.mean() - q * length.mean())
    return PowerCost(float(coefficient), float(p), float(q), unit, float(scatter))


def _check_positive(cost: Cost, names: Sequence[str], why: str) -> None:
    """Refuse numbers of a cost that are not positive and finite, for a reason."""
    for name in names:
        value = getattr(cost, name)
        if not (np.isfinite(value) and value > 0):
            raise RunsError(f"{type(cost).__name__}: {name} is {value:.4g}, {why}")

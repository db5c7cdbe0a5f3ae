"""The best learning rate or batch size as a product of powers of size and data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

from bayes_scaling.laws.contract import check_option
from bayes_scaling.laws.law import Law
from bayes_scaling.priors import Prior

EXPONENTS = {"learning_rate": {"params": "a", "tokens": "b"}, "batch_size": {"tokens": "b"}}
"""The exponent of each input, by what is tuned."""


@dataclass(frozen=True)
class OptimalHyperparameter(Law):
    r"""Best learning rate or batch size of a size and amount of data (Li et al., 2025).

    .. math:: \eta(N, D) = K N^a D^b, \qquad B(D) = K D^b

    The response is what was found best at each size and amount of data, one row for each cell of a
    tuning grid: the peak learning rate, or the batch size in tokens. It is read as a ``"metric"``,
    and scatters by a factor, as a loss does, but by more, for grids are coarse and optima flat:
    give ``noise=bs.noise.LogStudentT(sd=bs.Prior.between(0.01, 0.5))``. `K` is the best value at
    one parameter and one token. To fit the grid itself, with its intervals of the optimum, see
    :class:`TunedChinchilla`.

    It assumes one recipe: exponents differ with optimiser, schedule, weight decay and
    parametrisation. It is known to fail for learning rates that decay to a share of their peak
    instead of a fixed end, which move the optimum (Li et al.), and where the best batch is that
    which the hardware takes. Published exponents of learning rates differ more than any interval
    of one grid says.

    Parameters
    ----------
    tuned : {"learning_rate", "batch_size"}
        What the response is.

    Raises
    ------
    ModelError
        Another name.

    References
    ----------
    Li et al. (2025), Predictable Scale: Part I, Step Law, arXiv:2503.04715. Porian et al. (2024),
    arXiv:2406.19146, with a learning rate of :math:`3.7 N^{-0.36}`.

    Examples
    --------
    The published law for a thousand million parameters on a hundred thousand million tokens:

    >>> law = OptimalHyperparameter()
    >>> step = {"K": 1.79, "a": -0.713, "b": 0.307}
    >>> round(law.evaluate({"params": 1e9, "tokens": 1e11}, step), 5)
    0.00163
    """

    tuned: Literal["learning_rate", "batch_size"] = "learning_rate"

    cite = "li2025step"
    responses = ("metric",)
    positive = True

    def __post_init__(self) -> None:
        why = "Of other hyperparameters bs.laws.ProductPowerLaw fits the best values."
        check_option(self, "tuned", tuple(EXPONENTS), why)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Size and data; a batch size follows data alone."""
        return tuple(EXPONENTS[self.tuned])

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Exponents about those that papers find; larger models take smaller learning rates."""
        level = {"K": Prior.between(0.02, 2.0)}
        if self.tuned == "batch_size":
            return {**level, "b": Prior.between(0.1, 1.0, distribution="Normal")}
        return {
            **level,
            "a": Prior.between(-1.2, 0.2, distribution="Normal"),
            "b": Prior.between(-0.5, 0.7, distribution="Normal"),
        }

    @property
    def equation(self) -> str:
        """The formula in LaTeX."""
        return "K D^b" if self.tuned == "batch_size" else "K N^a D^b"

    def evaluate(self, inputs: Mapping[str, Any], theta: Mapping[str, Any]) -> Any:
        """Best value at `inputs`."""
        return theta["K"] * self._powers(inputs, theta)

    def rescale(self, scales: Mapping[str, Any], theta: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters after response and inputs are multiplied by `scales`."""
        return {**theta, "K": scales["loss"] * theta["K"] / self._powers(scales, theta)}

    def _powers(self, values: Mapping[str, Any], theta: Mapping[str, Any]) -> Any:
        return prod(values[name] ** theta[power] for name, power in EXPONENTS[self.tuned].items())

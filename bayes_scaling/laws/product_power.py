"""A product of powers of any number of inputs, with or without a floor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from bayes_scaling.laws.column_names import checked_columns, symbol
from bayes_scaling.laws.law import Law
from bayes_scaling.laws.shared_priors import WIDE_FLOOR
from bayes_scaling.priors import Prior


@dataclass(frozen=True)
class ProductPowerLaw(Law):
    r"""Performance as a product of powers of the inputs (Hestness et al., 2017, in one input).

    .. math:: P(x) = E + K \prod_i x_i^{a_i}

    `K` is the performance at one unit of every column, ``a_<column>`` the exponent of a column:
    positive where performance rises with it, negative where a loss or time falls. `E` is a floor
    under the product, in the unit of the response. The response is positive: a loss, or a
    ``"metric"`` such as a time.

    It assumes that doubling an input multiplies the response by the same factor whatever the other
    inputs are: without a floor, a plane in logarithms. It has no ceiling, and so fails where a
    bounded score nears its bound. With C = 6ND, the logarithm of compute is the sum of those of
    size and data: `a_flops` then can not be told from adding as much to both other exponents.
    Only the sums ``a_params + a_flops`` and ``a_tokens + a_flops`` are measured, forecasts are
    unaffected, and the separate exponents show their priors.

    Parameters
    ----------
    inputs : tuple of str
        The columns.
    floor : bool
        Whether there is an `E`.

    Raises
    ------
    ModelError
        Names that cannot be columns.

    References
    ----------
    Hestness et al. (2017), Deep Learning Scaling is Predictable, Empirically, arXiv:1712.00409.
    Kaplan et al. (2020), arXiv:2001.08361, equation 1.1.

    Examples
    --------
    Kaplan's L(N) has an exponent of -0.076: twice the parameters, a factor of 0.95 in loss.

    >>> law = ProductPowerLaw(("params",))
    >>> theta = {"K": 8.8e13**0.076, "a_params": -0.076}
    >>> small, large = (law.evaluate({"params": n}, theta) for n in (1e9, 2e9))
    >>> round(large / small, 3)
    0.949
    """

    inputs: tuple[str, ...] = ("params", "tokens", "flops")
    floor: bool = False

    cite = "hestness2017deep"
    responses = ("loss", "metric")
    positive = True

    def __post_init__(self) -> None:
        columns = checked_columns("ProductPowerLaw", "inputs", self.inputs)
        object.__setattr__(self, "inputs", columns)

    @property
    def priors(self) -> Mapping[str, Prior]:
        """`E` and `K` as shares of the reference value; exponents of either sign."""
        exponents = {
            f"a_{name}": Prior.between(-1.0, 1.0, distribution="Normal") for name in self.inputs
        }
        if not self.floor:
            return {"K": Prior.between(0.5, 2.0), **exponents}
        return {"E": WIDE_FLOOR, "K": Prior.between(0.02, 1.5), **exponents}

    @property
    def equation(self) -> str:
        """The formula in LaTeX."""
        powers = [f"{symbol(name)}^{{a_{{{symbol(name)}}}}}" for name in self.inputs]
        return " ".join(["E + K" if self.floor else "K", *powers])

    def evaluate(self, inputs: Mapping[str, Any], theta: Mapping[str, Any]) -> Any:
        """Expected performance at `inputs`."""
        product = prod(
            (inputs[name] ** theta[f"a_{name}"] for name in self.inputs), start=theta["K"]
        )
        return theta["E"] + product if self.floor else product

    def rescale(self, scales: Mapping[str, Any], theta: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters after response and inputs are multiplied by `scales`."""
        loss = scales["loss"]
        floor = {"E": loss * theta["E"]} if self.floor else {}
        powers = prod((scales[name] ** -theta[f"a_{name}"] for name in self.inputs), start=1.0)
        return {**theta, **floor, "K": loss * theta["K"] * powers}

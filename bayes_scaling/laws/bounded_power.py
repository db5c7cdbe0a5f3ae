"""The power law of Alabdulmohsin et al. (2022) with a ceiling and a floor, their M4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bayes_scaling import ops
from bayes_scaling.laws.column_names import symbol
from bayes_scaling.laws.one_input_law import OneInputLaw
from bayes_scaling.laws.shared_priors import WIDE_EXPONENT, WIDE_FLOOR
from bayes_scaling.priors import Prior

HALLEY_STEPS = 5
"""Halley steps that reach the last digit for any `alpha` from 0.001 to 1000."""


@dataclass(frozen=True)
class BoundedPowerLaw(OneInputLaw):
    r"""Loss between a ceiling and a floor, a power law in between (Alabdulmohsin et al., 2022).

    .. math:: \frac{L - E}{\left(1 - (L - E) / R\right)^{\alpha}} = A x^{-c}

    `E` is the loss left with an unlimited input (the paper's :math:`\varepsilon_\infty`) and
    `R` the range from there to the ceiling :math:`\varepsilon_0 = E + R`, the loss of a model
    that has learnt nothing. Far from the ceiling the law is the power law :math:`E + A x^{-c}`,
    with `A` the reducible loss at one unit of the input; `alpha` says how the loss leaves the
    ceiling: slowly if it is large, while zero is no ceiling at all. The paper writes
    :math:`(L - E) / (\varepsilon_0 - L)^\alpha = \beta x^{-c}`; `E0`, its
    :math:`\varepsilon_0`, and its `beta`, which is :math:`A R^{-\alpha}`, are derived.

    Runs that all lie far below the ceiling do not tell `R` and `alpha`, nor do they need them. The
    law has one bend on each side: of a loss with a plateau in its middle it knows nothing.

    Parameters
    ----------
    input : str
        The column: ``"params"``, ``"tokens"``, ``"flops"`` or any other of the runs.

    References
    ----------
    Alabdulmohsin, Neyshabur and Zhai (2022), Revisiting Neural Scaling Laws in Language and
    Vision, arXiv:2209.06640, the estimator M4.

    Examples
    --------
    With `alpha` = 1 the law is a logistic curve in log x, half-way down where A x^-c = R:

    >>> law = BoundedPowerLaw("examples")
    >>> theta = {"E": 1.0, "R": 2.0, "A": 20.0, "alpha": 1.0, "c": 0.5}
    >>> losses = [law.evaluate({"examples": x}, theta) for x in (1e-9, 100.0, 1e9)]
    >>> [round(float(loss), 3) for loss in losses]
    [3.0, 2.0, 1.001]
    """

    input: str = "tokens"

    cite = "alabdulmohsin2022revisiting"

    @property
    def priors(self) -> Mapping[str, Prior]:
        """`E`, `R` and `A` as shares of the reference loss; `c` as the paper's curves have it."""
        return {
            "E": WIDE_FLOOR,
            "R": Prior.between(0.5, 10.0),
            "A": Prior.between(0.02, 2.0),
            "alpha": Prior.between(0.3, 3.0),
            "c": WIDE_EXPONENT,
        }

    @property
    def equation(self) -> str:
        """The formula in LaTeX, implicit in the loss; the law solves it."""
        x = symbol(self.input)
        return rf"E + A\,{x}^{{-c}} \left(1 - (L - E)/R\right)^{{\alpha}}"

    @staticmethod
    def loss(x, E, R, A, alpha, c):
        """Expected loss at `x` of the input."""
        return E + R * ops.sigmoid(_logit(ops.log(A / R) - c * ops.log(x), alpha))

    @staticmethod
    def paper_units(loss, x, E, R, A, c):
        """`E`, `R` and `A` for input and loss in units of one."""
        return {"E": loss * E, "R": loss * R, "A": loss * A * x**c}

    @staticmethod
    def derived(E, R, A, alpha):
        """The ceiling `E0` and the multiplier `beta` of the paper's form."""
        return {"E0": E + R, "beta": A * R**-alpha}


def _logit(log_power: Any, alpha: Any) -> Any:
    """Logit of the share p of the range that is left, from p / (1 - p)^alpha = exp(log_power).

    In z = logit(p) the logarithm of the equation is increasing and nearly linear on each side of
    zero. Halley's method, Newton's with the curvature, starts at the root of the nearer
    asymptote: z = log_power below, alpha z = log_power above.
    """
    z = ops.minimum(log_power, 0.0) + ops.maximum(log_power, 0.0) / alpha
    for _ in range(HALLEY_STEPS):
        left, gone = ops.sigmoid(z), ops.sigmoid(-z)
        error = alpha * ops.logaddexp(z, 0.0) - ops.logaddexp(-z, 0.0) - log_power
        slope = alpha * left + gone
        step = error / slope
        z = z - step / (1 - step * (alpha - 1) * left * gone / (2 * slope))
    return z

"""A power of an input plus a constant, such as data worth of transfer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bayes_scaling.laws.column_names import symbol
from bayes_scaling.laws.one_input_law import OneInputLaw
from bayes_scaling.laws.shared_priors import WIDE_EXPONENT, WIDE_FLOOR
from bayes_scaling.priors import Prior


@dataclass(frozen=True)
class ShiftedPowerLaw(OneInputLaw):
    r"""Loss as a power of an input plus an initial amount (after Hernandez et al., 2021).

    .. math:: L(x) = E + A (x + s)^{-\alpha}

    `E` is the loss left (the unit of the loss), `s` an amount in the unit of the input that counts
    as if it had been given too, `A` the reducible loss at one unit of both together, `alpha` its
    exponent. Fine-tuning from a model trained on other text has such an `s`: the data that
    transfer is worth. In logarithms the curve is flat far below `s` and straight far above it.

    It assumes that what was there before does not fade. Runs that all lie far above `s` say only
    that it is small, and runs far below it neither `s` nor `alpha`. Where transfer depends on the
    size of the model, `s` does too: fit each size by itself, or let it vary by it.

    Parameters
    ----------
    input : str
        The column: ``"tokens"``, ``"params"`` or any other of the runs.

    References
    ----------
    Hernandez et al. (2021), Scaling Laws for Transfer, arXiv:2102.01293, where the effective data
    are those of fine-tuning and those transferred.

    Examples
    --------
    With ten million tokens' worth transferred, as many of one's own are like twice as many:

    >>> law = ShiftedPowerLaw("tokens")
    >>> theta = {"E": 0.5, "A": 100.0, "s": 1e7, "alpha": 0.2}
    >>> shifted = law.evaluate({"tokens": 1e7}, theta)
    >>> plain = law.evaluate({"tokens": 2e7}, {**theta, "s": 0.0})
    >>> float(shifted) == float(plain)
    True
    """

    input: str = "tokens"

    cite = "hernandez2021transfer"

    @property
    def priors(self) -> Mapping[str, Prior]:
        """`s` from far below the runs to above their middle; the rest as for :class:`PowerLaw`."""
        return {
            "E": WIDE_FLOOR,
            "A": Prior.between(0.01, 2.0),
            "s": Prior.between(0.003, 3.0),
            "alpha": WIDE_EXPONENT,
        }

    @property
    def equation(self) -> str:
        """The formula in LaTeX."""
        return rf"E + A\,({symbol(self.input)} + s)^{{-\alpha}}"

    @staticmethod
    def loss(x, E, A, s, alpha):
        """Expected loss at `x` of the input."""
        return E + A * (x + s) ** -alpha

    @staticmethod
    def paper_units(loss, x, E, A, s, alpha):
        """`E`, `A` and `s` for input and loss in units of one."""
        return {"E": loss * E, "A": loss * A * x**alpha, "s": x * s}

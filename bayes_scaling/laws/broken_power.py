"""The smoothly broken power law of Caballero et al. (2023)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bayes_scaling import ops
from bayes_scaling.errors import ModelError
from bayes_scaling.laws.column_names import symbol
from bayes_scaling.laws.contract import check_option
from bayes_scaling.laws.one_input_law import OneInputLaw
from bayes_scaling.laws.shared_priors import WIDE_FLOOR
from bayes_scaling.priors import Prior


@dataclass(frozen=True)
class BrokenPowerLaw(OneInputLaw):
    r"""Loss whose exponent changes at smooth breaks (Caballero et al., 2023).

    .. math:: L(x) = E + b\,x^{-c_0} \prod_{i=1}^{n} \left(1 + (x/d_i)^{1/f_i}\right)^{-c_i f_i}

    `E` is the paper's `a`, the loss left with an unlimited input; `b` the reducible loss at one
    unit of the input before any break; `c0` the exponent of the first segment. At :math:`d_i`
    (the unit of the input) the exponent changes by :math:`c_i`, over a range of about
    :math:`f_i` in log x: small `f` means a sharp break. Breaks are in order: `d1` is sampled, and
    each further one as ``step2``, ``step3`` …, with :math:`d_i = d_{i-1} e^{step_i}`.

    A break beyond the runs cannot be seen coming, and one that has just begun is known in its
    place but not in its depth: the interval of an extrapolation is then wide. A break that the
    runs do not show leaves its parameters to their priors. Use few breaks.

    Parameters
    ----------
    input : str
        The column: ``"params"``, ``"tokens"``, ``"flops"`` or any other of the runs.
    breaks : int
        How many, one or more.
    turns : {"down", "either"}
        Whether each break makes the loss fall faster, or may also slow the fall and turn it into a
        rise, as in double descent. The posterior of ``"either"`` may have several modes.

    Raises
    ------
    ModelError
        A number of breaks below one, or options that are none.

    References
    ----------
    Caballero et al. (2023), Broken Neural Scaling Laws, arXiv:2210.14891, equation 1.

    Examples
    --------
    Four-digit addition, fitted to up to 736 examples and extrapolated to 928 (observed: 0.557):

    >>> law = BrokenPowerLaw("examples")
    >>> fitted = {"E": 0.414, "b": 2.277, "c0": 0.0551, "c1": 5.663, "d1": 612.6, "f1": 0.0592}
    >>> round(float(law.evaluate({"examples": 928.0}, fitted)), 2)
    0.56
    """

    input: str = "tokens"
    breaks: int = 1
    turns: Literal["down", "either"] = "down"

    cite = "caballero2023broken"

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.breaks) is not int or self.breaks < 1:
            raise ModelError(
                f"BrokenPowerLaw: breaks is {self.breaks!r}. The exponent changes at each of a "
                "whole number of breaks. Give 1 or more, or use PowerLaw for none."
            )
        check_option(self, "turns", ("down", "either"), "It says which way the loss may bend.")

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Weak priors: the first break within the runs, the floor anywhere below them.

        A break takes 4 to 40 % of a decade: of a sharper one runs say between which of them it
        lies, and no more.
        """
        change = Prior.between(0.1, 5.0)
        if self.turns == "either":
            change = Prior.between(-2.0, 2.0, distribution="Normal")
        priors = {"E": WIDE_FLOOR, "b": Prior.between(0.05, 3.0), "c0": Prior.between(0.02, 0.8)}
        for i in range(1, self.breaks + 1):
            place = (
                {"d1": Prior.between(0.1, 10.0)}
                if i == 1
                else {f"step{i}": Prior.between(0.5, 4.0)}
            )
            priors |= {f"c{i}": change, **place, f"f{i}": Prior.between(0.1, 1.0)}
        return priors

    @property
    def equation(self) -> str:
        """The formula in LaTeX."""
        x = symbol(self.input)
        product = (
            rf"\prod_{{i=1}}^{{{self.breaks}}} \left(1 + ({x}/d_i)^{{1/f_i}}\right)^{{-c_i f_i}}"
        )
        return rf"E + b\,{x}^{{-c_0}} {product}"

    def loss(self, x, E, b, c0, d1, **breaks):
        """Expected loss at `x` of the input."""
        x, place = ops.log(x), ops.log(d1)
        log_power = -c0 * x
        for i in range(1, self.breaks + 1):
            place = place if i == 1 else place + breaks[f"step{i}"]
            c, f = breaks[f"c{i}"], breaks[f"f{i}"]
            log_power = log_power - c * f * ops.logaddexp((x - place) / f, 0.0)
        return E + b * ops.exp(log_power)

    @staticmethod
    def paper_units(loss, x, E, b, c0, d1):
        """`E`, `b` and `d1` for input and loss in units of one."""
        return {"E": loss * E, "b": loss * b * x**c0, "d1": x * d1}

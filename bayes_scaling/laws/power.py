"""One power of one input, with or without a floor: the law of Kaplan's single-variable fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bayes_scaling.laws.column_names import symbol
from bayes_scaling.laws.one_input_law import OneInputLaw
from bayes_scaling.laws.shared_priors import WIDE_EXPONENT, WIDE_FLOOR
from bayes_scaling.priors import Prior


@dataclass(frozen=True)
class PowerLaw(OneInputLaw):
    r"""Loss as a power of one input, towards a floor or zero (Kaplan et al., 2020).

    .. math:: L(x) = E + A x^{-\alpha}

    `E` is the loss left with an unlimited input (the unit of the loss), `A` the reducible loss at
    one unit of the input, `alpha` its exponent. Kaplan et al. write the law without a floor as
    :math:`(x_c / x)^\alpha`, so that :math:`A = x_c^\alpha` (:meth:`from_critical`); `critical`
    is :math:`x_c`, the input at which the reducible loss is one unit.

    It assumes that nothing else limits the runs: all other inputs are ample or follow `x` along
    one path. Without a floor it must fail far out, for no text is free of surprise; with one,
    the floor and the exponent trade against each other unless the runs reach the bend.

    Parameters
    ----------
    input : str
        The column: ``"params"``, ``"tokens"``, ``"flops"`` or any other of the runs.
    floor : bool
        Whether there is an `E`.

    References
    ----------
    Kaplan et al. (2020), Scaling Laws for Neural Language Models, arXiv:2001.08361, equations
    1.1 to 1.3. Their `params` leave out embeddings; their compute is in PF-days of 8.64e19 FLOP.

    Examples
    --------
    Kaplan's L(N), L(D) and L(C) are parameter sets of it. At a thousand million parameters:

    >>> law = PowerLaw("params", floor=False)
    >>> theta = law.from_critical(critical=8.8e13, alpha=0.076)
    >>> round(law.evaluate({"params": 1e9}, theta), 3)
    2.376
    >>> round(law.derived(**theta)["critical"] / 1e13, 6)
    8.8
    """

    input: str = "params"
    floor: bool = True

    cite = "kaplan2020scaling"

    @property
    def priors(self) -> Mapping[str, Prior]:
        """`E` and `A` as shares of the reference loss; without a floor, `A` is all of it.

        Exponents above a floor as in learning curves of any kind (Alabdulmohsin et al., 2022,
        arXiv:2209.06640); without one as in Kaplan et al.
        """
        if not self.floor:
            # Of the whole loss the measured exponents are small: 0.05 to 0.1 in Kaplan et al.
            return {"A": Prior.between(0.5, 2.0), "alpha": Prior.between(0.03, 0.5)}
        return {"E": WIDE_FLOOR, "A": Prior.between(0.01, 1.0), "alpha": WIDE_EXPONENT}

    @property
    def equation(self) -> str:
        """The formula in LaTeX."""
        floor = "E + " if self.floor else ""
        return rf"{floor}\frac{{A}}{{{symbol(self.input)}^{{\alpha}}}}"

    @staticmethod
    def loss(x, A, alpha, E=0.0):
        """Expected loss at `x` of the input."""
        return E + A * x**-alpha

    def paper_units(self, loss, x, A, alpha, E=0.0):
        """`E`, where there is one, and `A` for input and loss in units of one."""
        floor = {"E": loss * E} if self.floor else {}
        return {**floor, "A": loss * A * x**alpha}

    @staticmethod
    def from_critical(critical: float, alpha: float) -> dict[str, float]:
        r"""`A` and `alpha` from the form :math:`(x_c / x)^\alpha` of the papers."""
        return {"A": critical**alpha, "alpha": alpha}

    @staticmethod
    def derived(A, alpha):
        """The input at which the reducible loss is one unit: `N_c`, `D_c`, `C_c` of Kaplan."""
        return {"critical": A ** (1 / alpha)}

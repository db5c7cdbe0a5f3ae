"""A law with Chinchilla's and Kaplan's as special cases, told apart by one parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bayes_scaling import ops
from bayes_scaling.laws.law import Law
from bayes_scaling.priors import Prior
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN


class Nested(Law):
    r"""Loss as a floor plus size and data terms that add or compete (Videau et al., 2026).

    .. math:: L(N, D) = E + \left[(A N^{-\alpha})^{1/q} + (B D^{-\beta})^{1/q}\right]^q

    `E` is the floor (nats per token), :math:`A N^{-\alpha}` what is left with unlimited data and
    :math:`B D^{-\beta}` with unlimited size, both above the floor. `q` says how they combine:
    at 1 they add, which is :class:`Chinchilla`; towards 0 only the larger one counts; above 1
    each makes the other worse. With `E` = 0 and `q` = `beta` it is :class:`KaplanJoint`, with
    :math:`A = N_c^{\alpha}` and :math:`B = D_c^{\beta}`. The prior of `q` covers 0.05 to 2, so
    both laws are in it, and the posterior of `q` says which one the runs support.

    The three sizes are sampled as what a sweep measures, and `E`, `A`, `B` are derived from them:

    * `level`, the loss at one unit of both inputs: in reference units, at the reference run;
    * `floor`, the share of `level` that is `E`;
    * `ratio`, `A` over `B`.

    (With `E`, `A` and `B` themselves the runs allow only a thin curved shell, on which chains got
    stuck.) :meth:`from_terms` gives them for published parameters.

    Only runs where both terms matter inform `q`: a sweep in which one limits everything leaves it
    to the prior, and with it the term that never shows. It asks for a grid or isoFLOP curves.

    Videau et al. call it the Skaling law and write it
    :math:`E + (A N^{-\alpha} + B D^{-\beta})^k` with `k` = `q`: their `A` and `B` are these to the
    power 1/q, their exponents these over q. Two dense grids had `k` of 0.31 to 0.45 there, code and
    the runs of Hoffmann et al. 0.77 to 0.90. Runs that are far from saturated do not tell a smaller
    `q` from a lower floor.

    References
    ----------
    Hoffmann et al. (2022), arXiv:2203.15556, equation 2. Kaplan et al. (2020), arXiv:2001.08361,
    equation 1.5. Videau et al. (2026), Skaling: Chinchilla's Exponents Meet Kaplan's Coupling,
    arXiv:2608.07222.

    Examples
    --------
    Hoffmann's own parameters at `q` = 1, and Kaplan's at `q` = `beta` without a floor:

    >>> law = Nested()
    >>> theta = law.from_terms(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28, q=1.0)
    >>> float(round(law.loss(70e9, 1.4e12, **theta), 2))
    1.94
    >>> A, B = 6.4e13**0.076, 1.8e13**0.103
    >>> theta = law.from_terms(E=0.0, A=A, B=B, alpha=0.076, beta=0.103, q=0.103)
    >>> float(round(law.loss(1e9, 2.2e10, **theta), 2))
    2.37
    """

    inputs = ("params", "tokens")
    priors = {
        # The reference run has a middling loss, and the unit of losses is a low one.
        "level": Prior.between(0.95, 1.6),
        # Any share alike: Kaplan's law, without a floor, is as much in it as Chinchilla's.
        "floor": Prior.beta(1.0, 1.0),
        "ratio": Prior.between(0.05, 20.0),
        "alpha": Prior.between(0.07, 0.8),
        "beta": Prior.between(0.07, 0.8),
        "q": Prior.between(0.05, 2.0),
    }
    cite = "videau2026skaling"
    equation = r"E + \left[(A N^{-\alpha})^{1/q} + (B D^{-\beta})^{1/q}\right]^q"

    @staticmethod
    def loss(params, tokens, level, floor, ratio, alpha, beta, q):
        """Expected loss of a run of `params` parameters on `tokens` tokens."""
        size, data = -alpha * ops.log(params), -beta * ops.log(tokens)
        return level * (floor + (1 - floor) * ops.exp(_combined(size, data, ratio, q)))

    def irreducible(self, theta: Mapping[str, Any]) -> Any:
        """`E`, the share `floor` of the level."""
        return theta["level"] * theta["floor"]

    @staticmethod
    def paper_units(loss, params, tokens, level, floor, ratio, alpha, beta, q):
        """`level`, `floor` and `ratio` for inputs and loss in units of one."""
        size, data = alpha * ops.log(params), beta * ops.log(tokens)
        reducible = (1 - floor) * ops.exp(_combined(size, data, ratio, q))
        return {
            "level": loss * level * (floor + reducible),
            "floor": floor / (floor + reducible),
            "ratio": ratio * ops.exp(size - data),
        }

    @staticmethod
    def derived(level, floor, ratio, alpha, beta, q):
        """`E`, `A`, `B`, and the exponent `a` of the compute-optimal size, whatever `q` is."""
        both = ops.logaddexp(ops.log(ratio) / q, ops.log(ratio) * 0)
        B = level * (1 - floor) * ops.exp(-q * both)
        return {"E": level * floor, "A": ratio * B, "B": B, "a": beta / (alpha + beta)}

    @staticmethod
    def from_terms(
        E: float, A: float, B: float, alpha: float, beta: float, q: float
    ) -> dict[str, Any]:
        """The law's parameters from those of its formula, all in the same units."""
        reducible = B * ops.exp(q * ops.logaddexp(ops.log(A / B) / q, 0.0))
        level = E + reducible
        shared = {"alpha": alpha, "beta": beta, "q": q}
        return {"level": level, "floor": E / level, "ratio": A / B, **shared}

    @staticmethod
    def optimum(flops, ratio, alpha, beta, q):
        """Parameters and tokens of least loss with 6ND = `flops`."""
        G = ((alpha / beta) ** q * ratio) ** (1 / (alpha + beta))
        params = G * (flops / FLOPS_PER_PARAM_TOKEN) ** (beta / (alpha + beta))
        return params, flops / FLOPS_PER_PARAM_TOKEN / params


def _combined(size: Any, data: Any, ratio: Any, q: Any) -> Any:
    """Log of both terms combined, relative to their value at zero `size` and `data`.

    In logarithms, for the powers 1 / q leave the range of floats long before q is 0.05.
    """
    ratio = ops.log(ratio)
    both = ops.logaddexp((ratio + size) / q, data / q)
    return q * (both - ops.logaddexp(ratio / q, ratio * 0))

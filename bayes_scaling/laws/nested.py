"""One law that holds both Chinchilla's and Kaplan's: a parameter says how size and data combine."""

from __future__ import annotations

from typing import Any

from bayes_scaling import ops
from bayes_scaling.laws._base import Law
from bayes_scaling.priors import Prior
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN


class Nested(Law):
    r"""Loss as a floor plus size and data terms that add or compete (after Hoffmann and Kaplan).

    .. math:: L(N, D) = E + \left[(A N^{-\alpha})^{1/q} + (B D^{-\beta})^{1/q}\right]^q

    `E` is the floor (nats per token), :math:`A N^{-\alpha}` what is left with unlimited data and
    :math:`B D^{-\beta}` with unlimited size, both above the floor. `q` says how they combine:
    at 1 they add, which is :class:`Chinchilla`; towards 0 only the larger one counts; above 1
    each makes the other worse. With `E` = 0 and `q` = `beta` it is :class:`KaplanJoint`, with
    :math:`A = N_c^{\alpha}` and :math:`B = D_c^{\beta}`. The prior of `q` covers 0.05 to 2, so
    both laws are in it, and the posterior of `q` says which one the runs support.

    Only runs where both terms matter inform `q`: a sweep in which one limits everything leaves it
    to the prior, and with it the term that never shows. It asks for a grid or isoFLOP curves.

    References
    ----------
    Hoffmann et al. (2022), arXiv:2203.15556, equation 2. Kaplan et al. (2020), arXiv:2001.08361,
    equation 1.5.

    Examples
    --------
    Hoffmann's own parameters at `q` = 1, and Kaplan's at `q` = `beta` without a floor:

    >>> law = Nested()
    >>> size, data = {"A": 406.4, "alpha": 0.34}, {"B": 410.7, "beta": 0.28}
    >>> float(round(law.loss(70e9, 1.4e12, E=1.69, q=1.0, **size, **data), 2))
    1.94
    >>> size, data = {"A": 6.4e13**0.076, "alpha": 0.076}, {"B": 1.8e13**0.103, "beta": 0.103}
    >>> float(round(law.loss(1e9, 2.2e10, E=0.0, q=0.103, **size, **data), 2))
    2.37
    """

    inputs = ("params", "tokens")
    priors = {
        # Any share of the reference loss alike, down to Kaplan's none. On the logit scale, where a
        # Beta is sampled, the floor trades against the other terms along a straighter ridge.
        "E": Prior.beta(1.0, 1.0),
        "A": Prior.between(0.01, 1.0),
        "B": Prior.between(0.01, 1.0),
        "alpha": Prior.between(0.07, 0.8),
        "beta": Prior.between(0.07, 0.8),
        "q": Prior.between(0.05, 2.0),
    }
    cite = "hoffmann2022training"
    equation = r"E + \left[(A N^{-\alpha})^{1/q} + (B D^{-\beta})^{1/q}\right]^q"

    @staticmethod
    def loss(
        params: Any, tokens: Any, E: Any, A: Any, B: Any, alpha: Any, beta: Any, q: Any
    ) -> Any:
        """Expected loss of a run of `params` parameters on `tokens` tokens."""
        # In logarithms, for the powers 1 / q leave the range of floats long before q is 0.05.
        size = ops.log(A) - alpha * ops.log(params)
        data = ops.log(B) - beta * ops.log(tokens)
        return E + ops.exp(q * ops.logaddexp(size / q, data / q))

    @staticmethod
    def paper_units(
        loss: Any,
        params: Any,
        tokens: Any,
        E: Any,
        A: Any,
        B: Any,
        alpha: Any,
        beta: Any,
        q: Any,  # noqa: ARG004 (has no unit)
    ) -> dict[str, Any]:
        """`E`, `A`, `B` for inputs and loss in units of one."""
        return {"E": loss * E, "A": loss * A * params**alpha, "B": loss * B * tokens**beta}

    @staticmethod
    def derived(alpha: Any, beta: Any) -> dict[str, Any]:
        """Exponent `a` of the compute-optimal size, N proportional to C^a, whatever `q` is."""
        return {"a": beta / (alpha + beta)}

    @staticmethod
    def optimum(flops: Any, A: Any, B: Any, alpha: Any, beta: Any, q: Any) -> tuple[Any, Any]:
        """Parameters and tokens of least loss with 6ND = `flops`."""
        G = ((alpha / beta) ** q * A / B) ** (1 / (alpha + beta))
        params = G * (flops / FLOPS_PER_PARAM_TOKEN) ** (beta / (alpha + beta))
        return params, flops / FLOPS_PER_PARAM_TOKEN / params

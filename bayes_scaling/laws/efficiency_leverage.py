"""The law of Tian et al. (2025): how much compute a mixture of experts saves."""

from __future__ import annotations

import numpy as np

from bayes_scaling import ops
from bayes_scaling.laws.law import Law
from bayes_scaling.priors import Prior

LOG_TWO, LOG_TEN = float(np.log(2.0)), float(np.log(10.0))


class EfficiencyLeverage(Law):
    r"""Compute of a dense model over that of a mixture of experts as good (Tian et al., 2025).

    .. math::
        EL(A, G, C) = K (A + A_{\mathrm{start}})^
        {a + d \log_{10} C + \beta \log_2 G + \gamma (\log_2 G)^2}

    `A` is the share of the experts that a token activates (column ``activation_ratio``, at most 1),
    `G` the granularity (``granularity``), twice the model's width over an expert's hidden size, and
    `C` the compute of the mixture (FLOP). The response is measured, one row for each mixture and
    budget, and read as a ``"metric"``: the compute that a dense model of the same recipe needs for
    the same loss, over `C`. Sparser experts save more, the more compute there is (negative `d`),
    and less below :math:`A_{\mathrm{start}}`; the best granularity is
    :math:`2^{-\beta / 2\gamma}`, whatever the compute. `K` is the level of dense models, one in the
    paper. The paper's upper end of `A` is left out: it was fitted as 5e16, which is none.

    The paper does not print the bases of its logarithms. With these, and no others of e, 2 and 10,
    its parameters give the numbers that its text states: more than 7 at an activation of 3.1 %,
    granularity 12 and 1e22 FLOP, and best granularities of 8 to 12.

    It assumes a dense law and mixtures that were tuned alike, one shared expert, and balanced
    routing; with other losses for balance the best granularity moves. It was fitted to leverages
    below 6 and budgets to 6e20 FLOP, and is known to fail for no activation at all, where leverage
    ends at a value that no run informs.

    References
    ----------
    Tian et al. (2025), Towards Greater Leverage: Scaling Laws for Efficient Mixture-of-Experts
    Language Models, arXiv:2507.17702, equations 10 and 13, table 2.

    Examples
    --------
    The mixture for which the paper says "more than 7":

    >>> fitted = {"K": 1.0, "a": 1.23, "d": -0.0761, "beta": -0.117, "gamma": 0.0167}
    >>> leverage = EfficiencyLeverage.loss(0.031, 12.0, 1e22, **fitted, A_start=0.0163)
    >>> round(float(leverage), 2)
    7.24
    """

    inputs = ("activation_ratio", "granularity", "flops")
    unscaled = ("activation_ratio", "granularity")
    responses = ("metric",)
    positive = True
    priors = {
        # Of the reference leverage, nine tenths of the way up: that of a dense model is one.
        "K": Prior.between(0.1, 1.5),
        # At the reference compute.
        "a": Prior.between(-1.0, 0.0, distribution="Normal"),
        "d": Prior.between(-0.2, 0.1, distribution="Normal"),
        "beta": Prior.between(-0.4, 0.2, distribution="Normal"),
        "gamma": Prior.between(-0.05, 0.1, distribution="Normal"),
        "A_start": Prior.between(0.003, 0.1),
    }
    cite = "tian2025leverage"
    equation = (
        r"K (A + A_{\mathrm{start}})^{a + d \log_{10} C + \beta \log_2 G + \gamma (\log_2 G)^2}"
    )

    @staticmethod
    def loss(activation_ratio, granularity, flops, K, a, d, beta, gamma, A_start):
        """Leverage of a mixture of experts with a budget of `flops`."""
        compute, fineness = ops.log(flops) / LOG_TEN, ops.log(granularity) / LOG_TWO
        power = a + d * compute + beta * fineness + gamma * fineness**2
        return K * (activation_ratio + A_start) ** power

    @staticmethod
    def paper_units(loss, flops, K, a, d):
        """`K` and `a` for leverage and compute in units of one."""
        return {"K": loss * K, "a": a - d * ops.log(flops) / LOG_TEN}

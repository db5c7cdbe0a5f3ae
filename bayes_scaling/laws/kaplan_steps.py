"""The learning-curve law of Kaplan et al. (2020): loss from model size and minimal steps."""

from __future__ import annotations

from bayes_scaling.laws.law import Law
from bayes_scaling.laws.shared_priors import KAPLAN_CRITICAL, KAPLAN_EXPONENT
from bayes_scaling.priors import Prior


class KaplanSteps(Law):
    r"""Loss limited by model size and training steps (Kaplan et al., 2020).

    .. math:: L(N, S_{\min}) = \left(\frac{N_c}{N}\right)^{\alpha_N}
              + \left(\frac{S_c}{S_{\min}}\right)^{\alpha_S}

    `N_c` (parameters, without embeddings) is where size alone would leave a loss of one nat,
    `S_c` (optimiser steps) where the steps alone would add one; `alpha_N` and `alpha_S` are the
    exponents. The column ``steps`` holds *minimal* steps, those needed at a batch far above the
    critical one: :func:`minimal_steps` converts the steps of a run of known batch size.

    It assumes fresh data throughout (no overfitting) and reads all points of a learning curve
    alike. The warm-up does not follow it; and the loss midway through a learning-rate decay lies
    above that of a run decayed to end there, so that few steps look worse than they need be.

    References
    ----------
    Kaplan et al. (2020), Scaling Laws for Neural Language Models, arXiv:2001.08361, equation 1.6
    (5.6) and table 3.

    Examples
    --------
    Stopping at 10 % above the converged loss rather than at 2 % reaches the same loss with 2.7
    times the parameters and 7.7 times fewer steps (appendix B):

    >>> law = KaplanSteps()
    >>> table_3 = {"N_c": 6.5e13, "S_c": 2.1e3, "alpha_N": 0.077, "alpha_S": 0.76}
    >>> late = law.loss(params=1e9, steps=1.17e5, **table_3)
    >>> early = law.loss(params=2.7e9, steps=1.17e5 / 7.7, **table_3)
    >>> round(late, 2), round(early, 2)
    (2.39, 2.4)
    """

    inputs = ("params", "steps")
    priors = {
        "N_c": KAPLAN_CRITICAL,
        "S_c": Prior.between(1e-3, 1.0),
        "alpha_N": KAPLAN_EXPONENT,
        "alpha_S": Prior.between(0.2, 1.5),
    }
    cite = "kaplan2020scaling"
    equation = (
        r"\left(\frac{N_c}{N}\right)^{\alpha_N} + \left(\frac{S_c}{S_{\min}}\right)^{\alpha_S}"
    )

    @staticmethod
    def loss(params, steps, N_c, S_c, alpha_N, alpha_S):
        """Expected loss of a model of `params` parameters after `steps` minimal steps."""
        return (N_c / params) ** alpha_N + (S_c / steps) ** alpha_S

    @staticmethod
    def paper_units(loss, params, steps, N_c, S_c, alpha_N, alpha_S):
        """`N_c` and `S_c` for inputs and loss in units of one."""
        return {
            "N_c": N_c * params * loss ** (1 / alpha_N),
            "S_c": S_c * steps * loss ** (1 / alpha_S),
        }

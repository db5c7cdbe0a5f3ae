"""The joint law of Kaplan et al. (2020): size and data limit the loss together, with no floor."""

from __future__ import annotations

from bayes_scaling import ops
from bayes_scaling.laws.law import Law
from bayes_scaling.laws.shared_priors import KAPLAN_CRITICAL, KAPLAN_EXPONENT
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN


class KaplanJoint(Law):
    r"""Loss limited by model size and data together (Kaplan et al., 2020).

    .. math:: L(N, D) = \left[\left(\frac{N_c}{N}\right)^{\alpha_N / \alpha_D}
              + \frac{D_c}{D}\right]^{\alpha_D}

    `N_c` (parameters, without embeddings) and `D_c` (tokens) are where size alone and data alone
    would leave a loss of one nat; `alpha_N` and `alpha_D` are the exponents of those two limits,
    :math:`L(N, \infty) = (N_c / N)^{\alpha_N}` and :math:`L(\infty, D) = (D_c / D)^{\alpha_D}`.
    `N_c` and `D_c` stand for no real scale: they move with the tokeniser.

    It assumes training to the best test loss, so that `D` measures overfitting rather than the
    length of a run, and it has no floor: it must fail far enough out, and where the loss bends
    towards its entropy :class:`Chinchilla` describes the runs better (see :class:`Nested`).
    `optimum` follows from the formula with C = 6ND; Kaplan's own allocation, N growing as
    C^0.73, comes instead from steps and batch size (:class:`KaplanSteps`).

    References
    ----------
    Kaplan et al. (2020), Scaling Laws for Neural Language Models, arXiv:2001.08361, equation 1.5
    (4.1) and table 2.

    Examples
    --------
    A thousand million parameters overfit by 2 % on 2.4e10 tokens, about where the paper's
    threshold of 5e3 N^0.74 tokens lies:

    >>> law = KaplanJoint()
    >>> table_2 = {"N_c": 6.4e13, "D_c": 1.8e13, "alpha_N": 0.076, "alpha_D": 0.103}
    >>> at_threshold = law.loss(params=1e9, tokens=2.42e10, **table_2)
    >>> float(round(at_threshold / law.loss(1e9, float("inf"), **table_2) - 1, 3))
    0.02
    """

    inputs = ("params", "tokens")
    priors = {
        "N_c": KAPLAN_CRITICAL,
        "D_c": KAPLAN_CRITICAL,
        "alpha_N": KAPLAN_EXPONENT,
        "alpha_D": KAPLAN_EXPONENT,
    }
    cite = "kaplan2020scaling"
    equation = (
        r"\left[\left(\frac{N_c}{N}\right)^{\alpha_N / \alpha_D}"
        r" + \frac{D_c}{D}\right]^{\alpha_D}"
    )

    @staticmethod
    def loss(params, tokens, N_c, D_c, alpha_N, alpha_D):
        """Expected loss of a model of `params` parameters on `tokens` tokens."""
        # In logarithms: the terms in the bracket are losses to the power 1 / alpha_D, about ten.
        size = alpha_N / alpha_D * (ops.log(N_c) - ops.log(params))
        data = ops.log(D_c) - ops.log(tokens)
        return ops.exp(alpha_D * ops.logaddexp(size, data))

    @staticmethod
    def paper_units(loss, params, tokens, N_c, D_c, alpha_N, alpha_D):
        """`N_c` and `D_c` for inputs and loss in units of one."""
        return {
            "N_c": N_c * params * loss ** (1 / alpha_N),
            "D_c": D_c * tokens * loss ** (1 / alpha_D),
        }

    @staticmethod
    def derived(alpha_N, alpha_D):
        """Exponent `a` of the size of least loss with 6ND = C, N proportional to C^a."""
        return {"a": alpha_D / (alpha_N + alpha_D)}

    @staticmethod
    def optimum(flops, N_c, D_c, alpha_N, alpha_D):
        """Parameters and tokens of least loss with 6ND = `flops`."""
        ratio, product = alpha_N / alpha_D, flops / FLOPS_PER_PARAM_TOKEN
        # In logarithms: N_c to the power of the ratio can leave the range of floats.
        log_params = ops.log(ratio * product) - ops.log(D_c) + ratio * ops.log(N_c)
        params = ops.exp(log_params / (1 + ratio))
        return params, product / params

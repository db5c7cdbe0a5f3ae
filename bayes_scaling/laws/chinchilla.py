"""The parametric law of Hoffmann et al. (2022): a floor plus powers of model size and data."""

from __future__ import annotations

from bayes_scaling.laws.law import Law
from bayes_scaling.laws.shared_priors import EXPONENT, FLOOR
from bayes_scaling.priors import Prior
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN


class Chinchilla(Law):
    r"""Loss as a floor plus powers of model size and data (Hoffmann et al., 2022).

    .. math:: L(N, D) = E + A N^{-\alpha} + B D^{-\beta}

    `E` is the loss left with infinite parameters and data (nats per token), `A` and `alpha` the
    cost of finite size, `B` and `beta` that of finite data. It assumes fresh data in one pass and
    hyper-parameters tuned alike at each scale; it is known to fail where the learning-rate decay
    does not match the run's length, and where data repeat.

    Priors of `E`, `alpha` and `beta` are from published fits (Besiroglu et al., 2024; Muennighoff
    et al., 2023; Gadre et al., 2024), in which `alpha` and `beta` are alike.

    References
    ----------
    Hoffmann et al. (2022), Training Compute-Optimal Large Language Models, arXiv:2203.15556,
    equations 2 and 4. Besiroglu et al. (2024), arXiv:2404.10102. Muennighoff et al. (2023),
    arXiv:2305.16264. Gadre et al. (2024), arXiv:2403.08540.

    Examples
    --------
    The refit of Besiroglu et al. (2024) puts Chinchilla's compute at 18.4 tokens per parameter:

    >>> law = Chinchilla()
    >>> fitted = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}
    >>> params, tokens = law.optimum(5.76e23, A=482.01, B=2085.43, alpha=0.3478, beta=0.3658)
    >>> round(tokens / params, 1)
    18.4
    >>> round(law.loss(params=params, tokens=tokens, **fitted), 4)
    1.9744
    """

    inputs = ("params", "tokens")
    priors = {
        "E": FLOOR,
        "A": Prior.between(0.01, 1.0),
        "B": Prior.between(0.01, 1.0),
        "alpha": EXPONENT,
        "beta": EXPONENT,
    }
    ties = {"beta": "alpha"}
    cite = "hoffmann2022training"
    equation = r"E + \frac{A}{N^{\alpha}} + \frac{B}{D^{\beta}}"

    @staticmethod
    def loss(params, tokens, E, A, B, alpha, beta):
        """Expected loss of a run of `params` parameters on `tokens` tokens."""
        return E + A * params**-alpha + B * tokens**-beta

    @staticmethod
    def paper_units(loss, params, tokens, E, A, B, alpha, beta):
        """`E`, `A`, `B` for inputs and loss in units of one."""
        return {"E": loss * E, "A": loss * A * params**alpha, "B": loss * B * tokens**beta}

    @staticmethod
    def derived(alpha, beta):
        """Exponent `a` of the compute-optimal size, N proportional to C^a (equation 4)."""
        return {"a": beta / (alpha + beta)}

    @staticmethod
    def optimum(flops, A, B, alpha, beta):
        """Parameters and tokens of least loss with 6ND = `flops` (equation 4)."""
        G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
        params = G * (flops / FLOPS_PER_PARAM_TOKEN) ** (beta / (alpha + beta))
        return params, flops / FLOPS_PER_PARAM_TOKEN / params

"""The law of Gadre et al. (2024): compute and the ratio of tokens to parameters."""

from __future__ import annotations

from bayes_scaling.laws.law import Law
from bayes_scaling.laws.shared_priors import FLOOR
from bayes_scaling.priors import Prior


class OverTraining(Law):
    r"""Loss by compute and by tokens per parameter, far past the optimum (Gadre et al., 2024).

    .. math:: L(C, M) = E + \left(a M^{\eta} + b M^{-\eta}\right) C^{-\eta}

    `C` is the training compute (FLOP, 6ND) and `M` the tokens per parameter. `E` is the loss left
    with infinite compute (nats per token), `a` the cost of too small a model, `b` that of too
    little data, and `eta` the exponent of compute. At every `M` the reducible loss falls with the
    same exponent: over-training shifts the line, and does not tilt it. This is Chinchilla's law
    with equal exponents, ``alpha = beta = 2 eta``, ``a = A 6**eta`` and ``b = B 6**eta``; where
    those of the runs differ it fails, and more so the further `M` is from that of the runs. Runs
    at one `M` tell the sum of `a` and `b`, and neither of them.

    The loss rises with `M` beyond ``M_opt``, a derived quantity, at which compute is best spent.

    The prior of `E` is that of published floors (Besiroglu et al., 2024, arXiv:2404.10102), that of
    `eta` half of what exponents of size and data have, as the law has it.

    References
    ----------
    Gadre et al. (2024), Language models scale reliably with over-training and on downstream tasks,
    arXiv:2403.08540, equation 4.

    Examples
    --------
    The constants fitted to RedPajama, at the over-trained run of 1.44B parameters and 640 tokens
    per parameter (observed: 2.502), and the ratio that they find compute-optimal:

    >>> law = OverTraining()
    >>> fitted = {"E": 1.837, "a": 212.2, "b": 366.7, "eta": 0.1365}
    >>> round(law.loss(flops=7.96e21, tokens_per_param=640.0, **fitted), 2)
    2.52
    >>> round(law.derived(a=212.2, b=366.7, eta=0.1365)["M_opt"], 1)
    7.4
    """

    inputs = ("flops", "tokens_per_param")
    priors = {
        "E": FLOOR,
        "a": Prior.between(0.01, 1.0),
        "b": Prior.between(0.01, 1.0),
        "eta": Prior.between(0.1, 0.25),
    }
    cite = "gadre2024language"
    equation = r"E + \left(a M^{\eta} + b M^{-\eta}\right) C^{-\eta}"

    @staticmethod
    def loss(flops, tokens_per_param, E, a, b, eta):
        """Expected loss of a run of `flops` FLOP at `tokens_per_param` tokens per parameter."""
        # Each term by itself, since its ratio stays in range where the factors do not.
        return E + a * (tokens_per_param / flops) ** eta + b * (tokens_per_param * flops) ** -eta

    @staticmethod
    def paper_units(loss, flops, tokens_per_param, E, a, b, eta):
        """`E`, `a`, `b` for inputs and loss in units of one."""
        return {
            "E": loss * E,
            "a": loss * a * (flops / tokens_per_param) ** eta,
            "b": loss * b * (flops * tokens_per_param) ** eta,
        }

    @staticmethod
    def derived(a, b, eta):
        """Tokens per parameter of least loss, `M_opt`, the same at every compute."""
        return {"M_opt": (b / a) ** (0.5 / eta)}

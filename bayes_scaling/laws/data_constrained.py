"""The law of Muennighoff et al. (2023): repeated tokens and excess parameters of less worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bayes_scaling import ops
from bayes_scaling.laws.chinchilla import Chinchilla
from bayes_scaling.laws.law import Law
from bayes_scaling.priors import Prior

MOST_REPEATS = 50.0
"""Log of the repetitions beyond which one more is worth nothing, whatever the constants."""


@dataclass(frozen=True)
class DataConstrained(Law):
    r"""Loss where tokens repeat, each time worth less (Muennighoff et al., 2023).

    .. math::
        L &= E + A / N'^{\alpha} + B / D'^{\beta} \\
        D' &= U_D + U_D R_D^* \left(1 - e^{-R_D / R_D^*}\right), \quad R_D = D / U_D - 1 \\
        N' &= U_N + U_N R_N^* \left(1 - e^{-R_N / R_N^*}\right), \quad R_N = N / U_N - 1

    Column ``unique_tokens`` is `U_D`, so that `R_D` counts repetitions after the first epoch;
    :math:`U_N` is the smaller of `N` and the size that is compute-optimal for `U_D`, where
    :math:`\alpha A U_N^{-\alpha} = \beta B U_D^{-\beta}`. `E`, `A`, `B`, `alpha` and `beta` are
    Chinchilla's, which the law is without repetition and excess. `RD_star` is the number of
    repetitions over which their worth decays by 1/e: with endless epochs the data are worth
    :math:`1 + R_D^*` times themselves. `RN_star` says the same of parameters beyond :math:`U_N`.

    It assumes that loss never rises again. Under heavy repetition of little data it does, and such
    runs are outliers. With many of them, as in the paper's runs of up to 9000 epochs, the default
    noise goes below one degree of freedom: the law then holds for some of the runs exactly, and
    chains differ in which (R-hat up to 1.8). Hold the tails, as in
    ``noise=bs.noise.LogStudentT(df=bs.Prior.fixed_at(2.0))``, with which they agree (1.008 at most
    on three cuts of these runs). The data of the paper leave `RD_star` uncertain by a factor of
    three, so the published optimum is one of several.

    Parameters
    ----------
    tied : bool
        Whether `beta` is the same as `alpha`, as in the paper.

    References
    ----------
    Muennighoff et al. (2023), Scaling Data-Constrained Language Models, arXiv:2305.16264,
    equations 5 and 6; constants from the README of huggingface/datablations.

    Examples
    --------
    A model of 6.34B parameters on 242B tokens of which 25B are unique, as the authors print it:

    >>> law = DataConstrained(tied=True)
    >>> theta = {"E": 1.8691437, "A": 520.8265, "B": 1487.7131, "alpha": 0.3526596}
    >>> theta |= {"RD_star": 15.387756, "RN_star": 5.309743}
    >>> run = {"params": 6.34e9, "tokens": 242e9, "unique_tokens": 25e9}
    >>> round(float(law.evaluate(run, theta)), 4)
    2.2256
    """

    tied: bool = False

    cite = "muennighoff2023scaling"
    inputs = ("params", "tokens", "unique_tokens")
    same_unit = {"unique_tokens": "tokens"}

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Chinchilla's, from the same published fits, and decay within 2 to 200 repetitions."""
        tied = {"beta"} if self.tied else ()
        return {
            **{name: prior for name, prior in Chinchilla.priors.items() if name not in tied},
            "RD_star": Prior.between(2.0, 200.0),
            "RN_star": Prior.between(0.5, 50.0),
        }

    @property
    def ties(self) -> Mapping[str, str]:  # type: ignore[override]
        """The exponents of size and data, unless they are one."""
        return {} if self.tied else {"beta": "alpha"}

    @property
    def equation(self) -> str:
        """The formula in LaTeX."""
        beta = r"\alpha" if self.tied else r"\beta"
        return rf"E + \frac{{A}}{{N'^{{\alpha}}}} + \frac{{B}}{{D'^{{{beta}}}}}"

    @staticmethod
    def loss(params, tokens, unique_tokens, E, A, B, alpha, RD_star, RN_star, beta=None):
        """Expected loss of `params` on `tokens`, of which `unique_tokens` are distinct."""
        beta = alpha if beta is None else beta
        params, tokens = ops.log(params), ops.log(tokens)
        unique_tokens = ops.minimum(ops.log(unique_tokens), tokens)
        optimal = (ops.log(alpha * A / (beta * B)) + beta * unique_tokens) / alpha
        effective_params = effective(params, ops.minimum(params, optimal), RN_star)
        effective_tokens = effective(tokens, unique_tokens, RD_star)
        return E + A * effective_params**-alpha + B * effective_tokens**-beta

    @staticmethod
    def paper_units(loss, params, tokens, E, A, B, alpha, beta=None):
        """`E`, `A`, `B` for inputs and loss in units of one."""
        beta = alpha if beta is None else beta
        return Chinchilla.paper_units(loss, params, tokens, E, A, B, alpha, beta)


def effective(log_used: Any, log_unique: Any, decay: Any) -> Any:
    """Fresh data, or useful parameters, that are worth as much as those used.

    Parameters
    ----------
    log_used, log_unique : float or array
        Logarithms of the amount used, and of that part of it which is worth itself in full.
    decay : float or array
        Repetitions over which their worth decays by 1/e.

    Examples
    --------
    Four epochs are worth 93 % of as many fresh tokens, by the constant of the paper:

    >>> import numpy as np
    >>> round(float(effective(np.log(4.0), 0.0, 15.387756)) / 4, 4)
    0.9314
    """
    repeats = ops.expm1(ops.minimum(log_used - log_unique, MOST_REPEATS))
    return ops.exp(log_unique) * (1 - decay * ops.expm1(-repeats / decay))

"""The law of Krajewski et al. (2024) for experts of any granularity."""

from __future__ import annotations

from typing import Any

from bayes_scaling.laws.law import Law
from bayes_scaling.laws.shared_priors import WIDE_FLOOR
from bayes_scaling.priors import Prior


class FineGrainedExperts(Law):
    r"""Loss of a mixture of experts by size, granularity and data (Krajewski et al., 2024).

    .. math:: L(N, D, G) = c + \left(\frac{g}{G^{\gamma}} + a\right) N^{-\alpha} + b D^{-\beta}

    `N` is the number of all parameters, experts included and embeddings not, `D` that of training
    tokens, and `G` the granularity (column ``granularity``, one or more): how many times smaller
    an expert's hidden size is than that of the feed-forward layer that it stands for, as many more
    experts being used. `c` is the loss left (nats per token), `a` the cost of finite size with
    experts of any granularity, `g` what coarse ones add to it.

    It assumes one number of times that experts enlarge the layer (64 in the paper); another one
    has other parameters. More granularity never costs loss here, though it costs routing; beyond
    the runs' granularity it is known to fail. Sweeps of one granularity do not tell `g` from `a`.

    References
    ----------
    Krajewski et al. (2024), Scaling Laws for Fine-Grained Mixture of Experts, arXiv:2402.07871,
    equation 9 and table 1.

    Examples
    --------
    With the published parameters, granularity 16 is worth twice as many coarse parameters:

    >>> fitted = {"c": 0.47, "g": 2.1, "gamma": 0.58, "a": 18.1, "alpha": 0.115}
    >>> fitted |= {"b": 30.8, "beta": 0.147}
    >>> fine = FineGrainedExperts.loss(params=1e11, tokens=1e11, granularity=16.0, **fitted)
    >>> coarse = FineGrainedExperts.loss(params=2.1e11, tokens=1e11, granularity=1.0, **fitted)
    >>> round(float(fine), 3), round(float(coarse), 3)
    (2.22, 2.222)
    """

    inputs = ("params", "granularity", "tokens")
    unscaled = ("granularity",)
    priors = {
        # Published as a fifth of the lowest losses.
        "c": WIDE_FLOOR,
        "g": Prior.between(0.002, 0.5),
        "gamma": Prior.between(0.2, 1.5),
        "a": Prior.between(0.02, 1.0),
        # Above this low floor both exponents are smaller than in Chinchilla's law.
        "alpha": Prior.between(0.08, 0.45),
        "b": Prior.between(0.02, 1.0),
        "beta": Prior.between(0.08, 0.45),
    }
    ties = {"beta": "alpha"}
    cite = "krajewski2024scaling"
    equation = r"c + \left(\frac{g}{G^{\gamma}} + a\right) N^{-\alpha} + b D^{-\beta}"

    @staticmethod
    def loss(params, granularity, tokens, c, g, gamma, a, alpha, b, beta):
        """Expected loss of `params` parameters in experts of a `granularity`."""
        return c + (g * granularity**-gamma + a) * params**-alpha + b * tokens**-beta

    @staticmethod
    def paper_units(loss, params, tokens, c, g, a, alpha, b, beta):
        """`c`, `g`, `a`, `b` for inputs and loss in units of one."""
        size = loss * params**alpha
        return {"c": loss * c, "g": size * g, "a": size * a, "b": loss * b * tokens**beta}

    def irreducible(self, theta: Any) -> Any:
        """`c`, the loss left at any size, granularity and amount of data."""
        return theta["c"]

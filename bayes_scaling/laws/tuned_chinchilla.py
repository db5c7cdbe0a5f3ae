"""Chinchilla's law over a tuning grid, with the cost of a learning rate off its best value."""

from __future__ import annotations

from bayes_scaling import ops
from bayes_scaling.laws.chinchilla import Chinchilla
from bayes_scaling.laws.law import Law
from bayes_scaling.priors import Prior


class TunedChinchilla(Law):
    r"""Loss at any learning rate, with a best one that depends on size and data.

    .. math::
        L(N, D, \eta) = E + \left(A N^{-\alpha} + B D^{-\beta}\right)
        \left(1 + c \ln^2 \frac{\eta}{K N^a D^b}\right)

    The law of Hoffmann et al. (2022) times the cost of a learning rate (column
    ``learning_rate``) away from the best one, which is :math:`K N^a D^b` as Li et al. (2025) found
    (:class:`OptimalHyperparameter`). `c` is the share by which the reducible loss rises at a
    factor `e` off. All runs of a tuning grid are fitted at once, replicates included, so that the
    interval of the best learning rate (:meth:`best`) knows how flat the optimum is and how
    coarse the grid. Runs that are ill tuned in other ways err upwards: see
    :class:`bayes_scaling.noise.LogExGaussian`.

    The parabola is an assumption that holds near the optimum. Far above it training
    diverges, far below it the loss rises without end: leave such runs out. With one learning rate
    for each size, `K`, `a` and `c` are their priors.

    References
    ----------
    Hoffmann et al. (2022), arXiv:2203.15556, equation 2. Li et al. (2025), Predictable Scale: Part
    I, Step Law, arXiv:2503.04715, for the best value and the convex optimum.

    Examples
    --------
    Twice the best learning rate costs as much as half of it:

    >>> theta = {"E": 1.8, "A": 482.0, "B": 2085.0, "alpha": 0.35, "beta": 0.37, "c": 0.05}
    >>> theta |= {"K": 1.79, "a": -0.713, "b": 0.307}
    >>> best = TunedChinchilla.best(1e9, 2e10, K=1.79, a=-0.713, b=0.307)
    >>> losses = [TunedChinchilla.loss(1e9, 2e10, best * f, **theta) for f in (0.5, 1, 2)]
    >>> [round(float(loss), 4) for loss in losses]
    [2.4791, 2.4631, 2.4791]
    """

    inputs = ("params", "tokens", "learning_rate")
    priors = {
        **Chinchilla.priors,
        "c": Prior.between(0.005, 0.5),
        "K": Prior.between(0.1, 10.0),
        "a": Prior.between(-1.2, 0.2, distribution="Normal"),
        "b": Prior.between(-0.5, 0.7, distribution="Normal"),
    }
    ties = Chinchilla.ties
    cite = "li2025step"
    equation = (
        r"E + \left(A N^{-\alpha} + B D^{-\beta}\right)"
        r"\left(1 + c \ln^2 \frac{\eta}{K N^a D^b}\right)"
    )

    @staticmethod
    def loss(params, tokens, learning_rate, E, A, B, alpha, beta, c, K, a, b):
        """Expected loss of `params` parameters on `tokens` tokens at a peak `learning_rate`."""
        off = ops.log(learning_rate) - ops.log(TunedChinchilla.best(params, tokens, K, a, b))
        return E + (A * params**-alpha + B * tokens**-beta) * (1 + c * off**2)

    @staticmethod
    def best(params, tokens, K, a, b):
        """The learning rate of least loss, from parameters in paper units."""
        return K * params**a * tokens**b

    @staticmethod
    def paper_units(loss, params, tokens, learning_rate, E, A, B, alpha, beta, K, a, b):
        """`E`, `A`, `B` and `K` for inputs and loss in units of one."""
        rate = learning_rate * params**-a * tokens**-b
        shared = Chinchilla.paper_units(loss, params, tokens, E, A, B, alpha, beta)
        return {**shared, "K": rate * K}

"""The parallel scaling law of Chen et al. (2025): streams that act like parameters."""

from __future__ import annotations

from bayes_scaling import ops
from bayes_scaling.laws.law import Law
from bayes_scaling.laws.shared_priors import FLOOR
from bayes_scaling.priors import Prior


class Parallel(Law):
    r"""Loss of a model run in parallel streams (Chen et al., 2025).

    .. math:: L(N, P) = E + \left(\frac{A}{N (k \ln P + 1)}\right)^{\alpha}

    `P` is the number of parallel streams (column ``streams``, one or more): learnt transformations
    of the input whose outputs are aggregated. `E` is the loss left (nats per token), `A` the number
    of parameters at which the reducible loss is one unit, `alpha` its exponent, and `k` how much of
    a model a factor e of streams is worth. It assumes a fixed amount of training data, and streams
    that differ as they did in the runs: the logarithm is an observation over P of 1 to 8. Runs of
    one stream alone say nothing of `k`. The prior of `E` is that of published floors of text
    (Besiroglu et al., 2024, arXiv:2404.10102), which the paper's own fits agree with.

    References
    ----------
    Chen et al. (2025), Parallel Scaling Law for Language Models, arXiv:2505.10475, equation 5.

    Examples
    --------
    On the Pile, eight streams of a model are worth 1.7 times its parameters:

    >>> pile = {"E": 1.2888, "A": 1.9735e8, "alpha": 0.1963, "k": 0.3345}
    >>> eight = Parallel.loss(params=1.6e9, streams=8.0, **pile)
    >>> larger = Parallel.loss(params=1.6956 * 1.6e9, streams=1.0, **pile)
    >>> round(float(eight), 4) == round(float(larger), 4)
    True
    """

    inputs = ("params", "streams")
    unscaled = ("streams",)
    priors = {
        "E": FLOOR,
        "A": Prior.between(1e-5, 1.0),
        "alpha": Prior.between(0.1, 0.5),
        "k": Prior.between(0.03, 3.0),
    }
    cite = "chen2025parallel"
    equation = r"E + \left(\frac{A}{N (k \ln P + 1)}\right)^{\alpha}"

    @staticmethod
    def loss(params, streams, E, A, alpha, k):
        """Expected loss of `params` parameters run in `streams` streams."""
        return E + (A / (params * (k * ops.log(ops.maximum(streams, 1.0)) + 1))) ** alpha

    @staticmethod
    def paper_units(loss, params, E, A, alpha):
        """`E` and `A` for parameters and loss in units of one."""
        return {"E": loss * E, "A": A * params * loss ** (1 / alpha)}

"""The law of Clark et al. (2022) for routed language models, log-bilinear in size and experts."""

from __future__ import annotations

from math import log
from typing import Any

from bayes_scaling import ops
from bayes_scaling.laws.law import Law
from bayes_scaling.priors import Prior

SMALLEST_GAP = 1e-6
"""Least difference of the reciprocals of `E_start` and `E_max`."""


class RoutedExperts(Law):
    r"""Loss of a routed model, log-bilinear in size and experts (Clark et al., 2022).

    .. math::
        \log_{10} L &= a \log_{10} N + b \log_{10} \hat E + c \log_{10} N \log_{10} \hat E + d \\
        1 / \hat E &= 1 / \left(E - 1 + (1/E_{start} - 1/E_{max})^{-1}\right) + 1 / E_{max}

    `N` is the number of parameters that a token meets, without the other experts, and `E` that of
    experts (column ``experts``; a dense model has one). All logarithms are decimal, as in the
    paper's code. `a` is the exponent of size of a model without experts, `b` that of experts; a
    positive `c` means that experts help the less, the larger the model. `d` is the decimal
    logarithm of the loss (nats per token) at N = 1. The effective number :math:`\hat E` starts at
    `E_start` with one expert and saturates at `E_max`.

    On the reference scale, where it is sampled, `b` is the exponent of experts at the reference
    size, ``b + c log10(N0)`` in paper units, and `d` the level there. There is no floor, so the
    law fails for models much larger than the runs; all models saw the same tokens; and beyond
    ``N = 10**(-b / c)`` it has more experts do harm.

    References
    ----------
    Clark et al. (2022), Unified Scaling Laws for Routed Language Models, arXiv:2202.01169,
    equation 1 and table 3.

    Examples
    --------
    With S-BASE routing, 64 experts make a model of 130M as good as a dense one of 570M:

    >>> fitted = {"a": -0.082, "b": -0.108, "c": 0.009, "d": 1.104}
    >>> fitted |= {"E_start": 1.847, "E_max": 314.5}
    >>> routed = RoutedExperts.loss(params=1.3e8, experts=64.0, **fitted)
    >>> dense = RoutedExperts.loss(params=5.7e8, experts=1.0, **fitted)
    >>> round(float(routed), 2), round(float(dense), 2)
    (2.39, 2.39)
    """

    inputs = ("params", "experts")
    unscaled = ("experts",)
    priors = {
        "a": Prior.between(-0.15, -0.05, distribution="Normal"),
        "b": Prior.between(-0.08, -0.01, distribution="Normal"),
        "c": Prior.between(-0.02, 0.03, distribution="Normal"),
        "d": Prior.between(-0.2, 0.3, distribution="Normal"),
        "E_start": Prior.between(1.0, 5.0),
        "E_max": Prior.between(80.0, 1500.0),
    }
    cite = "clark2022unified"
    equation = (
        r"10^{d} N^{a} \hat E^{b + c \log_{10} N}, \quad "
        r"\hat E^{-1} = \left(E - 1 + (E_{start}^{-1} - E_{max}^{-1})^{-1}\right)^{-1}"
        r" + E_{max}^{-1}"
    )

    @staticmethod
    def loss(params, experts, a, b, c, d, E_start, E_max):
        """Expected loss of a model of `params` active parameters with `experts` experts."""
        log_params = ops.log10(params)
        log_experts = ops.log10(effective_experts(experts, E_start, E_max))
        exponent = a * log_params + b * log_experts + c * log_params * log_experts + d
        return ops.exp(log(10) * exponent)

    @staticmethod
    def paper_units(loss, params, a, b, c, d):
        """`b` and `d` for parameters and loss in units of one."""
        return {"b": b - c * ops.log10(params), "d": d + ops.log10(loss) - a * ops.log10(params)}


def effective_experts(experts: Any, E_start: Any, E_max: Any) -> Any:
    """Effective number of experts, from `E_start` with one expert to `E_max` with very many.

    Examples
    --------
    >>> round(float(effective_experts(1, E_start=1.847, E_max=314.5)), 3)
    1.847
    >>> round(float(effective_experts(1e9, E_start=1.847, E_max=314.5)), 1)
    314.5
    """
    # A start beyond the maximum, where the formula has a pole, means that experts add nothing.
    gap = ops.maximum(1 / E_start - 1 / E_max, SMALLEST_GAP)
    return 1 / (1 / (experts - 1 + 1 / gap) + 1 / E_max)

"""The critical batch size, and the needs of a run far above or below it.

Owns the conversions between measured and minimal steps, tokens and compute of Kaplan et al.
(2020), section 5, after McCandlish et al. (2018). Nothing here is a law to be fitted: it prepares
the ``steps`` column of :class:`bayes_scaling.laws.KaplanSteps`.

All functions take floats, arrays and labelled draws alike.
"""

from __future__ import annotations

from typing import Any


def critical_batch_size(loss: Any, scale: Any = 2e8, exponent: Any = 0.21) -> Any:
    r"""Batch size at which a run wastes as many steps as it wastes data.

    .. math:: B_{\mathrm{crit}}(L) = B_* / L^{1 / \alpha_B}

    Parameters
    ----------
    loss : float or array
        Loss in nats per token that the run has reached.
    scale : float or array
        :math:`B_*`, in tokens: the critical batch at a loss of one nat.
    exponent : float or array
        :math:`\alpha_B`.

    Returns
    -------
    float or array
        Tokens. It rises as the loss falls: no one batch size is right all along a run.

    References
    ----------
    Kaplan et al. (2020), arXiv:2001.08361, equations 1.4 and 5.3, figure 10.

    Examples
    --------
    It doubles, about, for each fall of the loss by 13 %:

    >>> round(critical_batch_size(0.87 * 3.0) / critical_batch_size(3.0), 2)
    1.94
    """
    return scale / loss ** (1 / exponent)


def minimal_steps(steps: Any, batch_size: Any, critical: Any) -> Any:
    r"""Steps that a run would have needed at a very large batch, for the same loss.

    .. math:: S_{\min} = S / (1 + B_{\mathrm{crit}} / B)

    Parameters
    ----------
    steps : float or array
        Optimiser steps taken.
    batch_size, critical : float or array
        Tokens per step, and the critical number of them at the loss reached
        (:func:`critical_batch_size`).

    References
    ----------
    Kaplan et al. (2020), arXiv:2001.08361, equation 5.4.

    Examples
    --------
    At the critical batch size half of the steps are too many:

    >>> minimal_steps(250_000, batch_size=5e5, critical=5e5)
    125000.0
    """
    return steps / (1 + critical / batch_size)


def minimal_flops(flops: Any, batch_size: Any, critical: Any) -> Any:
    r"""Compute that a run would have needed at a very small batch, for the same loss.

    .. math:: C_{\min} = C / (1 + B / B_{\mathrm{crit}})

    Parameters
    ----------
    flops : float or array
        Compute spent.
    batch_size, critical
        As for :func:`minimal_steps`.

    References
    ----------
    Kaplan et al. (2020), arXiv:2001.08361, equation 5.5.

    Examples
    --------
    >>> minimal_flops(6e20, batch_size=5e5, critical=1e6)
    4e+20
    """
    return flops / (1 + batch_size / critical)


def tokens_for_steps(steps: Any, least_steps: Any, least_tokens: Any) -> Any:
    r"""Tokens that reach the same loss in a given number of steps.

    .. math:: (S / S_{\min} - 1) (D / D_{\min} - 1) = 1

    Parameters
    ----------
    steps : float or array
        Steps allowed; more than `least_steps`, which no amount of data undercuts.
    least_steps, least_tokens : float or array
        Steps at an infinite batch and tokens at an infinitesimal one. Their quotient,
        tokens over steps, is the critical batch size.

    References
    ----------
    Kaplan et al. (2020), arXiv:2001.08361, equation 5.1 (there E, in place of D).

    Examples
    --------
    Twice the least steps takes twice the least tokens:

    >>> tokens_for_steps(2e4, least_steps=1e4, least_tokens=5e9)
    10000000000.0
    """
    return least_tokens * (1 + 1 / (steps / least_steps - 1))


def compute_exponent(alpha_N: Any, alpha_S: Any, alpha_B: Any) -> Any:
    r"""Exponent of the loss in minimal compute, when size, batch and steps are allotted best.

    .. math:: \alpha_C^{\min} = 1 / (1/\alpha_S + 1/\alpha_B + 1/\alpha_N)

    Parameters
    ----------
    alpha_N, alpha_S, alpha_B : float or array
        Exponents of size and steps (:class:`KaplanSteps`) and of the critical batch size.

    References
    ----------
    Kaplan et al. (2020), arXiv:2001.08361, equation 6.4.

    Examples
    --------
    The paper prints 0.054 in section 6 and 0.052 in appendix B, for exponents rounded like these:

    >>> round(compute_exponent(alpha_N=0.076, alpha_S=0.76, alpha_B=0.21), 4)
    0.052
    """
    return 1 / (1 / alpha_S + 1 / alpha_B + 1 / alpha_N)

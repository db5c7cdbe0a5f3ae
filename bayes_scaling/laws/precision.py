"""The law of Kumar et al. (2025): low precision leaves fewer effective parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bayes_scaling import ops
from bayes_scaling.errors import ModelError
from bayes_scaling.laws.chinchilla import Chinchilla
from bayes_scaling.laws.law import Law
from bayes_scaling.priors import Prior

SYMBOLS = {"weight": "w", "activation": "a", "cache": "kv"}
"""Parts of a model that are trained in a precision of their own, as the paper writes them."""

LEAST_SHARE = 1e-4
"""Share of the parameters below which none is told from none: the logarithm has to be finite."""


@dataclass(frozen=True)
class Precision(Law):
    r"""Loss of a model trained in low precision (Kumar et al., 2025).

    .. math::
        L &= E + A N_{\mathrm{eff}}^{-\alpha} + B D^{-\beta} \\
        N_{\mathrm{eff}} &= N \prod_x \left(1 - e^{n_x - P_x / \gamma_x}\right)

    :math:`P_x` are the bits of weights, activations and KV cache in training (columns
    ``weight_bits``, ``activation_bits``, ``cache_bits``), and :math:`\gamma_x` (in bits) says how
    fast a part's worth comes with them; at :math:`n_x \gamma_x` bits nothing is left. With many
    bits it is :class:`Chinchilla`. The paper writes the law without the offsets :math:`n_x` for
    clearness and fits it with them (appendix K).

    It is fitted to integer types, quantised on the forward pass; floating-point types lose less
    below five bits. It knows nothing of quantisation after training. Below four bits of activations
    or cache training is unstable, and so no runs there were fitted: extrapolated to fewer bits the
    law is known to fail. A part that has the same bits in all runs leaves its two parameters to
    their priors. Where parts share one precision, the sweep tells only their product: name one of
    them.

    Parameters
    ----------
    parts : tuple of {"weight", "activation", "cache"}
        What is in low precision in some of the runs.

    Raises
    ------
    ModelError
        Other parts, or none.

    References
    ----------
    Kumar et al. (2025), Scaling Laws for Precision, arXiv:2411.04330, equation 4, appendix K and
    table 2.

    Examples
    --------
    In four bits throughout, models have to be five times as large:

    >>> law = Precision()
    >>> fitted = {"E": 2.7648, "A": 4.299e3, "alpha": 0.4965, "B": 1.806e4, "beta": 0.4965}
    >>> fitted |= {"gamma_weight": 2.6745, "n_weight": 0.3037}
    >>> fitted |= {"gamma_activation": 2.2102, "n_activation": 1.4072}
    >>> fitted |= {"gamma_cache": 0.9578, "n_cache": 2.4185}
    >>> bits = dict.fromkeys(("weight_bits", "activation_bits", "cache_bits"), 4.0)
    >>> round(float(law.effective_share(bits, fitted)), 2)
    0.19
    """

    parts: tuple[str, ...] = ("weight", "activation", "cache")

    cite = "kumar2025precision"
    ties = {"beta": "alpha"}
    paper_units = staticmethod(Chinchilla.paper_units)

    def __post_init__(self) -> None:
        parts = () if isinstance(self.parts, str) else tuple(self.parts)
        object.__setattr__(self, "parts", parts)
        if not parts or not set(parts) <= set(SYMBOLS) or len(set(parts)) < len(parts):
            raise ModelError(
                f"Precision: parts is {self.parts!r}, and each names a column of bits, such as "
                "'weight_bits'. Give one or more of 'weight', 'activation' and 'cache', as "
                "('weight',)."
            )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Size, data, and the bits of each part."""
        return ("params", "tokens", *self.unscaled)

    @property
    def unscaled(self) -> tuple[str, ...]:  # type: ignore[override]
        """Bits are taken as they are."""
        return tuple(f"{part}_bits" for part in self.parts)

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Chinchilla's, and parts of which one to ten bits are what matters."""
        return {
            **{name: Chinchilla.priors[name] for name in ("E", "A", "alpha", "B", "beta")},
            **{f"gamma_{part}": Prior.between(0.5, 4.0) for part in self.parts},
            **{f"n_{part}": Prior.between(0.2, 3.0) for part in self.parts},
        }

    @property
    def equation(self) -> str:
        """The formula in LaTeX."""
        left = (
            rf"(1 - e^{{n_\mathrm{{{x}}} - P_\mathrm{{{x}}} / \gamma_\mathrm{{{x}}}}})"
            for x in map(SYMBOLS.__getitem__, self.parts)
        )
        return rf"E + A [N {' '.join(left)}]^{{-\alpha}} + B D^{{-\beta}}"

    def evaluate(self, inputs: Mapping[str, Any], theta: Mapping[str, Any]) -> Any:
        """Expected loss of a run in the precisions of `inputs`."""
        effective = inputs["params"] * self.effective_share(inputs, theta)
        size = theta["A"] * effective ** -theta["alpha"]
        return theta["E"] + size + theta["B"] * inputs["tokens"] ** -theta["beta"]

    def effective_share(self, inputs: Mapping[str, Any], theta: Mapping[str, Any]) -> Any:
        """Share of its parameters that a model in such precisions is worth."""
        share: Any = 1.0
        for part in self.parts:
            bits, gamma = inputs[f"{part}_bits"], theta[f"gamma_{part}"]
            lost = ops.expm1(theta[f"n_{part}"] - bits / gamma)
            share = share * -ops.minimum(lost, -LEAST_SHARE)
        return share

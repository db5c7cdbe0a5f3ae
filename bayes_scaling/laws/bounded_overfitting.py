"""A bounded law of size, training and unique data, whose loss rises where models overfit."""

from __future__ import annotations

from bayes_scaling.laws.law import Law
from bayes_scaling.laws.shared_priors import EXPONENT, FLOOR
from bayes_scaling.priors import Prior


class BoundedOverfitting(Law):
    r"""Loss between a floor and that of no knowledge, with overfitting (Bryant and Liu, 2026).

    .. math::
        L(N, T, D) = E + (L_0 - E) \frac{h}{1 + h}, \qquad
        h = \frac{a}{N^{\alpha}} + \frac{b}{T^{\beta}} + \frac{c N^{\gamma}}{D^{\delta}}

    `T` are the tokens seen (column ``tokens``), `D` those that differ (``unique_tokens``); `E` is
    the loss left and `E` + `R` = `L_0` that of a model that knows nothing (nats per token), such as
    the logarithm of the vocabulary. The three terms of `h` are too small a model, too little
    training, and a model too large for its unique data, which makes the loss rise with size. Where
    `h` is small and data are ample it is the law of Hoffmann et al. with A = (L_0 - E) a.

    Runs far below `L_0` tell only products with `R`: give its prior by the vocabulary, as in
    ``priors={"R": bs.Prior.fixed_at(...)}`` on the reference scale. In a sweep without much
    repetition `c`, `gamma` and `delta` are their priors.

    It has no term for early stopping or regularisation, which keep models from overfitting. What
    the law leaves out has the same shape over the runs of Muennighoff et al. as its exponents have:
    with it chains mostly end in two modes (R-hat 1.5 to 2.0), and the law alone, ``surface=None``,
    has one (1.007). On the runs of Muennighoff et al. beyond a cut of compute its root mean square
    error is 4.5 %, that of :class:`DataConstrained` 5.7 %; but of eight epochs or fewer the latter
    is nearer, with medians of 0.3 % against 1.5 %.

    References
    ----------
    Bryant and Liu (2026), Practical Scaling Laws: Converting Compute into Performance in a
    Data-Constrained World, arXiv:2605.09189, the formula of the abstract. Hoffmann et al. (2022),
    arXiv:2203.15556, equation 2.

    Examples
    --------
    With little unique text the larger of two models does worse, and with much of it better:

    >>> theta = {"E": 1.8, "R": 9.0, "a": 50.0, "alpha": 0.35, "b": 200.0, "beta": 0.37}
    >>> theta |= {"c": 1e-2, "gamma": 0.5, "delta": 0.5}
    >>> def loss(params, unique):
    ...     return float(BoundedOverfitting.loss(params, 1e10, unique, **theta))
    >>> loss(3e9, 1e8) > loss(3e8, 1e8), loss(3e9, 1e12) < loss(3e8, 1e12)
    (True, True)
    """

    inputs = ("params", "tokens", "unique_tokens")
    same_unit = {"unique_tokens": "tokens"}
    priors = {
        "E": FLOOR,
        "R": Prior.between(1.5, 6.0),
        "a": Prior.between(0.003, 0.5),
        "alpha": EXPONENT,
        "b": Prior.between(0.003, 0.5),
        "beta": EXPONENT,
        "c": Prior.between(0.0003, 0.3),
        "gamma": Prior.between(0.1, 1.0),
        "delta": Prior.between(0.1, 1.0),
    }
    ties = {"beta": "alpha"}
    cite = "bryant2026practical"
    equation = (
        r"E + R \frac{h}{1 + h}, \quad "
        r"h = a N^{-\alpha} + b T^{-\beta} + c N^{\gamma} D^{-\delta}"
    )

    @staticmethod
    def loss(params, tokens, unique_tokens, E, R, a, alpha, b, beta, c, gamma, delta):
        """Expected loss of `params` on `tokens`, of which `unique_tokens` are distinct."""
        overfit = c * params**gamma * unique_tokens**-delta
        h = a * params**-alpha + b * tokens**-beta + overfit
        return E + R * h / (1 + h)

    @staticmethod
    def derived(E, R):
        """`L_0`, the loss of a model that knows nothing."""
        return {"L_0": E + R}

    @staticmethod
    def paper_units(
        loss, params, tokens, unique_tokens, E, R, a, alpha, b, beta, c, gamma, delta
    ):  # fmt: skip
        """`E`, `R`, `a`, `b` and `c` for inputs and loss in units of one."""
        return {
            "E": loss * E,
            "R": loss * R,
            "a": a * params**alpha,
            "b": b * tokens**beta,
            "c": c * params**-gamma * unique_tokens**delta,
        }

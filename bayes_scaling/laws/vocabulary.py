"""The law of Tao et al. (2024) for the size of a vocabulary."""

from __future__ import annotations

from typing import Any

from bayes_scaling.laws.law import Law
from bayes_scaling.priors import Prior


class Vocabulary(Law):
    r"""Unigram-normalised loss by model, vocabulary and data (Tao et al., 2024).

    .. math::
        L_u(N_{nv}, N_v, D) = -E + A_1 N_{nv}^{-\alpha_1} + A_2 N_v^{-\alpha_2} + B D^{-\alpha_1}

    Losses of different vocabularies do not compare, for each predicts other tokens. `L_u` is
    the loss (nats per token) less that of the frequencies of single tokens, negative for any model
    that has learnt more than these: a ``"metric"``. `N_nv` are parameters without the vocabulary's
    (column ``non_vocab_params``), `N_v` those of the vocabulary (``vocab_params``, its size times
    the width), `D` tokens. As in the authors' fit, size and data share an exponent.

    A larger vocabulary always lowers the loss here; what it costs is compute, 6 (N_nv + N_v) D, or
    data where tokens are fewer because each holds more text. It is known to fail for
    vocabularies so large that most tokens are hardly ever seen, which the paper's runs (4K to 96K)
    did not reach. Scatter is on the loss itself: ``noise=bs.noise.StudentT()``.

    References
    ----------
    Tao et al. (2024), Scaling Laws with Vocabulary, arXiv:2407.13623, approach 3, and
    ``optimal_Nv_predict.py`` of sail-sg/scaling-with-vocab, which counts in millions of parameters
    and thousands of millions of tokens.

    Examples
    --------
    With the authors' parameters, 7B parameters on 162B tokens and a vocabulary of 60K of width
    4096:

    >>> fitted = {"E": 5.533, "A1": 876.7, "A2": 2069.1, "alpha1": 0.4466, "alpha2": 0.6707}
    >>> fitted |= {"B": 22186.0}
    >>> loss = Vocabulary.loss(7e9, 60e3 * 4096, 1.62e11, **fitted)
    >>> round(float(loss), 2)
    -5.27
    """

    inputs = ("non_vocab_params", "vocab_params", "tokens")
    responses = ("metric",)
    priors = {
        "E": Prior.between(0.8, 4.0),
        "A1": Prior.between(0.01, 2.0),
        "A2": Prior.between(0.003, 1.0),
        "B": Prior.between(0.01, 2.0),
        "alpha1": Prior.between(0.2, 0.7),
        "alpha2": Prior.between(0.2, 1.0),
    }
    cite = "tao2024vocabulary"
    equation = r"-E + A_1 N_{nv}^{-\alpha_1} + A_2 N_v^{-\alpha_2} + B D^{-\alpha_1}"

    @staticmethod
    def loss(non_vocab_params, vocab_params, tokens, E, A1, A2, B, alpha1, alpha2):
        """Expected loss less the entropy of single-token frequencies."""
        size = A1 * non_vocab_params**-alpha1 + A2 * vocab_params**-alpha2
        return -E + size + B * tokens**-alpha1

    @staticmethod
    def paper_units(loss, non_vocab_params, vocab_params, tokens, E, A1, A2, B, alpha1, alpha2):
        """`E`, `A1`, `A2`, `B` for inputs and loss in units of one."""
        return {
            "E": loss * E,
            "A1": loss * A1 * non_vocab_params**alpha1,
            "A2": loss * A2 * vocab_params**alpha2,
            "B": loss * B * tokens**alpha1,
        }

    def irreducible(self, theta: Any) -> Any:
        """The negative of `E`."""
        return -theta["E"]

"""Counts of parameters and FLOP, by the conventions on which papers disagree.

Owns the conversion between parameters with and without embeddings, and the full count of a
transformer's FLOP beside the usual 6ND. Kaplan et al. leave embeddings out of `params`, Hoffmann et
al. leave them in: for small models the difference is most of the model, and changes exponents.
Units themselves are in :mod:`bayes_scaling.units`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_scaling.display.html import AsCode

type Count = float | npt.NDArray[np.float64] | xr.DataArray
"""One count, several, or labelled draws of counts."""

OMEGA = 47_491.0
"""Embedding parameters over the cube root of the others, in the models of Hoffmann et al."""

BACKWARD_FLOPS = 2
"""FLOP of the backward pass over those of the forward one."""


def total_params(
    non_embedding: Count,
    *,
    vocabulary: float | None = None,
    d_model: float | None = None,
    context: float = 0,
) -> Count:
    r"""All parameters of a model from those that are no embeddings.

    .. math:: N = N_{\setminus E} + \omega N_{\setminus E}^{1/3}
              \qquad \text{or} \qquad N = N_{\setminus E} + (h + v) d

    Parameters
    ----------
    non_embedding : float, numpy.ndarray or xarray.DataArray
        Parameters without embeddings, as Kaplan et al. count them.
    vocabulary, d_model : float, optional
        Size of the vocabulary `v` and width `d` of the model, for its exact embeddings. Without
        them, the relation fitted to the models of Hoffmann et al. with `omega` = 47 491: right on
        average for shapes and vocabularies like theirs.
    context : float
        Positions `h` with a learnt embedding; zero for rotary and relative ones.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray
        Parameters with embeddings, as Hoffmann et al. count them.

    Raises
    ------
    ValueError
        Only one of `vocabulary` and `d_model` is given.

    References
    ----------
    Pearce and Song (2024), Reconciling Kaplan and Chinchilla Scaling Laws, arXiv:2406.12907.

    Examples
    --------
    Of a small model the embeddings are most, of a large one next to nothing:

    >>> [f"{total_params(n):.3g}" for n in (1e6, 1e9, 1e11)]
    ['5.75e+06', '1.05e+09', '1e+11']
    """
    embedding = _embedding(vocabulary, d_model, context)
    if embedding is not None:
        return non_embedding + embedding
    return non_embedding + OMEGA * non_embedding ** (1 / 3)


def non_embedding_params(
    total: Count,
    *,
    vocabulary: float | None = None,
    d_model: float | None = None,
    context: float = 0,
) -> Count:
    """Parameters of a model that are no embeddings, from all: the inverse of `total_params`.

    Parameters
    ----------
    total : float, numpy.ndarray or xarray.DataArray
        Parameters with embeddings.
    vocabulary, d_model, context
        As for :func:`total_params`.

    Raises
    ------
    ValueError
        The embeddings alone are as many as `total`, or only one of `vocabulary` and `d_model` is
        given.

    Examples
    --------
    >>> round(non_embedding_params(total_params(1e8)))
    100000000
    >>> f"{non_embedding_params(1.3e8, vocabulary=32_000, d_model=768):.3g}"
    '1.05e+08'
    """
    embedding = _embedding(vocabulary, d_model, context)
    if embedding is None:
        # The one real root of x**3 + OMEGA x = total, x being the cube root sought.
        third = np.sqrt(OMEGA / 3)
        cube_root = 2 * third * np.sinh(np.arcsinh(total / (2 * third**3)) / 3)
        left: Count = cube_root**3
        return left
    if np.any(np.asarray(total) <= embedding):
        raise ValueError(
            f"non_embedding_params: total is {np.min(np.asarray(total)):g}, and the embeddings of "
            f"a vocabulary of {vocabulary:g} and a width of {d_model:g} alone have {embedding:g} "
            "parameters. Check which of the counts leaves embeddings out already."
        )
    return total - embedding


def transformer_params(layers: float, d_model: float, *, ff: float, attention: float) -> float:
    """Parameters of a transformer's weight matrices, without embeddings and biases.

    Parameters
    ----------
    layers, d_model, ff : float
        Number of layers, width, and width of the feed-forward part.
    attention : float
        Heads times their key size; mostly `d_model`.

    References
    ----------
    Kaplan et al. (2020), arXiv:2001.08361, section 2.1.

    Examples
    --------
    With the usual proportions it is 12 layers d_model^2:

    >>> transformer_params(80, 8192, ff=4 * 8192, attention=8192) == 12 * 80 * 8192**2
    True
    """
    return 2 * d_model * layers * (2 * attention + ff)


@dataclass(frozen=True)
class TokenFlops(AsCode):
    """FLOP that a transformer spends on one token of a full context.

    Attributes
    ----------
    breakdown : mapping of str to float
        FLOP of the forward pass by part, summed over layers.
    """

    breakdown: Mapping[str, float]

    @property
    def forward(self) -> float:
        """FLOP of the forward pass."""
        return sum(self.breakdown.values())

    @property
    def backward(self) -> float:
        """FLOP of the backward pass, twice those of the forward one."""
        return BACKWARD_FLOPS * self.forward

    @property
    def total(self) -> float:
        """FLOP of training on one token; times the tokens, those of a run."""
        return self.forward + self.backward


def flops_per_token(
    *,
    layers: float,
    d_model: float,
    heads: float,
    vocabulary: float,
    context: float,
    ff: float | None = None,
    key_size: float | None = None,
) -> TokenFlops:
    """FLOP of training a transformer on one token, each part counted.

    The usual 6N leaves out attention over the context, which grows with it, and takes every
    parameter for one multiplication. The difference is a few per cent for large models at contexts
    of some thousand tokens, and much for small models or long contexts.

    Parameters
    ----------
    layers, d_model, heads, vocabulary : float
        Number of layers, width, number of attention heads, size of the vocabulary.
    context : float
        Tokens of a sequence; each is taken to attend to all of them.
    ff : float, optional
        Width of the feed-forward part; ``4 * d_model`` if not given.
    key_size : float, optional
        Width of keys and values of one head; ``d_model / heads`` if not given.

    Returns
    -------
    TokenFlops

    Raises
    ------
    ValueError
        A number that is not positive.

    References
    ----------
    Hoffmann et al. (2022), arXiv:2203.15556, appendix F, divided by the length of the sequence.

    Examples
    --------
    A model of 65 billion parameters needs 4.6 % more than 6N says:

    >>> count = flops_per_token(layers=80, d_model=8192, heads=64, vocabulary=32_000, context=2048)
    >>> total = transformer_params(80, 8192, ff=4 * 8192, attention=8192) + 32_000 * 8192
    >>> f"{total:.4g} parameters, {count.total / (6 * total):.3f} of 6N"
    '6.469e+10 parameters, 1.046 of 6N'
    """
    ff = 4 * d_model if ff is None else ff
    key_size = d_model / heads if key_size is None else key_size
    given = {"layers": layers, "d_model": d_model, "heads": heads, "vocabulary": vocabulary}
    given |= {"context": context, "ff": ff, "key_size": key_size}
    wrong = {name: value for name, value in given.items() if not value > 0}
    if wrong:
        raise ValueError(
            f"flops_per_token: {wrong} is not positive, and a transformer has at least one of "
            "each. Check the shape."
        )
    attention = heads * key_size
    breakdown = {
        "embeddings": 2 * vocabulary * d_model,
        "query_key_value": layers * 2 * 3 * d_model * attention,
        "attention_logits": layers * 2 * context * attention,
        "softmax": layers * 3 * heads * context,
        "attention_reduction": layers * 2 * context * attention,
        "attention_output": layers * 2 * attention * d_model,
        "feed_forward": layers * 2 * 2 * d_model * ff,
        "final_logits": 2 * d_model * vocabulary,
    }
    return TokenFlops(MappingProxyType(breakdown))


def _embedding(vocabulary: float | None, d_model: float | None, context: float) -> float | None:
    """Parameters of the embeddings, or None if the shape is not given."""
    if vocabulary is None and d_model is None:
        return None
    if vocabulary is None or d_model is None:
        raise ValueError(
            f"Embeddings of vocabulary={vocabulary} and d_model={d_model}: their number is the "
            "product of both. Give both, or neither for the relation of Pearce and Song."
        )
    return (context + vocabulary) * d_model

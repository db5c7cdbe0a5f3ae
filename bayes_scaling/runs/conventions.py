"""What a column counts, as far as its name says it: the convention decides the answer.

Owns the words for conventions. Which column plays which part is settled in `columns`.
"""

import re
from collections.abc import Mapping

from bayes_scaling.errors import RunsError

__all__ = ["check_is_loss", "convention"]

# Of each part, patterns of words in names, and what a column with such words counts.
_CONVENTIONS: Mapping[str, Mapping[str, str]] = {
    "params": {
        r"(non|no|without|wo|excl[a-z]*)_?emb[a-z]*": "without embeddings",
        r"(with|incl[a-z]*)_?emb[a-z]*": "with embeddings",
        r"active|activated": "active for each token",
    },
    "flops": {
        r"6_?n_?d": "6ND",
        r"forward|fwd": "forward pass only",
        r"attn|attention": "attention included",
    },
    "loss": {
        r"bpb|bits?_?per_?byte": "in bits per byte",
        r"bpc|bits?_?per_?char": "in bits per character",
        r"bits?_?per_?token": "in bits per token",
    },
}
_NO_LOSSES: Mapping[str, tuple[str, str]] = {
    r"ppl|perplexity": (
        "a perplexity, the exponential of a loss",
        "Take its logarithm, a loss in nats per token, and name that column",
    ),
    r"(sum|summed)_?(of_?)?(nll|ce|loss|losses)|(nll|ce|loss|losses)_?(sum|summed)": (
        "a sum over tokens",
        "Divide it by the number of tokens, and name that column",
    ),
}


def convention(part: str, column: str) -> str | None:
    """Return what a column counts, where its name says so.

    Examples
    --------
    >>> convention("params", "params_non_embedding"), convention("loss", "val/bpb")
    ('without embeddings', 'in bits per byte')
    >>> convention("params", "n_params")
    """
    known = _CONVENTIONS.get(part, {})
    return next((meaning for words, meaning in known.items() if _says(column, words)), None)


def check_is_loss(column: str, label: str) -> None:
    """Refuse a column of losses whose name says that it holds something else.

    Raises
    ------
    RunsError
        It is a perplexity, or a sum.
    """
    for words, (what, cure) in _NO_LOSSES.items():
        if _says(column, words):
            raise RunsError(
                f"Runs: {label} is {what}, by its name. Laws of the loss do not hold for it. "
                f'{cure}; or pass response="metric" to model it as it is.'
            )


def _says(column: str, words: str) -> bool:
    plain = re.sub(r"[^a-z0-9]+", "_", column.lower())
    return bool(re.search(rf"(^|_)({words})(_|$)", plain))

"""Conventions of counting, such as parameters without embeddings, as told by column names.

Owns the words for conventions. Which column plays which part is settled in `columns`.
"""

import re
from collections.abc import Mapping

from bayes_scaling.errors import RunsError
from bayes_scaling.runs.usual_names import aliases
from bayes_scaling.units import format_flops

_TIMES = ", times "
_NO, _LEFT_OUT = r"(no|non|without|wo|excl[a-z]*)_?", r"excl[a-z]*"
_WITH, _TAKEN_IN = r"(with|incl[a-z]*)_?", r"incl[a-z]*"
# Of each part, patterns of words in names, and what a column with such words counts.
_CONVENTIONS: Mapping[str, Mapping[str, str]] = {
    "params": {
        rf"{_NO}emb[a-z]*|emb[a-z]*_{_LEFT_OUT}": "without embeddings",
        rf"{_WITH}emb[a-z]*|emb[a-z]*_{_TAKEN_IN}": "with embeddings",
        r"active|activated": "active for each token",
    },
    "flops": {
        r"6_?n_?d": "6ND",
        r"forward|fwd": "forward pass only",
        rf"{_NO}att(ention|n)|att(ention|n)_{_LEFT_OUT}": "without attention",
        rf"({_WITH})?att(ention|n)(_{_TAKEN_IN})?": "attention included",
    },
    "loss": {
        r"bpb|bits?_?per_?byte": "in bits per byte",
        r"bpc|bits?_?per_?char": "in bits per character",
        r"bits?_?per_?token": "in bits per token",
    },
}
_NO_LOSSES: Mapping[str, tuple[str, str]] = {
    r"acc|accuracy": ("an accuracy", 'Say response="accuracy" and fit a law of accuracies'),
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
    """Return the convention by which a column counts, where its name says so.

    Examples
    --------
    >>> convention("params", "params_non_embedding"), convention("loss", "val/bpb")
    ('without embeddings', 'in bits per byte')
    >>> convention("params", "n_params")
    """
    known = _CONVENTIONS.get(part, {})
    return next((meaning for words, meaning in known.items() if _says(column, words)), None)


def column_source(part: str, column: str, unit: float = 1.0) -> str:
    """Return a column as the source of a part, with the convention and the unit of its name.

    Examples
    --------
    >>> column_source("loss", "val/bpb"), column_source("params", "N (B)", 1e9)
    ("column 'val/bpb', in bits per byte", "column 'N (B)', times 1e9")
    """
    known = convention(part, column)
    named = f"column {column!r}, {known}" if known else f"column {column!r}"
    return named if unit == 1 else f"{named}{_TIMES}{format_flops(unit)}"


def is_from(source: str, part: str, column: str) -> bool:
    """True for the source of a part that is this column, in whatever unit.

    Examples
    --------
    >>> (
    ...     is_from("column 'N (B)', times 1e9", "params", "N (B)"),
    ...     is_from("column 'N'", "params", "D"),
    ... )
    (True, False)
    """
    return source.partition(_TIMES)[0] == column_source(part, column)


def counts(part: str, column: str) -> bool:
    """True for a column whose name says that it counts the part, by any convention.

    Examples
    --------
    >>> counts("params", "non_embedding_params"), counts("flops", "C (attention included)")
    (True, True)
    >>> counts("params", "params_source")
    False
    """
    # A column that gave its name to a standard one was renamed.
    plain = _plain(column).removesuffix("_in_source").strip("_")
    for words in _CONVENTIONS.get(part, {}):
        plain = re.sub(rf"(^|_)({words})(?=_|$)", "", plain)
    return bool(aliases(part, [plain]))


def bits_per(loss: str) -> str:
    """Return of what a loss counts the bits, by its source; nothing for one in nats.

    Examples
    --------
    >>> bits_per("column 'bpb', in bits per byte"), bits_per("column 'nll'")
    ('byte', '')
    """
    _, known, unit = loss.rpartition(", in bits per ")
    return unit if known else ""


def of_bytes(loss: str) -> bool:
    """True for a loss per byte or character, by its source: it does not depend on the tokenizer.

    Examples
    --------
    >>> of_bytes("column 'bpb', in bits per byte"), of_bytes("column 'nll'")
    (True, False)
    """
    return bits_per(loss) in ("byte", "character")


def in_percent(column: str) -> bool:
    """True for a column whose name says that it holds percentages.

    Examples
    --------
    >>> in_percent("hellaswag (%)"), in_percent("acc_pct"), in_percent("accuracy")
    (True, True, False)
    """
    return "%" in column or _says(column, r"percent|percentage|pct")


def names_tokenizer(column: str) -> bool:
    """True for a column whose name says that it holds the tokenizer or vocabulary.

    Examples
    --------
    >>> [names_tokenizer(name) for name in ("tokenizer", "Vocab size", "tokens")]
    [True, True, False]
    """
    return _says(column, r"tokeni[sz]ers?|vocab|vocabulary|vocabsize|n_?vocab")


def check_is_loss(column: str, label: str) -> None:
    """Refuse a column of losses whose name says that it holds something else.

    Raises
    ------
    RunsError
        It is an accuracy, a perplexity, or a sum.
    """
    said = no_loss(column, label)
    if said:
        raise RunsError(f"Runs: {said}")


def no_loss(column: str, label: str) -> str:
    """Return what a column holds in place of losses, by its name, and what to do; or nothing.

    Examples
    --------
    >>> no_loss("val_ppl", "'val_ppl'").partition(",")[0], no_loss("val_loss", "loss")
    ("'val_ppl' is a perplexity", '')
    """
    for words, (what, cure) in _NO_LOSSES.items():
        if _says(column, words):
            return (
                f"{label} is {what}, by its name. Laws of the loss do not hold for it. {cure}; or "
                f'pass response="metric" to model it as it is.'
            )
    return ""


def _says(column: str, words: str) -> bool:
    return bool(re.search(rf"(^|_)({words})(_|$)", _plain(column)))


def _plain(column: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", column.lower())

"""Names of the columns that a law with options reads: their check, and their symbols."""

from __future__ import annotations

from typing import Any

from bayes_scaling.errors import ModelError

_SYMBOLS = {"params": "N", "tokens": "D", "flops": "C", "steps": "S"}


def checked_columns(law: str, option: str, columns: Any) -> tuple[str, ...]:
    """Column names given as an option of a law, as a tuple.

    Raises
    ------
    ModelError
        They are no names, there is none, one comes twice, or one is the response.
    """
    if isinstance(columns, str) or not all(isinstance(name, str) for name in columns):
        raise ModelError(
            f"{law}: {option} is {columns!r}, and the law reads one column for each name in it. "
            "Write a tuple of column names, such as ('params', 'tokens')."
        )
    names = tuple(columns)
    wrong = [name for name in names if name == "loss" or not name.isidentifier()]
    if wrong:
        raise ModelError(
            f"{law}: {option} holds {wrong[0]!r}. Parameters are named after the columns, and "
            "the loss is what the law describes. Give input columns with names of letters, "
            "digits and underscores."
        )
    if not names or len(set(names)) < len(names):
        raise ModelError(
            f"{law}: {option} is {names!r}. Each column has one term, and two terms in the same "
            "column cannot be told apart. Name one or more columns, each once."
        )
    return names


def symbol(column: str) -> str:
    """The column in LaTeX: `N` for ``params``, upright words for a column of one's own."""
    return _SYMBOLS.get(column, rf"\mathrm{{{column.replace('_', r'\,')}}}")

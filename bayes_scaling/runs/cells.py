"""The checks that every cell of a table of runs passes.

Owns what a number column, a response and a factor may hold, and the messages that name the rows
that do not. Nothing is repaired or dropped here.
"""

import math
import numbers
import re
from contextlib import suppress
from decimal import Decimal
from typing import Literal

import numpy as np
import pandas as pd

from bayes_scaling.display.wording import Column, cells, counted, listed, rows
from bayes_scaling.errors import RunsError
from bayes_scaling.units import parse_count, parted_by_comma, without_commas

type Response = Literal["loss", "accuracy", "metric"]

GAPS = ["", "NA", "N/A", "n/a", "#N/A", "<NA>", "NULL", "null", "None", "none", "-", "--", "–", "—"]
"""Text that stands for a missing number; in a column of labels only the first is missing."""

_NAN = frozenset({"nan", "+nan", "-nan"})
# A number is written without leading zeros, a label such as 007 with them.
_LABEL = re.compile(r"[+-]?0\d")
# What people write in place of the loss of a run that did not finish.
_FAILED = frozenset({"crash", "crashed", "diverged", "error", "fail", "failed", "killed", "oom"})
_SUFFIXES = frozenset("KMBTkmbt")
# Above it, floats skip whole numbers.
_EXACT = 2.0**53


def is_missing(column: Column, *, number: bool = False) -> "pd.Series[bool]":
    """Return a mask of the cells that hold nothing: NaN, None, NA, or blank text.

    In a column of numbers (`number`) the words for it count too, which may be labels elsewhere.
    """
    if pd.api.types.is_numeric_dtype(column):
        return column.isna()

    def is_blank(cell: object) -> bool:
        if not isinstance(cell, str):
            return False
        return (cell.strip() in GAPS or _is_nan(cell)) if number else not cell.strip()

    return column.isna() | column.map(is_blank).astype(bool)


def says_nan(column: Column) -> "pd.Series[bool]":
    """Return a mask of the cells with the word NaN: it was computed, a blank was not."""
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(False, column.index)
    return column.map(lambda cell: isinstance(cell, str) and _is_nan(cell)).astype(bool)


def says_failed(column: Column) -> "pd.Series[bool]":
    """Return a mask of the cells with a word such as "crashed" in place of a number."""
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(False, column.index)

    def is_said(cell: object) -> bool:
        return isinstance(cell, str) and cell.strip().lower() in _FAILED

    return column.map(is_said).astype(bool)


def _is_nan(text: str) -> bool:
    return text.strip().lower() in _NAN


def checked_numbers(
    column: Column, label: str, kind: Literal["input"] | Response
) -> "pd.Series[float]":
    """Return a column as float64, after refusing cells that `kind` does not allow.

    Parameters
    ----------
    column
        The cells, indexed by run.
    label
        The name of the column in messages.
    kind
        "input" and "loss" are positive, "accuracy" is within [0, 1], "metric" is any number; all
        are finite.
    """
    values = as_numbers(column, label, counts=kind == "input")
    _refuse(
        values[values.isna()],
        label,
        "missing value",
        "No law can be evaluated there, and nothing is dropped silently. Fill these cells in if "
        'they are blank, or pass missing="drop" to leave the rows out and keep their count, as '
        "with a run that diverged to NaN.",
        with_values=False,
    )
    _refuse(
        values[values.abs() == math.inf],
        label,
        "infinite value",
        "That is a diverged run or an overflow, not a missing value, so it is never dropped. "
        "Correct these cells or leave the rows out of the table.",
    )
    if kind in ("input", "loss"):
        _refuse_not_positive(values[values <= 0], label, kind)
    elif kind == "accuracy":
        _refuse_no_fraction(values[(values < 0) | (values > 1)], label)
    return values


def checked_labels(column: Column, name: str, label: str) -> "pd.Series[str]":
    """Return the labels of a factor as text, after refusing missing ones."""
    missing = column[is_missing(column)]
    if len(missing):
        raise RunsError(
            f"Runs: factor {label} has {counted(len(missing), 'missing label')} "
            f"({rows(missing.index)}). A run without a label belongs to no group. Fill these cells "
            f'in, pass missing="drop" to leave the rows out, or leave {name!r} out of factors. If '
            f"the label is a word such as None or NA, which pandas reads as a gap, read the file "
            f"with bs.read_runs, or with keep_default_na=False."
        )
    return pd.Series([as_label(cell) for cell in column.tolist()], index=column.index, dtype="str")


def _refuse_not_positive(found: "pd.Series[float]", label: str, kind: str) -> None:
    why = (
        "Losses are modelled on the log scale. Drop these rows or check that the column is in "
        "nats, not log-loss."
        if kind == "loss"
        else "Laws take powers and logarithms of it. Drop these rows or check the column."
    )
    _refuse(found, label, "value that is not positive", why, many="values that are not positive")


def _refuse_no_fraction(found: "pd.Series[float]", label: str) -> None:
    why = (
        "An accuracy is a fraction. Divide percentages by 100, or pass "
        'response="metric" for a score without limits.'
    )
    _refuse(found, label, "value outside [0, 1]", why, many="values outside [0, 1]")


def _refuse(
    found: "pd.Series[float]",
    label: str,
    what: str,
    why: str,
    *,
    many: str | None = None,
    with_values: bool = True,
) -> None:
    if len(found):
        where = cells(found.astype(object)) if with_values else rows(found.index)
        raise RunsError(f"Runs: {label} has {counted(len(found), what, many)} ({where}). {why}")


def as_numbers(column: Column, label: str, *, counts: bool = False) -> "pd.Series[float]":
    """Return a column as float64, NaN where a cell holds nothing, after refusing other cells.

    Parameters
    ----------
    column, label
        The cells, and the name of the column in messages.
    counts
        Read "7B" and "1.4T" too, as sizes are written.
    """
    if pd.api.types.is_bool_dtype(column):
        raise RunsError(
            f"Runs: {label} holds truth values ({listed(column.unique().tolist())}), not numbers. "
            f"Laws calculate with it. Name another column for it."
        )
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column):
        return pd.Series(column.to_numpy(np.float64, na_value=np.nan), column.index)
    if pd.api.types.infer_dtype(column, skipna=False) == "string":
        with suppress(ValueError):  # of a cell that needs a closer look
            return pd.Series([*map(float, column.tolist())], column.index, dtype=np.float64)
    read = [as_number(cell, counts=counts) for cell in _with_points(column.tolist())]
    bad = column[[value is None for value in read]]
    if len(bad):
        raise _not_numbers(bad, label)
    return pd.Series(read, index=column.index, dtype=np.float64)


def _not_numbers(bad: Column, label: str) -> RunsError:
    many = "values that are not numbers"
    unclear = any(isinstance(cell, str) and parted_by_comma(cell) == "either" for cell in bad)
    why = (
        "A comma before three digits may separate thousands or decimals"
        if unclear
        else "Laws calculate with it, and text is not guessed at"
    )
    drop = (
        ' or pass missing="drop" to leave these rows out and keep their count'
        if says_failed(bad).all()
        else " or leave these rows out"
    )
    return RunsError(
        f"Runs: {label} has {counted(len(bad), 'value that is not a number', many)} "
        f"({cells(bad.astype(object))}). {why}. Write plain numbers such as 70e9, 70B or 3.51 "
        f"(no spaces or units){drop}."
    )


def _with_points(cells: list[object]) -> list[object]:
    texts = {cell: cell for cell in cells if isinstance(cell, str) and "," in cell}
    if texts:
        texts = dict(zip(texts, without_commas([*texts]), strict=True))
    return [texts.get(cell, cell) if isinstance(cell, str) else cell for cell in cells]


def as_number(cell: object, *, counts: bool) -> float | None:
    """Return a cell as a float, NaN where it holds nothing, None where it is not a number."""
    if isinstance(cell, str):
        return _number_of_text(cell, counts)
    if isinstance(cell, bool | np.bool):
        return None
    if isinstance(cell, numbers.Real | Decimal):
        try:
            return float(cell)
        except OverflowError:
            return math.inf
    return math.nan if cell is None or cell is pd.NA or cell is pd.NaT else None


def _number_of_text(text: str, counts: bool) -> float | None:
    try:
        return float(text)
    except ValueError:
        pass
    if text.strip() in GAPS:
        return math.nan
    try:
        return parse_count(text) if counts else None
    except ValueError:
        return None


def rounded_counts(column: Column) -> list[str]:
    """Return the cells that are counts with a suffix such as "7B", each once."""
    if pd.api.types.is_numeric_dtype(column):
        return []
    texts = [cell for cell in column.tolist() if isinstance(cell, str)]
    return [*dict.fromkeys(text for text in texts if text.rstrip()[-1:] in _SUFFIXES)]


def as_typed(column: Column) -> Column:
    """Return a column of text as numbers or truth values where it is nothing else.

    For columns that play no part, which conditions may be put on. Labels keep their text: those
    with leading zeros, and those that are different texts of one number (1.1 and 1.10).
    """
    if pd.api.types.infer_dtype(column, skipna=True) != "string":
        return column
    blank = is_missing(column)
    texts = column[~blank].unique()
    if {*texts} <= {"True", "False"} and not blank.any():
        return column == "True"
    kept = column.mask(blank).astype("str")
    try:
        read = {text: float(text) for text in texts}
    except ValueError:
        return kept
    if len({*read.values()}) < len(read) or any(map(_LABEL.match, texts)):
        return kept
    values = column.map(read).astype(np.float64)
    whole = np.isfinite(values).all() and (values == values.round()).all()
    return values.astype(np.int64) if whole and values.abs().max() < _EXACT else values


def as_label(cell: object) -> str:
    """Return a label as text."""
    # A blank among whole numbers turns a column into floats: seed 1.0 is still seed 1.
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    return str(cell)

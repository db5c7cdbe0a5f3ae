"""Notation of numbers in a table: counts, units, decimal commas.

Owns what is read differently than it stands, each with a remark. What cells may hold is checked in
`cells`.
"""

import re
from collections.abc import Sequence
from unicodedata import normalize

import pandas as pd

from bayes_scaling.display.wording import Column, counted, listed
from bayes_scaling.runs.cells import as_number, as_numbers, checked_numbers, rounded_counts
from bayes_scaling.runs.conventions import in_percent
from bayes_scaling.runs.stated_units import is_in_unit, stated_unit
from bayes_scaling.units import parted_by_comma

# A number with what people write beside it.
_MORE = re.compile(
    r"[~≈$]?\s*(?P<number>\d{1,3}(?:[\s']\d{3})+|\d[\d.,]*(?:e[+-]?\d+)?)"
    r"(?:\s*(?:[x×*·]|\\times)\s*10\^?\{?(?P<power>\d+|[⁰¹²³⁴-⁹]+)\}?)?\s?(?P<suffix>[KMBT]?)\$?"
    r"(?:\s*(?:±|\+/?-)\s*[\d.,]+|\s*\(±?\s*[\d.,]+\)|\s*[*†‡]+)?"
    r"(?:\s*\(?(?:non-?emb\w*|params?|parameters|tokens?|flops?|nats(?:/token)?)\)?)?",
    re.IGNORECASE,
)


def plain_counts(
    column: Column, part: str, source: str, label: str
) -> tuple["pd.Series[float]", float, tuple[str, ...]]:
    """Return an input as plain counts, the unit it was multiplied by, and remarks on its cells.

    Parameters
    ----------
    column
        The cells, indexed by run.
    part
        What they are: `params`, `tokens`, `flops` or a further input.
    source
        The name of their column, which may state a unit.
    label
        The name of the column in messages.
    """
    numbers, unit = checked_numbers(column, label, "input"), stated_unit(part, source)
    texts = rounded_counts(column)
    remarks: tuple[str, ...] = ()
    if texts:
        said = f"{label} has {counted(len(texts), 'count')} written with a suffix ({listed(texts)})"
        remarks = (f"{said}: rounded sizes move the exponents, exact counts are better.",)
    bare = ~column.isin(texts)
    if unit is None or not bare.any():
        return numbers, 1.0, remarks
    if is_in_unit(part, numbers[bare], unit.scale):
        return numbers.where(~bare, numbers * unit.scale), unit.scale, remarks
    said = f"{label} holds plain counts (up to {numbers.max():.3g}), whatever the name of its"
    return numbers, 1.0, (*remarks, f"{said} column says.")


def without_words(
    table: pd.DataFrame, names: Sequence[str]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a table with bare numbers where more stands in cells, and a remark on each column.

    Left out are spreads (2.63 ± 0.01), marks (2.63*), words for what is counted (70M params,
    5e19 FLOPs) and spaces within numbers (1 033 824, 70 M); 5 x 10^19 is written as 5e19.

    Examples
    --------
    >>> said = without_words(pd.DataFrame({"loss": ["2.63 ± 0.01", "3.1*", "2.7 bits"]}), ["loss"])
    >>> said[0]["loss"].tolist()
    ['2.63', '3.1', '2.7 bits']
    >>> print(*said[1])
    loss holds more than numbers: '2.63 ± 0.01' is read as 2.63.
    """
    remarks = []
    for name in names:
        texts = {cell for cell in table[name] if isinstance(cell, str)}
        odd = sorted(text for text in texts if as_number(text, counts=True) is None)
        read = {text: _bare(match) for text in odd if (match := _MORE.fullmatch(text.strip()))}
        bare = {text: number for text, number in read.items() if number != text.strip()}
        if bare:
            text, number = next(iter(bare.items()))
            remarks.append(f"{name} holds more than numbers: {text!r} is read as {number}.")
            table = table.assign(**{name: table[name].astype(object).replace(bare)})
    return table, tuple(remarks)


def _bare(match: re.Match[str]) -> str:
    power = f"e{normalize('NFKC', match['power'])}" if match["power"] else ""
    return re.sub(r"[\s']", "", match["number"]) + power + match["suffix"]


def as_fractions(column: Column, source: str, label: str) -> tuple[Column, tuple[str, ...]]:
    """Return accuracies as fractions, and a remark where they or their column say per cent."""
    texts = column.astype(str).str.strip()
    if texts.str.endswith("%").all():
        column = texts.str.rstrip("% ")
    elif not in_percent(source):
        return column, ()
    return as_numbers(column, label) / 100, (f"{label} was divided by 100, for it is in percent.",)


def without_decimal_commas(
    table: pd.DataFrame, names: Sequence[str]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a table with decimal points where its first column has decimal commas.

    Parameters
    ----------
    table
        The cells as they are written.
    names
        Columns of numbers. The first holds losses or accuracies: none is in the thousands, so
        that commas in them stand for decimal points, and those in the other columns too.

    Returns
    -------
    table
        With points in place of commas.
    remarks
        One, where a comma alone could have parted thousands.
    """
    if not (names and _has_decimal_commas(table[names[0]])):
        return table, ()
    columns = [name for name in names if _has_decimal_commas(table[name])]
    texts = (text for name in columns for text in table[name])
    unclear = [text for text in texts if parted_by_comma(str(text)) == "either"]
    table = table.assign(**{name: _with_points(table[name]) for name in columns})
    said = "Commas stand for the decimal point, as those of losses do: {} is {}."
    points = unclear and said.format(unclear[0], unclear[0].replace(",", "."))
    return table, (points,) if points else ()


def _has_decimal_commas(column: Column) -> bool:
    if pd.api.types.is_numeric_dtype(column):
        return False
    texts = [cell for cell in column.tolist() if isinstance(cell, str) and "," in cell]
    return bool(texts) and {*map(parted_by_comma, texts)} <= {"decimals", "either"}


def _with_points(column: Column) -> Column:
    return column.map(lambda cell: cell.replace(",", ".") if isinstance(cell, str) else cell)

"""How numbers of a table are written: as counts, in a unit, with decimal commas.

Owns what is read differently than it stands, each with a remark. What cells may hold is checked in
`cells`.
"""

from collections.abc import Sequence

import pandas as pd

from bayes_scaling.display.wording import Column, counted, listed
from bayes_scaling.runs.cells import as_numbers, checked_numbers, rounded_counts
from bayes_scaling.runs.conventions import in_percent
from bayes_scaling.runs.stated_units import is_in_unit, stated_unit
from bayes_scaling.units import has_unclear_comma, is_decimal_comma


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


def as_fractions(column: Column, source: str, label: str) -> tuple[Column, tuple[str, ...]]:
    """Return accuracies as fractions, and a remark where their column says that it has percent."""
    if not in_percent(source):
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
    unclear = [text for name in columns for text in table[name] if has_unclear_comma(str(text))]
    table = table.assign(**{name: _with_points(table[name]) for name in columns})
    said = "Commas stand for the decimal point, as those of losses do: {} is {}."
    points = unclear and said.format(unclear[0], unclear[0].replace(",", "."))
    return table, (points,) if points else ()


def _has_decimal_commas(column: Column) -> bool:
    if pd.api.types.is_numeric_dtype(column):
        return False
    texts = [cell for cell in column.tolist() if isinstance(cell, str) and "," in cell]
    return bool(texts) and all(map(is_decimal_comma, texts))


def _with_points(column: Column) -> Column:
    return column.map(lambda cell: cell.replace(",", ".") if isinstance(cell, str) else cell)

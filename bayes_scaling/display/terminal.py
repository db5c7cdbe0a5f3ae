"""Results as text for a terminal: one line for each quantity, within 100 columns.

Owns rounding and layout for people; the tables come from the results themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from textwrap import fill

import numpy as np
import pandas as pd

from bayes_scaling.units import format_count, format_flops

WIDTH = 100

INTERVAL = ("median", "lower", "upper")

_QUANTITIES: Mapping[str, Callable[[float], str]] = {
    "params": format_count,
    "smallest_params": format_count,
    "largest_params": format_count,
    "tokens": format_count,
    "flops": format_flops,
}
_COLUMNS: Mapping[str, Callable[[float], str]] = {
    "r_hat": "{:.3f}".format,
    "ess_bulk": "{:.0f}".format,
    "ess_tail": "{:.0f}".format,
}


def by_quantity(table: pd.DataFrame) -> pd.DataFrame:
    """Reshape a result's table to one row for each quantity.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns (quantity; ``median``, ``lower``, ``upper``), and others, which are left out.

    Returns
    -------
    pandas.DataFrame
        Index: that of `table` and ``quantity``, in the order of its columns. Columns ``median``,
        ``lower``, ``upper``. ``attrs`` are kept.

    Examples
    --------
    >>> columns = pd.MultiIndex.from_product([["loss"], ["median", "lower", "upper"]])
    >>> table = pd.DataFrame([[2.0, 1.9, 2.1]], pd.Index([7e9], name="params"), columns)
    >>> by_quantity(table)
                           median  lower  upper
    params       quantity
    7.000000e+09 loss         2.0    1.9    2.1
    """
    medians = table.columns[table.columns.get_level_values(1) == INTERVAL[0]]
    quantities = list(medians.get_level_values(0))
    long = pd.DataFrame(table[quantities].stack(level=0, future_stack=True))
    long.index = long.index.set_names([*table.index.names, "quantity"])
    long = long[list(INTERVAL)]
    long.attrs = dict(table.attrs)
    return long


def table_text(table: pd.DataFrame) -> str:
    """Lay out a table whose index names what each row is about.

    Counts and compute are printed as people write them (``70B``, ``5.76e23``), other numbers to
    four significant digits. Labels that repeat those of the row above are left blank.

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples(
    ...     [(5.76e23, "params"), (5.76e23, "expected_loss")], names=["flops", "quantity"]
    ... )
    >>> print(table_text(pd.DataFrame({"median": [7.13e10, 1.96912]}, index)))
    flops    quantity       median
    5.76e23  params          71.3B
             expected_loss   1.969
    """
    labels = table.index.to_frame(index=False)
    about = labels.iloc[:, -1].astype(str)
    cells = [
        [
            [_written(quantity, value, str(name)) for name, value in row.items()]
            for quantity, (_, row) in zip(about, part.iterrows(), strict=True)
        ]
        for part in (labels, table)
    ]
    header = [*map(str, labels.columns), *map(str, table.columns)]
    return _aligned(header, _without_repeats(cells[0]), cells[1])


def sentence(text: str) -> str:
    """Wrap a note to the width of a terminal, further lines indented."""
    return fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def interval_title(title: str, table: pd.DataFrame) -> str:
    """Title a table with what its intervals are.

    Examples
    --------
    >>> table = pd.DataFrame()
    >>> table.attrs = {"ci_prob": 0.89, "ci_kind": "eti"}
    >>> interval_title("Forecast", table)
    'Forecast: median and 89 % credible interval (ETI)'
    """
    prob, kind = table.attrs["ci_prob"], str(table.attrs["ci_kind"]).upper()
    return f"{title}: median and {100 * prob:.3g} % credible interval ({kind})"


def _written(quantity: str, value: object, column: str) -> str:
    if not isinstance(value, int | float | np.number) or isinstance(value, bool):
        return str(value)
    if np.isnan(value):
        return ""
    if column in _COLUMNS:
        return _COLUMNS[column](float(value))
    write = _QUANTITIES.get(column) or _QUANTITIES.get(quantity) or "{:.4g}".format
    return write(float(value))


def _without_repeats(cells: Sequence[list[str]]) -> list[list[str]]:
    """Blank the labels, from the left, that are those of the row above; never the last one."""
    shown = [list(row) for row in cells[:1]]
    for above, row in pairwise(cells):
        same = 0
        while same < len(row) - 1 and row[same] == above[same]:
            same += 1
        shown.append([""] * same + row[same:])
    return shown


def _aligned(
    header: Sequence[str], labels: Sequence[list[str]], numbers: Sequence[list[str]]
) -> str:
    """Columns two spaces apart: labels to the left, numbers to the right."""
    rows = [list(header), *([*left, *right] for left, right in zip(labels, numbers, strict=True))]
    widths = [max(len(row[place]) for row in rows) for place in range(len(header))]
    left = len(header) - (len(numbers[0]) if numbers else 0)
    lines = (
        "  ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)

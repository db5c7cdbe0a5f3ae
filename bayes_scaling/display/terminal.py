"""Results as text for a terminal: one line for each quantity, within 100 columns.

Owns rounding and layout for people; the tables come from the results themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import StringIO
from textwrap import fill

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bayes_scaling.display.digits import is_compute, is_count, short_number
from bayes_scaling.units import format_count, format_flops

WIDTH = 100
"""Characters in a line of sentences."""

PAPER = 10_000
"""Characters in a line of tables: none is cut off."""

INTERVAL = ("median", "lower", "upper")

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


def written(table: pd.DataFrame) -> pd.DataFrame:
    """Index and cells of a table as people write them: ``70B``, ``5.76e23``, else four digits.

    The last level of the index names the quantity of its row; missing numbers are blank.
    """
    labels = table.index.to_frame(index=False).rename(columns=str)
    about = labels.iloc[:, -1].astype(str)
    shown = {}
    for name, column in labels.items():
        shown[str(name)] = [_written("", label, str(name)) for label in column]
    for name, column in table.items():
        head = flat_name(name)
        shown[head] = [_written(*pair, head) for pair in zip(about, column, strict=True)]
    return pd.DataFrame(shown, dtype=str).set_index(list(labels))


def flat_name(name: object) -> str:
    """Name of a column, its levels in one piece."""
    return " ".join(map(str, name)).strip() if isinstance(name, tuple) else str(name)


def table_text(table: pd.DataFrame) -> str:
    """Lay out a table whose index names what each row is about.

    Labels that repeat those of the row above are left blank.

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
    shown = written(table)
    labels = shown.index.to_frame(index=False)
    same = labels.eq(labels.shift()).cumprod(axis=1).astype(bool)
    same.iloc[:, -1] = False
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in labels:
        grid.add_column(str(name), no_wrap=True)
    for name in shown:
        grid.add_column(str(name), justify="right", no_wrap=True)
    for left, right in zip(labels.mask(same, "").to_numpy(), shown.to_numpy(), strict=True):
        grid.add_row(*map(Text, (*left, *right)))
    page = Console(width=PAPER, file=StringIO(), color_system=None)
    with page.capture() as captured:
        page.print(grid)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def wrapped(text: str) -> str:
    """Wrap a note to the width of a terminal, further lines indented."""
    return fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def interval_title(title: str, table: pd.DataFrame) -> str:
    """Title of a table with probability and kind of its intervals, if it has some.

    Examples
    --------
    >>> table = pd.DataFrame()
    >>> table.attrs = {"ci_prob": 0.9, "ci_kind": "eti"}
    >>> interval_title("Forecast", table)
    'Forecast: median and 90 % credible interval (ETI)'
    """
    return f"{title}: median and {interval_note(table)}" if "ci_prob" in table.attrs else title


def interval_note(table: pd.DataFrame) -> str:
    """Probability and kind of the intervals of a table: ``90 % credible interval (ETI)``."""
    prob, kind = table.attrs["ci_prob"], str(table.attrs["ci_kind"]).upper()
    return f"{100 * prob:.3g} % credible interval ({kind})"


def _written(quantity: str, value: object, column: str) -> str:
    if not isinstance(value, int | float | np.number) or isinstance(value, bool):
        return str(value)
    if np.isnan(value):
        return ""
    if column in _COLUMNS:
        return _COLUMNS[column](float(value))
    names = (column, quantity)
    write: Callable[[float], str] = format_flops if any(map(is_compute, names)) else short_number
    write = format_count if any(map(is_count, names)) else write
    return write(float(value))

"""Tables of results, which carry interval and convergence with them, and their print."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd
import xarray as xr

from bayes_scaling.display.intervals import interval_table


def result_table(
    draws: xr.Dataset,
    dim: str,
    diagnosis: str,
    notes: Sequence[str],
    prob: float | None = None,
) -> pd.DataFrame:
    """Intervals by element of `dim`, with the diagnosis of the fit as last column.

    The index holds the coordinates along `dim`; ``attrs`` carry ``ci_kind``, ``ci_prob``,
    ``notes``.
    """
    table = interval_table(draws, dim, prob)
    attrs = {**table.attrs, "notes": tuple(notes)}
    table.index = coordinate_index(draws[dim])
    table["diagnosis", ""] = diagnosis
    table.attrs = attrs
    return table


def coordinate_index(dim: xr.DataArray) -> pd.Index:
    """Index made of the coordinates along a dim: inputs and labels rather than numbers."""
    columns = {
        str(name): values.values
        for name, values in dim.coords.items()
        if values.dims == dim.dims and name != dim.name
    }
    if len(columns) == 1:
        [(name, values)] = columns.items()
        index: pd.Index = pd.Index(values, name=name)
        return index
    return pd.MultiIndex.from_arrays(list(columns.values()), names=list(columns))


def result_text(title: str, table: pd.DataFrame, notes: Sequence[str]) -> str:
    """Title with the probability of the intervals, the table, and the notes."""
    shown = printable(table)
    lines = [_heading(title, table), shown.to_string(float_format=short)]
    return "\n".join([*lines, *(f"note: {note}" for note in notes)])


def result_html(title: str, table: pd.DataFrame, notes: Sequence[str]) -> str:
    """A result as Jupyter shows it, all text escaped."""
    notes_html = "".join(f"<li>{escape(note)}</li>" for note in notes)
    body = printable(table).to_html(float_format=short)
    return f"<p><b>{escape(_heading(title, table))}</b></p>{body}<ul>{notes_html}</ul>"


def printable(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the numbers of its index shortened, for people to read."""
    index = table.index.to_frame(index=False)
    for name in index.select_dtypes("number"):
        index[name] = index[name].map(short)
    return table.set_axis(pd.MultiIndex.from_frame(index), axis=0)


def short(value: float) -> str:
    """A number to four significant digits."""
    return f"{value:.4g}"


def _heading(title: str, table: pd.DataFrame) -> str:
    if "ci_prob" not in table.attrs:
        return title
    return f"{title} ({table.attrs['ci_prob']:.0%} {table.attrs['ci_kind'].upper()})"

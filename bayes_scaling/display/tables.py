"""Tables of results, with intervals and diagnosis, and their print."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from html import escape

import pandas as pd
import xarray as xr

from bayes_scaling.display.intervals import interval_attrs, intervals
from bayes_scaling.display.terminal import WIDTH, by_quantity, interval_title, table_text, written


class WholeTable(pd.DataFrame):
    """A data frame that prints all of its columns, in blocks if wide, numbers to four digits.

    Examples
    --------
    >>> print(WholeTable({"median": [1.743219], "diagnosis": ["ok"]}, ["E"]))
       median diagnosis
    E   1.743        ok
    """

    def __repr__(self) -> str:
        return self.to_string(float_format=short, line_width=WIDTH)


def result_table(
    draws: xr.Dataset, dim: str, diagnosis: str, notes: Sequence[str], prob: float | None = None
) -> pd.DataFrame:
    """Intervals by element of `dim`, with the diagnosis of the fit as last column.

    Columns are (variable, median / lower / upper), the index holds the coordinates along `dim`,
    ``attrs`` carry ``ci_kind``, ``ci_prob`` and ``notes``.
    """
    tables = {
        str(name): intervals(values, prob).to_dataframe()[["median", "lower", "upper"]]
        for name, values in draws.data_vars.items()
        if dim in values.dims
    }
    table = WholeTable(pd.concat(tables, axis=1))
    table.attrs.update(interval_attrs(prob))
    table.index = coordinate_index(draws[dim])
    table["diagnosis", ""] = diagnosis
    table.attrs["notes"] = tuple(notes)
    return table


def coordinate_index(dim: xr.DataArray) -> pd.Index:
    """Index made of the coordinates along a dim: inputs and labels rather than numbers."""
    columns = {
        str(name): values.values
        for name, values in dim.coords.items()
        if values.dims == dim.dims and name != dim.name
    }
    return pd.DataFrame(columns).set_index(list(columns)).index


def short(value: float) -> str:
    """A number to four significant digits."""
    return f"{value:.4g}"


def titled_text(title: str, table: pd.DataFrame) -> str:
    """A table under its title, with kind and probability of the intervals if it has some."""
    return f"{interval_title(title, table)}\n\n{table_text(_readable(table))}"


class Result(ABC):
    """A result that prints itself: title, table, and notes for the reader."""

    @property
    def title(self) -> str:
        """The result in a few words: its class, as people write it."""
        return re.sub("(?<!^)(?=[A-Z])", " ", type(self).__name__).capitalize()

    @property
    @abstractmethod
    def notes(self) -> tuple[str, ...]:
        """Notes for the reader."""

    @abstractmethod
    def table(self) -> pd.DataFrame:
        """The numbers of the result, with intervals of 90 % unless told otherwise."""

    def _shown(self) -> pd.DataFrame:
        return self.table()

    def __repr__(self) -> str:
        return "\n".join(
            [titled_text(self.title, self._shown()), *(f"note: {note}" for note in self.notes)]
        )

    def _repr_html_(self) -> str:
        table = self._shown()
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        body = written(_readable(table)).to_html()
        return f"<p><b>{escape(interval_title(self.title, table))}</b></p>{body}<ul>{notes}</ul>"


def _readable(table: pd.DataFrame) -> pd.DataFrame:
    """Table with a row for each quantity; further columns become labels of rows.

    But for the diagnosis, which the notes say once.
    """
    columns = table.columns
    if columns.nlevels == 1 or "median" not in columns.get_level_values(1):
        return table
    others = columns.get_level_values(0)[columns.get_level_values(1) == ""].drop(
        "diagnosis", errors="ignore"
    )
    labels = table.index.to_frame(index=False)
    labels = labels.assign(**{name: table[name, ""].to_numpy() for name in others})
    return by_quantity(table.set_axis(pd.MultiIndex.from_frame(labels)))

"""Which column names the runs.

Owns the search for it and what a column of names must be. Names are checked in `checks`.
"""

from collections.abc import Iterable

import pandas as pd

from bayes_scaling.display.wording import Column
from bayes_scaling.runs.columns import column_key, no_such_column

__all__ = ["run_columns", "run_names"]

# Compared as aliases are, the likeliest first.
_RUN_NAMES = ("run", "runid", "runname", "name")


def run_names(frame: pd.DataFrame, run: str | None, claimed: Iterable[str]) -> tuple[pd.Index, str]:
    """Return the names of the runs and the column they come from ("" for the row labels).

    Without `run`, a column with a usual name and without repetition is taken, else the row labels
    of the frame (row positions where these repeat).
    """
    if run is not None and run not in frame.columns and run != frame.index.name:
        raise no_such_column("run", run, [*frame.columns])
    if run is None:
        free = [name for name in run_columns(frame.columns) if name not in claimed]
        run = next((name for name in free if _is_naming(frame[name])), None)
    if run is not None and run in frame.columns:
        return pd.Index(frame[run], tupleize_cols=False), run
    if run is not None or (frame.index.is_unique and frame.index.nlevels == 1):
        return frame.index, ""
    return pd.RangeIndex(len(frame)), ""


def run_columns(columns: Iterable[str]) -> list[str]:
    """Return the columns that usually name runs, the likeliest first.

    Examples
    --------
    >>> run_columns(["Name", "Run ID", "loss"])
    ['Run ID', 'Name']
    """
    known = [name for name in columns if column_key(name) in _RUN_NAMES]
    return sorted(known, key=lambda name: _RUN_NAMES.index(column_key(name)))


def _is_naming(column: Column) -> bool:
    names = column.map(str)
    return bool(names.is_unique and column.notna().all() and names.str.strip().all())

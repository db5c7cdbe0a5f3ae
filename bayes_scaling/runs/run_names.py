"""The columns that name runs and their web pages.

Owns the search for them and what a column of names must be. Names are checked in `checks`.
"""

import re
from collections.abc import Iterable

import pandas as pd

from bayes_scaling.display.wording import Column, counted
from bayes_scaling.runs.columns import no_such_column
from bayes_scaling.runs.usual_names import column_key

# Compared as aliases are, the likeliest first.
_RUN_NAMES = ("run", "runid", "runname", "name")
_URL_NAMES = ("url", "runurl", "link", "runlink")
NO_RUNS = (
    "Checkpoints of one run, unlike runs of different lengths, are no runs of their own, and taken "
    "for such they make intervals too narrow: read curves with Runs.from_curves"
)
# Such as a report can link to as they are.
_WEB_PAGE = re.compile(r"""https?://[^\s<>"'`|\\(){}\[\]]+""")


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


def repeated_names(frame: pd.DataFrame, claimed: Iterable[str]) -> tuple[str, ...]:
    """Return a remark on a column of names that repeat, as those of checkpoints do."""
    free = [name for name in run_columns(frame.columns) if name not in {*claimed}]
    for name in free:
        count = frame[name].nunique()
        if 0 < count < len(frame):
            return (
                f"Column {name!r} names {counted(count, 'run')} in {len(frame)} rows, so rows were "
                f"numbered. {NO_RUNS}, which takes their ends.",
            )
    return ()


def run_urls(table: pd.DataFrame) -> dict[str, str]:
    """Return the web pages of runs by name, from a column with a usual name for links.

    Examples
    --------
    >>> run_urls(pd.DataFrame({"URL": ["https://wandb.ai/lab/sweep/runs/1", ""]}, ["s", "l"]))
    {'s': 'https://wandb.ai/lab/sweep/runs/1'}
    """
    known = [name for name in table.columns if column_key(name) in _URL_NAMES]
    return {
        str(run): cell
        for name in known[:1]
        for run, cell in table[name].items()
        if isinstance(cell, str) and _WEB_PAGE.fullmatch(cell)
    }


def _is_naming(column: Column) -> bool:
    names = column.map(str)
    return bool(names.is_unique and column.notna().all() and names.str.strip().all())

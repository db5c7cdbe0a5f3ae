"""States in which runs ended, from any table with a column of them.

Owns the words that trackers have for it, which column holds them, and which runs are taken.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import pandas as pd

from bayes_scaling.display.wording import Column, counted, listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.cells import is_missing
from bayes_scaling.runs.usual_names import column_key

type States = Iterable[str] | Literal["any"] | None

_FINISHED = ("finished", "success", "succeeded", "completed", "complete", "done")
_OTHERS = (
    *("failed", "crashed", "killed", "preempted", "preempting", "running", "scheduled", "pending"),
    *("queued", "paused", "cancelled", "canceled", "aborted", "stopped", "terminated", "timeout"),
    "error",
)
# As Weights & Biases writes the state of a group of runs.
_UNKNOWN = "-"
UNKNOWN_STATES = "The table does not hold the state of the runs: some may not have finished."
# Of the tables that trackers show and their clients make.
_TRACKERS = (
    frozenset({"Name", "State"}),
    frozenset({"Run ID", "Status"}),
    frozenset({"run_id", "experiment_id", "status"}),
)


def state_column(table: pd.DataFrame, *, tracked: bool) -> str | None:
    """Return the column of the states of runs; unless `tracked`, all its words must be known.

    Examples
    --------
    >>> state_column(pd.DataFrame({"loss": [3.0], "Status": ["FAILED"]}), tracked=False)
    'Status'
    >>> state_column(pd.DataFrame({"loss": [3.0], "state": ["Ohio"]}), tracked=False)
    """
    words = {*_FINISHED, *_OTHERS, _UNKNOWN, ""}
    for name in map(str, table.columns):
        if column_key(name) in ("state", "status", "runstate", "runstatus"):
            said = _words(table[name])
            known = {*said} <= words or tracked
            if known and said.any():
                return name
    return None


def in_states(
    table: pd.DataFrame, column: str | None, states: States, *, tracked: bool
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the runs whose state is wanted, and the remark on the others.

    Parameters
    ----------
    table
        One row per run, indexed by its name.
    column
        The column of states, if there is one.
    tracked
        A tracker made the table.
    states
        Those wanted, whatever their case, or "any". None takes finished runs out of the tables of
        trackers, and all runs out of other ones, with a remark on those that did not finish.

    Raises
    ------
    RunsError
        A state is not known, or no run is in a state that is wanted.
    """
    if states == "any" or (column is None and states is None):
        return table, ()
    if column is None:
        raise RunsError(
            f"Runs: states is {states!r}, and no column says how runs ended (the columns are "
            f"{listed(table.columns, 20)}). Runs are chosen by it. Leave states= out."
        )
    found = _words(table[column])
    wanted = _checked(states, [*found.unique()]) if states is not None else [*_FINISHED]
    if found.isin(["", _UNKNOWN]).all():
        return table, (UNKNOWN_STATES,)
    keep = found.isin(wanted)
    if keep.all():
        return table, ()
    remark = _remark(found, keep)
    if states is None and not tracked:
        return table, (
            f"{remark} taken though the state is not finished: {_counts(found[~keep])}.",
        )
    if not keep.any():
        raise _none_left(found, wanted if states is not None else ["finished"])
    return table[keep.to_numpy()], (f"{remark} left out for the state: {_counts(found[~keep])}.",)


def is_tracked(table: pd.DataFrame) -> bool:
    """True for a table made by a tracker, by its columns and the name of its row labels.

    Examples
    --------
    >>> is_tracked(pd.DataFrame(columns=["Name", "State", "val/loss"]))
    True
    """
    return any(columns <= {*table.columns, *table.index.names} for columns in _TRACKERS)


def _words(column: Column) -> "pd.Series[str]":
    return (
        column.astype(object)
        .mask(is_missing(column), "")
        .map(lambda cell: str(cell).strip().lower())
    )


def _remark(found: "pd.Series[str]", keep: "pd.Series[bool]") -> str:
    out = int((~keep).sum())
    return f"{out} of {counted(len(found), 'run')} {'was' if out == 1 else 'were'}"


def _counts(found: "pd.Series[str]") -> str:
    groups = {name: list(group.index) for name, group in found.groupby(found)}
    return ", ".join(
        f"{len(runs)} {name or 'without a state'} ({listed(runs)})" for name, runs in groups.items()
    )


def _none_left(found: "pd.Series[str]", wanted: Sequence[str]) -> RunsError:
    there = [name for name in found.unique() if name]
    advice = f"states=({', '.join(map(repr, there))},)" if there else 'states="any"'
    return RunsError(
        f"Runs: no run is {' or '.join(wanted)} (there are {_counts(found)}). The loss of a run "
        f"that did not finish is not that of its size and tokens. Pass {advice} if they are meant."
    )


def _checked(states: Iterable[str], found: Sequence[str]) -> list[str]:
    lower = [] if isinstance(states, str) else [str(state).lower() for state in states]
    known = {*_FINISHED, *_OTHERS, _UNKNOWN, *found}
    unknown = [state for state in lower if state not in known]
    if unknown or not lower:
        raise RunsError(
            f"Runs: states is {states!r}. It says in which states runs are taken, and here there "
            f"are {listed(dict.fromkeys(found), 20)}. Pass a tuple of these, as in "
            f'states=("finished",), or states="any".'
        )
    return lower

"""What runs logged in an experiment tracker have in common, whichever tracker it is.

Owns the columns that are called by a kind and a name (`params.lr`), the states of runs, their
names, and counts that were logged as text (`7B`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from bayes_scaling._wording import counted, listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs._columns import STANDARD_INPUTS
from bayes_scaling.units import parse_count

# Of a key as trackers make them, enough to tell runs apart.
_START = 8

__all__ = ["distinct_names", "in_states", "short_names", "with_counts"]


def short_names(columns: Iterable[str], kinds: Sequence[str]) -> dict[str, str]:
    """Return columns without their kind, by full name, where the name alone is unambiguous.

    Examples
    --------
    >>> short_names(["params.lr", "params.loss", "metrics.loss"], ("params", "metrics"))
    {'params.lr': 'lr'}
    """
    columns = list(columns)
    short = {column: _without_kind(column, kinds) for column in columns}
    times = Counter(short.values())
    return {
        column: name
        for column, name in short.items()
        if name and name != column and times[name] == 1
    }


def _without_kind(column: str, kinds: Sequence[str]) -> str:
    kind, _, name = column.partition(".")
    return name if kind in kinds else column


def distinct_names(names: Sequence[str], keys: Sequence[str]) -> list[str]:
    """Return names of runs, with the start of the run's key where a name is missing or repeats.

    Examples
    --------
    >>> distinct_names(["small", "large", "large"], ["0a1b", "0c2d", "0e3f"])
    ['small', 'large (0c2d)', 'large (0e3f)']
    """
    times, starts = Counter(names), Counter(key[:_START] for key in keys)
    return [
        name
        if name and times[name] == 1
        else f"{name} ({key[:_START] if starts[key[:_START]] == 1 else key})".strip()
        for name, key in zip(names, keys, strict=True)
    ]


def in_states(
    frame: pd.DataFrame, state: str, states: Iterable[str], known: Sequence[str]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the rows whose state is wanted, and the remark on the others.

    Parameters
    ----------
    frame
        One row per run, indexed by its name.
    state
        The column of states.
    states
        Those wanted, whatever their case.
    known
        Those that the tracker knows.

    Raises
    ------
    RunsError
        A state is none, or no run is in a state that is wanted.
    """
    wanted = _checked_states(states, known)
    found = frame[state].astype(str).str.lower()
    keep = found.isin(wanted)
    if keep.all():
        return frame, ()
    groups = {name: list(group.index) for name, group in frame[~keep].groupby(found[~keep])}
    counts = ", ".join(f"{len(runs)} {name} ({listed(runs)})" for name, runs in groups.items())
    if not keep.any():
        raise RunsError(
            f"Runs: no run is {' or '.join(wanted)} (there are {counts}). The loss of a run that "
            f"did not finish is not that of its size and tokens. Pass "
            f"states=({', '.join(map(repr, groups))},) if they are meant."
        )
    verb = "was" if len(frame) - keep.sum() == 1 else "were"
    return frame[keep], (
        f"{len(frame) - keep.sum()} of {counted(len(frame), 'run')} {verb} left out for the "
        f"state: {counts}.",
    )


def _checked_states(states: Iterable[str], known: Sequence[str]) -> list[str]:
    lower = [] if isinstance(states, str) else [str(state).lower() for state in states]
    unknown = [state for state in lower if state not in known]
    if unknown or not lower:
        raise RunsError(
            f"Runs: states is {states!r}. It says in which states runs are taken, and there is no "
            f"other than {listed(known, 20)}. Pass a tuple of these, as in "
            f"states=({known[0]!r},)."
        )
    return lower


def with_counts(
    frame: pd.DataFrame, claims: Mapping[str, str]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the frame with counts such as `7B` as numbers, and the remarks on them.

    Only cells that have a suffix and stand in the columns of params, tokens and flops change:
    trackers log text, and what was logged can seldom be corrected.
    """
    remarks = []
    for part in (name for name in STANDARD_INPUTS if name in claims):
        column = frame[claims[part]]
        read = {cell: _count(cell) for cell in column.tolist() if isinstance(cell, str)}
        texts = [cell for cell in column.tolist() if read.get(cell)]
        if texts:
            cells = [read.get(cell) or cell for cell in column.tolist()]
            frame = frame.assign(**{claims[part]: pd.Series(cells, frame.index, dtype=object)})
            remarks.append(
                f"{part} (column {claims[part]!r}) has {counted(len(texts), 'count')} written with "
                f"a suffix ({listed(dict.fromkeys(texts))}): rounded sizes move the exponents, "
                f"exact counts are better."
            )
    return frame, tuple(remarks)


def _count(text: str) -> float | None:
    if text.strip()[-1:].upper() not in {*"KMBT"}:
        return None
    try:
        return parse_count(text)
    except ValueError:
        return None

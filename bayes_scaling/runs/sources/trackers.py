"""Names of columns and runs in the tables of any experiment tracker.

Owns the columns that are called by a kind and a name (`params.lr`), and the names of runs.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

# Of a key as trackers make them, enough to tell runs apart.
_START = 8


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

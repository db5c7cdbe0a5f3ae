"""Roles of the columns of the user's table.

Owns which column plays which part, and the rearranged table with standard names. Looks at names
only: what the cells hold is checked in `checks`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

import pandas as pd

from bayes_scaling.display.wording import counted, listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.usual_names import aliases, held_out, near_matches

type Choice = str | Literal[False] | None

STANDARD_INPUTS = ("params", "tokens", "flops")


_PURPOSE = {
    "params": "The size of the model is read from it.",
    "tokens": "The amount of training data is read from it.",
    "flops": "The training compute is read from it.",
    "loss": "It is what the law explains.",
    "step": "Checkpoints are ordered by it.",
}


def assign_columns(
    columns: Sequence[str],
    standard: Mapping[str, Choice],
    further: Mapping[str, str],
    response: str,
    skipped: Collection[str] = (),
) -> dict[str, str]:
    """Return the source column of every part that has one, by name of the part.

    Parameters
    ----------
    columns
        The columns of the source.
    standard
        What the user said for `params`, `tokens`, `flops` and `loss`: a column, None (look for
        the usual names) or False (take none).
    further
        Further inputs and the factors: name to source column.
    response
        What the loss column holds; decides under which names it is looked for.
    skipped
        Columns that are taken only where the user names them.

    Raises
    ------
    RunsError
        A column that was named is missing, or one is ambiguous or plays two parts.
    """
    said = {name: choice for name, choice in standard.items() if isinstance(choice, str)}
    said |= further
    for name, column in said.items():
        if column not in columns:
            raise no_such_column(name, column, columns)
    free = [column for column in columns if column not in {*said.values(), *skipped}]
    claims = {}
    for name, choice in standard.items():
        found = choice if isinstance(choice, str) else None
        if choice is None:
            found = by_alias(name, response if name == "loss" else name, free)
        if found is not None:
            claims[name] = found
    claims |= further
    _check_one_part_each(claims)
    return claims


def rearrange(frame: pd.DataFrame, claims: Mapping[str, str], run: str) -> pd.DataFrame:
    """Return a new table with the claimed columns under their standard names, then the others.

    A column of the source that is not claimed keeps its name, unless a standard column needs the
    name (`loss` where `loss="loss_c4"` was asked for): it is then called `loss_in_source`.
    """
    taken = {*STANDARD_INPUTS, "loss", "run", *claims}
    data = {name: frame[source] for name, source in claims.items()}
    for column in frame.columns:
        if column in claims.values() or column == run:
            continue
        name = column
        while name in taken:
            name += "_in_source"
        taken.add(name)
        data[name] = frame[column]
    return pd.DataFrame(data, index=frame.index)


def name_mapping(given: object, part: str) -> dict[str, str]:
    """Return `inputs` or `factors` as given by the user as a mapping of name to source column.

    >>> name_mapping(("corpus",), "factors")
    {'corpus': 'corpus'}
    """
    example = f'{part}=("{given}",)' if isinstance(given, str) else f'{part}=("name", "other")'
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise RunsError(
            f"Runs: {part} is {given!r}, not a tuple of column names. A bare string would be read "
            f"letter by letter. Write {example}."
        )
    pairs = list(given.items()) if isinstance(given, Mapping) else [(name, name) for name in given]
    wrong = [name for pair in pairs for name in dict.fromkeys(pair) if not isinstance(name, str)]
    if wrong:
        raise RunsError(
            f"Runs: {part} has {counted(len(wrong), 'entry', 'entries')} that are not column names "
            f"({listed(wrong)}). Columns are found by name. Write {example}."
        )
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RunsError(
            f"Runs: {part} names {listed(twice)} more than once. Each column is taken once. "
            f"Name it once."
        )
    return dict(pairs)


def check_unique(columns: pd.Index) -> None:
    """Refuse column names that repeat."""
    twice = list(dict.fromkeys(columns[columns.duplicated()]))
    if twice:
        raise RunsError(
            f"Runs: {counted(len(twice), 'column name')} occurs more than once ({listed(twice)}). "
            f"It is not clear which one is meant. Rename or drop the others."
        )


def by_alias(name: str, kind: str, free: Sequence[str]) -> str | None:
    """Return the column that has a usual name of its kind, refusing to choose among several."""
    found = aliases(kind, free)
    measured = held_out(free, "metric") if name == "loss" and found else []
    if kind in free and not measured:
        return kind
    own = held_out(free, kind) if measured else []
    found = list(dict.fromkeys([*own, *found]))
    if len(found) > 1 or kind in free:
        unsure = "" if name == "loss" else f", or {name}=False to take none of them"
        beside = [*own, *measured] if kind in free else []
        training = f" Beside {beside[0]!r}, {kind!r} may be that of training." if beside else ""
        raise RunsError(
            f"Runs: {counted(len(found), 'column')} could be {name} ({listed(found)}). "
            f"{_PURPOSE[name]}{training} "
            f"Say which one is meant, as in {name}={_quoted(found[0])}{unsure}."
        )
    return found[0] if found else None


def _check_one_part_each(claims: Mapping[str, str]) -> None:
    for column in claims.values():
        parts = [name for name, source in claims.items() if source == column]
        if len(parts) > 1:
            raise RunsError(
                f"Runs: column {column!r} is asked for as {listed(parts)}. A column plays one part "
                f"only. Copy it under another name, or leave out one of the two."
            )


def no_such_column(name: str, asked: str, columns: Sequence[str]) -> RunsError:
    """Return the error about a column that was asked for as `name` and is not there."""
    hint = near_matches(asked, columns) or near_matches(name, columns)
    further = asked == name and name not in _PURPOSE
    mapped = f', as in inputs={{"{name}": "its_column"}} (likewise factors)' if further else ""
    return RunsError(
        f"Runs: there is no column {asked!r}, asked for as {name}. "
        f"{_PURPOSE.get(name, 'It was asked for by name.')} {hint}"
        f"The columns are {listed(columns, 20)}: name one of them{mapped}."
    )


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'

"""Columns with a usual name that cannot be meant, or that say what another one says."""

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from bayes_scaling.display.wording import Column, listed, per_cent
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.cells import as_number
from bayes_scaling.runs.columns import STANDARD_INPUTS, Choice, assign_columns
from bayes_scaling.runs.conventions import convention, counts, no_loss
from bayes_scaling.runs.run_names import run_columns
from bayes_scaling.runs.states import is_tracked
from bayes_scaling.runs.usual_names import aliases, closest, column_key, guess

ALIKE = 0.01
"""Difference up to which two columns are one count: of tokens planned, say, and tokens read."""

# FLOP of the smallest run: a million parameters on as many tokens take six times as many.
_LEAST_COMPUTE = 1e12
# In names of columns that hold no amount of a whole run.
_SPEED = re.compile(r"per|/|sec|_s$|batch|step|eval")
# Rows whose labels are looked at for names of columns.
_LABELS = 50


def chosen_columns(
    table: pd.DataFrame, standard: Mapping[str, Choice], further: Mapping[str, str], response: str
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the source column of every part, as `assign_columns` does, and remarks on others.

    Raises
    ------
    RunsError
        See `assign_columns`; or no column holds the response.
    """
    columns = [str(name) for name in table]
    taken = {*further.values(), *standard.values()}
    free = [name for name in columns if name not in taken]
    parts = [name for name in STANDARD_INPUTS if standard[name] is None]
    skipped, remarks = passed_over(table, parts)
    standard = {**standard, **_by_convention(free, [p for p in parts if not aliases(p, free)])}
    claims = assign_columns(columns, standard, further, response, skipped)
    if len({*STANDARD_INPUTS} & {*claims}) < 2:
        remarks += _unread(table, claims, parts)
    if "loss" not in claims:
        raise RunsError(
            f"Runs: no column holds the {response} (the columns are {listed(columns, 20)}). It is "
            f"what the law explains. {_misplaced(table, response) or _likeliest(table, response)}"
        )
    return claims, remarks


def _by_convention(columns: Sequence[str], parts: Iterable[str]) -> dict[str, str]:
    """Return the only column that holds a part by some convention, such as without embeddings."""
    found = {p: [name for name in columns if counts(p, name)] for p in parts}
    return {p: names[0] for p, names in found.items() if len(names) == 1 and convention(p, *names)}


def _likeliest(table: pd.DataFrame, response: str) -> str:
    """Return how the column is named that the response is likeliest in, or what it holds."""
    known = [name for name in table if table.empty or _counts(table[name]) is not None]
    name = guess([*map(str, known)], response)
    other = no_loss(name, repr(name)) if response == "loss" else ""
    return other or f'Name its column, as in loss="{name}".{_of_a_curve(table)}'


def _misplaced(table: pd.DataFrame, response: str) -> str:
    """Return what is wrong with a table whose rows are called as its columns should be."""
    first = str(next(iter(table), ""))
    if not first:
        return ""
    if table.shape[1] == 1 and len(first.split()) > 1:
        return "Cells seem to be separated by spaces: save them with commas (table.to_csv)."
    below = [str(cell).strip() for cell in table.iloc[:1].to_numpy().ravel()]
    if sum(bool(aliases(part, below)) for part in (response, *STANDARD_INPUTS)) > 1:
        return f"The first row reads as names ({listed(below)}): delete what stands above it."
    for labels, column in ((table.index, ""), (table[first], f".set_index({first!r})")):
        words = [str(label) for label in labels.tolist()[:_LABELS]]
        if aliases(response, words) and any(aliases(part, words) for part in STANDARD_INPUTS):
            return (
                f"Rows are called {listed(words)}: the table has its runs as columns. Turn it, as "
                f"in table{column}.T, so that each run is a row."
            )
    if all(as_number(str(name), counts=True) is not None for name in table):
        return "These are numbers: write the names of the columns into a line above them."
    return ""


def _of_a_curve(table: pd.DataFrame) -> str:
    cells = table.astype(str)
    names = [str(name) for name in table]
    several = [cells[name].nunique() > 1 for name in aliases("step", names)]
    named = any(cells[name].is_unique for name in run_columns(names))
    if named or is_tracked(table) or not any(several):
        return ""
    return (
        " A row for each step is a point of a training curve, and no run: read curves with "
        "Runs.from_curves, or give a table with a row for each run, and its final loss."
    )


def passed_over(
    table: pd.DataFrame, parts: Iterable[str]
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the columns with a usual name that are not chosen from, and remarks.

    Those of words, such as "tiny" for a size, those that agree with one before, and budgets that
    are too small for compute.

    Examples
    --------
    >>> table = pd.DataFrame({"size": ["S", "L"], "D": [2e9, 9e9], "train_tokens": [2e9, 9.01e9]})
    >>> passed_over(table, ["tokens"])
    (frozenset({'train_tokens'}), ("tokens is column 'D'; 'train_tokens' agrees within 1 %.",))
    """
    skipped = [str(name) for name in table if _is_other_budget(str(name), table[name])]
    remarks: list[str] = []
    for part in parts:
        found = aliases(part, [str(name) for name in table])
        if len(found) < 2:
            continue
        numbers = {name: read for name in found if (read := _counts(table[name])) is not None}
        if not numbers:
            continue
        (taken, first), *others = numbers.items()
        alike = [name for name, read in others if np.allclose(read, first, ALIKE, 0, True)]
        skipped += [name for name in found if name not in numbers or name in alike]
        if alike:
            agree = "agrees" if len(alike) == 1 else "agree"
            remarks.append(
                f"{part} is column {taken!r}; {listed(alike)} {agree} within {per_cent(ALIKE)}."
            )
    return frozenset(skipped), tuple(remarks)


def other_counts(table: pd.DataFrame, part: str, taken: str) -> tuple[str, ...]:
    """Return a remark where other columns hold the same part by another count.

    Examples
    --------
    >>> table = pd.DataFrame({"N": [2e9], "model_size": ["XL"], "non_embedding_params": ["1B"]})
    >>> print(*other_counts(table, "params", "N"))
    params is column 'N'; 'non_embedding_params' counts otherwise, and exponents depend on the \
count: say which is meant, as in params="non_embedding_params".
    """
    named = [str(name) for name in table if name != taken and counts(part, str(name))]
    others = [name for name in named if _counts(table[name]) is not None]
    if not others:
        return ()
    return (
        f"{part} is column {taken!r}; {listed(others)} counts otherwise, and exponents depend on "
        f'the count: say which is meant, as in {part}="{others[0]}".',
    )


def _unread(
    table: pd.DataFrame, claims: Mapping[str, str], parts: Iterable[str]
) -> tuple[str, ...]:
    """Return a remark on each part that no column is read as, where one has a name like it."""
    free = [str(name) for name in table if name not in claims.values()]
    likely = [name for name in free if not _SPEED.search(name.lower())]
    near = {
        part: closest(part, [name for name in likely if _counts(table[name]) is not None])
        for part in parts
        if part not in claims
    }
    return tuple(
        f"No column is read as {part}, and {listed(names)} may hold them: say so, as in "
        f'{part}="{names[0]}", in plain counts.'
        for part, names in near.items()
        if names
    )


def _is_other_budget(name: str, column: Column) -> bool:
    """True for a column of budgets that are no FLOP, but hours, say, or money."""
    if column_key(name) != "budget":
        return False
    read = _counts(column)
    return read is None or np.nanmin(read) < _LEAST_COMPUTE


def _counts(column: Column) -> np.ndarray | None:
    """Return the cells as numbers, or nothing where none is one."""
    if pd.api.types.is_any_real_numeric_dtype(column):
        numbers = column.to_numpy(float, na_value=np.nan)
    else:
        read = [as_number(cell, counts=True) for cell in column.tolist()]
        numbers = np.array([np.nan if value is None else value for value in read], float)
    return None if np.isnan(numbers).all() else numbers

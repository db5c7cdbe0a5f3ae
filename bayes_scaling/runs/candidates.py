"""Columns with a usual name that cannot be meant, or that say what another one says."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from bayes_scaling.display.wording import Column, listed, per_cent
from bayes_scaling.runs.cells import as_number
from bayes_scaling.runs.columns import STANDARD_INPUTS, Choice, aliases, assign_columns

ALIKE = 0.01
"""Difference up to which two columns are one count: of tokens planned, say, and tokens read."""


def chosen_columns(
    table: pd.DataFrame,
    standard: Mapping[str, Choice],
    further: Mapping[str, str],
    response: str,
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the source column of every part, as `assign_columns` does, and remarks on others."""
    parts = [name for name in STANDARD_INPUTS if standard[name] is None]
    skipped, remarks = passed_over(table, parts)
    columns = [str(name) for name in table]
    return assign_columns(columns, standard, further, response, skipped), remarks


def passed_over(
    table: pd.DataFrame, parts: Iterable[str]
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the columns that are not chosen from where several have a usual name, and remarks.

    Those of words, such as "tiny" for a size, and those that agree with one before.

    Examples
    --------
    >>> table = pd.DataFrame({"size": ["S", "L"], "D": [2e9, 9e9], "train_tokens": [2e9, 9.01e9]})
    >>> passed_over(table, ["tokens"])
    (frozenset({'train_tokens'}), ("tokens is column 'D'; 'train_tokens' agrees within 1 %.",))
    """
    skipped: list[str] = []
    remarks: list[str] = []
    for part in parts:
        found = aliases(part, [str(name) for name in table])
        if len(found) < 2:
            continue
        counts = {name: read for name in found if (read := _counts(table[name])) is not None}
        if not counts:
            continue
        (taken, first), *others = counts.items()
        alike = [name for name, read in others if np.allclose(read, first, ALIKE, 0, True)]
        skipped += [name for name in found if name not in counts or name in alike]
        if alike:
            agree = "agrees" if len(alike) == 1 else "agree"
            remarks.append(
                f"{part} is column {taken!r}; {listed(alike)} {agree} within {per_cent(ALIKE)}."
            )
    return frozenset(skipped), tuple(remarks)


def _counts(column: Column) -> np.ndarray | None:
    """Return the cells as numbers, or nothing where none is one."""
    read = [as_number(cell, counts=True) for cell in column.tolist()]
    numbers = np.array([np.nan if value is None else value for value in read], float)
    return None if np.isnan(numbers).all() else numbers

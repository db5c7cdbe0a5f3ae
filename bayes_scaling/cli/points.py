"""Runs not yet made, as people write them (``70B``): counts, or a table in a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bayes_scaling.cli import options
from bayes_scaling.errors import BayesScalingError, RunsError

if TYPE_CHECKING:
    import pandas as pd

COUNTS = ("params", "tokens", "flops")


def points_given(
    asker: str, counts: Sequence[float] | None, at: Path | None
) -> pd.DataFrame | None:
    """Read the option ``--at`` of a command, which may be left out where counts are given.

    Raises
    ------
    BayesScalingError
        Neither is given, or the table cannot be read.
    """
    if at is None and not counts:
        raise BayesScalingError(
            f"{asker}: no run is given, and without one there is nothing to forecast. Give two of "
            "--params, --tokens and --flops, such as --params 70B --tokens 1.4T, or --at TABLE.csv."
        )
    return None if at is None else read_points(at)


def read_points(
    path: Path, option: str = "--at", what: str = "the runs to forecast"
) -> pd.DataFrame:
    """Read a table of points: counts in the standard columns, other cells as they are.

    Raises
    ------
    BayesScalingError
        The file cannot be read, is empty, or a cell is not a count.
    """
    from bayes_scaling.runs.sources.files import read_frame

    try:
        table = read_frame(path.expanduser())
    except RunsError as error:
        raise BayesScalingError(
            f"{option}: {str(error).removeprefix('Runs: ')} It lists {what}, with the names of "
            f"columns above them, such as params,tokens."
        ) from error
    table = _named_as_runs(table)
    read = {
        name: [
            options.count(f"{option}: {name} in row {row}", str(cell))
            for row, cell in enumerate(table[name], 1)
        ]
        for name in COUNTS
        if name in table
    }
    return table.assign(**read)


def _named_as_runs(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its counts under the names that runs have, in plain counts."""
    from bayes_scaling.runs.notation import plain_counts
    from bayes_scaling.runs.usual_names import aliases

    for name in COUNTS:
        found = aliases(name, list(table.columns))
        if name in table or len(found) != 1:
            continue
        table = table.rename(columns={found[0]: name})
        table[name], _, _ = plain_counts(table[name], name, found[0], found[0])
    return table

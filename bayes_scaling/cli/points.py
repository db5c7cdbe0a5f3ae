"""Runs not yet made, as people write them (``70B``): counts, or a table in a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bayes_scaling.cli import options
from bayes_scaling.errors import BayesScalingError, RunsError

if TYPE_CHECKING:
    import pandas as pd

COUNTS = ("params", "tokens", "flops")


@dataclass(frozen=True)
class Points:
    """Runs asked about, as the arguments of ``forecast`` that they are."""

    params: Sequence[float] | None
    tokens: Sequence[float] | None
    flops: Sequence[float] | None
    at: pd.DataFrame | None


def asked_points(
    asker: str,
    params: Sequence[str] | None,
    tokens: Sequence[str] | None,
    flops: Sequence[str] | None,
    at: Path | None,
) -> Points:
    """Read the options ``--params``, ``--tokens``, ``--flops`` and ``--at`` of a command.

    Raises
    ------
    BayesScalingError
        None is given, or one cannot be read.
    """
    if at is None and not (params or tokens or flops):
        raise BayesScalingError(
            f"{asker}: no run is given, and without one there is nothing to forecast. Give two of "
            "--params, --tokens and --flops, such as --params 70B --tokens 1.4T, or --at TABLE.csv."
        )
    return Points(
        options.counts("--params", params),
        options.counts("--tokens", tokens),
        options.counts("--flops", flops),
        None if at is None else read_points(at),
    )


def read_points(
    path: Path, option: str = "--at", what: str = "the runs to forecast"
) -> pd.DataFrame:
    """Read the points of an option: counts in the standard columns, cells as they are elsewhere.

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
    counts = {name: _counts(table[name], option) for name in COUNTS if name in table}
    return table.assign(**counts)


def _counts(column: pd.Series[str], option: str) -> list[float]:
    from bayes_scaling.units import parse_count

    numbers = []
    for row, cell in enumerate(column, 1):
        try:
            numbers.append(parse_count(str(cell)))
        except ValueError as error:
            raise BayesScalingError(f"{option}: {column.name} in row {row}: {error}") from error
    return numbers

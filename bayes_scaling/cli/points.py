"""Runs not yet made, as people write them (``70B``): counts, or a table in a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bayes_scaling.cli import options
from bayes_scaling.errors import BayesScalingError

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
    """Read the points of an option: counts in the standard columns, labels and numbers elsewhere.

    Raises
    ------
    BayesScalingError
        The file cannot be read, is empty, or a cell is not a count.
    """
    import pandas as pd

    from bayes_scaling.runs._files import read_separated

    try:
        table = read_separated(path, ",", as_text=True)
    except (OSError, ValueError, pd.errors.ParserWarning) as error:
        raise BayesScalingError(
            f"{option} {str(path)!r} cannot be read as CSV ({error}). It lists {what}. "
            "Give a CSV file with a header such as params,tokens."
        ) from error
    if table.empty:
        raise BayesScalingError(
            f"{option} {str(path)!r} has no rows, and it lists {what}. Add a row for each run."
        )
    return pd.DataFrame({name: _numbers_or_labels(table[name], option) for name in table})


def _numbers_or_labels(column: pd.Series[str], option: str) -> pd.Series[float] | pd.Series[str]:
    import pandas as pd

    from bayes_scaling.units import parse_count

    if column.name in COUNTS:
        numbers = []
        for row, text in enumerate(column, 1):
            try:
                numbers.append(parse_count(text))
            except ValueError as error:
                raise BayesScalingError(f"{option}: {column.name} in row {row}: {error}") from error
        return pd.Series(numbers, column.index)
    try:
        return column.astype(float)
    except ValueError:
        return column

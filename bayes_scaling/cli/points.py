"""A table of runs not yet made, read from a CSV file as people write it (``70B``)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bayes_scaling.errors import BayesScalingError

if TYPE_CHECKING:
    import pandas as pd

COUNTS = ("params", "tokens", "flops")


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

    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
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

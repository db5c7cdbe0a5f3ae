"""Data frames of any library as those of pandas."""

from typing import Any

import narwhals as nw
import pandas as pd

from bayes_scaling.display.wording import listed
from bayes_scaling.errors import RunsError


def as_pandas(data: object) -> pd.DataFrame | None:
    """Return a data frame of pandas, Polars, Arrow or another library as one of pandas.

    Names of columns become text. Anything else is None.

    Raises
    ------
    RunsError
        The frame is a query that was not run yet.

    Examples
    --------
    >>> import pyarrow
    >>> as_pandas(pyarrow.table({"N": [1e8]})).values.tolist()
    [[100000000.0]]
    """
    if isinstance(data, pd.DataFrame):
        return data.set_axis([str(column) for column in data.columns], axis=1)
    frame: Any = nw.from_native(data, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        raise RunsError(
            f"Runs: the data are a query with the columns {listed(frame.collect_schema())} that "
            f"was not run. There are no rows yet. Pass its result, as in data.collect()."
        )
    if not isinstance(frame, nw.DataFrame):
        return None
    return pd.DataFrame({column.name: column.to_numpy() for column in frame.iter_columns()})

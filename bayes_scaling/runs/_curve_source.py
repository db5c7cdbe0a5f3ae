"""Tables of checkpoints that may be larger than memory, a batch of rows at a time.

Owns the formats: a data frame, CSV and TSV (also with .gz), a Parquet file or a folder of them.
What the rows mean is the business of `_reducing`.
"""

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling._optional import require
from bayes_scaling.errors import RunsError
from bayes_scaling.runs._cells import GAPS
from bayes_scaling.runs._columns import check_unique

__all__ = ["CurveSource", "open_curves"]

# Of eight columns this is 8 MB: large beside what a batch costs, small beside what a machine has.
BATCH = 2**17


@dataclass(frozen=True)
class CurveSource:
    """A table whose rows can be gone through more than once.

    Parameters
    ----------
    columns
        Its columns.
    batches
        Goes through the rows of some columns. Those named second are labels, read as text.
    """

    columns: tuple[str, ...]
    batches: Callable[[Sequence[str], Sequence[str]], Iterator[pd.DataFrame]]


def open_curves(curves: pd.DataFrame | str | os.PathLike[str]) -> CurveSource:
    """Return the source that a frame or a path is.

    Raises
    ------
    RunsError
        It is neither, or a file that cannot be read in batches.
    """
    if isinstance(curves, pd.DataFrame):
        return _of_frame(curves)
    if not isinstance(curves, str | os.PathLike):
        raise RunsError(
            f"Runs.from_curves: the curves are of type {type(curves).__name__}. They are a table "
            f"with one row per checkpoint. Pass a pandas DataFrame or the path of a CSV or Parquet "
            f"file."
        )
    path = Path(curves).expanduser()
    suffix = "".join(path.suffixes[-2:]).lower().removesuffix(".gz")
    if not path.exists():
        raise RunsError(
            f"Runs.from_curves: {str(path)!r} does not exist. Curves are read from it. "
            f"Check the path (the working folder is {str(Path.cwd())!r})."
        )
    if path.is_dir() or path.suffix.lower() == ".parquet":
        return _of_parquet(path)
    if suffix.endswith((".csv", ".tsv")):
        return _of_text(path, "," if suffix.endswith(".csv") else "\t")
    raise RunsError(
        f"Runs.from_curves: {str(path)!r} has the suffix {path.suffix or 'none'!r}. The suffix "
        f"decides how a file is read in batches, and the known ones are .csv, .tsv (also with "
        f".gz) and .parquet. Rename or convert it, or read it with pandas and pass the frame."
    )


def _of_frame(frame: pd.DataFrame) -> CurveSource:
    # Labels may name runs and steps; rows are told apart by position, since joined frames repeat
    # their labels.
    new = [name for name in frame.index.names if isinstance(name, str) and name not in frame]
    frame = frame.reset_index(new).reset_index(drop=True)
    named = frame.set_axis([str(column) for column in frame.columns], axis=1)
    check_unique(named.columns)

    def batches(columns: Sequence[str], _labels: Sequence[str]) -> Iterator[pd.DataFrame]:
        for start in range(0, len(named), BATCH):
            yield named.iloc[start : start + BATCH][[*columns]]

    return CurveSource(tuple(named.columns), batches)


def _of_text(path: Path, separator: str) -> CurveSource:
    options: dict[str, Any] = {"sep": separator, "encoding": "utf-8-sig"}
    try:
        header = pd.read_csv(path, header=None, nrows=1, dtype=str, **options)
    except (OSError, ValueError, EOFError) as error:
        raise _unreadable(path, error) from error
    names = tuple(header.iloc[0].dropna())
    check_unique(pd.Index(names))

    def batches(columns: Sequence[str], labels: Sequence[str]) -> Iterator[pd.DataFrame]:
        # Without it, the run 007 is 7 in one batch and "007" in another that holds a name.
        text = dict.fromkeys(labels, "str")
        # Not those of pandas: "NaN" is a loss that diverged, and "None" may be a label.
        gaps = {name: [""] if name in text else GAPS for name in names}
        # All columns are read: asked for some, pandas cuts rows that are too long and says nothing.
        chunks = pd.read_csv(
            path,
            dtype=text,
            na_values=gaps,
            keep_default_na=False,
            chunksize=BATCH,
            index_col=False,
            low_memory=False,
            **options,
        )
        with chunks:
            while (chunk := _next_chunk(chunks, path)) is not None:
                yield chunk[[*columns]]

    return CurveSource(names, batches)


def _next_chunk(chunks: Iterator[pd.DataFrame], path: Path) -> pd.DataFrame | None:
    with warnings.catch_warnings():
        # Rows longer than the header: pandas warns and drops cells.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return next(chunks, None)
        except (OSError, ValueError, EOFError, pd.errors.ParserWarning) as error:
            raise _unreadable(path, error) from error


def _of_parquet(path: Path) -> CurveSource:
    purpose = "Parquet files are read with it."
    parquet = require("pyarrow.parquet", extra="parquet", purpose=purpose)
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise RunsError(
            f"Runs.from_curves: the folder {str(path)!r} holds no file whose name ends in "
            f".parquet. A folder of curves is one of Parquet files. Name the file itself."
        )
    try:
        names = parquet.read_schema(files[0]).names
    except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
        raise _unreadable(files[0], error) from error
    check_unique(pd.Index(names))

    def batches(columns: Sequence[str], _labels: Sequence[str]) -> Iterator[pd.DataFrame]:
        rows = 0
        for file in files:
            try:
                # A data set's scanner would be shorter: it read ahead until all was in memory.
                with parquet.ParquetFile(file, pre_buffer=False) as opened:
                    for batch in opened.iter_batches(BATCH, columns=[*columns]):
                        numbers = pd.RangeIndex(rows, rows := rows + batch.num_rows)
                        yield batch.to_pandas().set_axis(numbers, axis=0)[[*columns]]
            except (OSError, ValueError, KeyError) as error:
                raise _unreadable(file, error) from error

    return CurveSource(tuple(names), batches)


def _unreadable(path: Path, error: Exception) -> RunsError:
    return RunsError(
        f"Runs.from_curves: {str(path)!r} cannot be read ({' '.join(str(error).split())[:300]}). "
        f"The suffix decides how a file is read, and a folder is one of Parquet files. Check that "
        f"it is complete, is what its suffix says, and may be read by you."
    )

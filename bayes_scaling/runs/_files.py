"""Reading a file into a data frame: CSV, TSV, Parquet or JSON lines.

Owns the formats and what is said about a file that cannot be read. What becomes of the columns is
the business of `Runs.from_frame`.
"""

import gzip
import json
import warnings
import zlib
from pathlib import Path
from typing import TextIO

import pandas as pd

from bayes_scaling._optional import require
from bayes_scaling.errors import RunsError
from bayes_scaling.runs._columns import check_unique

__all__ = ["check_is_file", "read_frame", "read_separated"]

_KNOWN = ".csv, .tsv, .jsonl and .ndjson (each also with .gz), .parquet"


def read_frame(path: Path, *, as_text: bool = False) -> pd.DataFrame:
    """Return the table that a file holds, as pandas reads it or, of separated text, as written.

    Raises
    ------
    RunsError
        The file does not exist, is empty, or is not what its suffix says.
    """
    if not path.is_dir():
        kind = _kind(path)
    check_is_file(path)
    try:
        frame = _read_kind(path, kind, as_text)
    except RunsError:  # a ValueError too, and already complete
        raise
    except (OSError, ValueError, EOFError, zlib.error, pd.errors.ParserWarning) as error:
        raise _unreadable(path, kind, error) from error
    if frame.empty:
        found = "a header and no rows" if frame.shape[1] else "nothing"
        raise RunsError(
            f"Runs: {str(path)!r} is empty: it holds {found}. There is nothing to learn from. "
            f"Check that it was written to the end."
        )
    return frame


def check_is_file(path: Path) -> None:
    """Refuse a path where there is no file."""
    if not path.is_file():
        found = "is a folder" if path.is_dir() else "does not exist"
        raise RunsError(
            f"Runs: {str(path)!r} {found}. Runs are read from one file. "
            f"Check the path (the working folder is {str(Path.cwd())!r})."
        )


def _kind(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes[-1:] == [".gz"]
    last = (suffixes[:-1] if packed else suffixes)[-1:]
    kind = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}.get("".join(last))
    if kind is None and last == [".parquet"] and not packed:
        kind = "parquet"
    if kind is None:
        raise RunsError(
            f"Runs: {str(path)!r} has the suffix {''.join(suffixes[-2:]) or 'none'!r}. The "
            f"suffix decides how a file is read, and the known ones are {_KNOWN}. Rename or "
            f"convert the file, or read it with pandas and pass the frame to Runs.from_frame."
        )
    return kind


def _read_kind(path: Path, kind: str, as_text: bool) -> pd.DataFrame:
    if kind == "jsonl":
        return _read_json_lines(path)
    if kind == "parquet":
        return _read_parquet(path)
    return read_separated(path, "," if kind == "csv" else "\t", as_text=as_text)


def read_separated(path: Path, separator: str, *, as_text: bool = False) -> pd.DataFrame:
    """Return a table of separated text, each cell in a column and each column under one name.

    Parameters
    ----------
    as_text
        Leave every cell as it is written, rather than as pandas reads it.
    """
    # pandas would rename a repeated column, "loss" to "loss.1", and one of them would be taken.
    header = pd.read_csv(path, sep=separator, header=None, nrows=1, dtype=str, encoding="utf-8-sig")
    check_unique(pd.Index(header.iloc[0].dropna()))
    with warnings.catch_warnings():
        # Rows longer than the header: pandas warns and drops cells.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(
            path,
            sep=separator,
            index_col=False,
            low_memory=False,
            encoding="utf-8-sig",
            dtype=str if as_text else None,
            keep_default_na=not as_text,
        )


def _read_parquet(path: Path) -> pd.DataFrame:
    require("pyarrow", extra="parquet", purpose=f"The Parquet file {str(path)!r} is read with it.")
    return pd.read_parquet(path, engine="pyarrow")


def _read_json_lines(path: Path) -> pd.DataFrame:
    with _open_text(path) as lines:
        records = [_record(path, number, line) for number, line in enumerate(lines, 1)]
    return pd.DataFrame([record for record in records if record is not None])


def _open_text(path: Path) -> TextIO:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig")
    return path.open(encoding="utf-8-sig")


def _record(path: Path, number: int, line: str) -> dict[str, object] | None:
    if not line.strip():
        return None
    where = f"Runs: line {number} of {str(path)!r}"
    advice = 'Write one object a line, such as {"params": 7e9, "tokens": 2e11, "loss": 2.3}.'
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise RunsError(
            f"{where} is not JSON ({error.msg}, at character {error.colno}). Every line of a JSON "
            f"lines file is one run. {advice}"
        ) from error
    if not isinstance(record, dict):
        raise RunsError(
            f"{where} is a JSON {type(record).__name__}, not an object. Every line of a JSON lines "
            f"file is one run, with its columns by name. {advice}"
        )
    return record


def _unreadable(path: Path, kind: str, error: Exception) -> RunsError:
    if isinstance(error, pd.errors.EmptyDataError):
        return RunsError(
            f"Runs: {str(path)!r} is empty: it holds nothing. There is nothing to learn from. "
            f"Check that it was written to the end."
        )
    if isinstance(error, UnicodeError):
        return RunsError(
            f"Runs: {str(path)!r} is not UTF-8 text ({error}). Names and labels cannot be "
            f"told. Save the file as UTF-8, or read it with pandas and its encoding= and pass the "
            f"frame to Runs.from_frame."
        )
    what = {"csv": "comma-separated text", "tsv": "tab-separated text", "jsonl": "JSON lines"}
    return RunsError(
        f"Runs: {str(path)!r} cannot be read as {what.get(kind, 'Parquet')} "
        f"({' '.join(str(error).split())[:300]}). The suffix decides how a file is read. Check "
        f"that it is complete, is what its suffix says, and may be read by you."
    )

"""Reading a file into a data frame: separated text, JSON, Parquet or Excel.

Owns which format a file has and what is said about one that cannot be read. What becomes of the
columns is the business of `Runs.from_frame`.
"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from bayes_scaling.display.wording import counted, listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.columns import check_unique
from bayes_scaling.runs.sources.json_records import json_lines, json_records
from bayes_scaling.runs.sources.optional import require
from bayes_scaling.runs.sources.text import PACKED, read_text

SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
"""Usual separators of the cells of text, by suffix."""


def read_frame(path: Path) -> pd.DataFrame:
    """Return the table that a file holds; cells of separated text are left as they are written.

    Raises
    ------
    RunsError
        The file does not exist, is empty, or is not what its suffix says.
    """
    check_is_file(path)
    suffix = format_of(path)
    read = _READERS.get(suffix)
    frame = read_text(path, SEPARATORS[suffix]) if read is None else read(path)
    check_unique(frame.columns)
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


def format_of(path: Path) -> str:
    """Return the suffix that says how a file is read, without that of its compression.

    Raises
    ------
    RunsError
        The suffix is not known.

    Examples
    --------
    >>> format_of(Path("sweep.v1.CSV.gz"))
    '.csv'
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes[-1:] if suffixes[-1:] and suffixes[-1] in PACKED else []
    found = "".join(suffixes[: len(suffixes) - len(packed)][-1:])
    whole = found in _WHOLE and not packed
    if not (whole or found in SEPARATORS or (found in _READERS and found not in _WHOLE)):
        raise RunsError(
            f"Runs: {str(path)!r} has the suffix {''.join(suffixes[-2:]) or 'none'!r}. The suffix "
            f"decides how a file is read, and the known ones are "
            f"{', '.join(sorted({*_READERS, *SEPARATORS}))} (of text also with "
            f"{', '.join(filter(None, PACKED))}). Rename or convert the file, or read it with "
            f"pandas and pass the frame to Runs.from_frame."
        )
    return found


def _read_parquet(path: Path) -> pd.DataFrame:
    require("pyarrow", extra="parquet", purpose=f"The Parquet file {str(path)!r} is read with it.")
    try:
        return pd.read_parquet(path, engine="pyarrow")
    except Exception as error:  # whatever a damaged file makes it raise
        raise unreadable(path, "Parquet", error) from error


def _read_excel(path: Path) -> pd.DataFrame:
    require("openpyxl", extra="excel", purpose=f"The Excel file {str(path)!r} is read with it.")
    try:
        # Excel itself has no word for a gap, and a name that repeats would be changed.
        sheets = pd.read_excel(
            path, sheet_name=None, header=None, dtype=object, na_values=[""], keep_default_na=False
        )
    except Exception as error:  # whatever a damaged file makes it raise
        raise unreadable(path, "Excel", error) from error
    filled = {name: sheet.dropna(how="all") for name, sheet in sheets.items()}
    filled = {name: sheet for name, sheet in filled.items() if len(sheet)}
    if len(filled) > 1:
        raise RunsError(
            f"Runs: {str(path)!r} has {counted(len(filled), 'sheet')} with cells "
            f"({listed(filled)}). Runs are read from one table. Save the sheet that is meant as a "
            f"file of its own."
        )
    table = next(iter(filled.values()), pd.DataFrame())
    if table.empty:
        return table
    head = [f"Unnamed: {n}" if pd.isna(name) else str(name) for n, name in enumerate(table.iloc[0])]
    named = table.iloc[1:].set_axis(head, axis=1)
    return named.infer_objects().reset_index(drop=True)


def unreadable(path: Path, what: str, error: Exception) -> RunsError:
    """Return the error about a file that is not what its suffix says."""
    return RunsError(
        f"Runs: {str(path)!r} cannot be read as {what} ({' '.join(str(error).split())[:300]}). The "
        f"suffix decides how a file is read. Check that it is complete, is what its suffix says, "
        f"and may be read by you."
    )


_WHOLE = frozenset({".parquet", ".xlsx"})
_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".json": lambda path: pd.DataFrame(json_records(path)),
    ".jsonl": lambda path: pd.DataFrame(json_lines(path)),
    ".ndjson": lambda path: pd.DataFrame(json_lines(path)),
    ".parquet": _read_parquet,
    ".xlsx": _read_excel,
}

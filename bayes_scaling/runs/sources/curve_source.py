"""Tables of checkpoints that may be larger than memory, a batch of rows at a time.

Owns the formats: a data frame, text and Parquet in batches, other files whole, several as one.
What the rows mean is the business of `reducing`.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling.errors import RunsError
from bayes_scaling.runs.cells import GAPS
from bayes_scaling.runs.columns import check_unique
from bayes_scaling.runs.frames import as_pandas
from bayes_scaling.runs.run_names import run_columns
from bayes_scaling.runs.sources.files import (
    SEPARATORS,
    check_is_file,
    format_of,
    read_frame,
    unreadable,
)
from bayes_scaling.runs.sources.optional import require
from bayes_scaling.runs.sources.text import PACKED, TextTable, text_table

type Curves = pd.DataFrame | str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

# Of eight columns this is 8 MB: large beside what a batch costs, small beside what a machine has.
BATCH = 2**17

_TEXT_AND_NUMBER = re.compile(r"(\D+)(\d*)")
# Of the files in a folder, those that may be logs: not a requirements.txt or a config.json.
_LOGS = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"})
_LOG_NAMES = frozenset({"trainer_state.json"})  # of the Trainer of Hugging Face

_AS_WRITTEN: dict[str, Any] = {
    "skiprows": 1, "index_col": False, "keep_default_na": False, "low_memory": False,
    "skipinitialspace": True,
}  # fmt: skip
# Numbers are read to the last digit, which pandas does by itself from version 3 on.
_EXACT: dict[str, Any] = {"float_precision": "round_trip"} if pd.__version__ < "3" else {}


@dataclass(frozen=True)
class CurveSource:
    """A table whose rows can be read repeatedly, in batches.

    Parameters
    ----------
    columns
        Its columns.
    batches
        Goes through the rows of some columns. Those named second are labels, read as text.
    """

    columns: tuple[str, ...]
    batches: Callable[[Sequence[str], Sequence[str]], Iterator[pd.DataFrame]]


def open_curves(curves: Curves, run: str | None = None) -> CurveSource:
    """Open a frame, a path or a list of paths as a source of curves.

    Parameters
    ----------
    curves
        A data frame, a file, a folder of files, or several files, which are then one table.
    run
        The column that names runs, where the user named it.

    Raises
    ------
    RunsError
        It is of another type, or a file cannot be read.
    """
    frame = as_pandas(curves)
    if frame is not None:
        return _of_frame(frame)
    if isinstance(curves, str | os.PathLike):
        path = Path(curves).expanduser()
        return _of_files(_within(path), run, path) if path.is_dir() else _of_file(path)
    if isinstance(curves, list | tuple) and not curves:
        raise RunsError(
            "Runs.from_curves: the list of curves is empty. There is nothing to learn from. "
            "List their files."
        )
    if isinstance(curves, list | tuple) and all(isinstance(c, str | os.PathLike) for c in curves):
        files = [Path(file).expanduser().absolute() for file in curves]
        return _of_files(files, run, Path(os.path.commonpath([str(f.parent) for f in files])))
    raise RunsError(
        f"Runs.from_curves: the curves are of type {type(curves).__name__}. They are a table "
        f"with one row per checkpoint. Pass a data frame, the path of a file or folder, or a "
        f"list of paths."
    )


def as_one_run(source: CurveSource, column: str, name: str) -> CurveSource:
    """Return a source without names of runs as that of one run, with a column of its name."""

    def batches(asked: Sequence[str], labels: Sequence[str]) -> Iterator[pd.DataFrame]:
        own = [[one for one in names if one != column] for names in (asked, labels)]
        for batch in source.batches(*own):
            yield batch.assign(**{column: name})

    return CurveSource((column, *source.columns), batches)


def _within(folder: Path) -> list[Path]:
    found = folder.rglob("*")
    logs = (file for file in found if file.is_file() and _is_log(file.relative_to(folder)))
    files = sorted(logs, key=_numbered)
    if not files:
        raise RunsError(
            f"Runs.from_curves: the folder {str(folder)!r} holds no file whose name ends in "
            f"{', '.join(sorted(_LOGS))}. A folder of curves is one table in several files. Name "
            f"the file itself."
        )
    return files


def _numbered(file: Path) -> list[tuple[str, int]]:
    """Return a key by which part-2 comes before part-10, whose rows are then the later ones."""
    return [(text, int(number or 0)) for text, number in _TEXT_AND_NUMBER.findall(str(file))]


def _is_log(file: Path) -> bool:
    suffixes = [suffix.lower() for suffix in file.suffixes[-2:]]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    hidden = any(part.startswith(".") for part in file.parts)
    return not hidden and (bool({*suffixes[-1:]} & _LOGS) or file.name in _LOG_NAMES)


def _of_files(files: Sequence[Path], run: str | None, above: Path) -> CurveSource:
    """Return several files as one table; each is a run of its own if no column names runs."""
    sources = [_of_file(file) for file in files]
    columns = list(dict.fromkeys(name for source in sources for name in source.columns))
    own = [] if run or run_columns(columns) else _called(files, above)

    def batches(asked: Sequence[str], labels: Sequence[str]) -> Iterator[pd.DataFrame]:
        rows = 0
        for number, source in enumerate(sources):
            here = [name for name in asked if name in source.columns]
            for batch in source.batches(here, [name for name in labels if name in here]):
                numbers = pd.RangeIndex(rows, rows := rows + len(batch))
                more = {"run": own[number]} if own else {}
                yield batch.assign(**more).reindex(columns=[*asked]).set_axis(numbers, axis=0)

    return CurveSource((*(["run"] if own else []), *columns), batches)


def _called(files: Sequence[Path], above: Path) -> list[str]:
    """Return names of runs from their files: the shortest that are distinct."""
    paths = [Path(os.path.relpath(file, above)) for file in files]
    stems = [path.name.split(".")[0] for path in paths]
    folders = [path.parent.as_posix() for path in paths]
    for names in (stems, folders):
        if len({*names}) == len(files):
            return names
    return [path.as_posix() for path in paths]


def _of_file(path: Path) -> CurveSource:
    check_is_file(path)
    suffix = format_of(path)
    if suffix in SEPARATORS:
        return _of_text(path, SEPARATORS[suffix])
    return _of_parquet(path) if suffix == ".parquet" else _of_frame(read_frame(path))


def _of_frame(frame: pd.DataFrame) -> CurveSource:
    # Labels may name runs and steps; rows are told apart by position, since joined frames repeat
    # their labels.
    new = [name for name in frame.index.names if isinstance(name, str) and name not in frame]
    named = frame.reset_index(new).reset_index(drop=True)
    check_unique(named.columns)

    def batches(columns: Sequence[str], _labels: Sequence[str]) -> Iterator[pd.DataFrame]:
        for start in range(0, len(named), BATCH):
            yield named.iloc[start : start + BATCH][[*columns]]

    return CurveSource(tuple(named.columns), batches)


def _of_text(path: Path, usual: str) -> CurveSource:
    table = text_table(path, usual)
    table.check_rows()
    names = [name or f"Unnamed: {number}" for number, name in enumerate(table.names)]

    def batches(columns: Sequence[str], labels: Sequence[str]) -> Iterator[pd.DataFrame]:
        # Without it, the run 007 is 7 in one batch and "007" in another that holds a name.
        text = dict.fromkeys(labels, "str")
        # Not those of pandas: "NaN" is a loss that diverged, and "None" may be a label.
        gaps = {name: [""] if name in text else GAPS for name in columns}
        options: dict[str, Any] = {"sep": table.separator, "names": names, "usecols": [*columns]}
        options |= {"dtype": text, "na_values": gaps, "chunksize": BATCH}
        with table.text() as opened, _told_apart(table):
            yield from pd.read_csv(opened, **_AS_WRITTEN, **_EXACT, **options)

    return CurveSource(tuple(names), batches)


@contextmanager
def _told_apart(table: TextTable) -> Iterator[None]:
    try:
        yield
    except pd.errors.ParserError as error:
        raise table.unreadable("a quote stands within a cell") from error


def _of_parquet(path: Path) -> CurveSource:
    purpose = "Parquet files are read with it."
    parquet = require("pyarrow.parquet", extra="parquet", purpose=purpose)
    try:
        names = parquet.read_schema(path).names
    except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
        raise unreadable(path, "Parquet", error) from error
    check_unique(pd.Index(names))

    def batches(columns: Sequence[str], _labels: Sequence[str]) -> Iterator[pd.DataFrame]:
        rows = 0
        try:
            # A data set's scanner would be shorter: it read ahead until all was in memory.
            with parquet.ParquetFile(path, pre_buffer=False) as opened:
                for batch in opened.iter_batches(BATCH, columns=[*columns]):
                    numbers = pd.RangeIndex(rows, rows := rows + batch.num_rows)
                    yield batch.to_pandas().set_axis(numbers, axis=0)[[*columns]]
        except (OSError, ValueError, KeyError) as error:
            raise unreadable(path, "Parquet", error) from error

    return CurveSource(tuple(names), batches)

"""Separated text: its separator, the start of its table, and rows that do not fit.

Owns how such a file is opened and its cells told apart. Cells stay text: what they mean is known
once their column has a part to play.
"""

import bz2
import csv
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import StringIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Any, TextIO
from zipfile import BadZipFile, ZipFile

import pandas as pd

from bayes_scaling.display.wording import counted
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.columns import check_unique

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# As Excel understands and writes it above the header.
_SEP_LINE = re.compile(r'"?sep=(.)"?\r?\n?', re.IGNORECASE)
# Below the names of columns in Markdown.
_RULE = re.compile(r"\s*\|?(\s*:?-+:?\s*\|)+(\s*:?-+:?)?\s*")
_NUMBER = re.compile(r"\s*\d+([.,]\d+)*(e[+-]?\d+)?\s*", re.IGNORECASE)
# Lines read to tell the separator.
_HEAD_LINES = 60


def _open_zip(path: Path) -> IO[bytes]:
    archive = ZipFile(path)
    names = archive.namelist()
    if len(names) != 1:
        raise RunsError(
            f"Runs: the archive {str(path)!r} holds {counted(len(names), 'file')}. A table is read "
            f"from one file. Unpack it, and pass the file that is meant."
        )
    return archive.open(names[0])


PACKED: dict[str, Callable[[Path], Any]] = {
    "": lambda path: path.open("rb"),
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zip": _open_zip,
}
"""Functions that open a file, by the suffix of its compression."""


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """Open a text file, compressed or not; what goes wrong becomes a `RunsError`."""
    suffix = path.suffix.lower()
    try:
        with (
            PACKED.get(suffix, PACKED[""])(path) as packed,
            TextIOWrapper(packed, encoding="utf-8-sig", newline="") as text,
        ):
            yield text
    except UnicodeError as error:
        raise RunsError(
            f"Runs: {str(path)!r} is not UTF-8 text ({error}). Names and labels cannot be read. "
            f"Save the file as UTF-8, or read it with pandas and its encoding= and pass the frame "
            f"to Runs.from_frame."
        ) from error
    except (OSError, EOFError, RuntimeError, zlib.error, lzma.LZMAError, BadZipFile) as error:
        why = getattr(error, "strerror", None) or f"not a whole {suffix} file: {error}"
        raise RunsError(
            f"Runs: {str(path)!r} cannot be read ({why}). The suffix decides how a file is "
            f"unpacked. Check that it is complete, is what its suffix says, and may be read by you."
        ) from error


@dataclass(frozen=True)
class TextTable:
    """Layout of a file of text: the line of its header, its separator and its column names.

    A table in Markdown is framed: bars stand at the ends of its rows, a rule below its names.
    """

    path: Path
    separator: str
    above: int
    names: tuple[str, ...]
    framed: bool = False

    @contextmanager
    def text(self) -> Iterator[TextIO]:
        """Open the file at the header; what frames the cells of Markdown is left out."""
        with opened(self.path) as text:
            for _ in range(self.above):
                next(text)
            yield StringIO("".join(_unframed(text))) if self.framed else text

    def rows(self, text: TextIO) -> Iterator[list[str]]:
        """Yield the rows below the header, with one cell for each name.

        Raises
        ------
        RunsError
            A row has fewer cells than there are names, or more; or a quote is never closed.
        """
        reader = csv.reader(text, delimiter=self.separator, strict=True, skipinitialspace=True)
        wide = len(self.names)
        try:
            next(reader)
            for row in reader:
                if not "".join(row).strip() and len(row) < 2:
                    continue  # a blank line
                if len(row) != wide:
                    found = f"line {self.above + reader.line_num} has {counted(len(row), 'cell')}"
                    raise self.unreadable(f"{found}, the header above it {wide}")
                yield row
        except csv.Error as error:
            line = self.above + reader.line_num
            why = "a quote that is opened is never closed" if "end of data" in str(error) else error
            raise self.unreadable(f"line {line}: {why}") from error

    def check_rows(self) -> None:
        """Check that every row fits the header, as `rows` does, without keeping any."""
        signs = len(self.names) - 1
        with self.text() as text:
            # In a fifth of the time that telling cells apart takes; quotes may hold anything.
            if all(line.count(self.separator) == signs and '"' not in line for line in text):
                return
        with self.text() as text:
            for _ in self.rows(text):
                pass

    def unreadable(self, why: str) -> RunsError:
        """Return the error about cells that cannot be told apart."""
        known = _SEPARATORS.get(self.separator, repr(self.separator))
        return RunsError(
            f"Runs: {str(self.path)!r} cannot be read as text separated by {known} ({why}). It is "
            f"not clear which cell belongs to which column. Correct the line, delete what stands "
            f"above the names of columns, or save the table anew."
        )


def text_table(path: Path, usual: str) -> TextTable:
    """Return the layout of a text file: the start of its table, and its separator.

    Parameters
    ----------
    path
        The file, which may have blank lines, comments (#) and a line such as ``sep=;`` above the
        names of columns.
    usual
        The separator that the suffix of the file says.

    Raises
    ------
    RunsError
        The file cannot be read, holds nothing, repeats a name, or several separators fit it.
    """
    with opened(path) as text:
        head = list(islice(text, _HEAD_LINES))
    above = next((n for n, line in enumerate(head) if not _is_above(line)), len(head))
    said = next(filter(None, map(_SEP_LINE.fullmatch, head[:above])), None)
    comment = head[above - 1] if above and head[above - 1].startswith("#") else ""
    head = head[above:]
    if not head:
        raise RunsError(
            f"Runs: {str(path)!r} is empty: it holds nothing. There is nothing to learn from. "
            f"Check that it was written to the end."
        )
    framed = any(map(_RULE.fullmatch, head[1:2]))
    head = [*_unframed(head)] if framed else head
    separator = said[1] if said else "|" if framed else _separator(path, head, usual)
    if _names_columns(comment, head[0], separator):
        head, above = [comment.lstrip("#"), *head], above - 1
    names = [name.strip() for name in _head_rows(head, separator)[0] or [head[0]]]
    check_unique(pd.Index([name for name in names if name]))
    return TextTable(path, separator, above, tuple(names), framed)


def read_text(path: Path, usual: str) -> pd.DataFrame:
    """Return the table of a file, every cell as written.

    Raises
    ------
    RunsError
        See `text_table` and `TextTable.rows`.
    """
    table = text_table(path, usual)
    with table.text() as text:
        rows = list(table.rows(text))
    # As pandas calls them: a row number, as its own files have it, is a column without a name.
    names = [name or f"Unnamed: {number}" for number, name in enumerate(table.names)]
    return pd.DataFrame(rows, columns=names, dtype=object)


def _is_above(line: str) -> bool:
    return not line.strip() or line.startswith("#") or bool(_SEP_LINE.fullmatch(line))


def _unframed(lines: Iterable[str]) -> Iterator[str]:
    for line in filter(None, map(str.strip, lines)):
        if not _RULE.fullmatch(line):
            cells = line.removeprefix("|").removesuffix("|").split("|")
            yield "|".join(cell.strip().removeprefix("**").removesuffix("**") for cell in cells)
            yield "\n"


def _names_columns(comment: str, line: str, separator: str) -> bool:
    """True for a comment that has a name for each cell of the line below it, which has numbers."""
    names, cells = (_head_rows([text], separator)[0] for text in (comment.lstrip("#"), line))
    return 1 < len(names) == len(cells) and any(map(_NUMBER.fullmatch, cells))


def _head_rows(head: list[str], separator: str) -> list[list[str]]:
    rows: list[list[str]] = []
    with suppress(csv.Error):  # of a cell that is too long: what was read before it has to do
        rows.extend(filter(None, csv.reader(head, delimiter=separator, skipinitialspace=True)))
    return rows or [[]]


def _separator(path: Path, head: list[str], usual: str) -> str:
    """Return the separator of the cells: the usual one, unless only another one fits."""
    rows = {sign: _head_rows(head, sign) for sign in _SEPARATORS}
    usable = [sign for sign in rows if len(rows[sign][0]) > 1]
    # The last row may be cut off where the head ends.
    even = [sign for sign in usable if len({*map(len, rows[sign][:-1])}) <= 1]
    for fitting in (even, usable):
        if usual in fitting or not usable:
            return usual
        if len(fitting) > 1:
            found = " or ".join(_SEPARATORS[sign] for sign in fitting)
            raise RunsError(
                f"Runs: the columns of {str(path)!r} may be separated by {found}. Cells cannot be "
                f"told apart by both. Save it with commas, or write the line sep={fitting[0]} "
                f"above the names of columns."
            )
        if fitting:
            return fitting[0]
    return usual

"""Runs from a file, in one step."""

import os
from inspect import signature
from pathlib import Path
from typing import Unpack

from bayes_scaling.runs.sources.choices import ColumnChoices, renamed_choices, with_numbers
from bayes_scaling.runs.sources.files import read_frame
from bayes_scaling.runs.sources.json_records import with_fields
from bayes_scaling.runs.table import Runs


def read_runs(path: str | os.PathLike[str], **columns: Unpack[ColumnChoices]) -> Runs:
    r"""Read a table of training runs from a file.

    Parameters
    ----------
    path
        The file. Its suffix decides how it is read: `.csv`, `.tsv`, `.txt`, `.json`, `.jsonl` or
        `.ndjson` (each also with `.gz`, `.bz2`, `.xz`, `.zip`), `.parquet`, `.xlsx` (one sheet).
        Text is UTF-8 with the names of columns above it, which may be a comment; commas,
        semicolons, tabs, bars and Markdown are told apart, and blank lines, comments (#) and the
        line ``sep=;`` above the names are passed over. Objects within objects of JSON become
        columns such as `config.lr`. Decimal commas are read where they cannot part thousands.
        Labels keep their text: None, NA, 007 and 1.10 are labels.
    params, tokens, flops, loss, inputs, factors, run, response, missing, flops_factor, states
        As in `Runs.from_frame`.

    Raises
    ------
    RunsError
        The file cannot be read, or its table cannot be used.
    MissingPackageError
        The file is Parquet without pyarrow, or Excel without openpyxl.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sweep.csv")
    ...     _ = path.write_text("N,D,loss\n1e8,2e9,3.5\n1e9,9e9,2.9\n")
    ...     len(read_runs(path))
    2
    """
    choices = renamed_choices(columns, {})  # as mappings, which may be gone through twice
    frame = with_fields(read_frame(Path(path).expanduser()))
    return Runs.from_frame(with_numbers(frame, choices), **choices)


_OF_FRAME = list(signature(Runs.from_frame).parameters.values())[1:]
_OWN = signature(read_runs)
# Help and editors show each argument with its default.
read_runs.__signature__ = _OWN.replace(parameters=[_OWN.parameters["path"], *_OF_FRAME])  # type: ignore[attr-defined]

"""Runs from a file, in one step."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from bayes_scaling.runs.cells import Response
from bayes_scaling.runs.columns import Choice, name_mapping
from bayes_scaling.runs.sources.choices import ColumnChoices, with_numbers
from bayes_scaling.runs.sources.files import read_frame
from bayes_scaling.runs.states import States
from bayes_scaling.runs.table import Runs


def read_runs(  # noqa: PLR0913 - the arguments of Runs.from_frame
    path: str | os.PathLike[str],
    *,
    params: Choice = None,
    tokens: Choice = None,
    loss: str | None = None,
    flops: Choice = None,
    inputs: Iterable[str] | Mapping[str, str] = (),
    factors: Iterable[str] | Mapping[str, str] = (),
    run: str | None = None,
    response: Response = "loss",
    missing: Literal["error", "drop"] = "error",
    flops_factor: float = 2.0,
    states: States = None,
) -> Runs:
    r"""Read a table of training runs from a file.

    Parameters
    ----------
    path
        The file. Its suffix decides how it is read: `.csv`, `.tsv`, `.txt`, `.json`, `.jsonl` or
        `.ndjson` (each also with `.gz`, `.bz2`, `.xz`, `.zip`), `.parquet`, `.xlsx` (one sheet).
        Text is UTF-8 with the names of columns above it; commas, semicolons, tabs and bars are
        told apart, and blank lines, comments (#) and the line ``sep=;`` above the names are passed
        over. Decimal commas are read where they cannot part thousands. Labels keep their text:
        None, NA, 007 and 1.10 are labels.
    params, tokens, flops, loss, inputs, factors, run, response, missing, flops_factor, states
        As in `Runs.from_frame`.

    Returns
    -------
    Runs

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
    choices: ColumnChoices = {
        "params": params,
        "tokens": tokens,
        "loss": loss,
        "flops": flops,
        "inputs": name_mapping(inputs, "inputs"),
        "factors": name_mapping(factors, "factors"),
        "run": run,
        "response": response,
        "missing": missing,
        "flops_factor": flops_factor,
        "states": states,
    }
    frame = read_frame(Path(path).expanduser())
    return Runs.from_frame(with_numbers(frame, choices), **choices)

"""Runs from a file, in one step."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from bayes_scaling.runs._cells import Response
from bayes_scaling.runs._columns import Choice
from bayes_scaling.runs._files import read_frame
from bayes_scaling.runs._table import Runs

__all__ = ["read_runs"]


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
) -> Runs:
    r"""Read a table of training runs from a file.

    Parameters
    ----------
    path
        The file. Its suffix decides how it is read: `.csv`, `.tsv`, `.jsonl` or `.ndjson`
        (each also with `.gz`), `.parquet`. Text is UTF-8 with a header row.
    params, tokens, flops, loss, inputs, factors, run, response, missing, flops_factor
        As in `Runs.from_frame`.

    Returns
    -------
    Runs

    Raises
    ------
    RunsError
        The file cannot be read, or its table cannot be used.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sweep.csv")
    ...     _ = path.write_text("N,D,loss\n1e8,2e9,3.5\n1e9,9e9,2.9\n")
    ...     len(read_runs(path))
    2
    """
    return Runs.from_frame(
        read_frame(Path(path).expanduser()),
        params=params,
        tokens=tokens,
        loss=loss,
        flops=flops,
        inputs=inputs,
        factors=factors,
        run=run,
        response=response,
        missing=missing,
        flops_factor=flops_factor,
    )

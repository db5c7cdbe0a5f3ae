"""Path at which a fit is saved, and files that may be replaced there."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from bayes_scaling.errors import BayesScalingError, FitFileError, UnknownLawError

if TYPE_CHECKING:
    from bayes_scaling.fitting.scaling_fit import ScalingFit

_TABLES = {
    *(".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx"),
    *(".gz", ".bz2", ".xz", ".zip"),
}


def default_path(table: Path) -> Path:
    """Return the file of a fit beside its table.

    Examples
    --------
    >>> default_path(Path("runs.csv")).name, default_path(Path("sweep.v2.csv.gz")).name
    ('runs.fit.nc', 'sweep.v2.fit.nc')
    """
    name = table
    while name.suffix.lower() in _TABLES:
        name = name.with_suffix("")
    return name.with_name(f"{name.name}.fit.nc")


def fit_path(table: Path, chosen: Path | None, *, overwrite: bool) -> Path:
    """Path at which to save the fit of a table, checked before anything is sampled.

    Raises
    ------
    BayesScalingError
        The file cannot be written, or it exists and is not a fit.
    """
    path = (chosen or default_path(table)).expanduser()
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        found = "is a folder" if path.is_dir() else "is not in a folder that can be written to"
        raise BayesScalingError(
            f"--output {str(path)!r} {found}. The fit is saved as one file. Give the path of a "
            "file, such as --output fit.nc."
        )
    if path.exists() and path.samefile(table):
        raise BayesScalingError(
            f"--output {str(path)!r} is the table of runs. It would be lost. Give another file."
        )
    if path.exists() and not overwrite and not _is_fit(path):
        raise BayesScalingError(
            f"--output {str(path)!r} exists and is not a fit of bayes_scaling. Saving would "
            "destroy it. Give another file, or add --overwrite."
        )
    return path


def saved_fit(fit: ScalingFit, path: Path) -> Path:
    """Save a fit, in a temporary folder where the path fails: sampling takes minutes.

    Raises
    ------
    BayesScalingError
        It had to be saved elsewhere.
    """
    try:
        return fit.save(path)
    except FitFileError as error:
        spare = fit.save(Path(mkdtemp(prefix="bayes-scaling-")) / path.name)
        raise BayesScalingError(
            f"--output {str(path)!r} could not be written when the fit was made "
            f"({error.__cause__}). The fit is not lost: it was saved to {str(spare)!r}. Move it to "
            "where it belongs."
        ) from error


def _is_fit(path: Path) -> bool:
    from bayes_scaling.fitting.scaling_fit import load_fit

    try:
        load_fit(path)
    except UnknownLawError:  # a fit of somebody's own law
        return True
    except FitFileError:
        return False
    return True

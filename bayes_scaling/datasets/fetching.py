"""fetch(): the files of a published table on this machine, verified by checksum."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from bayes_scaling.datasets.public import PublicTable
from bayes_scaling.errors import DatasetError

FOLDER_VARIABLE = "BAYES_SCALING_DATA"
"""Environment variable that names a folder to take published files from, without a network."""


def fetch(table: PublicTable) -> list[Path]:
    """Return the paths of a table's files, downloading them the first time.

    Raises
    ------
    DatasetError
        A file cannot be downloaded or found, or is not the one expected.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        return [_in_folder(table, path, Path(folder).expanduser()) for path in table.files]
    return _downloaded(table)


def _in_folder(table: PublicTable, path: str, folder: Path) -> Path:
    name = table.local_name(path)
    file = folder / name
    if not file.is_file():
        found = f"has no file {name!r}" if folder.is_dir() else "is not a folder"
        raise DatasetError(
            f"load: {str(folder)!r} {found}, and {FOLDER_VARIABLE} names it as the place of "
            f"published files. Nothing is downloaded while that variable is set. Put the file of "
            f"{table.base_url}{path} there, or unset {FOLDER_VARIABLE}."
        )
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise DatasetError(
            f"load: {str(file)!r} cannot be read ({error}). Its checksum is not known then. "
            f"Make it readable, or unset {FOLDER_VARIABLE}."
        ) from error
    if found != table.files[path]:
        raise DatasetError(
            f"load: {str(file)!r} has SHA-256 {found}, where {table.files[path]} is expected. It "
            "is another version or damaged, and published numbers would not be reproduced from "
            f"it. Take the file of {table.base_url}{path} as it is, unchanged."
        )
    return file


def _downloaded(table: PublicTable) -> list[Path]:
    # Imported here: it brings an HTTP client along, which nothing else needs.
    import pooch

    names = {table.local_name(path): path for path in table.files}
    cache = pooch.create(
        path=pooch.os_cache("bayes_scaling"),
        base_url=table.base_url,
        registry={name: f"sha256:{table.files[path]}" for name, path in names.items()},
        urls={name: f"{table.base_url}{path}" for name, path in names.items()},
    )
    try:
        return [Path(cache.fetch(name)) for name in names]
    except ValueError as error:
        raise DatasetError(
            f"load: what {table.base_url} sent is not the file expected ({error}). Published "
            "numbers would not be reproduced from it, so it was thrown away. Try again; if it "
            f"stays so, get the file by other means and name its folder in {FOLDER_VARIABLE}."
        ) from error
    except OSError as error:  # requests raises its own kinds of OSError
        raise DatasetError(
            f"load: a file of {table.base_url} cannot be downloaded to {str(cache.path)!r} "
            f"({type(error).__name__}: {error}). Without the file there are no runs. Check the "
            "network and the cache folder, or get it by other means and name its folder in the "
            f"environment variable {FOLDER_VARIABLE}."
        ) from error

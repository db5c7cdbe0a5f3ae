"""load(): published tables of training runs, fetched once and checked.

Owns where each table comes from, its checksum and how it is tidied. No table is shipped with the
package: not every source states a licence.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from bayes_scaling.display.wording import listed
from bayes_scaling.errors import DatasetError
from bayes_scaling.runs import Runs
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

__all__ = ["FOLDER_VARIABLE", "SOURCES", "Source", "fetch", "load", "names"]

FOLDER_VARIABLE = "BAYES_SCALING_DATA"
"""Environment variable that names a folder to take upstream files from, without a network."""

_OUTLIERS = 5


@dataclass(frozen=True)
class Source:
    """The origin of one published table.

    Attributes
    ----------
    file : str
        Name of the file, in the cache and in the folder of ``FOLDER_VARIABLE``.
    url : str
        Address, pinned to a version that cannot change.
    sha256 : str
        Checksum of the file.
    tidy : callable
        From the table as published to runs.
    """

    file: str
    url: str
    sha256: str
    tidy: Callable[[pd.DataFrame], Runs]


def load(name: str) -> Runs:
    """Load a published table of runs, downloading it the first time.

    The file goes to the user's cache folder. Where the environment variable
    ``BAYES_SCALING_DATA`` names a folder, the file is taken from there instead.

    Parameters
    ----------
    name : str
        ``"chinchilla"``: 245 runs of Hoffmann et al. (2022), read off their Figure 4 by Besiroglu
        et al. (2024). Loss on MassiveText in nats per token; tokens follow from C = 6ND. The
        column ``outlier`` flags the five highest losses, which the replication leaves out:
        ``load("chinchilla").where(outlier=False)`` has its 240 runs.

    Returns
    -------
    Runs

    Raises
    ------
    DatasetError
        There is no such table; it cannot be downloaded or found; or it is not the file expected.

    Notes
    -----
    The source of ``"chinchilla"`` states no licence: cite both papers, and do not pass the file
    on.

    References
    ----------
    Hoffmann et al. (2022), arXiv:2203.15556. Besiroglu et al. (2024), arXiv:2404.10102,
    https://github.com/epoch-research/analyzing-chinchilla.
    """
    if name not in SOURCES:
        raise DatasetError(
            f"load: there is no data set {name!r}. Only tables with a known source and checksum "
            f"are fetched. Load one of {listed(SOURCES, 20)}, or read your own with read_runs."
        )
    source = SOURCES[name]
    return source.tidy(pd.read_csv(fetch(source)))


def names() -> tuple[str, ...]:
    """Return the names that :func:`load` knows.

    Examples
    --------
    >>> names()
    ('chinchilla',)
    """
    return tuple(SOURCES)


def fetch(source: Source) -> Path:
    """Return the path of the published file on this machine, downloading it the first time.

    Raises
    ------
    DatasetError
        See :func:`load`.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    return _in_folder(source, Path(folder).expanduser()) if folder else _downloaded(source)


def _in_folder(source: Source, folder: Path) -> Path:
    path = folder / source.file
    if not path.is_file():
        found = f"has no file {source.file!r}" if folder.is_dir() else "is not a folder"
        raise DatasetError(
            f"load: {str(folder)!r} {found}, and {FOLDER_VARIABLE} names it as the place of "
            f"upstream files. Nothing is downloaded while that variable is set. Put the file of "
            f"{source.url} there, or unset {FOLDER_VARIABLE}."
        )
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DatasetError(
            f"load: {str(path)!r} cannot be read ({error}). Its checksum is not known then. "
            f"Make it readable, or unset {FOLDER_VARIABLE}."
        ) from error
    if found != source.sha256:
        raise DatasetError(
            f"load: {str(path)!r} has SHA-256 {found}, where {source.sha256} is expected. It is "
            "another version or damaged, and published numbers would not be reproduced from it. "
            f"Take the file of {source.url} as it is, unchanged."
        )
    return path


def _downloaded(source: Source) -> Path:
    # Imported here: it brings an HTTP client along, which nothing else needs.
    import pooch

    try:
        return Path(
            pooch.retrieve(
                source.url,
                known_hash=f"sha256:{source.sha256}",
                fname=source.file,
                path=pooch.os_cache("bayes_scaling"),
            )
        )
    except ValueError as error:
        raise DatasetError(
            f"load: what {source.url} sent is not the file expected ({error}). Published numbers "
            "would not be reproduced from it, so it was thrown away. Try again; if it stays so, "
            f"get the file by other means and name its folder in {FOLDER_VARIABLE}."
        ) from error
    except OSError as error:  # requests raises its own kinds of OSError
        raise DatasetError(
            f"load: {source.url} cannot be downloaded to {str(pooch.os_cache('bayes_scaling'))!r} "
            f"({type(error).__name__}: {error}). Without the file there are no runs. Check the "
            f"network and the cache folder, or get {source.file} by other means and name its "
            f"folder in the environment variable {FOLDER_VARIABLE}."
        ) from error


def _tidy_chinchilla(published: pd.DataFrame) -> Runs:
    params, flops = published["Model Size"], published["Training FLOP"]
    table = pd.DataFrame(
        {
            "params": params,
            "tokens": flops / (FLOPS_PER_PARAM_TOKEN * params),
            "flops": flops,
            "loss": published["loss"],
            "outlier": published["loss"].rank(ascending=False) <= _OUTLIERS,
        }
    )
    return Runs.from_frame(table)


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "chinchilla": Source(
            file="svg_extracted_data.csv",
            url=(
                "https://raw.githubusercontent.com/epoch-research/analyzing-chinchilla/"
                "92258837425e1b5f2851d624287f0120583a3d0e/data/svg_extracted_data.csv"
            ),
            sha256="193478df4e90f040016431996c45682659306840ecdadf83cfb9cd5ca0aa1b30",
            tidy=_tidy_chinchilla,
        ),
    }
)
"""Every table that can be loaded, by name."""

"""PublicTable: source, licence and tidying of a published table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bayes_scaling.runs import Runs

RAW_URL = "https://raw.githubusercontent.com"
"""Address of files at a commit, followed by owner, repository, commit and path."""


@dataclass(frozen=True)
class PublicTable:
    """A published table of training runs.

    Attributes
    ----------
    name : str
        Name by which it is loaded.
    about : str
        What was trained, and what the loss is of.
    runs : int
        Number of rows of the tidy table.
    size : int
        Bytes of all files, as downloaded.
    licence : str
        As the source states it; ``"none stated"`` for none.
    papers : mapping of str to str
        arXiv number of each paper to cite, by its BibTeX key.
    repository, commit : str
        Repository on GitHub, and the version that is pinned.
    files : mapping of str to str
        SHA-256 of each file, by its path in the repository.
    tidy : callable
        From the local paths of `files`, in their order, to runs.
    """

    name: str
    about: str
    runs: int
    size: int
    licence: str
    papers: Mapping[str, str]
    repository: str
    commit: str
    files: Mapping[str, str]
    tidy: Callable[[list[Path]], Runs]

    @property
    def base_url(self) -> str:
        """Address of the files, without their path."""
        return f"{RAW_URL}/{self.repository}/{self.commit}/"

    def local_name(self, path: str) -> str:
        """Name of a file in a local folder: bare if it is the only one, else as in a checkout."""
        return path.rsplit("/", 1)[-1] if len(self.files) == 1 else f"{self.name}/{path}"


def checksums(name: str) -> dict[str, str]:
    """SHA-256 of each file of a table, by path, as ``sha256sum`` lists them."""
    listed = Path(__file__).with_name(f"{name}.sha256")
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else []
    pairs = (line.split(maxsplit=1) for line in lines)
    return {path: checksum for checksum, path in pairs}

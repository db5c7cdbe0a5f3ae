"""The folder of the demo, and the record of the files written there.

A manifest holds the checksums of what a demo has written. Another demo replaces those files as
long as nobody has changed them; files that it did not write it leaves alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from bayes_scaling.display.wording import listed
from bayes_scaling.errors import BayesScalingError

MANIFEST = "demo.json"


def prepare_folder(folder: Path, names: Iterable[str]) -> None:
    """Make the folder, and refuse one where files of others would be overwritten.

    Parameters
    ----------
    folder : pathlib.Path
    names : iterable of str
        Files that are going to be written.

    Raises
    ------
    BayesScalingError
        With the path or the names of the files.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError as error:
        raise _unusable(folder, str(error)) from error
    if not writable:
        raise _unusable(folder, "no permission")
    written = _manifest(folder)
    foreign = [
        name
        for name in (MANIFEST, *names)
        if (folder / name).exists() and written.get(name) != _checksum(folder / name)
    ]
    if foreign:
        raise BayesScalingError(
            f"demo: {str(folder)!r} has {listed(foreign)}, which the demo did not write or which "
            "was changed since. It would be overwritten. Move it away, or choose another folder "
            "with --folder."
        )


def record(folder: Path, name: str) -> None:
    """Enter a file that the demo has just written."""
    entries = {**_manifest(folder), name: _checksum(folder / name)}
    entries.pop(MANIFEST, None)
    text = json.dumps({"written by": "bayes-scaling demo", "sha256": entries}, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _manifest(folder: Path) -> dict[str, str]:
    """Checksums by name, and that of the manifest itself if it is the demo's."""
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {**content["sha256"], MANIFEST: _checksum(path)}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "not a file"


def _unusable(folder: Path, reason: str) -> BayesScalingError:
    return BayesScalingError(
        f"demo: {str(folder)!r} cannot be written to ({reason}). The figures and the fit need a "
        "folder. Choose another one with --folder."
    )

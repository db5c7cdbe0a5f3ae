"""example(): the code of the first notebook, to read, run or save.

The notebook itself lives beside the package in the source tree, and inside it once installed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from bayes_scaling.errors import BayesScalingError

NOTEBOOK = "01_first_fit.ipynb"

_FOLDERS = (Path(__file__).parents[2] / "_notebooks", Path(__file__).parents[3] / "notebooks")


@dataclass(frozen=True, repr=False)
class Example:
    """A notebook as code; its ``str`` is a script that runs.

    Attributes
    ----------
    path : pathlib.Path
        Of the notebook that comes with the package.
    """

    path: Path

    @cached_property
    def cells(self) -> list[dict[str, Any]]:
        """Cells without their outputs, as in the file."""
        kept = ("cell_type", "id", "metadata", "source")
        return [
            {key: cell[key] for key in kept if key in cell}
            | ({"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {})
            for cell in self._notebook["cells"]
        ]

    @cached_property
    def _notebook(self) -> dict[str, Any]:
        notebook: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return notebook

    def save(self, path: str | Path) -> Path:
        """Write the code as a script or as a notebook without outputs.

        Parameters
        ----------
        path : str or pathlib.Path
            A new file, whose name ends in ``.py`` or ``.ipynb``.

        Raises
        ------
        BayesScalingError
            The name ends otherwise, or the file exists or cannot be written.
        """
        path = Path(path)
        texts = {".py": self._script, ".ipynb": self._stripped}
        if path.suffix not in texts:
            raise BayesScalingError(
                f"example: {path.name!r} ends neither in .py nor in .ipynb, which say what to "
                "write: a script or a notebook. Save for instance as 'first_fit.ipynb'."
            )
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(texts[path.suffix]())
        except OSError as error:
            raise BayesScalingError(
                f"example: {str(path)!r} cannot be written ({error}); a file that exists is never "
                "replaced. Choose another name, or remove it first."
            ) from error
        return path

    def _stripped(self) -> str:
        return json.dumps({**self._notebook, "cells": self.cells}, indent=1, ensure_ascii=False)

    def _script(self) -> str:
        """Cells in the percent format, which editors and Jupytext read as a notebook."""
        return "\n\n".join(map(_as_text, self.cells)) + "\n"

    def __str__(self) -> str:
        return self._script()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        try:
            from pygments import highlight
            from pygments.formatters import HtmlFormatter
            from pygments.lexers import PythonLexer
        except ModuleNotFoundError:
            return f"<pre>{escape(str(self))}</pre>"
        shown: str = highlight(str(self), PythonLexer(), HtmlFormatter(noclasses=True))
        return shown


def example(path: str | Path | None = None) -> Example:
    """The code of the first notebook: from a table of runs to forecast and allocation.

    Parameters
    ----------
    path : str or pathlib.Path, optional
        Where to save it too, as ``.py`` or ``.ipynb``.

    Returns
    -------
    Example
        Printed, it is a script; in Jupyter it is shown highlighted.

    Raises
    ------
    BayesScalingError
        The file cannot be written, or the notebook is missing from the installation.

    Examples
    --------
    >>> "bs.fit(" in str(example())
    True
    """
    found = [folder / NOTEBOOK for folder in _FOLDERS if (folder / NOTEBOOK).is_file()]
    if not found:
        raise BayesScalingError(
            f"example: {NOTEBOOK} is missing from this installation, so there is no example. "
            "Install bayes_scaling again from its wheel or a full copy of its source."
        )
    made = Example(found[0])
    if path is not None:
        made.save(path)
    return made


def _as_text(cell: dict[str, Any]) -> str:
    source = "".join(cell["source"]).rstrip()
    if cell["cell_type"] == "code":
        return f"# %%\n{source}"
    commented = "\n".join(f"# {line}".rstrip() for line in source.splitlines())
    return f"# %% [markdown]\n{commented}"

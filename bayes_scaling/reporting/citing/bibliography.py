"""BibTeX of the papers of laws and data behind a result, and of the software.

The entries are in ``bibliography.toml``. Nothing is looked up when a citation is made.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from bayes_scaling.datasets.public import TABLES
from bayes_scaling.display.versions import installed_version
from bayes_scaling.reporting.citing.escaping import latex_escaped


@dataclass(frozen=True)
class Entry:
    """One entry of a bibliography.

    Attributes
    ----------
    key : str
        BibTeX key.
    authors : tuple of str
        As BibTeX wants them, ``"Hoffmann, Jordan"``; a last one of ``"others"`` for those left
        out.
    title : str
        In LaTeX, capitals kept by braces.
    year : int or None
    kind : str
        Type of the entry.
    fields : mapping of str to str
        Further fields, in LaTeX.
    """

    key: str
    authors: tuple[str, ...]
    title: str
    year: int | None = None
    kind: str = "article"
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """Authors and year, as a text cites them.

        Examples
        --------
        >>> BIBLIOGRAPHY["hoffmann2022training"].short
        'Hoffmann et al., 2022'
        >>> BIBLIOGRAPHY["hestness2017deep"].short
        'Hestness et al., 2017'
        """
        names = [author.split(",")[0].strip("{}") for author in self.authors]
        match names:
            case [one]:
                who = one
            case [one, other] if other != "others":
                who = f"{one} and {other}"
            case _:
                who = f"{names[0]} et al."
        return who if self.year is None else f"{who}, {self.year}"

    @property
    def bibtex(self) -> str:
        """The entry in BibTeX."""
        fields = {"title": f"{{{self.title}}}", "author": " and ".join(self.authors)}
        if self.year is not None:
            fields["year"] = str(self.year)
        lines = (f"  {name} = {{{text}}}," for name, text in {**fields, **self.fields}.items())
        return "\n".join([f"@{self.kind}{{{self.key},", *lines, "}"])


def software(name: str) -> Entry:
    """The entry of one of `SOFTWARE`, with the version that is installed."""
    entry = _SOFTWARE[name]
    note = f"version {latex_escaped(installed_version(name))}"
    return replace(entry, fields={**entry.fields, "note": note})


def short_citation(key: str) -> str:
    """A key as a text cites it; the key itself if it is not in the bibliography."""
    return BIBLIOGRAPHY[key].short if key in BIBLIOGRAPHY else key


def bibtex(keys: Iterable[str]) -> str:
    """Entries of these keys; a comment for those that the bibliography lacks."""
    return "\n\n".join(
        BIBLIOGRAPHY[key].bibtex
        if key in BIBLIOGRAPHY
        else f"% The law's paper, {latex_escaped(key)}, is not in the bibliography: add its entry."
        for key in dict.fromkeys(keys)
    )


def _paper(key: str, stored: Mapping[str, Any]) -> Entry:
    number = stored["eprint"]
    fields = {
        "journal": f"arXiv preprint arXiv:{number}",
        "eprint": number,
        "archiveprefix": "arXiv",
        "url": f"https://arxiv.org/abs/{number}",
    }
    return Entry(key, tuple(stored["authors"]), stored["title"], stored["year"], fields=fields)


_STORED = tomllib.loads(
    files(__package__).joinpath("bibliography.toml").read_text(encoding="utf-8")
)

BIBLIOGRAPHY: Mapping[str, Entry] = MappingProxyType(
    {key: _paper(key, stored) for key, stored in _STORED["papers"].items()}
)
"""Papers of laws and of data, by BibTeX key."""

DATA: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {name: tuple(table.papers) for name, table in TABLES.items()}
    | {name: tuple(keys) for name, keys in _STORED["data"].items()}
)
"""Papers to cite for published tables of runs, by name of the table."""

_SOFTWARE = {
    name: Entry(**{**stored, "authors": tuple(stored["authors"])})
    for name, stored in _STORED["software"].items()
}

SOFTWARE = tuple(_SOFTWARE)
"""Software that every fit is made with, in the order in which it is cited."""

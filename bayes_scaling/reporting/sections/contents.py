"""What a report says, independent of how it is laid out: a headline and sections of blocks.

Text here is plain and unescaped; the layouts escape it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayes_scaling.reporting.citing.escaping import one_line
from bayes_scaling.reporting.citing.estimates import written_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOT_GIVEN = "not given"


@dataclass(frozen=True)
class Paragraph:
    """A few sentences; a warning is set apart from the text around it."""

    text: str
    warning: bool = False
    kind: str = "paragraph"


@dataclass(frozen=True)
class Heading:
    """What the blocks below it are about, inside a section."""

    text: str
    kind: str = "heading"


@dataclass(frozen=True)
class Listing:
    """Sentences, one below the other."""

    entries: tuple[str, ...]
    kind: str = "listing"


@dataclass(frozen=True)
class Table:
    """Cells as text, ready to be escaped."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    folded: bool = False
    kind: str = "table"


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure, what it shows in words, and how to read it."""

    name: str
    alt: str
    caption: str
    figure: Figure
    kind: str = "picture"


@dataclass(frozen=True)
class Formula:
    """An equation in LaTeX."""

    latex: str
    kind: str = "formula"


@dataclass(frozen=True)
class Code:
    """Text to be shown as it is."""

    text: str
    language: str = ""
    folded: bool = False
    caption: str = ""
    kind: str = "code"


type Block = Heading | Paragraph | Listing | Table | Picture | Formula | Code


@dataclass(frozen=True)
class Section:
    """A heading, its anchor and what stands under it."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Contents:
    """Everything that a report says.

    Attributes
    ----------
    headline : str
        The verdict, in one line.
    status : str
        ``"trust"``, ``"caution"``, ``"do not trust"``, ``"not converged"`` or ``"not assessed"``.
    title : str
        What the report is of.
    sections : tuple of Section
    urls : mapping of str to str
        Web pages of runs, by their names, which text has in quotes.
    """

    headline: str
    status: str
    title: str
    sections: tuple[Section, ...] = field(default_factory=tuple)
    urls: Mapping[str, str] = field(default_factory=dict)


def missing(what: str, how: str) -> Paragraph:
    """The paragraph in place of something that the report was not given.

    >>> missing("A backtest", "bs.assess(..., level='full')").text
    "A backtest: not given. It is made by bs.assess(..., level='full')."
    """
    return Paragraph(f"{what}: {NOT_GIVEN}. It is made by {how}.")


def tabulated(caption: str, frame: pd.DataFrame, *, folded: bool = False) -> Table:
    """A data frame as text: counts as people write them, other numbers to four digits."""
    named = frame.index.nlevels > 1 or frame.index.name is not None
    flat = frame.reset_index() if named else frame
    names = [
        " ".join(map(str, name)).strip() if isinstance(name, tuple) else str(name) for name in flat
    ]
    rows = tuple(
        tuple(cell(name, value) for name, value in zip(names, row, strict=True))
        for row in flat.itertuples(index=False)
    )
    return Table(caption, tuple(name.replace("_", " ") for name in names), rows, folded)


def cell(name: str, value: object) -> str:
    """One value as text, by the name of its column.

    >>> cell("params", 7e10), cell("flops", 5.88e23), cell("loss", 1.98765), cell("corpus", "web")
    ('70B', '5.88e23', '1.988', 'web')
    """
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return "–" if np.isnan(value) else written_label(name, float(value))
    return one_line(str(value))


def joined(sentences: Sequence[str]) -> str:
    """Sentences as a paragraph, a full stop after each.

    >>> joined(["One", "Two."])
    'One. Two.'
    """
    return " ".join(s if s.endswith((".", "!", "?")) else f"{s}." for s in sentences if s)

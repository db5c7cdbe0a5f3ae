"""The contents of a report, independent of its layout: a first screen and sections of blocks.

Text here is plain and unescaped; the layouts escape it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayes_scaling.display.terminal import flat_name
from bayes_scaling.reporting.citing.escaping import one_line
from bayes_scaling.reporting.citing.estimates import written_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOT_GIVEN = "not given"

PROSE = 60
"""Characters beyond which a cell of a table is a sentence."""


class Block:
    """One part of a section, which the templates lay out by its kind."""

    @property
    def kind(self) -> str:
        """Name of the class, as the templates ask for it."""
        return type(self).__name__.lower()


@dataclass(frozen=True)
class Paragraph(Block):
    """A few sentences; a warning is set apart from the text around it."""

    text: str
    warning: bool = False


@dataclass(frozen=True)
class Heading(Block):
    """A heading inside a section."""

    text: str


@dataclass(frozen=True)
class Listing(Block):
    """Sentences, one below the other."""

    entries: tuple[str, ...]


@dataclass(frozen=True)
class Table(Block):
    """Cells as text, ready to be escaped."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    folded: bool = False

    @property
    def prose(self) -> bool:
        """True if the last column has sentences, which a phone shows below the other cells."""
        return max((len(row[-1]) for row in self.rows), default=0) > PROSE


@dataclass(frozen=True, eq=False)
class Picture(Block):
    """A figure, its description for those who do not see it, and its caption."""

    name: str
    alt: str
    caption: str
    figure: Figure


@dataclass(frozen=True)
class Formula(Block):
    """An equation in LaTeX."""

    latex: str


@dataclass(frozen=True)
class Code(Block):
    """Text shown as it is, in the type of code."""

    text: str
    language: str = ""
    folded: bool = False
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """A heading, its anchor and the blocks under it."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Answer:
    """One number of the answer: what it is of, the number, and its interval in words."""

    of: str
    number: str
    interval: str

    def __str__(self) -> str:
        return f"{self.of}: {self.number}" + (f", {self.interval}" if self.interval else "")


@dataclass(frozen=True, eq=False)
class Opening:
    """The first screen of a report.

    Attributes
    ----------
    question : str
    answers : tuple of Answer
    status : str
        A verdict, ``"not converged"`` or ``"not assessed"``.
    reason : str
        Why, in one sentence.
    context : tuple of str
        Sentences to read the numbers by.
    picture : Block, optional
    """

    question: str
    answers: tuple[Answer, ...]
    status: str
    reason: str
    context: tuple[str, ...] = ()
    picture: Block | None = None

    @property
    def verdict(self) -> str:
        """The status as a heading."""
        return self.status.capitalize()

    @property
    def warns(self) -> bool:
        """True where the verdict comes before the numbers, so that it cannot be cut off."""
        return self.status in ("do not trust", "not converged")

    @property
    def title(self) -> str:
        """The verdict and the first number, in one line."""
        return f"{self.verdict}: {self.answers[0] if self.answers else self.question}"


@dataclass(frozen=True, eq=False)
class Contents:
    """Everything that a report says.

    Attributes
    ----------
    title : str
        The fit that it is about.
    opening : Opening
    sections : tuple of Section
        Below the first screen, always in view.
    evidence : tuple of Section
        Folded until a reader wants it.
    urls : mapping of str to str
        Web pages of runs, by their names, which text has in quotes.
    """

    title: str
    opening: Opening
    sections: tuple[Section, ...] = ()
    evidence: tuple[Section, ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict)


def missing(what: str, how: str) -> Paragraph:
    """Paragraph in place of a part that the report was not given.

    >>> missing("A backtest", "bs.assess(..., level='full')").text
    "A backtest: not given. It is made by bs.assess(..., level='full')."
    """
    return Paragraph(f"{what}: {NOT_GIVEN}. It is made by {how}.")


def tabulated(caption: str, frame: pd.DataFrame, *, folded: bool = False) -> Table:
    """A data frame as text: counts as people write them, other numbers to four digits."""
    named = frame.index.nlevels > 1 or frame.index.name is not None
    flat = frame.reset_index() if named else frame
    names = [flat_name(name) for name in flat]
    rows = tuple(
        tuple(cell(name, value) for name, value in zip(names, row, strict=True))
        for row in flat.itertuples(index=False)
    )
    return Table(caption, tuple(map(_heading, names)), rows, folded)


def _heading(name: str) -> str:
    """The name of a column in words.

    >>> _heading("tokens_per_param"), _heading("flops")
    ('tokens per parameter', 'FLOP')
    """
    words = {"params": "parameters", "param": "parameter", "flops": "FLOP"}
    return " ".join(words.get(word, word) for word in name.split("_"))


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

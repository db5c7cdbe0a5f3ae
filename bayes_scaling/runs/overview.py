"""Table of runs at a glance, as text and as HTML for Jupyter.

Owns the layout; numbers are printed by `units`. Knows of runs only their parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from textwrap import shorten

import pandas as pd

from bayes_scaling.display.html import html_table
from bayes_scaling.display.links import html_with_links
from bayes_scaling.display.wording import counted, of_response
from bayes_scaling.runs.parts import Parts
from bayes_scaling.units import format_count, format_flops

NOTES, LINE = 3, 84
"""Notes that are shown as text, and characters of each."""

_LONGEST = 40


@dataclass(frozen=True, eq=False)
class Overview(Parts):
    """The parts of runs as people see them, with the notes on them."""

    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> str:
        """The headline and one line for each column in use."""
        lines = self._lines()
        first = max(len(name) for name, _, _ in lines)
        second = max(len(content) for _, content, _ in lines)
        body = [
            f"  {name:<{first}}  {content:<{second}}  {source}".rstrip()
            for name, content, source in lines
        ]
        return "\n".join([f"Runs: {self._headline()}", *body])

    @property
    def text(self) -> str:
        """The columns in use, and the notes in short."""
        notes = [f"  note: {shorten(note, LINE, placeholder=' …')}" for note in self.notes[:NOTES]]
        more = len(self.notes) - NOTES
        notes += [f"  and {counted(more, 'more note')}, in runs.notes"] if more > 0 else []
        return "\n".join([self.columns, *notes])

    @property
    def html(self) -> str:
        """The columns as a table, and the notes in full, with links to the runs they name.

        Every text of the user is escaped.
        """
        body = html_table((), self._lines())
        notes = "".join(f"<li>{html_with_links(note, self.urls)}</li>" for note in self.notes)
        listed = f"<ul>{notes}</ul>" if notes else ""
        return f"<div><strong>Runs</strong>: {escape(self._headline())}{body}{listed}</div>"

    def _headline(self) -> str:
        left_out = [f"{len(self.left_out)} left out"] if self.left_out else []
        notes = [counted(len(self.notes), "note")] if self.notes else []
        return ", ".join([counted(len(self.table), "run"), *left_out, *notes])

    def _lines(self) -> list[tuple[str, str, str]]:
        spans = {name: _span(self.table[name], name) for name in (*self.inputs, "loss")}
        spans |= {name: _levels(sorted(self.table[name].unique())) for name in self.factors}
        return [
            (of_response(name, self.response), content, self.sources.get(name, ""))
            for name, content in spans.items()
        ]


def _span(column: "pd.Series[float]", name: str) -> str:
    write = {"loss": "{:.3g}".format, "flops": format_flops}.get(name, format_count)
    low, high = write(column.min()), write(column.max())
    return low if low == high else f"{low}-{high}"


def _levels(levels: Sequence[str]) -> str:
    text = ", ".join(levels)
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    return f"{counted(len(levels), 'level')}: {text}"

"""Table of runs at a glance, as text and as HTML for Jupyter.

Owns the layout; numbers are printed by `units`. Knows of runs only the columns it is handed.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Protocol

import pandas as pd

from bayes_scaling.display.links import html_with_links
from bayes_scaling.display.wording import counted
from bayes_scaling.units import format_count, format_flops

_LONGEST = 40


class _Shown(Protocol):
    """Attributes of runs that are shown."""

    @property
    def table(self) -> pd.DataFrame: ...
    @property
    def inputs(self) -> tuple[str, ...]: ...
    @property
    def factors(self) -> tuple[str, ...]: ...
    @property
    def dropped(self) -> int: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def sources(self) -> Mapping[str, str]: ...
    @property
    def urls(self) -> Mapping[str, str]: ...
    def levels(self, factor: str) -> tuple[str, ...]: ...


def overview_text(runs: _Shown) -> str:
    """Return the headline and one line for each column in use."""
    lines = _lines(runs)
    first = max(len(name) for name, _, _ in lines)
    second = max(len(content) for _, content, _ in lines)
    body = [
        f"  {name:<{first}}  {content:<{second}}  {source}".rstrip()
        for name, content, source in lines
    ]
    return "\n".join([f"Runs: {_headline(runs)}", *body])


def overview_html(runs: _Shown) -> str:
    """Return the columns as a table, and the notes in full, with links to the runs they name.

    Every text of the user is escaped.
    """
    body = "".join(
        "<tr>"
        + "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in line)
        + "</tr>"
        for line in _lines(runs)
    )
    notes = "".join(f"<li>{html_with_links(note, runs.urls)}</li>" for note in runs.notes)
    return (
        f"<div><strong>Runs</strong>: {escape(_headline(runs))}<table><tbody>{body}</tbody></table>"
        + (f"<ul>{notes}</ul>" if notes else "")
        + "</div>"
    )


def _headline(runs: _Shown) -> str:
    left_out = [f"{runs.dropped} left out"] if runs.dropped else []
    notes = [counted(len(runs.notes), "note")] if runs.notes else []
    return ", ".join([counted(len(runs.table), "run"), *left_out, *notes])


def _lines(runs: _Shown) -> list[tuple[str, str, str]]:
    table = runs.table
    numbers = [
        (name, _span(table[name], name), runs.sources.get(name, ""))
        for name in (*runs.inputs, "loss")
    ]
    return numbers + [
        (factor, _levels(runs.levels(factor)), runs.sources.get(factor, ""))
        for factor in runs.factors
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

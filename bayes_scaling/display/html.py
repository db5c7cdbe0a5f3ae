"""HTML of small values for Jupyter; results bring their own tables.

Every text that goes into HTML is escaped here or where it is put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


class AsCode:
    """Shown in Jupyter as its ``repr``, in the type of code."""

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"


def html_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of escaped text, aligned to the left.

    Examples
    --------
    >>> html_table(["a"], [["<b>"]])[-60:]
    "><tr><td style='text-align:left'>&lt;b&gt;</td></tr></table>"
    """
    head = [_row("th", header)] if header else []
    lines = [*head, *(_row("td", row) for row in rows)]
    return f"<table>{''.join(lines)}</table>"


def html_formula(formula: str) -> str:
    """A formula in LaTeX, which Jupyter typesets; nothing for an empty one."""
    return f"<p>$${escape(formula)}$$</p>" if formula else ""


def _row(cell: str, texts: Sequence[str]) -> str:
    cells = (f"<{cell} style='text-align:left'>{escape(text)}</{cell}>" for text in texts)
    return f"<tr>{''.join(cells)}</tr>"

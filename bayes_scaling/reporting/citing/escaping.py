"""Text of the user made safe for Markdown, LaTeX and BibTeX, and for one line of prose.

Names of runs, columns and levels may hold anything; nothing of them is to be read as markup.
"""

from __future__ import annotations

import re
import unicodedata

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MARKUP = re.compile(r"[\\`*_|$~]|\](?=[(\[:])|^[#+=-]")


def one_line(text: str) -> str:
    """Text without line breaks and other control characters.

    Examples
    --------
    >>> one_line("a" + chr(10) + " b" + chr(7) + "c")
    'a b c'
    """
    kept = (
        " " if unicodedata.category(character) in ("Cc", "Cs") else character for character in text
    )
    return " ".join("".join(kept).split())


def markdown_escaped(text: str) -> str:
    r"""Text that Markdown shows as it is, also in a cell of a table.

    Examples
    --------
    >>> print(markdown_escaped("<b>a|b</b> 1.97 [1.95, 2.00]"))
    &lt;b&gt;a\|b&lt;/b&gt; 1.97 [1.95, 2.00]
    """
    html = "".join(_HTML.get(character, character) for character in one_line(text))
    return _MARKUP.sub(lambda found: "\\" + found.group(), html)


def latex_escaped(text: str) -> str:
    r"""Text that LaTeX typesets as it is, and that is safe inside the braces of BibTeX.

    Pictures in text, which few fonts of LaTeX have, become their code points.

    Examples
    --------
    >>> print(latex_escaped("50% of c4_en & more \\ x"))
    50\% of c4\_en \& more \textbackslash{} x
    """
    return "".join(_latex(character) for character in one_line(text))


def _latex(character: str) -> str:
    if unicodedata.category(character) in ("So", "Cf", "Co", "Cn"):
        return f"U+{ord(character):04X}"
    return _LATEX.get(character, character)

"""Layout of contents as HTML, Markdown or LaTeX by templates that escape all text.

HTML stands by itself: figures are embedded, nothing is fetched, and its content security policy
lets only the one script run whose digest it names. Markdown and LaTeX have figures beside them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bayes_scaling.display.links import html_with_links, with_links
from bayes_scaling.reporting.citing.escaping import latex_escaped, markdown_escaped
from bayes_scaling.reporting.citing.tables import latex_table, markdown_table
from bayes_scaling.reporting.page.exploring import Page
from bayes_scaling.reporting.sections.contents import Contents, Picture, Table
from bayes_scaling.reporting.sections.figures import encoded, formula_svg, inline_svg

LARGE = 400_000
"""Bytes of a vector figure from which a bitmap says the same in fewer."""

SENTENCE = 30
"""Characters from which a cell of a table in LaTeX is broken into lines."""

ROWS_OF_A_PAGE = 30

GENERATOR = "bayes_scaling report"
"""Mark of a report, which no text of a user would carry at its place."""

FIGURES: Mapping[str, Literal["png", "pdf"]] = {".md": "png", ".tex": "pdf"}
"""Formats whose figures are files beside the report, by its suffix."""

_LATEX_MARKS = {
    "block_start_string": "<%",
    "block_end_string": "%>",
    "variable_start_string": "<<",
    "variable_end_string": ">>",
    "comment_start_string": "<#",
    "comment_end_string": "#>",
}


def is_report(path: Path) -> bool:
    """True for a file that is a report, and may be replaced by a newer one."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    head = f'<meta name="generator" content="{GENERATOR}">'
    return head in text[:10_000] or text.rstrip().endswith(
        (f"<!-- {GENERATOR} -->", f"% {GENERATOR}")
    )


def figure_folder(path: Path) -> Path:
    """Folder of the figures that are files of their own."""
    return path.with_name(f"{path.stem}_figures")


def as_html(contents: Contents, page: Page) -> str:
    """One file with everything in it."""
    environment = _environment(autoescape=True)
    style = _resource("templates/style.css")
    return environment.get_template("report.html").render(
        contents=contents,
        page=page,
        generator=GENERATOR,
        style=Markup(style),
        style_digest=_digest(style),
        script=Markup(page.script),
        script_digest=_digest(page.script),
        data=_embedded(page.data),
        image=_image,
        formula=_formula,
        linked=lambda text: Markup(html_with_links(text, contents.urls)),
    )


def as_markdown(contents: Contents, path: Path) -> str:
    """Markdown, with figures in a folder beside it."""
    environment = _environment(finalize=_finalized(markdown_escaped))
    urls = {markdown_escaped(name): url for name, url in contents.urls.items()}
    return environment.get_template("report.md").render(
        contents=contents,
        generator=Markup(GENERATOR),
        source=lambda picture: Markup(_beside(path, picture)),
        tabular=lambda table: _linked(markdown_table(_frame(table)), urls),
        linked=lambda text: _linked(markdown_escaped(text), urls),
        fenced=_fenced,
        raw=Markup,
    )


def as_latex(contents: Contents, path: Path) -> str:
    """LaTeX, with figures in a folder beside it; other scripts than Latin need LuaLaTeX."""
    environment = _environment(finalize=_finalized(latex_escaped), **_LATEX_MARKS)
    return environment.get_template("report.tex").render(
        contents=contents,
        generator=Markup(GENERATOR),
        source=lambda picture: Markup(_beside(path, picture)),
        tabular=_latex_table,
        verbatim=_verbatim,
        raw=Markup,
    )


def _environment(**options: Any) -> Environment:
    return Environment(
        loader=PackageLoader("bayes_scaling.reporting", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )


def _finalized(escape: Callable[[str], str]) -> Callable[[Any], Any]:
    """Escape whatever a template prints, unless it was made safe before."""
    return lambda value: value if isinstance(value, Markup) else escape(str(value))


def _resource(name: str) -> str:
    return resources.files("bayes_scaling.reporting").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _embedded(data: object) -> Markup:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(re.sub("[<>&]", lambda found: f"\\u{ord(found.group()):04x}", text))


def _image(picture: Picture) -> Markup:
    """A figure as a drawing in the page; as a bitmap where the drawing would be too large."""
    vector = encoded(picture.figure, "svg")
    if len(vector) <= LARGE:
        return Markup(inline_svg(vector.decode(), picture.name, picture.alt))
    content = base64.b64encode(encoded(picture.figure, "png")).decode("ascii")
    bitmap = Markup('<img src="data:image/png;base64,{}" alt="{}">')
    return bitmap.format(content, picture.alt)


def _formula(latex: str) -> Markup | None:
    drawing = formula_svg(latex)
    if drawing is None:
        return None
    name = f"formula-{hashlib.sha256(latex.encode()).hexdigest()[:8]}"
    return Markup(inline_svg(drawing, name, latex, sized=True))


def _beside(path: Path, picture: Picture) -> str:
    folder, kind = figure_folder(path), FIGURES[path.suffix.lower()]
    folder.mkdir(exist_ok=True)
    (folder / f"{picture.name}.{kind}").write_bytes(encoded(picture.figure, kind))
    return f"{folder.name}/{picture.name}.{kind}"


def _frame(table: Table) -> pd.DataFrame:
    return pd.DataFrame(list(table.rows), columns=list(table.header), dtype=object)


def _latex_table(table: Table) -> Markup:
    """A table on as many pages as it needs; columns of sentences share the width of the page."""
    columns = list(zip(table.header, *table.rows, strict=True))
    long = [max(map(len, cells)) > SENTENCE for cells in columns]
    width = max(0.2, 0.94 - 0.14 * long.count(False)) / max(1, long.count(True))
    letters = [rf"p{{{width:.2f}\linewidth}}" if one else "l" for one in long]
    text = latex_table(_frame(table))
    if any(long) or len(table.rows) > ROWS_OF_A_PAGE:
        text = text.replace("{tabular}", "{longtable}")
        plain = rf"\begin{{longtable}}{{{'l' * len(long)}}}"
        return Markup(text.replace(plain, rf"\begin{{longtable}}{{{''.join(letters)}}}"))
    return Markup(rf"\fitted{{{text}}}")


def _linked(escaped: str, urls: Mapping[str, str]) -> Markup:
    """Markdown with links to the runs that it names in quotes, by their escaped names."""
    return Markup(with_links(escaped, urls, str, "[{}]({})".format))


def _fenced(text: str, language: str) -> Markup:
    """A block of code in Markdown, fenced by more backticks than it holds."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markup(f"{fence}{language}\n{text.rstrip()}\n{fence}")


def _verbatim(text: str) -> Markup:
    """Lines of code in LaTeX, escaped: an environment for code could be ended by its content."""
    lines = []
    for line in text.rstrip().splitlines():
        indent = len(line) - len(line.lstrip())
        lines.append("\\mbox{}" + "\\ " * indent + latex_escaped(line))
    return Markup("\\\\\n".join(lines))

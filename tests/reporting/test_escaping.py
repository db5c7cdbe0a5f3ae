"""Whatever a name holds, it is shown and never read as markup."""

import re
import unicodedata
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_scaling.reporting.citing.escaping import latex_escaped, markdown_escaped, one_line

NASTY = [
    "<script>alert('x')</script>",
    "a|b|c",
    "100% of $x_1$ & #2 {~^}\\end{document}",
    "two\nlines\r\nand\ttabs\x00",
    "🚀 rocket",
    "[link](javascript:alert(1))",
    "![picture](x)",
    "`code` *bold* __init__ ~~gone~~",
    "# no heading",
    "- no list",
    "[ref]: https://example.org",
    "quote \" and ' here",
    "Ελληνικά, 中文",
    "&lt;b&gt;",
    "",
]
anything = st.text(max_size=40)
each_name = pytest.mark.parametrize("name", NASTY)


def unescaped_latex(text: str) -> str:
    """All that LaTeX would read as a command or a special character."""
    plain = re.sub(r"\\text[a-z]+\{\}|\\[&%$#_{}]", "", text)
    return "".join(re.findall(r"[\\&%$#_{}~^<>|]", plain))


def balanced(text: str) -> bool:
    depth = 0
    for character in re.sub(r"\\[{}]", "", text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return False
    return depth == 0


@each_name
def test_nasty_names_are_plain_in_latex(name: str) -> None:
    escaped = latex_escaped(name)
    assert unescaped_latex(escaped) == ""
    assert balanced(escaped)
    assert "\n" not in escaped


@given(anything)
def test_any_name_is_plain_in_latex(name: str) -> None:
    escaped = latex_escaped(name)
    assert unescaped_latex(escaped) == ""
    assert balanced(escaped)


def test_pictures_become_code_points_in_latex() -> None:
    assert latex_escaped("🚀 go") == "U+1F680 go"


@each_name
def test_nasty_names_are_plain_in_markdown(name: str) -> None:
    check_markdown(name)


@given(anything)
def test_any_name_is_plain_in_markdown(name: str) -> None:
    check_markdown(name)


def check_markdown(name: str) -> None:
    escaped = markdown_escaped(name)
    assert not re.search(r"[<>\n\r]", escaped)
    assert not re.search(r"(?<!\\)(?:\\\\)*(?:[`*_|~$]|\]\()", re.sub(r"\\.", "", escaped))
    assert unescape(re.sub(r"\\(.)", r"\1", escaped)) == one_line(name)


@given(anything)
def test_one_line_has_no_control_characters(name: str) -> None:
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in one_line(name))
    assert len(one_line(name).splitlines()) <= 1

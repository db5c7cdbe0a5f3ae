"""Formulas as MathML, which browsers typeset by themselves: no script and no network is needed."""

import re
from html import unescape

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml


def inline(translator, node):
    """A formula within a line."""
    translator.body.append(tex2mathml(node.astext()))
    raise SkipNode


def block(translator, node):
    """A formula of its own, which scrolls where the page is narrower."""
    parts = (part for part in node.astext().split("\n\n") if part.strip())
    formulas = "".join(tex2mathml(_aligned(part), as_block=True) for part in parts)
    translator.body.append(f'<div class="math">{formulas}</div>')
    raise SkipNode


def within_html(text):
    """HTML that a notebook has saved, its formulas typeset."""
    return re.sub(
        r"\$\$(.+?)\$\$", lambda found: tex2mathml(unescape(found[1]), as_block=True), text
    )


def _aligned(formula):
    return rf"\begin{{aligned}}{formula}\end{{aligned}}" if r"\\" in formula else formula

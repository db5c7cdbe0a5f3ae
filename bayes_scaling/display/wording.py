"""Counts and lists in messages about tables.

Owns the wording only: which rows and values a message is about is decided by its caller.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import takewhile
from typing import Any

import numpy as np
import pandas as pd

# Cells of any kind: what they hold is what has to be found out.
type Column = pd.Series[Any]

UNITS = {
    "params": "parameters",
    "tokens": "tokens",
    "flops": "FLOP",
    "tokens_per_param": "tokens per parameter",
}
"""Inputs that are written after their number."""

_SHOWN = 5
_LONGEST = 40


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun.

    >>> counted(1, "row"), counted(3, "row"), counted(2, "entry", "entries")
    ('1 row', '3 rows', '2 entries')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"


def listed(items: Iterable[object], shown: int = _SHOWN) -> str:
    """Return items in quotes, the first few of them and the number of the others.

    >>> listed(["a", "b"])
    "'a', 'b'"
    >>> listed("abcdefgh")
    "'a', 'b', 'c', 'd', 'e' and 3 more"
    """
    words = [_shortened(item) for item in items]
    if len(words) > shown:
        return f"{', '.join(words[:shown])} and {len(words) - shown} more"
    return ", ".join(words) or "none"


def tellable(names: Iterable[str], longest: int = 36) -> list[str]:
    """Return names that are short, as far as they stay different from each other.

    Too long ones lose most of what all begin or end with alike, then their middle.

    >>> tellable(["web", "a sweep of the year of code", "a sweep of the year of prose"], 16)
    ['web', 'a sweep … of code', 'a sweep …of prose']
    >>> tellable([f"a sweep by the recipe of {name} of last May" for name in ("web", "code")])
    ['…web…', '…code…']
    """
    names = list(names)
    if len(set(names)) < 2 or max(map(len, names)) <= longest:
        return names
    start, end = (_alike(text) for text in (names, [name[::-1] for name in names]))
    short = ["…" * bool(start) + name[start : len(name) - end] + "…" * bool(end) for name in names]
    half = longest // 2
    short = [one if len(one) <= longest else f"{one[:half]}…{one[-half:]}" for one in short]
    return short if len(set(short)) == len(set(names)) else tellable(names, 2 * longest)


def _alike(names: list[str]) -> int:
    """Characters of the whole words that all names begin with alike."""
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return len(re.sub(r"\w+$", "", "".join(letters[0] for letters in same)))


def times(factor: float) -> str:
    """Return a factor to two digits, thousands apart.

    >>> times(45.37), times(9270.0), times(1.25)
    ('45 times', '9,300 times', '1.2 times')
    """
    rounded = float(f"{factor:.2g}")
    return f"{rounded:,.0f} times" if rounded >= 10 else f"{rounded:g} times"


def chance(probability: float) -> str:
    """Return a p-value; of a very small one only that it is small.

    >>> chance(0.0312), chance(0.0)
    ('p = 0.031', 'p < 0.001')
    """
    return "p < 0.001" if probability < 0.001 else f"p = {probability:.2g}"


def of_response(name: str, response: str) -> str:
    """Return the name of a quantity for runs whose response may not be a loss.

    >>> of_response("expected_loss", "accuracy"), of_response("loss", "loss")
    ('expected_accuracy', 'loss')
    """
    return re.sub("(?<![a-z])loss$", response, name)


def one_of(response: str) -> str:
    """Return a response with its article.

    >>> one_of("loss"), one_of("accuracy")
    ('a loss', 'an accuracy')
    """
    return f"an {response}" if response.startswith(tuple("aeiou")) else f"a {response}"


def unit_words(name: str) -> str:
    """Return the name of an input as the unit of its numbers.

    >>> unit_words("flops"), unit_words("params"), unit_words("gpu_hours")
    ('FLOP', 'parameters', 'gpu_hours')
    """
    return UNITS.get(name, name)


def axis_words(name: str) -> str:
    """Return what grows along an axis, in words.

    >>> axis_words("flops"), axis_words("unique_tokens")
    ('compute', 'unique tokens')
    """
    return "compute" if name == "flops" else name.replace("_", " ")


def meant(word: str, known: Iterable[str]) -> str:
    """Return the question whether a known name was meant that resembles a word, or nothing.

    >>> meant("Corups", ["corpus", "seed"]), meant("width", ["corpus", "seed"])
    (" Did you mean 'corpus'?", '')
    """
    by_key = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_key, 1, 0.5)
    return f" Did you mean {by_key[near[0]]!r}?" if near else ""


def rows(names: Iterable[object]) -> str:
    """Return names of runs as a message gives them.

    >>> rows(["7"]), rows(["7", "12"])
    ("row '7'", "rows '7', '12'")
    """
    names = list(names)
    return f"{'row' if len(names) == 1 else 'rows'} {listed(names)}"


def cells(column: Column) -> str:
    """Return the rows and the values of a column.

    >>> cells(pd.Series([-0.1, 0.0], index=["opt-13", "opt-14"]))
    "rows 'opt-13', 'opt-14': -0.1, 0.0"
    """
    values = [_shortened(value) for value in column.iloc[:_SHOWN].tolist()]
    more = ", …" if len(column) > _SHOWN else ""
    return f"{rows(column.index)}: {', '.join(values)}{more}"


def _shortened(value: object) -> str:
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def per_cent(share: float, decimals: int = 0) -> str:
    """A share as text writes it.

    >>> per_cent(0.914), per_cent(0.005, 1)
    ('91 %', '0.5 %')
    """
    return f"{100 * share:.{decimals}f} %"

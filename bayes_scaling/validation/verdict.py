"""Verdicts: the three grades, the result of one check, and the rule that joins them.

Owns how a verdict is made of others. What earns which verdict is decided in each check's own file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import pandas as pd

from bayes_scaling.display.tables import short

Verdict = Literal["trust", "caution", "do not trust"]

VERDICTS: tuple[Verdict, ...] = ("trust", "caution", "do not trust")
"""Verdicts from best to worst."""

DOUBTS = 3
"""Number of cautions that together make a "do not trust"."""


@dataclass(frozen=True, eq=False)
class CheckResult:
    """The result of one check.

    Attributes
    ----------
    check : str
        Its name.
    verdict : {"trust", "caution", "do not trust"}
        The worst over the targets. A check that could not run is a caution with the reason.
    headline : str
        One sentence with the number that decided.
    table : pandas.DataFrame
        The evidence.
    seconds : float
        What it cost.
    by_point : tuple of str
        The verdict at each target, then at each rung of the ladder of the report.
    """

    check: str
    verdict: Verdict
    headline: str
    table: pd.DataFrame
    seconds: float
    by_point: tuple[Verdict, ...] = ()

    def _repr_html_(self) -> str:
        head = (
            f"<p><b>{escape(self.check)}: {escape(self.verdict)}</b>. {escape(self.headline)}</p>"
        )
        return head + self.table.to_html(float_format=short)


@dataclass(frozen=True, eq=False)
class Finding:
    """The finding of a check: a verdict at each point, a sentence, a table."""

    by_point: Sequence[Verdict]
    headline: str
    table: pd.DataFrame


class CannotJudge(Exception):
    """A check cannot be judged; the message is the reason."""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of some verdicts, ``"trust"`` of none.

    Examples
    --------
    >>> worst(["trust", "caution", "trust"])
    'caution'
    """
    return max(verdicts, key=VERDICTS.index, default="trust")


def decide(verdicts: Iterable[Verdict]) -> Verdict:
    """The rule: the worst verdict of any check, and three cautions are a "do not trust".

    The checks look at different ways to be wrong, so a good one does not make up for a bad one,
    and doubts of three kinds are more than a doubt.

    Examples
    --------
    >>> decide(["trust", "trust"]), decide(["trust", "caution"])
    ('trust', 'caution')
    >>> decide(["caution", "caution", "caution"]), decide(["trust", "do not trust"])
    ('do not trust', 'do not trust')
    """
    found = list(verdicts)
    return "do not trust" if found.count("caution") >= DOUBTS else worst(found)


def graded(value: float, caution_above: float, distrust_above: float) -> Verdict:
    """The verdict on a number where more is worse; NaN is a caution.

    Examples
    --------
    >>> graded(0.1, 1, 2), graded(1.5, 1, 2), graded(3, 1, 2), graded(float("nan"), 1, 2)
    ('trust', 'caution', 'do not trust', 'caution')
    """
    if value > distrust_above:
        return "do not trust"
    return "trust" if value <= caution_above else "caution"

"""Two published checklists for reports, every field filled or "not given".

The Bayesian analysis reporting guidelines (Kruschke, 2021, doi:10.1038/s41562-021-01177-7) and the
checklist of (Mis)Fitting (Li, Kudugunta and Zettlemoyer, 2025, arXiv:2502.18969), in our words.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from bayes_scaling.display.wording import listed
from bayes_scaling.errors import BayesScalingError


@dataclass(frozen=True)
class Item:
    """One field of a checklist: its name, its part of the list, and its question."""

    name: str
    part: str
    asks: str


_STORED = tomllib.loads(files(__package__).joinpath("checklists.toml").read_text(encoding="utf-8"))


def _items(name: str) -> tuple[Item, ...]:
    parts = _STORED[name].items()
    return tuple(
        Item(name, part, asks) for part, of_part in parts for name, asks in of_part.items()
    )


BARG, MISFITTING = _items("barg"), _items("misfitting")

STANDING: Mapping[str, str] = _STORED["answers"]
"""Answers that are the same for every fit, by name of the field."""


def fields() -> tuple[str, ...]:
    """Names of all fields, as `facts` of a report are given."""
    return tuple(item.name for item in (*BARG, *MISFITTING))


def check_facts(facts: Mapping[str, str]) -> None:
    """Refuse facts without a field in a checklist, and facts that are no text.

    Raises
    ------
    BayesScalingError
        With the names that there are.
    """
    unknown = [name for name in facts if name not in fields()]
    if unknown:
        raise BayesScalingError(
            f"report: facts names {listed(unknown)}, which is no field of the checklists, so it "
            f"would not be printed. Fields: {', '.join(fields())}."
        )
    wrong = [name for name, text in facts.items() if not (isinstance(text, str) and text.strip())]
    if wrong:
        raise BayesScalingError(
            f"report: the fact {wrong[0]!r} is {facts[wrong[0]]!r}, and a report prints sentences. "
            "Give text, or leave the field out: it is then printed as 'not given'."
        )

"""Reader of ``sets.toml``, the file of published sets."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from math import exp
from typing import Any

from bayes_scaling.laws.law import find_law
from bayes_scaling.laws.published_parameters.parameter_set import Check, PublishedSet


def read_sets() -> Iterator[PublishedSet]:
    """All sets in the order of the file."""
    text = files(__package__).joinpath("sets.toml").read_text(encoding="utf-8")
    for group in tomllib.loads(text)["group"]:
        sets = group.pop("set")
        yield from (_set({**group, **own}) for own in sets)


def _set(entry: dict[str, Any]) -> PublishedSet:
    options = dict(entry.pop("law"))
    law: Any = find_law(options.pop("name"))(**options)
    logarithms = entry.pop("log_parameters", {})
    parameters = {**entry.pop("parameters"), **{name: exp(v) for name, v in logarithms.items()}}
    if "critical" in parameters:
        parameters = law.from_critical(**parameters)
    intervals = {name: (low, high) for name, (low, high) in entry.pop("intervals", {}).items()}
    checks = tuple(Check(stored["at"], stored["value"]) for stored in entry.pop("checks"))
    return PublishedSet(law=law, parameters=parameters, intervals=intervals, checks=checks, **entry)

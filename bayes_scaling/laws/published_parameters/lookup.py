"""Published parameters, listed in a table and found by their keys."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from math import exp
from types import MappingProxyType
from typing import Any

import pandas as pd

from bayes_scaling.display.wording import meant
from bayes_scaling.errors import ModelError
from bayes_scaling.laws.law import Law, as_law, find_law
from bayes_scaling.laws.published_parameters.parameter_set import Check, PublishedSet

_ABOUT = (
    "law", "paper", "year", "arxiv", "cite", "where", "data", "counts", "units", "status", "note",
)  # fmt: skip


def published(law: Law | type[Law] | str | None = None) -> pd.DataFrame:
    """Published parameters of all laws, or of one.

    Parameters
    ----------
    law : Law, its class or its name, optional
        Whose sets to list, whatever its options; those of all laws if not given.

    Returns
    -------
    pandas.DataFrame
        Index (``set``, ``parameter``); ``value`` in paper units; ``lower``, ``upper`` and
        ``interval``, the published interval and its kind, where there is one; and of each set
        ``law``, ``paper``, ``year``, ``arxiv``, ``cite`` (BibTeX key), ``where``, ``data``,
        ``counts`` (what `params` are), ``units``, ``status`` and ``note`` as
        :class:`PublishedSet` has them. Derived quantities are listed where they have an interval.

    Examples
    --------
    >>> published("chinchilla").loc["besiroglu2024", ["value", "lower", "upper"]].loc["beta"]
    value    0.3658
    lower    0.3310
    upper    0.4150
    Name: beta, dtype: float64
    """
    of = Law if law is None else type(as_law(law))
    sets = [entry for entry in published_sets().values() if isinstance(entry.law, of)]
    rows = [row for entry in sets for row in _rows(entry)]
    columns = ["set", "parameter", "value", "lower", "upper", "interval", *_ABOUT]
    return pd.DataFrame(rows, columns=columns).set_index(["set", "parameter"])


def published_set(key: str) -> PublishedSet:
    """One published set of parameters, by its key in :func:`published`.

    Raises
    ------
    ModelError
        There is none of that key.

    Examples
    --------
    Two published fits to the same runs, at Chinchilla's own size and tokens:

    >>> for key in ("hoffmann2022", "besiroglu2024"):
    ...     print(key, round(published_set(key).loss(params=70e9, tokens=1.4e12), 3))
    hoffmann2022 1.921
    besiroglu2024 1.974
    """
    sets = published_sets()
    if key in sets:
        return sets[key]
    raise ModelError(
        f"There is no published set {key!r} here.{meant(str(key), sets)} Sets: {', '.join(sets)}."
    )


@cache
def published_sets() -> Mapping[str, PublishedSet]:
    """All sets by their keys, in the order of their papers."""
    return MappingProxyType({entry.key: entry for entry in _read_sets()})


def _read_sets() -> Iterator[PublishedSet]:
    """All sets in the order of ``sets.toml``."""
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


def _rows(entry: PublishedSet) -> list[dict[str, Any]]:
    about = {name: getattr(entry, name) for name in _ABOUT} | {"law": repr(entry.law)}
    derived = {name: v for name, v in entry.derived.items() if name in entry.intervals}
    rows = []
    for name, value in {**entry.parameters, **derived}.items():
        lower, upper = entry.intervals.get(name, (float("nan"), float("nan")))
        kind = entry.interval if name in entry.intervals else ""
        ends = {"value": float(value), "lower": lower, "upper": upper, "interval": kind}
        rows.append({"set": entry.key, "parameter": name, **ends, **about})
    return rows

"""Published parameters of scaling laws, as values that can be listed, evaluated and compared.

Owns what a published set is and how it is looked up; the numbers are in ``_published_sets``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from bayes_scaling._display import AsCode
from bayes_scaling.errors import ModelError
from bayes_scaling.laws._base import Law, arguments, as_law
from bayes_scaling.units import compute

type Counted = Literal["total", "non-embedding", "active", "not stated", "no parameters"]
"""What the paper counts as parameters: with or without embeddings, or those a token meets."""

type Status = Literal["P", "R", "S"]
"""P: from the paper or its authors' code. R: recomputed from their data. S: secondary source."""

_ABOUT = (
    "law", "paper", "year", "arxiv", "cite", "where", "data", "counts", "units", "status", "note",
)  # fmt: skip


@dataclass(frozen=True, repr=False, eq=False)
class PublishedSet(AsCode):
    """One published set of parameters of a law, in paper units.

    Attributes
    ----------
    key : str
        Its name here.
    law : Law
        The law, with its options.
    parameters : mapping of str to float
        A value for each parameter of the law.
    paper, cite, arxiv : str
        Authors and year; BibTeX key; arXiv number.
    year : int
    where : str
        Where in the paper or its code.
    data : str
        What was trained on, and what the loss is of.
    counts : {"total", "non-embedding", "active", "not stated", "no parameters"}
        What ``params`` are. Sets that count differently do not compare without a conversion:
        :func:`bayes_scaling.accounting.total_params`.
    status : {"P", "R", "S"}
        Confirmed in the paper or its authors' code, recomputed from their data, or taken from a
        secondary source: not to be used as proof.
    units : str
        Unit of the response.
    intervals : mapping of str to (float, float)
        Published intervals of parameters or derived quantities, where there are any.
    interval : str
        What kind of interval they are.
    note : str
        What one has to know before using it.

    Raises
    ------
    ModelError
        The parameters are not those of the law.
    """

    key: str
    law: Law
    parameters: Mapping[str, float]
    paper: str
    year: int
    arxiv: str
    cite: str
    where: str
    data: str
    counts: Counted
    status: Status
    units: str = "nats per token"
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    interval: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        found, expected = set(self.parameters), set(self.law.priors)
        unknown = set(self.intervals) - expected - set(self.derived if found == expected else ())
        if found != expected or unknown:
            raise ModelError(
                f"PublishedSet {self.key!r}: values of {sorted(found)} and intervals of "
                f"{sorted(self.intervals)}, where {self.law!r} has {sorted(expected)}. It could "
                "not be evaluated. Give every parameter, under the law's own name."
            )
        for name in ("parameters", "intervals"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def derived(self) -> dict[str, float]:
        """The law's derived quantities, such as the exponent of the compute-optimal size."""
        if self.law.derived is None:
            return {}
        used = {name: self.parameters[name] for name in arguments(self.law.derived)}
        return self.law.derived(**used)

    def loss(self, **inputs: Any) -> Any:
        """What the set expects at `inputs`: a loss, or whatever the law's response is.

        Parameters
        ----------
        **inputs : float or array
            The law's inputs, by name. ``flops`` (6ND) and ``tokens_per_param`` follow from
            ``params`` and ``tokens`` where these are given instead.

        Raises
        ------
        ModelError
            An input is missing, or is none of this law.
        """
        known = _completed(inputs)
        missing = [name for name in self.law.inputs if name not in known]
        unused = set(inputs) - set(self.law.inputs) - {"params", "tokens"}
        if missing or unused:
            raise ModelError(
                f"{self.key}: got {', '.join(inputs) or 'nothing'}, and {self.law!r} reads "
                f"{', '.join(self.law.inputs)}: missing {missing or 'none'}, unknown "
                f"{sorted(unused) or 'none'}. Give each input by its name."
            )
        return self.law.evaluate({name: known[name] for name in self.law.inputs}, self.parameters)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value:.4g}" for name, value in self.parameters.items())
        return f"PublishedSet({self.key!r}, {self.law!r}: {values})"


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
    sets = [entry for entry in published_sets().values() if law is None or _is_of(entry, law)]
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
    near = get_close_matches(str(key), sets, 1, 0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ModelError(
        f"No published set {key!r} is known here, so there are no numbers to give.{hint} "
        f"Sets: {', '.join(sets)}."
    )


@cache
def published_sets() -> Mapping[str, PublishedSet]:
    """All sets by their keys, in the order of their papers."""
    from bayes_scaling.laws._published_sets import SETS

    return MappingProxyType({entry.key: entry for entry in SETS})


def _is_of(entry: PublishedSet, law: Law | type[Law] | str) -> bool:
    return isinstance(entry.law, type(as_law(law)))


def _completed(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs, and those that follow from params and tokens."""
    if not {"params", "tokens"} <= set(inputs):
        return dict(inputs)
    params, tokens = inputs["params"], inputs["tokens"]
    follow = {"flops": compute(params, tokens), "tokens_per_param": tokens / params}
    return {**follow, **inputs}


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

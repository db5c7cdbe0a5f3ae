"""A published set of parameters of a law, as a value that can be evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from bayes_scaling.display.html import AsCode
from bayes_scaling.errors import ModelError
from bayes_scaling.laws.contract import quantities
from bayes_scaling.laws.law import Law
from bayes_scaling.units import compute

type Counted = Literal["total", "non-embedding", "active", "not stated", "no parameters"]
"""Parameters as the paper counts them: with or without embeddings, or those active for a token."""

type Status = Literal["P", "R", "S"]
"""P: from the paper or its authors' code. R: recomputed from their data. S: secondary source."""


@dataclass(frozen=True)
class Check:
    """A value that a set must give, worked out apart from this package or printed by the authors.

    Attributes
    ----------
    at : mapping of str to float
        Inputs of :meth:`PublishedSet.loss`.
    value : float
    """

    at: Mapping[str, float]
    value: float


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
    checks : tuple of Check
        Values that the set must give.

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
    checks: tuple[Check, ...] = ()

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
        return quantities(self.law.derived, self.parameters)

    def loss(self, **inputs: Any) -> Any:
        """Expected loss at `inputs`, or whatever the law's response is.

        Parameters
        ----------
        **inputs : float or array
            The law's inputs, by name. ``flops`` (6ND) and ``tokens_per_param`` follow from
            ``params`` and ``tokens`` where these are given instead.

        Raises
        ------
        ModelError
            An input is missing, or the law does not read it.
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


def _completed(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs given and those that follow from params and tokens."""
    if not {"params", "tokens"} <= set(inputs):
        return dict(inputs)
    params, tokens = inputs["params"], inputs["tokens"]
    follow = {"flops": compute(params, tokens), "tokens_per_param": tokens / params}
    return {**follow, **inputs}

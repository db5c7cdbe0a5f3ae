"""Base of laws of one column of the user's choice."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bayes_scaling.laws.column_names import checked_columns
from bayes_scaling.laws.contract import quantities
from bayes_scaling.laws.law import Law


@dataclass(frozen=True)
class OneInputLaw(Law, ABC, abstract=True):
    """A law of one column, which its first argument names.

    A subclass gives ``loss(x, …)`` and ``paper_units(loss, x, …)`` for the value, or the scale, of
    that column.

    Parameters
    ----------
    input : str
        The column.

    Raises
    ------
    ModelError
        The name cannot be that of an input.
    """

    input: str

    def __post_init__(self) -> None:
        checked_columns(self.name, "input", (self.input,))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The one column that the law reads."""
        return (self.input,)

    def evaluate(self, inputs: Mapping[str, Any], theta: Mapping[str, Any]) -> Any:
        """Expected response at `inputs`."""
        return self.loss(inputs[self.input], **theta)

    def rescale(self, scales: Mapping[str, Any], theta: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters after response and input are multiplied by `scales`."""
        known = {"loss": scales["loss"], "x": scales[self.input], **theta}
        return {**theta, **quantities(self.paper_units, known)}

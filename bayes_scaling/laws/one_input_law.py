"""Laws of one column, whichever it is."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass

from bayes_scaling.laws.column_names import checked_columns
from bayes_scaling.laws.law import Law


@dataclass(frozen=True)
class OneInputLaw(Law, ABC, abstract=True):
    """A law of one column, which its first argument names; the subclass says how it follows.

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

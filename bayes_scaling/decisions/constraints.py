"""Constraints: limits on the size and the data of a run, whatever the law says.

Owns the bounds, the fixed ratio and the menu of sizes as a value, and checks that they can hold
together; how a budget is split within them is :mod:`bayes_scaling.decisions.allocation`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from bayes_scaling.display.html import AsCode
from bayes_scaling.errors import RunsError


@dataclass(frozen=True, repr=False)
class Constraints(AsCode):
    """Limits that a run must keep to.

    Parameters
    ----------
    min_params, max_params : float, optional
        Parameters at least and at most, such as those that fit into memory.
    min_tokens, max_tokens : float, optional
        Training tokens at least and at most, such as those that there are.
    tokens_per_param : float, optional
        A ratio of tokens to parameters to keep to. A budget then has one run, and no optimum.
    sizes : tuple of float
        The model sizes to choose from, in parameters, instead of any size.

    Raises
    ------
    RunsError
        A number that is not positive and finite, a least above the most, or a ratio beside other
        constraints.

    Examples
    --------
    >>> Constraints(max_params=70e9)
    Constraints(max_params=7e+10)
    """

    min_params: float | None = None
    max_params: float | None = None
    min_tokens: float | None = None
    max_tokens: float | None = None
    tokens_per_param: float | None = None
    sizes: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", tuple(sorted({float(size) for size in self.sizes})))
        for name, value in self.given.items():
            wrong = [one for one in np.ravel(value) if not (np.isfinite(one) and one > 0)]
            if wrong:
                raise RunsError(
                    f"Constraints: {name} holds {wrong[0]}, and no run has that many. Give "
                    "positive finite counts, such as 7e10."
                )
        for low, high in (("min_params", "max_params"), ("min_tokens", "max_tokens")):
            least, most = getattr(self, low), getattr(self, high)
            if least is not None and most is not None and least > most:
                raise RunsError(
                    f"Constraints: {low}={least:.4g} is above {high}={most:.4g}, so no run keeps "
                    "to both. Exchange them, or drop one."
                )
        if self.tokens_per_param is not None and len(self.given) > 1:
            raise RunsError(
                f"{self!r}: a ratio of tokens to parameters fixes both for each budget, and leaves "
                "nothing else to choose. Give tokens_per_param by itself."
            )

    @property
    def given(self) -> dict[str, float | tuple[float, ...]]:
        """The constraints that are set."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value not in (None, ())}

    def __repr__(self) -> str:
        shown = (f"{name}={_short(value)}" for name, value in self.given.items())
        return f"Constraints({', '.join(shown)})"


def _short(value: float | tuple[float, ...]) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_short, value))})"
    return f"{value:.4g}"

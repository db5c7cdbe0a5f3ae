"""Arguments of ``bayes-scaling allocate`` read from text, and the functions that answer them.

Owns how plans, inputs and percentages are typed; no printing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from bayes_scaling.cli import options
from bayes_scaling.errors import BayesScalingError

if TYPE_CHECKING:
    from bayes_scaling.decisions.allocation import Allocation
    from bayes_scaling.decisions.near_optimality import NearOptimal
    from bayes_scaling.decisions.regretting import Regret
    from bayes_scaling.fitting.scaling_fit import ScalingFit


@dataclass(frozen=True)
class Asked:
    """Budgets, constraints and further questions of ``bayes-scaling allocate``."""

    budgets: Sequence[float]
    max_params: float | None = None
    max_tokens: float | None = None
    tokens_per_param: float | None = None
    sizes: tuple[float, ...] = ()
    inputs: Mapping[str, float] = field(default_factory=dict)
    within: float | None = None
    waste: float | None = None
    plans: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    rules: bool = False

    def answer(self, fit: ScalingFit) -> tuple[Allocation, dict[str, NearOptimal | Regret]]:
        """Return the allocation, and the answers to further questions by name."""
        from bayes_scaling.decisions.allocation import allocate
        from bayes_scaling.decisions.constraints import Constraints
        from bayes_scaling.decisions.near_optimality import near_optimal

        kept = Constraints(
            max_params=self.max_params,
            max_tokens=self.max_tokens,
            tokens_per_param=self.tokens_per_param,
            sizes=self.sizes,
        )
        budgets, inputs = list(self.budgets), self.inputs
        allocation = allocate(fit, budgets, constraints=kept, inputs=inputs)
        near = partial(near_optimal, fit, budgets, constraints=kept, inputs=inputs)
        further: dict[str, NearOptimal | Regret] = {}
        if self.within is not None:
            further["near_optimal_in_loss"] = near(self.within)
        if self.waste is not None:
            further["near_optimal_in_compute"] = near(self.waste, of="compute")
        if self.plans or self.rules:
            further["regret"] = self._regret(fit)
        return allocation, further

    def _regret(self, fit: ScalingFit) -> Regret:
        import pandas as pd

        from bayes_scaling.decisions.regretting import regret
        from bayes_scaling.decisions.rules import published_plans

        table = pd.DataFrame(list(self.plans.values()), list(self.plans), ["params", "tokens"])
        if self.rules:
            table = pd.concat([table.astype(float), published_plans(list(self.budgets))])
        return regret(fit, table.rename_axis("plan"), inputs=self.inputs)


def counts(option: str, text: str, sign: str) -> tuple[float, ...]:
    """Read counts with a sign between them.

    Examples
    --------
    >>> counts("--sizes", "1B,3B", ",")
    (1000000000.0, 3000000000.0)
    """
    return tuple(options.count(option, part) for part in text.split(sign))


def fraction(option: str, text: str | None) -> float | None:
    """Read a percentage or a fraction, or None.

    Examples
    --------
    >>> fraction("--within", "1%"), fraction("--within", "0.01")
    (0.01, 0.01)
    """
    if text is None:
        return None
    try:
        value = float(text.strip().removesuffix("%")) / (100 if "%" in text else 1)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise BayesScalingError(
            f"{option} {text!r} is not a part of the whole, so it bounds nothing. Write a "
            f"percentage such as {option} 1%."
        )
    return value


def values(option: str, texts: Sequence[str]) -> dict[str, float]:
    """Read inputs such as ``unique_tokens=25B``.

    Examples
    --------
    >>> values("--input", ["unique_tokens=25B"])
    {'unique_tokens': 25000000000.0}
    """
    what = "a name and a number"
    named = (options.split(option, text, "=", "unique_tokens=25B", what) for text in texts)
    return {name: options.count(option, text) for name, text in named}


def pairs(option: str, texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Read runs such as ``40B:2.4T``, named as they are typed.

    Examples
    --------
    >>> pairs("--plan", ["40B:2.4T"])
    {'40B:2.4T': (40000000000.0, 2400000000000.0)}
    """
    found = {text: counts(option, text, ":") for text in texts}
    for text, both in found.items():
        if len(both) != 2:
            raise BayesScalingError(
                f"{option} {text!r} is not params and tokens with ':' between them, which make a "
                f"run. Write for instance {option} 40B:2.4T."
            )
    return {text: (params, tokens) for text, (params, tokens) in found.items()}

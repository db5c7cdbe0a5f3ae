"""Published rules for splitting compute, as plans to compare.

Owns the numbers of the rules and where they are printed; a rule knows nothing of any fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_scaling.decisions.asking import checked_budgets
from bayes_scaling.decisions.kaplan.crossings import KAPLAN_PARAMS
from bayes_scaling.laws import Chinchilla, published_set
from bayes_scaling.model.points import Numbers
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN, format_flops

APPROACH_1 = {
    400e6: 1.92e19, 1e9: 1.21e20, 10e9: 1.23e22, 67e9: 5.76e23, 175e9: 3.85e24, 280e9: 9.90e24,
    520e9: 3.43e25, 1e12: 1.27e26, 10e12: 1.30e28,
}  # fmt: skip
"""Parameters and their FLOP in table 3 of Hoffmann et al."""

APPROACH_2 = {
    400e6: 1.84e19, 1e9: 1.20e20, 10e9: 1.32e22, 67e9: 6.88e23, 175e9: 4.54e24, 280e9: 1.18e25,
    520e9: 4.19e25, 1e12: 1.59e26, 10e12: 1.75e28,
}  # fmt: skip
"""Parameters and their FLOP in table A3."""

KAPLAN = "Kaplan et al. (2020)"
HOFFMANN = "Hoffmann et al. (2022)"


@dataclass(frozen=True)
class Rule:
    """A published rule for the number of parameters of a budget.

    Attributes
    ----------
    params : callable
        Parameters for a number of FLOP.
    counts : str
        What it counts as parameters.
    source : str
        Paper, and where in it.
    """

    params: Callable[[np.ndarray], np.ndarray]
    counts: str
    source: str


def published_plans(flops: Numbers) -> pd.DataFrame:
    """Plans of published rules for a budget.

    Parameters
    ----------
    flops : float or array
        Budgets, in FLOP.

    Returns
    -------
    pandas.DataFrame
        Index ``plan``, a row for each rule and budget; columns ``params``, ``tokens`` (FLOP over
        6N), ``flops``, ``counts`` (what is counted as parameters: a rule that leaves embeddings
        out trains a slightly larger model than the same number of all parameters) and ``source``.

    Raises
    ------
    RunsError
        A budget that is not positive and finite.

    Examples
    --------
    >>> plans = published_plans(5.76e23)
    >>> for plan, row in plans.iterrows():
    ...     print(f"{plan}: {row.params / 1e9:.1f}B, {row.tokens / row.params:.1f} per parameter")
    20 tokens per parameter: 69.3B, 20.0 per parameter
    Kaplan, C^0.73: 804.3B, 0.1 per parameter
    Hoffmann, approach 1: 67.8B, 20.9 per parameter
    Hoffmann, approach 2: 63.4B, 23.9 per parameter
    Hoffmann, approach 3: 40.4B, 58.9 per parameter
    """
    budgets = checked_budgets(flops, "published_plans")
    rows = [
        {
            "plan": name if len(budgets) == 1 else f"{name}, {format_flops(budget)}",
            "params": float(rule.params(budget)),
            "tokens": budget / FLOPS_PER_PARAM_TOKEN / float(rule.params(budget)),
            "flops": budget,
            "counts": rule.counts,
            "source": rule.source,
        }
        for budget in budgets
        for name, rule in RULES.items()
    ]
    return pd.DataFrame(rows).set_index("plan")


def published_growth() -> pd.DataFrame:
    """Growth of parameters and tokens with ten times the compute, as two papers print it.

    Hoffmann et al. say of Kaplan et al. that their rule is 5.5 and 1.8 times (their exponents 0.73
    and 0.27 give 5.4 and 1.9), and of their own that both grow alike.

    Examples
    --------
    >>> published_growth()
                            params_per_tenfold  tokens_per_tenfold
    source
    Kaplan et al. (2020)                  5.50                1.80
    Hoffmann et al. (2022)                3.16                3.16
    """
    table = {"params_per_tenfold": [5.5, 3.16], "tokens_per_tenfold": [1.8, 3.16]}
    return pd.DataFrame(table, index=pd.Index([KAPLAN, HOFFMANN], name="source"))


def _through(table: Mapping[float, float]) -> Callable[[np.ndarray], np.ndarray]:
    """The power of compute through printed pairs of parameters and FLOP, by least squares."""
    slope, level = np.polyfit(np.log(list(table.values())), np.log(list(table)), 1)

    def params(flops: np.ndarray) -> np.ndarray:
        size: np.ndarray = np.exp(level + slope * np.log(flops))
        return size

    return params


def _by_parameters(flops: np.ndarray) -> np.ndarray:
    published = published_set("hoffmann2022").parameters
    used = {name: published[name] for name in ("A", "B", "alpha", "beta")}
    size: np.ndarray = Chinchilla.optimum(flops, **used)[0]
    return size


RULES: Mapping[str, Rule] = {
    "20 tokens per parameter": Rule(
        lambda flops: np.sqrt(flops / (20 * FLOPS_PER_PARAM_TOKEN)), "total", "rule of thumb"
    ),
    "Kaplan, C^0.73": Rule(KAPLAN_PARAMS, "non-embedding", f"{KAPLAN}, table 6"),
    "Hoffmann, approach 1": Rule(_through(APPROACH_1), "total", f"{HOFFMANN}, table 3"),
    "Hoffmann, approach 2": Rule(_through(APPROACH_2), "total", f"{HOFFMANN}, table A3"),
    "Hoffmann, approach 3": Rule(
        _by_parameters, "total", f"{HOFFMANN}, unrounded parameters of equation 10"
    ),
}
"""The rules by name. Kaplan's prefactor is confirmed in secondary texts only."""

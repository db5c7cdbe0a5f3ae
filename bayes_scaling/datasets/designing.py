"""Designs of sweeps to simulate: the runs, without losses."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_scaling.errors import RunsError
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN


def isoflop_design(
    budgets: Sequence[float] | npt.NDArray[np.float64],
    sizes_per_budget: int = 9,
    tokens_per_param: tuple[float, float] = (2.0, 200.0),
) -> pd.DataFrame:
    """Lay out an isoFLOP sweep: model sizes across the optimum, at each compute budget.

    Parameters
    ----------
    budgets : sequence of float
        Training compute of each isoFLOP curve, in FLOP.
    sizes_per_budget : int
        Model sizes at each budget, evenly spaced on the log scale.
    tokens_per_param : (float, float)
        Training tokens per parameter of the largest and of the smallest model of each budget.

    Returns
    -------
    pandas.DataFrame
        Columns ``params``, ``tokens``, ``flops`` = 6 x params x tokens, by budget in the order
        given, and by rising size within.

    Raises
    ------
    RunsError
        A budget, the number of sizes or the range cannot be one.

    References
    ----------
    Hoffmann et al. (2022), arXiv:2203.15556, section 3.2: nine budgets from 6e18 to 3e21.

    Examples
    --------
    >>> isoflop_design([6e18, 6e20], sizes_per_budget=3, tokens_per_param=(10, 1000)).round(-6)
             params        tokens         flops
    0  3.200000e+07  3.162300e+10  6.000000e+18
    1  1.000000e+08  1.000000e+10  6.000000e+18
    2  3.160000e+08  3.162000e+09  6.000000e+18
    3  3.160000e+08  3.162280e+11  6.000000e+20
    4  1.000000e+09  1.000000e+11  6.000000e+20
    5  3.162000e+09  3.162300e+10  6.000000e+20
    """
    _check(budgets, sizes_per_budget, tokens_per_param)
    low, high = tokens_per_param
    flops = np.repeat(np.asarray(budgets, dtype=float), sizes_per_budget)
    ratios = np.tile(np.geomspace(high, low, sizes_per_budget), len(budgets))
    params = np.sqrt(flops / FLOPS_PER_PARAM_TOKEN / ratios)
    return pd.DataFrame({"params": params, "tokens": params * ratios, "flops": flops})


def _check(
    budgets: Sequence[float] | npt.NDArray[np.float64],
    sizes: int,
    tokens_per_param: tuple[float, float],
) -> None:
    bad = [value for value in budgets if not 0 < value < math.inf]
    if bad or len(budgets) == 0:
        found = f"holds {bad[0]:g}" if bad else "is empty"
        raise RunsError(
            f"isoflop_design: budgets {found}. Each budget is the compute of one curve. "
            "Give positive numbers of FLOP, such as [6e18, 1e20]."
        )
    if not isinstance(sizes, int | np.integer) or sizes < 1:
        raise RunsError(
            f"isoflop_design: sizes_per_budget is {sizes!r}. It counts the runs of each budget. "
            "Give a whole number of at least 1; a curve with a minimum needs 3."
        )
    if len(tokens_per_param) != 2 or not 0 < tokens_per_param[0] <= tokens_per_param[1] < math.inf:
        raise RunsError(
            f"isoflop_design: tokens_per_param is {tokens_per_param!r}. Sizes are spread between "
            "its two ends. Give two positive numbers, the smaller one first, such as (2, 200)."
        )

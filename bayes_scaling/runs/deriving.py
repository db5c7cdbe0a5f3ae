"""The third of params, tokens and compute, where a table has two of them: C = 6ND."""

import numpy as np
import pandas as pd

from bayes_scaling.runs.columns import STANDARD_INPUTS
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN, compute

DERIVED = {
    "params": "flops / (6 x tokens)",
    "tokens": "flops / (6 x params)",
    "flops": "6 x params x tokens",
}
"""Source of params, tokens or flops where it follows from the other two."""


def derive(table: pd.DataFrame) -> dict[str, str]:
    """Add the third of params, tokens and flops to a table that has two; return its source."""
    lacking = [name for name in STANDARD_INPUTS if name not in table]
    if len(lacking) != 1:
        return {}
    (name,) = lacking
    if name == "flops":
        with np.errstate(over="ignore"):  # what is infinite is refused by its row
            product = compute(table["params"].to_numpy(), table["tokens"].to_numpy())
        table["flops"] = np.asarray(product)
    else:
        other = "tokens" if name == "params" else "params"
        table[name] = table["flops"] / (FLOPS_PER_PARAM_TOKEN * table[other])
    return {name: DERIVED[name]}

"""The reference scales of runs, by which inputs and loss are divided before a law sees them."""

import math
from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np
import pandas as pd

from bayes_scaling.display.wording import listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.cells import Response

# Fractions and the like keep their own scale; a score out of 100 has to be brought to it.
_SIZES_OF_ORDER_ONE = (0.1, 1.0)

LOW_LOSS = 0.05
"""Quantile of the losses that is their reference scale."""


def reference_scales(
    table: pd.DataFrame, inputs: Sequence[str], response: Response
) -> dict[str, float]:
    """Return the scale of each input and of the loss, where none is given by hand."""
    scales = {name: float(np.exp(np.log(table[name]).mean())) for name in inputs}
    return scales | {"loss": _reference_response(table["loss"], response)}


def _reference_response(values: "pd.Series[float]", response: Response) -> float:
    if response == "loss":
        # Of the best runs, since what is known of a floor is its share of them.
        return float(values.quantile(LOW_LOSS))
    size = float(values.abs().quantile(0.9))
    of_order_one = size == 0 or _SIZES_OF_ORDER_ONE[0] <= size <= _SIZES_OF_ORDER_ONE[1]
    return 1.0 if response == "accuracy" or of_order_one else size


def checked_scales(scales: Mapping[str, float], known: Sequence[str]) -> dict[str, float]:
    """Return scales given by hand as floats, after refusing unknown names and bad values."""
    unknown = [name for name in scales if name not in known]
    if unknown:
        raise RunsError(
            f"Runs: there is no column {listed(unknown)} to scale. Scales belong to inputs and to "
            f"the loss. Use one of {listed(known, 20)}."
        )
    for name, scale in scales.items():
        if not is_scale(scale):
            raise RunsError(
                f"Runs: the reference scale of {name} is {scale!r}. Columns are divided by it and "
                f"then logged. Give a positive, finite number such as 1.0."
            )
    return {name: float(scale) for name, scale in scales.items()}


def is_scale(value: object) -> bool:
    """True for a positive, finite number.

    Examples
    --------
    >>> is_scale(1e21), is_scale(0), is_scale(True), is_scale("1e21")
    (True, False, False, False)
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    return math.isfinite(value) and float(value) > 0

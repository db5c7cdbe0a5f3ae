"""Chinchilla's runs, read off a figure."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bayes_scaling.runs import Runs
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

_OUTLIERS = 5


def tidy(files: list[Path]) -> Runs:
    """Runs with compute as plotted, tokens from C = 6ND, and ``outlier`` for the five highest."""
    published = pd.read_csv(files[0])
    params, flops = published["Model Size"], published["Training FLOP"]
    table = pd.DataFrame(
        {
            "params": params,
            "tokens": flops / (FLOPS_PER_PARAM_TOKEN * params),
            "flops": flops,
            "loss": published["loss"],
            "outlier": published["loss"].rank(ascending=False) <= _OUTLIERS,
        }
    )
    return Runs.from_frame(table)

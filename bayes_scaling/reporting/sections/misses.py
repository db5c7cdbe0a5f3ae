"""The runs that lie farthest from what a fit expects of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.reporting.sections.contents import Table, tabulated

SHOWN = 5


def largest_misses(fit: ScalingFit) -> Table:
    """Table of the runs farthest from the posterior median, on the scale of the noise."""
    where = fit.tree["constant_data"].to_dataset().rename(run="point")
    expected = fit.expected_at(where).median(("chain", "draw")).values
    observed, noise = fit.runs.values("loss"), fit.model.noise
    apart = np.abs(noise.on_scale(observed) - noise.on_scale(expected))
    rows = {"run": [*map(repr, fit.runs.table.index)], fit.runs.response: observed}
    table = pd.DataFrame({**rows, "expected": expected, "difference": observed - expected})
    farthest = np.argsort(-apart)[:SHOWN]
    return tabulated("Runs farthest from what is expected of them.", table.iloc[farthest])

"""The runs themselves as points to evaluate a model at, and the same made larger."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayes_scaling.laws import Law
from bayes_scaling.model.axes import grown, main_axis, run_axes
from bayes_scaling.model.inputs import input_values
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.runs import Runs

TIED = float(np.log10(1.02))
"""Decades within which runs are of one size: those of one budget miss it by their rounding."""


def run_points(model: ScalingModel, runs: Runs) -> pd.DataFrame:
    """The runs as points to evaluate law and noise at: a column for each input and factor."""
    columns = {n: input_values(runs, n) for n in (*model.law.inputs, *model.noise.inputs)}
    labels = {factor: runs.table[factor].to_numpy() for factor in model.factors}
    return pd.DataFrame({**columns, **labels})


def largest_run(law: Law, runs: Runs) -> int:
    """Position of the run of largest compute, or of largest first input of a law without it.

    Of several that are as large, as those of one budget are, that of middling tokens per parameter.
    """
    places = run_axes(law, runs)
    along = places[main_axis(law)].to_numpy()
    [largest] = np.nonzero(along >= along.max() - TIED)
    if "tokens_per_param" not in places:
        return int(largest[along[largest].argmax()])
    ratio = places["tokens_per_param"].to_numpy()[largest]
    return int(largest[np.abs(ratio - np.median(ratio)).argmin()])


def scaled_runs(
    model: ScalingModel, runs: Runs, run: int, factors: Sequence[float]
) -> pd.DataFrame:
    """One run made larger by each of several factors: inputs of the law, and levels."""
    rows = run_points(model, runs).iloc[[run] * len(factors)].reset_index(drop=True)
    inputs = grown(model.law, {name: rows[name] for name in model.law.inputs}, np.log10(factors))
    return rows[[*inputs, *model.factors]].assign(**inputs)

"""The runs themselves as points to evaluate a model at, and the same made larger."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayes_scaling.laws import Law
from bayes_scaling.model.axes import main_axis, run_axes, scaled_up
from bayes_scaling.model.inputs import input_values
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.runs import Runs


def run_points(model: ScalingModel, runs: Runs) -> pd.DataFrame:
    """The runs as points to evaluate law and noise at: a column for each input and factor."""
    columns = {n: input_values(runs, n) for n in (*model.law.inputs, *model.noise.inputs)}
    labels = {factor: runs.table[factor].to_numpy() for factor in model.factors}
    return pd.DataFrame({**columns, **labels})


def largest_run(law: Law, runs: Runs) -> int:
    """Position of the run of largest compute, or of largest first input of a law without it."""
    return int(np.argmax(run_axes(law, runs)[main_axis(law)].to_numpy()))


def scaled_runs(
    model: ScalingModel, runs: Runs, run: int, factors: Sequence[float]
) -> pd.DataFrame:
    """One run made larger by each of several factors: inputs of the law, and levels."""
    row = run_points(model, runs)[[*model.law.inputs, *model.factors]].iloc[[run]]
    return pd.concat([scaled_up(model.law, row, one) for one in factors], ignore_index=True)

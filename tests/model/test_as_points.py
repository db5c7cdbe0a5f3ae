"""The runs as points, and the largest of them."""

import numpy as np
import pandas as pd

import bayes_scaling as bs
from bayes_scaling.laws import Chinchilla, PowerLaw
from bayes_scaling.model.as_points import largest_run


def test_of_runs_of_one_budget_the_largest_is_that_of_middling_tokens_per_parameter() -> None:
    params = np.geomspace(1e8, 1e10, 7)
    flops = np.repeat([1e19, 1e20], 7) * np.tile(np.linspace(0.995, 1.005, 7), 2)
    table = pd.DataFrame({"params": np.tile(params, 2), "loss": np.linspace(3, 2.2, 14)})
    table["tokens"] = flops / 6 / table["params"]
    runs = bs.Runs.from_frame(table)
    assert largest_run(Chinchilla(), runs) == 10
    assert largest_run(PowerLaw("tokens"), runs) == int(table["tokens"].argmax())

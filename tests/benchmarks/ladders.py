"""Pairs of simulated ladders whose multiplier is known."""

import numpy as np
import pandas as pd

import bayes_scaling as bs

FLOOR, NOISE = 1.8, 0.003


def pair(rng: np.random.Generator, multiplier: float, rungs: int = 4) -> bs.Runs:
    """Two recipes at twenty tokens per parameter, doubling sizes from 50 M.

    The new recipe has at each compute the loss that the other has at `multiplier` times of it.
    """
    truth = {
        "E": FLOOR, "A": rng.uniform(300, 600), "B": rng.uniform(500, 2500),
        "alpha": rng.uniform(0.3, 0.4), "beta": rng.uniform(0.28, 0.38),
    }  # fmt: skip
    params = 5e7 * 2.0 ** np.arange(rungs)
    ladders = []
    for recipe, worth in (("new", multiplier), ("base", 1.0)):
        grown = params * worth**0.5
        loss = bs.laws.Chinchilla.loss(grown, 20 * grown, **truth)
        loss = loss * np.exp(NOISE * rng.standard_normal(rungs))
        columns = {"recipe": recipe, "params": params, "tokens": 20 * params, "loss": loss}
        ladders.append(pd.DataFrame(columns))
    return bs.Runs.from_frame(pd.concat(ladders, ignore_index=True), factors=["recipe"])

"""Writes tests/data/pooled_fit.nc, the posterior that tests of results read: python <this file>.

A pooled Chinchilla law on 36 simulated runs of two corpora. Draws differ between machines and
versions, so tests compare what is computed from the file with the file, never with fixed numbers.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import bayes_scaling as bs

STORED = Path(__file__).resolve().parent / "data" / "pooled_fit.nc"

# The refit of Besiroglu et al. (2024), with corpora that differ by a few per cent.
TRUTH = {
    "books": {"E": 1.70, "A": 520.0, "B": 1900.0, "alpha": 0.3478, "beta": 0.3658},
    "web": {"E": 1.93, "A": 450.0, "B": 2300.0, "alpha": 0.3478, "beta": 0.3658},
}
NOISE_SD = 0.005


def simulated_runs(seed: int = 7) -> bs.Runs:
    """Three sizes by three budgets by two token counts of each corpus, t-distributed scatter."""
    rng = np.random.default_rng(seed)
    rows = []
    for corpus, truth in TRUTH.items():
        for params in np.geomspace(5e7, 2e9, 6):
            for per_param in (5.0, 20.0, 80.0):
                tokens = per_param * params
                expected = bs.laws.Chinchilla.loss(params, tokens, **truth)
                loss = expected * np.exp(NOISE_SD * rng.standard_t(4))
                rows.append({"corpus": corpus, "params": params, "tokens": tokens, "loss": loss})
    return bs.Runs.from_frame(pd.DataFrame(rows), factors=["corpus"])


def main() -> None:
    model = bs.ScalingModel("chinchilla", [bs.Vary(name, by="corpus") for name in ("E", "A", "B")])
    fit = bs.fit(model, simulated_runs(), draws=2000, chains=2, seed=7, progress=False)
    # Thinned, the 2 x 200 draws kept say as much as so few can.
    kept = {"draw": slice(None, None, 10)}
    number = {"draw": np.arange(200)}
    statistics = fit.sample_stats[["diverging", "energy", "n_steps"]]
    replace(
        fit,
        posterior=fit.posterior.isel(kept).assign_coords(number),
        sample_stats=statistics.isel(kept).assign_coords(number),
        settings=replace(fit.settings, draws=200),
    ).save(STORED)


if __name__ == "__main__":
    main()

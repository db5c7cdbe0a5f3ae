"""Draws ``notebooks/forecast.png``, the picture of the README.

A simulated sweep over three decades of compute, its forecast thirty times beyond, and the verdict.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np

import bayes_scaling as bs

mpl.use("Agg")

TRUTH = {"E": 1.82, "A": 482.0, "B": 2085.0, "alpha": 0.348, "beta": 0.366}
PICTURE = Path(__file__).resolve().parents[1] / "notebooks" / "forecast.png"


def draw() -> None:
    design = bs.datasets.isoflop_design(np.geomspace(1e18, 1e21, 7), 7)
    runs = bs.datasets.simulate("Chinchilla", design, TRUTH, noise_df=4, seed=3)
    fit = bs.fit("Chinchilla", runs, seed=1)
    forecast = bs.forecast(fit, params=1.6e10, tokens=3.2e11)
    verdict = bs.assess(fit, forecast, level="full").verdict
    with mpl.rc_context({"figure.figsize": (8.0, 3.6), "font.size": 9}):
        axes = bs.plots.forecast_fan(forecast)
        axes.set_title(f"Thirty times beyond the largest run. Verdict: {verdict}", fontsize=10)
        axes.figure.savefig(PICTURE, dpi=110, bbox_inches="tight")


if __name__ == "__main__":
    draw()

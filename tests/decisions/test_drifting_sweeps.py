"""Best sizes beyond runs of equal compute: of a law, and of one whose best ratio drifts."""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs

LAW = {"E": 1.7, "A": 400.0, "B": 400.0, "alpha": 0.34, "beta": 0.34}
TOP = 1e20
TARGET = 10 * TOP


def expected(params: np.ndarray, flops: np.ndarray | float, rate: float) -> np.ndarray:
    """A law whose best ratio moves by `rate` decades with each decade of compute, 1 at the top."""
    tokens = flops / 6 / params
    shift = 10 ** (rate * np.log10(flops / TOP) / 2)
    loss: np.ndarray = bs.laws.Chinchilla.loss(params * shift, tokens / shift, **LAW)
    return loss


def sweep(rate: float) -> bs.Runs:
    """Seven budgets over two decades, nine sizes each, with scatter of a five-hundredth."""
    rng = np.random.default_rng(3)
    flops, offset = np.meshgrid(np.geomspace(TOP / 100, TOP, 7), np.linspace(-0.5, 0.5, 9))
    params = (flops / 6) ** 0.5 * 10**offset
    losses = expected(params, flops, rate) * np.exp(0.002 * rng.standard_normal(flops.shape))
    columns = {"params": params.ravel(), "tokens": (flops / 6 / params).ravel()}
    return bs.Runs.from_frame(pd.DataFrame({**columns, "loss": losses.ravel()}))


def best_size(rate: float) -> float:
    """Log of the best size at the target."""
    sizes = np.geomspace(1e7, 1e12, 5001)
    return float(np.log(sizes[expected(sizes, TARGET, rate).argmin()]))


def foreseen(rate: float) -> tuple[float, float, float]:
    """Ends of the 90 % interval of the log of the best size, and its median in between."""
    fit = bs.fit("Chinchilla", sweep(rate), seed=1, progress=False)
    sizes = np.log(bs.allocate(fit, TARGET).draws["params"].values)
    lower, middle, upper = np.quantile(sizes, [0.05, 0.5, 0.95])
    return lower, middle, upper


@pytest.mark.slow
def test_a_best_ratio_that_drifts_goes_on_drifting() -> None:
    lower, middle, upper = foreseen(-0.4)
    truth = best_size(-0.4)
    assert lower < truth < upper
    # Where the law's growth alone would lead is half of the drift's decade of compute away.
    without = truth - 0.4 * np.log(10) / 2
    assert abs(middle - truth) < 0.5 * abs(middle - without)


@pytest.mark.slow
def test_a_sweep_that_follows_its_law_stays_sharp() -> None:
    lower, middle, upper = foreseen(0.0)
    assert lower < best_size(0.0) < upper
    # A fifth of a decade of drift in the ratio is half of that in the size: 0.76 in 90 %.
    assert abs(middle - best_size(0.0)) < 0.25
    assert upper - lower < 1.0

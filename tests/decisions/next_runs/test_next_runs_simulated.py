"""Promises of next_runs against outcomes: simulated sweeps, new runs made, law refitted."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.datasets import isoflop_design, simulate

TRUTH = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}
SWEEP = isoflop_design([1e18, 3e18, 1e19, 3e19, 1e20], 7, (5, 150))
CANDIDATES = isoflop_design([1e19, 3e19, 1e20, 3e20, 1e21], 9, (2, 500)).rename(str)
BUDGET = 1e21
GOAL = bs.Goal.loss(params=7e10, tokens=1.4e12)
SWEEPS = 6


def fitted(runs: bs.Runs, seed: int) -> bs.ScalingFit:
    return bs.fit("chinchilla", runs, draws=500, tune=500, chains=4, seed=seed, progress=False)


def log_target(fit: bs.ScalingFit) -> np.ndarray:
    return np.log(GOAL.draws(fit).values.ravel())


def width(fit: bs.ScalingFit) -> float:
    return float(np.diff(np.quantile(log_target(fit), [0.055, 0.945]))[0])


def random_batch(cost: float, seed: int) -> list[str]:
    """Candidates in random order, each that still fits into the cost."""
    flops, left, taken = CANDIDATES["flops"], cost * (1 + 1e-9), []
    for label in np.random.default_rng(seed).permutation(CANDIDATES.index):
        if flops[label] <= left:
            taken.append(str(label))
            left -= flops[label]
    return taken


def largest_batch() -> list[str]:
    """The largest runs that can be afforded, of about 20 tokens per parameter: one of 1e21."""
    largest = CANDIDATES[np.isclose(CANDIDATES["flops"], BUDGET)]
    from_20 = np.abs(np.log(largest["tokens"] / largest["params"] / 20))
    return [str(from_20.idxmin())]


def refitted(runs: bs.Runs, labels: Sequence[str], seed: int) -> tuple[float, float]:
    """Width and standard deviation after the new runs."""
    made = simulate("chinchilla", CANDIDATES, TRUTH, seed=10_000 + seed)
    both = pd.concat([runs.table, made.table.loc[list(labels)]], ignore_index=True)
    columns = ["params", "tokens", "flops", "loss"]
    # The same references, so that priors stay what they were.
    again = bs.Runs.from_frame(both[columns]).with_reference(**runs.reference)
    fit = fitted(again, seed)
    return width(fit), float(log_target(fit).std())


@pytest.fixture(scope="module")
def outcomes() -> pd.DataFrame:
    """One row for each sweep and batch: promised and realised spread of the log loss."""
    rows = []
    for seed in range(SWEEPS):
        runs = simulate("chinchilla", SWEEP, TRUTH, seed=seed)
        fit = fitted(runs, seed)
        plan = bs.next_runs(fit, CANDIDATES, BUDGET, GOAL)
        batches = {
            "picked": [str(label) for label in plan.chosen.index],
            "random": random_batch(plan.cost, seed),
            "largest": largest_batch(),
        }
        for batch, labels in batches.items():
            after, sd = refitted(runs, labels, seed)
            row = {"sweep": seed, "batch": batch, "now": width(fit), "width": after, "sd": sd}
            cost = CANDIDATES["flops"][labels].sum()
            rows.append(row | {"promised": plan.after(labels).sd[-1], "cost": cost})
    return pd.DataFrame(rows).set_index(["sweep", "batch"])


@pytest.mark.slow
def test_the_batch_beats_a_random_one_and_is_no_worse_than_the_largest_run(
    outcomes: pd.DataFrame,
) -> None:
    widths = outcomes["width"].unstack()
    assert (widths["picked"] < widths["random"]).sum() >= SWEEPS - 1
    assert np.log(widths["picked"] / widths["largest"]).mean() < 0.03
    assert (outcomes["cost"] <= BUDGET * (1 + 1e-6)).all()


@pytest.mark.slow
@pytest.mark.parametrize("batch", ["picked", "random", "largest"])
def test_the_promise_is_what_one_gets(outcomes: pd.DataFrame, batch: str) -> None:
    """On average; a single sweep is within a factor of two, for its noise is estimated too."""
    of_batch = outcomes.xs(batch, level="batch")
    ratio = of_batch["promised"] / of_batch["sd"]
    assert np.exp(np.log(ratio).mean()) == pytest.approx(1.0, abs=0.15)
    assert ratio.between(0.5, 2.0).all()
    shrunk = of_batch["width"] / of_batch["now"]
    assert shrunk.median() < 0.9

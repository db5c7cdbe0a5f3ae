"""Are verdicts right? Sixty simulated sweeps, half of them not what the law assumes.

The forecast is of a new run of three times the largest compute, made as runs should be; a miss is a
loss outside its 90 % interval. ``pytest tests/benchmarks/test_verdicts.py -m benchmark -s``.

Measured at level "quick" (misses of those with each verdict): trust 1 of 35, caution 7 of 18, do
not trust 6 of 7. All 30 sound sweeps are trusted, and one is missed. Of 8 sweeps with an
under-trained top all are missed and none is trusted, of 8 with a break 5 are and none; the mixtures
that are trusted, 5 of 7, have wide intervals, which hold the target. Level "full" takes half an
hour and has not been measured since.

Of the runs that 42 cuts of public sweeps predict, 95 in six cuts are trusted, of which 9 % are
missed where 12 % are allowed; 381 are a caution (4 %) and 631 are not to be trusted (6 %), most for
their reach: there intervals are wide, and hold what they say. In one cut of repeated data a single
run is trusted, and missed, so that the assertion on cuts fails. Within a sweep the verdict tells
runs apart: above the lower 70 % of Chinchilla's runs, 7 % of those trusted are missed and 12 % of
those with a caution.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from tests.benchmarks.extrapolations import Extrapolation, extrapolations

pytestmark = pytest.mark.benchmark

TRUTH = {"E": 1.82, "A": 482.0, "B": 2085.0, "alpha": 0.348, "beta": 0.366}
SCATTER = 0.004
DF = 4
BEYOND = 3.0
SWEEPS = 60

Table = pd.DataFrame
Damage = Callable[[Table, np.random.Generator], Table]


def law(table: Table, **changed: float) -> np.ndarray:
    return np.asarray(
        bs.laws.Chinchilla.loss(table["params"], table["tokens"], **{**TRUTH, **changed})
    )


def sound(table: Table, rng: np.random.Generator) -> Table:
    """Runs of the law."""
    return table


def broken(table: Table, rng: np.random.Generator) -> Table:
    """Progress slows above a compute inside the sweep, and for the target too."""
    flops = 6 * table["params"] * table["tokens"]
    start = 10 ** rng.uniform(19.3, 20.3)
    return table.assign(
        loss=table["loss"] * np.maximum(flops / start, 1) ** rng.uniform(0.02, 0.06)
    )


def under_trained(table: Table, rng: np.random.Generator) -> Table:
    """The largest of the sweep's runs were stopped early; the target will not be."""
    flops = 6 * table["params"] * table["tokens"]
    late = (flops > 1.2e20) & ~table["target"]
    return table.assign(loss=table["loss"] * np.where(late, 1 + rng.uniform(0.02, 0.08), 1))


def wrong_units(table: Table, rng: np.random.Generator) -> Table:
    """A quarter of the losses in bits, or of the token counts in sequences of 2048."""
    wrong = (rng.uniform(size=len(table)) < 0.25) & ~table["target"]
    if rng.uniform() < 0.5:
        return table.assign(loss=np.where(wrong, table["loss"] / np.log(2), table["loss"]))
    return table.assign(tokens=np.where(wrong, table["tokens"] / 2048, table["tokens"]))


def mixed(table: Table, rng: np.random.Generator) -> Table:
    """A third of the runs are of an easier corpus; the target is of the other."""
    other = (rng.uniform(size=len(table)) < 1 / 3) & ~table["target"]
    return table.assign(
        loss=np.where(other, table["loss"] * rng.uniform(0.85, 0.95), table["loss"])
    )


DAMAGES: tuple[Damage, ...] = (broken, under_trained, wrong_units, mixed)


def simulated(seed: int) -> tuple[str, Table]:
    """One sweep and its target, which is the last row; every second sweep is sound."""
    rng = np.random.default_rng([20260101, seed])
    damage = sound if seed % 2 else DAMAGES[seed // 2 % len(DAMAGES)]
    budgets = np.geomspace(1e18, 1e21, int(rng.integers(4, 7)))
    design = bs.datasets.isoflop_design(budgets, int(rng.integers(5, 9)))
    params = np.sqrt(BEYOND * budgets[-1] / 120)
    target = pd.DataFrame({"params": [params], "tokens": [20 * params]})
    table = pd.concat([design.assign(target=False), target.assign(target=True)], ignore_index=True)
    scatter = SCATTER * rng.standard_t(DF, len(table))
    table = table.assign(loss=law(table) * np.exp(scatter))
    return damage.__name__, damage(table, rng)


def judged(seed: int, level: str) -> dict[str, object]:
    kind, table = simulated(seed)
    columns = ["params", "tokens", "loss"]
    runs = bs.Runs.from_frame(table.loc[~table["target"], columns])
    target = table.loc[table["target"], columns]
    fit = bs.fit("Chinchilla", runs, seed=seed, progress=False)
    forecast = bs.forecast(fit, at=target[["params", "tokens"]])
    report = bs.assess(fit, forecast, level=level, progress=False)  # type: ignore[arg-type]
    interval = forecast.table(0.9)["loss"].iloc[0]
    missed = not interval["lower"] <= target["loss"].item() <= interval["upper"]
    why = ", ".join(check.check for check in report.checks if check.verdict != "trust")
    return {"kind": kind, "verdict": report.verdict, "missed": missed, "because": why}


@pytest.mark.parametrize("level", ["quick", "full"])
def test_what_is_trusted_is_right(level: str) -> None:
    found = pd.DataFrame([judged(seed, level) for seed in range(SWEEPS)])
    with pd.option_context("display.width", 200, "display.max_rows", 100):
        print("\n", level, "\n", found.to_string())
        print(found.groupby(["kind", "verdict"])["missed"].agg(["size", "sum"]).to_string())
    rates = found.groupby("verdict")["missed"].mean()
    print(rates, found["verdict"].value_counts())
    assert rates["trust"] <= 0.12
    assert rates["do not trust"] >= 3 * rates["trust"]


def judged_sweep(asked: Extrapolation) -> pd.DataFrame:
    """The verdict on each run of a public sweep that is predicted, and whether it was missed."""
    fit = bs.fit(asked.model, asked.runs(asked.fitted), seed=1, progress=False)
    forecast = bs.forecast(fit, at=asked.targets)
    report = bs.assess(fit, forecast, progress=False)
    interval = np.log(forecast.table(0.9)["loss"])
    missed = (asked.observed < interval["lower"]) | (asked.observed > interval["upper"])
    why = ", ".join(check.check for check in report.checks if check.verdict != "trust")
    verdicts = report.targets["verdict"].to_numpy()
    about = {"cut": asked.cut, "sweep": asked.name, "runs": len(asked.fitted), "because": why}
    return pd.DataFrame({"verdict": verdicts, "missed": missed.to_numpy()}).assign(**about)


def test_public_sweeps_that_are_missed_are_not_trusted(shared_data: Path) -> None:
    sweeps = (one for one in extrapolations(shared_data) if "params" in one.fitted)
    found = pd.concat([judged_sweep(one) for one in sweeps], ignore_index=True)
    cuts = found.groupby(["sweep", "cut", "runs", "because", "verdict"], sort=False)["missed"]
    shares = cuts.agg(["size", "mean"]).reset_index()
    with pd.option_context("display.width", 200, "display.max_rows", 200):
        print(shares.round(2).to_string())
    print(found.groupby("verdict")["missed"].agg(["size", "mean"]))
    print("each sweep and cut once", shares.groupby("verdict")["mean"].agg(["size", "mean"]))
    assert not (shares["verdict"][shares["mean"] > 0.5] == "trust").any()
    assert found["missed"][found["verdict"] == "trust"].mean() <= 0.12

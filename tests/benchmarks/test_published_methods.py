"""Extrapolations that papers have made, ours beside theirs, with the coverage that they lack.

Learning curves of Alabdulmohsin et al. (2022) as their benchmark splits them, four-digit addition
as Caballero et al. (2023) split it, the two targets of Gadre et al. (2024), and of the tasks of Lin
et al. (2025, arXiv:2507.21184) the one whose runs are at hand, repeated data: ``pytest
tests/benchmarks/test_published_methods.py -m benchmark -s`` (some minutes).

The error is the papers': the root mean square of log ratios, averaged over the curves of a domain,
and of a single run its relative error. Of Gadre's targets the errors are those that the authors
print. Of addition it is that of the parameters that the authors' code gives. Their table of errors
by task of the learning curves could not be had, so the estimators M1 (a power), M2 (a power and a
floor) and M4 (bounded at both ends) are refitted here by least squares of log losses, from many
starts; these are not the authors' numbers. Of repeated data the score is the discovery benchmark's,
R2 of the losses asked for; the published one is of the law of Muennighoff et al. (2023) as that
benchmark's authors fit it.

Measured (mean error over the curves, median width of the 90 % interval in log loss, share of the
runs asked for that intervals hold):

==================  =======================  ======  =====  ====
task                method                   error   width  held
==================  =======================  ======  =====  ====
BIG-Bench           M1, refitted             .0148
(10 curves)         M2, refitted             .0100
..                  M4, refitted             .0083
..                  ours, PowerLaw           .0130   .044   .76
..                  ours, BoundedPowerLaw    .0145   .049   .74
translation         M1, refitted             .2217
(5 curves)          M2, refitted             .0482
..                  M4, refitted             .0124
..                  ours, PowerLaw           .0351   .143   1.0
..                  ours, BoundedPowerLaw    .0249   .100   1.0
addition            published, broken power  .0109
(3 runs)            ours, PowerLaw           1.055   .427   .00
..                  ours, BrokenPowerLaw     .0295   .447   1.0
1.4B, 640 tokens    published                .0071
per parameter       ours, OverTraining       .0119   .153   1.0
..                  ours, Chinchilla         .0092   .162   1.0
6.9B, 20 tokens     published                .0073
per parameter       ours, OverTraining       .0120   .137   1.0
..                  ours, Chinchilla         .0112   .147   1.0
repeated data       published, R2 = .911
(18 runs)           ours, R2 = .950          .0093   .114   1.0
==================  =======================  ======  =====  ====

The best of the papers' point fits is nearer in the first five. Gadre et al. fit four parameters to
five runs, of which our priors hold back some: forecasts are 1 % too high.
Translation and addition bend, and the laws that bend are nearer. On BIG-Bench our intervals are too
narrow.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import least_squares

import bayes_scaling as bs
from bayes_scaling.laws import (
    BoundedPowerLaw,
    BrokenPowerLaw,
    Chinchilla,
    DataConstrained,
    Law,
    OverTraining,
    PowerLaw,
    published_set,
)

pytestmark = pytest.mark.benchmark

PRINTED = {"1.4B, 640 tokens/param": 0.007103, "6.9B, 20 tokens/param": 0.007320}
"""Relative errors of Gadre et al. on RedPajama, as their notebook prints them."""

R2_OF_AUTHORS = 0.911
"""R2 on repeated data, as the tables of the discovery benchmark have it for the authors' law."""

STARTS = 30
PROB = 0.9


@dataclass(frozen=True)
class Task:
    """Runs to fit and to predict, of one curve or sweep."""

    domain: str
    fitted: pd.DataFrame
    asked: pd.DataFrame

    @property
    def runs(self) -> bs.Runs:
        given = {"params", "tokens", "flops", "loss"}
        inputs = tuple(name for name in self.fitted if name not in given)
        return bs.Runs.from_frame(self.fitted.reset_index(drop=True), inputs=inputs)


def scored(task: Task, method: str, predicted: np.ndarray, **intervals: np.ndarray) -> dict:
    """One row of the table: the error of a task, and how many of its runs intervals hold."""
    losses = task.asked["loss"].to_numpy()
    row = {
        "domain": task.domain,
        "method": method,
        "error": np.sqrt(np.mean(np.log(predicted / losses) ** 2)),
        "asked": len(losses),
        # One that all runs share is explained by nothing.
        "r2": 1 - np.mean((predicted - losses) ** 2) / np.var(losses) if np.ptp(losses) else np.nan,
    }
    if intervals:
        low, high = intervals["low"], intervals["high"]
        row["held"] = ((low <= losses) & (losses <= high)).sum()
        row["width"] = np.median(np.log(high / low))
    return row


def ours(task: Task, law: Law) -> dict:
    """The default fit of a law, and a new run's interval."""
    fit = bs.fit(law, task.runs, draws=1000, seed=1, progress=False)
    asked = task.asked.drop(columns="loss").reset_index(drop=True)
    table = bs.forecast(fit, at=asked, seed=1).table(prob=PROB)["loss"]
    ends = {"low": table["lower"].to_numpy(), "high": table["upper"].to_numpy()}
    return scored(task, f"ours, {law.name}", table["median"].to_numpy(), **ends)


def refitted(task: Task, method: str, law: Law) -> dict:
    """Least squares of log losses, best of starts from the priors; parameters are positive."""
    runs, rng = task.runs, np.random.default_rng(1)
    [name] = law.inputs
    x, loss = runs.values(name) / runs.reference[name], runs.values("loss")
    names = list(law.priors)

    def curve(at: np.ndarray, logs: np.ndarray) -> np.ndarray:
        return np.asarray(law.evaluate({name: at}, dict(zip(names, np.exp(logs), strict=True))))

    def residuals(logs: np.ndarray) -> np.ndarray:
        return np.log(curve(x, logs)) - np.log(loss / runs.reference["loss"])

    starts = np.log([prior.sample(STARTS, rng) for prior in law.priors.values()]).T
    fits = [least_squares(residuals, start, bounds=(-15, 15)) for start in starts]
    best = min(fits, key=lambda fit: fit.cost).x
    asked = task.asked[name].to_numpy() / runs.reference[name]
    return scored(task, method, runs.reference["loss"] * curve(asked, best))


def published_broken(task: Task) -> dict:
    """The parameters that the code of Caballero et al. gives."""
    entry = published_set("caballero2023-addition")
    predicted = entry.loss(examples=task.asked["examples"].to_numpy())
    return scored(task, "published, broken power", np.asarray(predicted))


def learning_curves(folder: Path) -> Iterator[Task]:
    """Curves of one input, as the benchmark of Alabdulmohsin et al. splits them."""
    table = pd.read_csv(folder / "learning_curves.csv")
    for _, curve in table.rename(columns={"x": "examples", "y": "loss"}).groupby("curve"):
        parts = {split: part[["examples", "loss"]] for split, part in curve.groupby("split")}
        yield Task(str(curve["domain"].iloc[0]), parts["train"], parts["test"])


def addition(folder: Path) -> Task:
    table = pd.read_csv(folder / "addition_broken_curve.csv")
    table = table.rename(columns={"x": "examples", "y": "loss"})
    parts = {split: part[["examples", "loss"]] for split, part in table.groupby("split")}
    return Task("addition", parts["train"], parts["test"])


def gadre_targets(folder: Path) -> Iterator[Task]:
    """The five runs that the paper fits, and each of the two that it predicts."""
    table = pd.read_csv(folder / "gadre_overtraining.csv")
    table = table[table["dataset"] == "redpajama"]
    columns = ["params", "tokens", "loss"]
    fitted = table[table["role"] == "fit"][columns]
    for _, run in table[table["role"] == "target"].iterrows():
        name = f"{run['params'] / 1e9:.1f}B, {run['token_multiplier']:.0f} tokens/param"
        yield Task(name, fitted, run[columns].to_frame().T.astype(float))


def repeated_data(folder: Path) -> Task:
    """Runs on repeated data; asked for are the two largest models and the two largest corpora."""
    table = pd.read_csv(folder / "datablations.csv")
    table = table.loc[table["used_in_paper_fit"], ["params", "tokens", "unique_tokens", "loss"]]
    second = {name: table[name].drop_duplicates().nlargest(2).min() for name in table}
    large = [table[name] >= second[name] for name in ("params", "unique_tokens")]
    asked = np.logical_or(*large)
    return Task("repeated data", table[~asked], table[asked])


def rows(folder: Path) -> Iterator[Mapping[str, object]]:
    for task in learning_curves(folder):
        yield refitted(task, "M1, refitted", PowerLaw("examples", floor=False))
        yield refitted(task, "M2, refitted", PowerLaw("examples"))
        yield refitted(task, "M4, refitted", BoundedPowerLaw("examples"))
        yield ours(task, PowerLaw("examples"))
        yield ours(task, BoundedPowerLaw("examples"))
    task = addition(folder)
    yield published_broken(task)
    yield ours(task, PowerLaw("examples"))
    yield ours(task, BrokenPowerLaw("examples"))
    for task in gadre_targets(folder):
        yield {"domain": task.domain, "method": "published", "error": PRINTED[task.domain]}
        yield ours(task, OverTraining())
        yield ours(task, Chinchilla())
    task = repeated_data(folder)
    yield {"domain": task.domain, "method": "published", "r2": R2_OF_AUTHORS}
    yield ours(task, DataConstrained())


def test_ours_beside_published_methods(shared_data: Path) -> None:
    table = pd.DataFrame(list(rows(shared_data)))
    grouped = table.groupby(["domain", "method"], sort=False)
    summary = grouped.agg(
        curves=("error", "size"), error=("error", "mean"), median_error=("error", "median")
    )
    summary["r2"] = grouped["r2"].mean()
    summary["width"] = grouped["width"].median()
    has = table[table["held"].notna()].groupby(["domain", "method"])
    summary["covered"] = has["held"].sum() / has["asked"].sum()
    print("\n", summary.round(4).to_string())
    power, refit = (summary.xs(name, level="method") for name in ("ours, PowerLaw", "M2, refitted"))
    assert (power.loc[refit.index, "error"] < 1.5 * refit["error"]).all()
    assert (summary.loc[[*PRINTED], "covered"].dropna() == 1).all()
    assert summary.loc[("addition", "ours, BrokenPowerLaw"), "covered"] == 1
    assert summary.loc[("repeated data", "ours, DataConstrained"), "r2"] > R2_OF_AUTHORS
    assert summary.loc[("repeated data", "ours, DataConstrained"), "covered"] >= PROB

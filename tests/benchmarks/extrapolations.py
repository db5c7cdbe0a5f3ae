"""Extrapolations with a known answer: every public sweep, cut below the runs to be predicted.

Near: fit the lower 70 % of the runs by compute and predict the rest. Far: fit the lower 40 % and
predict the top 30 %. The Chinchilla runs are cut at 1e19, 1e20 and 1e21 FLOP as well. Sweeps and
corpora are also pooled, each level cut by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import bayes_scaling as bs

REACHES = {"near": 0.7, "far": 0.4}
TESTED_ABOVE = 0.7
CUTS = (1e19, 1e20, 1e21)
COLUMNS = ["params", "tokens", "flops", "loss"]
LEAST_RUNS = 4


@dataclass(frozen=True)
class Extrapolation:
    """Runs to fit and runs to predict.

    Attributes
    ----------
    name, kind : str
        The data set, and which of several like it are averaged together.
    reach : str
        "near", "far" or the cut.
    factor : str, optional
        What E, A and B vary by.
    """

    name: str
    kind: str
    reach: str
    fitted: pd.DataFrame
    held_out: pd.DataFrame
    factor: str | None = None

    @property
    def model(self) -> bs.ScalingModel:
        if "params" not in self.fitted:
            return bs.ScalingModel(bs.laws.PowerLaw("tokens"))
        vary = [bs.Vary(name, by=self.factor) for name in "EAB"] if self.factor else []
        return bs.ScalingModel("Chinchilla", vary)

    def runs(self, table: pd.DataFrame) -> bs.Runs:
        factors = [self.factor] if self.factor else []
        flops = {"flops_factor": np.inf} if "params" in table else {}
        return bs.Runs.from_frame(table.reset_index(drop=True), factors=factors, **flops)


def extrapolations(folder: Path) -> Iterator[Extrapolation]:
    for kind, name, table in _sweeps(folder):
        along = "flops" if "flops" in table else "tokens"
        for reach in REACHES:
            yield from _usable(Extrapolation(name, kind, reach, *_cut(table, along, reach)))
    for kind, factor, table in _pools(folder):
        for reach in REACHES:
            parts = [_cut(level, "flops", reach) for _, level in table.groupby(factor)]
            fitted, held_out = (pd.concat(part) for part in zip(*parts, strict=True))
            yield from _usable(
                Extrapolation(f"{kind}, pooled", f"{kind}, pooled", reach, fitted, held_out, factor)
            )
    runs = _chinchilla(folder)
    for cut in CUTS:
        below = runs["flops"] <= cut * 1.0001
        yield Extrapolation("chinchilla", "chinchilla cut", f"{cut:.0e}", runs[below], runs[~below])


def _usable(one: Extrapolation) -> Iterator[Extrapolation]:
    if len(one.fitted) >= LEAST_RUNS and len(one.held_out):
        yield one


def _cut(table: pd.DataFrame, along: str, reach: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    rank = table[along].rank(pct=True)
    fitted = table[rank <= REACHES[reach]]
    beyond = table[along] > fitted[along].max() * 1.0001
    return fitted, table[(rank > TESTED_ABOVE) & beyond]


def _sweeps(folder: Path) -> Iterator[tuple[str, str, pd.DataFrame]]:
    for name, table in pd.read_csv(folder / "isoflop_sweeps.csv").groupby("sweep"):
        yield "isoFLOP sweeps", str(name), table[COLUMNS]
    yield "chinchilla", "chinchilla", _chinchilla(folder)
    for name, table in pd.read_csv(folder / "gadre_overtraining.csv").groupby("dataset"):
        yield "gadre", str(name), table[COLUMNS]
    table = pd.read_csv(folder / "datablations.csv")
    single = (table["epochs"] <= 1.0001) & (table["variant"] == "standard")
    yield "datablations", "datablations", table[single][COLUMNS]
    for name, table in pd.read_csv(folder / "learning_curves.csv").groupby("curve"):
        curve = table.rename(columns={"x": "tokens", "y": "loss"})[["tokens", "loss"]]
        if (curve["loss"] > 0).all():
            yield "learning curves", str(name), curve


def _pools(folder: Path) -> Iterator[tuple[str, str, pd.DataFrame]]:
    table = pd.read_csv(folder / "isoflop_sweeps.csv")
    yield "isoFLOP sweeps", "sweep", table[[*COLUMNS, "sweep"]]
    table = pd.read_csv(folder / "gadre_overtraining.csv")
    yield "gadre", "dataset", table[[*COLUMNS, "dataset"]]


def _chinchilla(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / "chinchilla.csv")
    return table[~table["dropped_in_replication"]][COLUMNS]

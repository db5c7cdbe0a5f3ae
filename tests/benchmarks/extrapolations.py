"""Extrapolations with a known answer: every public sweep, cut below the runs to be predicted.

Near fits the lower 70 % of the runs by compute and predicts the top 30 %, far fits the lower 40 %
and predicts the same, farther fits the lower 20 % and predicts the top 20 %. Sweeps and corpora are
pooled as well, with most of one level hidden.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import bayes_scaling as bs

CUTS = {"near": (0.7, 0.7), "far": (0.4, 0.7), "farther": (0.2, 0.8)}
COLUMNS = ["params", "tokens", "flops", "loss"]
LEAST_FITTED = {"flops": 8, "tokens": 5}
LEAST_HELD_OUT = 3
BEYOND = 1.02
"""How many times the largest fitted run's compute a run to be predicted has at the least."""

SHOWN_RUNS = 4
"""Runs of a hidden corpus that are fitted, its smallest."""

SHOWN_SHARE = 0.15
"""Share of the runs of a hidden isoFLOP sweep that are fitted, its smallest."""


@dataclass(frozen=True)
class Extrapolation:
    """Runs to fit and runs to predict.

    Attributes
    ----------
    source : str
        Paper; sweeps of one paper are alike.
    name, cut : str
        The data set, and how it is cut.
    factor : str, optional
        What E, A and B vary by.
    """

    source: str
    name: str
    cut: str
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

    @property
    def targets(self) -> pd.DataFrame:
        """Inputs and levels of the runs to be predicted."""
        return self.held_out.drop(columns="loss").reset_index(drop=True)

    @property
    def observed(self) -> np.ndarray:
        """Log losses of the runs to be predicted."""
        return np.log(self.held_out["loss"].to_numpy())


def extrapolations(folder: Path) -> Iterator[Extrapolation]:
    """Sweeps of params and tokens first, then learning curves."""
    for source, name, table in sweeps(folder):
        along = "flops" if "flops" in table else "tokens"
        for cut, (below, above) in CUTS.items():
            fitted = table[table[along] <= table[along].quantile(below)]
            beyond = table[along] > fitted[along].max() * BEYOND
            held_out = table[(table[along] > table[along].quantile(above)) & beyond]
            if len(fitted) >= LEAST_FITTED[along] and len(held_out) >= LEAST_HELD_OUT:
                yield Extrapolation(source, name, cut, fitted, held_out)


def hidden_levels(folder: Path) -> Iterator[tuple[Extrapolation, Extrapolation]]:
    """Pools with all but the smallest runs of one level hidden, and those runs by themselves."""
    for pool, factor, table in pools(folder):
        for level, own in table.groupby(factor):
            own = own.sort_values("flops")
            shown = SHOWN_RUNS if pool == "gadre" else round(SHOWN_SHARE * len(own))
            few, hidden = own.iloc[:shown], own.iloc[shown:]
            pooled = pd.concat([table[table[factor] != level], few])
            yield (
                Extrapolation(pool, str(level), "pooled", pooled, hidden, factor),
                Extrapolation(pool, str(level), "alone", few[COLUMNS], hidden[COLUMNS]),
            )


def sweeps(folder: Path) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Source, name and runs of each sweep."""
    for name, table in pd.read_csv(folder / "isoflop_sweeps.csv").groupby("sweep"):
        yield str(table["source"].iloc[0]), str(name), table[COLUMNS]
    table = pd.read_csv(folder / "chinchilla.csv")
    yield "hoffmann2022", "chinchilla", table[~table["dropped_in_replication"]][COLUMNS]
    for name, table in pd.read_csv(folder / "gadre_overtraining.csv").groupby("dataset"):
        yield "gadre2024", f"gadre {name}", table[COLUMNS]
    table = pd.read_csv(folder / "datablations.csv")
    single = (table["epochs"] <= 1.0001) & (table["variant"] == "standard")
    yield "muennighoff2023", "datablations", table[single][COLUMNS]
    yield "llama2024", "llama3", pd.read_csv(folder / "llama3_isoflop.csv")[COLUMNS]
    table = pd.read_csv(folder / "misfitting_sweeps.csv")
    best = table[table["best_lr_for_cell"].astype(bool)]
    cells = best.groupby(["params", "tokens"], as_index=False).first()
    yield "li2025", "misfitting", cells[COLUMNS]
    for name, table in pd.read_csv(folder / "learning_curves.csv").groupby("curve"):
        curve = table.rename(columns={"x": "tokens", "y": "loss"})[["tokens", "loss"]]
        if (curve["loss"] > 0).all():
            yield "alabdulmohsin2022", str(name), curve


def pools(folder: Path) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Name, factor and runs of each pool of like sweeps."""
    table = pd.read_csv(folder / "gadre_overtraining.csv")
    yield "gadre", "dataset", table[[*COLUMNS, "dataset"]]
    for source, table in pd.read_csv(folder / "isoflop_sweeps.csv").groupby("source"):
        yield str(source), "sweep", table[[*COLUMNS, "sweep"]]

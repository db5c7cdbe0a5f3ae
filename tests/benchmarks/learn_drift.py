"""Drift of best sizes beyond the runs, learned from public sweeps, one source left out.

``python -m tests.benchmarks.learn_drift [folder]`` (some minutes) fits every isoFLOP sweep below
its budgets, and looks for the size of what is not known of `drift` under which the best sizes of
the budgets kept back have the least interval score. It prints what each source left out has chosen
by the others, and how those choices predict it; what all sources together choose is the middle of
``drift_sd`` in :mod:`bayes_scaling.model.surface`.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

import bayes_scaling as bs
from bayes_scaling.fitting.beyond import even_normal, shown_drift
from tests.benchmarks.test_best_sizes import REACHES, Optimum, cuts, isoflop_sweeps, misses

SIZES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
SPREAD = 0.35
"""Standard deviation of the log size."""


@dataclass(frozen=True)
class Cut:
    """A fit below a budget, what its runs show of the drift, and the best sizes above."""

    source: str
    fit: bs.ScalingFit
    above: list[Optimum]

    def scores(self, size: float) -> pd.DataFrame:
        """Coverage, error, width and interval score of each budget kept back, at this size."""
        posterior, model = self.fit.posterior, self.fit.model
        typical = {name: posterior[model.typical_name(name)] for name in model.parameters}
        _, shown = shown_drift(posterior, typical, model, self.fit.runs)
        rng = np.random.default_rng(0)
        sizes = size * np.exp(SPREAD * even_normal(shown, rng))
        drift = (shown + sizes * even_normal(shown, rng)).clip(-0.9, 0.9)
        fit = replace(self.fit, posterior=posterior.assign(drift=drift))
        return misses(fit, self.above).assign(source=self.source)


def fitted(folder: Path) -> Iterator[Cut]:
    for source, name, table in isoflop_sweeps(folder):
        for runs, above in cuts(table):
            fit = bs.fit("Chinchilla", runs, draws=500, chains=2, seed=1, progress=False)
            print(source, name, len(runs), fit.diagnostics.diagnosis, flush=True)
            yield Cut(source, fit, above)


def by_reach(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean coverage and interval score, median error and width, by decades beyond the runs."""
    groups = scores.groupby(pd.cut(scores["decades"], REACHES), observed=True)
    found = groups[["covered", "interval_score"]].mean()
    return found.join(groups[["error", "width"]].median())


def main(folder: Path) -> None:
    every = list(fitted(folder))
    tables = {size: pd.concat([cut.scores(size) for cut in every]) for size in SIZES}
    sources = tables[SIZES[0]]["source"]

    def best(kept: pd.Series) -> float:
        return min(SIZES, key=lambda size: by_reach(tables[size][kept])["interval_score"].mean())

    chosen = {source: best(sources != source) for source in sources.unique()}
    left_out = pd.concat([tables[size][sources == source] for source, size in chosen.items()])
    print("\nleft out one at a time", chosen, "\n", by_reach(left_out).round(2).to_string())
    together = best(sources == sources)
    print("\nall together", together, "\n", by_reach(tables[together]).round(2).to_string())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("../shared/data"))

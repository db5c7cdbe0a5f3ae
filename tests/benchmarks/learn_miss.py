"""What laws miss beyond their runs, learned from public sweeps, leaving one source out at a time.

``python -m tests.benchmarks.learn_miss [folder]`` (about a quarter of an hour on two cores) fits
every sweep below its cut-offs, and looks for the mean and the size of `miss` and the mean of
`floor_drop` under which held-out runs have the highest log score; of learning curves, which bend
either way, for the size of `delta` too. It prints what each source left out has chosen by the
others, and how those choices predict it: of curves, which are of one paper, each task is a source.

Of sweeps all sources together choose a mean of 0.05, a size of 0.05 and a drop of 0.75, and six of
seven left out the same; they are predicted with interval scores of 0.077, 0.176, 0.234 (near, far,
farther) and 0.95, 0.92, 0.96 covered. Without a drop the best log score is lower by 0.05.
:mod:`bayes_scaling.model.surface` has a size of 0.1 and a drop of 0.5, with log scores as high as
without a drop (2.14 and 2.12, best 2.18): six sources that are not among these (isoFLOP sweeps,
ladders and grids of five groups) have 0.90, 0.81, 0.82 covered so, 0.89, 0.75, 0.70 by the choice
of these alone, and 0.87, 0.74, 0.66 without a drop; and of sweeps simulated from the law 1.0, 0.94,
0.88 at 10, 30 and 100 times the largest run, where a mean of 0.1 without a drop had 0.81, 0.94,
0.88. Of curves all together choose a `delta` of 0.03 and a `miss` of 0.6, and the tasks left out
one of 0.4 to 0.6 (it is 0.5, whose intervals far beyond the runs are narrower), with scores of
0.134, 0.314, 0.179 and 0.86, 0.85, 1.00 covered; a drop lowers their log scores: they have none.
"""

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import logsumexp

import bayes_scaling as bs
from bayes_scaling.fitting.beyond import even_normal
from bayes_scaling.fitting.loss_surface import LossSurface
from bayes_scaling.model.points import points
from tests.benchmarks.extrapolations import Extrapolation, extrapolations

SWEEPS = {
    "amplitude": (0.01,),
    "mean": (0.0, 0.05, 0.1, 0.15),
    "size": (0.03, 0.05, 0.07, 0.1),
    "drop": (0.0, 0.25, 0.5, 0.75),
}
CURVES = {
    "amplitude": (0.01, 0.03, 0.06),
    "mean": (0.0,),
    "size": (0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
    "drop": (0.0, 0.5),
}
"""Choices of the median size of `delta`, of mean and median size of `miss`, and of the mean of
`floor_drop`, of whose distribution nothing and all are the likeliest."""

SPREAD = 0.35
"""Standard deviation of the log size."""

LEAST = -20.0
"""Log score below which one run counts no worse."""


@dataclass(frozen=True)
class Fitted:
    """A fit below a cut-off, and where the runs to be predicted lie."""

    one: Extrapolation
    fit: bs.ScalingFit
    surface: LossSurface
    where: dict[str, np.ndarray]

    def losses(self, mean: float, size: float, drop: float) -> np.ndarray:
        """Draws of the log expected loss, dims (sample, run), under these choices."""
        rng = np.random.default_rng(0)
        like = self.fit.posterior["miss"]
        sizes = size * np.exp(SPREAD * even_normal(like, rng))
        miss = (mean + sizes * even_normal(like, rng)).values.reshape(-1, 1)
        share = stats.norm.cdf(even_normal(like, rng)).reshape(-1, 1)
        dropped = stats.beta.ppf(share, drop, 1 - drop) if drop else None
        left_out = self.surface.left_out
        assert left_out is not None
        edge = left_out.misses[0][0]
        left_out = replace(left_out, misses=[(edge, miss)], drop=dropped)
        return np.log(replace(self.surface, left_out=left_out).loss(self.where))

    def scores(self, mean: float, size: float, drop: float) -> pd.DataFrame:
        """Coverage, error, width, interval score and log score of each run to be predicted."""
        expected = self.losses(mean, size, drop)
        sd, df = (
            self.fit.posterior[name].values.reshape(-1, 1) for name in ("noise_sd", "noise_df")
        )
        rng = np.random.default_rng(1)
        log = logsumexp(stats.t.logpdf((self.one.observed - expected) / sd, df) - np.log(sd), 0)
        found = scored(expected + sd * rng.standard_t(df, expected.shape), self.one.observed)
        return found.assign(log_score=np.maximum(log - np.log(len(sd)), LEAST), **about(self.one))


def about(one: Extrapolation) -> dict[str, str]:
    return {"source": one.source, "name": one.name, "cut": one.cut}


def scored(draws: np.ndarray, observed: np.ndarray) -> pd.DataFrame:
    """Scores of draws of log losses, dims (sample, run); intervals are nominal 90 %."""
    low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95], axis=0)
    miss = np.maximum(low - observed, 0) + np.maximum(observed - high, 0)
    return pd.DataFrame(
        {
            "covered": (miss == 0).astype(float),
            "error": np.abs(middle - observed),
            "width": high - low,
            "interval_score": high - low + 20 * miss,
        }
    )


def over_sweeps(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean of each sweep's means, by cut."""
    numbers = scores.select_dtypes("number").columns
    sweeps = scores.groupby(["cut", "name"])[list(numbers)].mean()
    return sweeps.groupby("cut").mean().reindex(["near", "far", "farther"]).dropna()


def fitted(folder: Path, curves: bool, amplitude: float) -> Iterator[Fitted]:
    for one in extrapolations(folder):
        if curves == ("params" in one.fitted):
            continue
        size = bs.Prior.log_normal(np.log(amplitude), 1.0)
        model = replace(one.model, surface=bs.Surface(amplitude=size))
        fit = bs.fit(model, one.runs(one.fitted), draws=500, chains=2, seed=1, progress=False)
        where = points(fit.model, fit.runs, at=one.targets)
        surface = fit.surface_at({}).map(lambda values: np.asarray(values).reshape(-1, 1))
        yield Fitted(one, fit, surface, {name: where[name].values for name in fit.model.law.inputs})


def learned(folder: Path, curves: bool) -> None:
    """Print the choices of each source left out, and of all together, with their scores."""
    amplitudes, *beyond = (CURVES if curves else SWEEPS).values()
    tables = {}
    for amplitude in amplitudes:
        fits = list(fitted(folder, curves, amplitude))
        for choice in itertools.product(*beyond):
            tables[amplitude, *choice] = pd.concat([fit.scores(*choice) for fit in fits])

    def best(kept: pd.Series) -> tuple[float, ...]:
        return max(tables, key=lambda c: over_sweeps(tables[c][kept])["log_score"].mean())

    first = next(iter(tables.values()))
    sources = first["name"].map(task) if curves else first["source"]
    chosen = {source: best(sources != source) for source in sources.unique()}
    parts = [tables[choice][sources == source] for source, choice in chosen.items()]
    print(pd.DataFrame(chosen, index=list(SWEEPS)).T.to_string())
    print("\nleft out one at a time\n", over_sweeps(pd.concat(parts)).round(4).to_string())
    together = best(sources == sources)
    print("\nall together", together, "\n", over_sweeps(tables[together]).round(4).to_string())


def task(curve: str) -> str:
    """The task of a learning curve: ``"date"`` of ``"BB|date_1_shot|262M"``."""
    return curve.split("|")[1].split("_")[0]


def main(folder: Path) -> None:
    for curves in (False, True):
        print("\nlearning curves" if curves else "\nsweeps")
        learned(folder, curves)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("../shared/data"))

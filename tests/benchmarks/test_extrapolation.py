"""Are extrapolations as good as they say? Every public sweep, cut below the runs to be predicted.

Nominal 90 % intervals of new runs are held against runs kept back (:mod:`extrapolations` says
which): ``pytest tests/benchmarks/test_extrapolation.py -m benchmark -s`` (about ten minutes).

MEASURED
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling._reach import reach
from bayes_scaling.points import points
from tests.benchmarks.extrapolations import Extrapolation, extrapolations, hidden_levels
from tests.benchmarks.learn_miss import about, over_sweeps, scored

pytestmark = pytest.mark.benchmark

BINS = [0, 0.3, 0.7, 1.2, 2, 9]
BIN_NAMES = ["to 0.3", "to 0.7", "to 1.2", "to 2", "beyond 2"]


def predicted(one: Extrapolation, surface: bool = True) -> pd.DataFrame:
    """Scores of the runs to be predicted, and their decades beyond the runs fitted."""
    law = one.model
    model = law if surface else bs.ScalingModel(law.law, law.vary, surface=None)
    fit = bs.fit(model, one.runs(one.fitted), draws=1000, seed=1, progress=False)
    forecast = bs.forecast(fit, at=one.targets)
    draws = forecast.draws["loss"].stack(sample=("chain", "draw")).transpose("sample", ...)
    beyond = reach(model, fit.runs, points(model, fit.runs, at=one.targets))
    expected, floor = forecast.draws["expected_loss"], fit.surface_at(forecast.draws).floor
    return scored(np.log(draws.values), one.observed).assign(
        reach=beyond.values, below_floor=float((expected < floor).mean()), **about(one)
    )


def test_extrapolations_are_as_good_as_they_say(shared_data: Path) -> None:
    chosen = list(extrapolations(shared_data))
    tables = {
        name: pd.concat([predicted(one, surface) for one in chosen])
        for name, surface in {"surface": True, "law alone": False}.items()
    }
    for name, scores in tables.items():
        curves = scores["source"] == "alabdulmohsin2022"
        for kind, part in {"sweeps": scores[~curves], "learning curves": scores[curves]}.items():
            bins = pd.cut(part["reach"], BINS, labels=BIN_NAMES)
            print(f"\n{name}, {kind}\n", over_sweeps(part).round(4).to_string())
            print(part.groupby(bins, observed=True)["covered"].mean().round(3).to_dict())
    ours, law = (over_sweeps(tables[name]) for name in ("surface", "law alone"))
    assert (tables["surface"]["below_floor"] == 0).all()
    assert (ours["interval_score"] < law["interval_score"]).all()
    assert ours["covered"].between(0.8, 0.98).all()


@pytest.mark.parametrize("pool", ["gadre", "xlstm2025", "porian2024"])
def test_pooling_pays(shared_data: Path, pool: str) -> None:
    pairs = [pair for pair in hidden_levels(shared_data) if pair[0].source == pool]
    scores = pd.concat([predicted(one) for pair in pairs for one in pair])
    means = scores.groupby("cut")[["covered", "error", "width", "interval_score"]].mean()
    print(f"\n{pool}\n", scores.groupby(["name", "cut"])[list(means)].mean().round(4).to_string())
    ratio = means.loc["pooled"] / means.loc["alone"]
    print(means.round(4).to_string(), "\npooled over alone", ratio.round(2).to_dict())
    assert ratio["width"] < 1

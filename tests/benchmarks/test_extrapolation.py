"""Are extrapolations as good as they say? Every data set with more than one compute level.

Nominal intervals of new runs are held against runs kept back (:mod:`extrapolations` says which):
``pytest tests/benchmarks/test_extrapolation.py -m benchmark -s`` (some minutes).

* `default`: what ``forecast`` gives: beyond the runs, the posterior focused on the largest runs,
  and a discrepancy that grows with the reach;
* `learned`: the same with the rate of the discrepancy updated by the sweep's own backtest;
* `law alone`: the posterior of all runs alike; `focused alone`: the focused one;
* `discrepancy alone`: the posterior of all runs alike, with the default's discrepancy;
* `log-linear`: least squares of the log loss; `huber + bootstrap`: the law by Huber loss.

@@TABLE@@
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.discrepancy import DEFAULT
from bayes_scaling.trust._baselines import BASELINES, Prediction, error_scale
from bayes_scaling.trust._folds import model_prediction
from bayes_scaling.trust._scores import score_draws, summarised
from bayes_scaling.trust._verdict import CannotJudge
from tests.benchmarks.extrapolations import Extrapolation, extrapolations

pytestmark = pytest.mark.benchmark

MEASURES = ["coverage_90", "coverage_95", "median_error", "width", "bias", "log_score"]


def predictions(one: Extrapolation) -> Iterator[tuple[str, Prediction]]:
    model, fitted, held_out = one.model, one.runs(one.fitted), one.runs(one.held_out)
    fit = bs.fit(model, fitted, draws=500, tune=700, chains=2, seed=1, progress=False)
    assert fit.focused is not None
    yield "default", model_prediction(fit, held_out, 0)
    yield "learned", model_prediction(fit, held_out, 0, _learned(fit))
    yield "law alone", model_prediction(fit, held_out, 0, None)
    yield "focused alone", model_prediction(fit.focused, held_out, 0, None)
    unfocused = replace(fit, focused=None)
    yield "discrepancy alone", model_prediction(unfocused, held_out, 0)
    for name, predict in BASELINES.items():
        try:
            yield name, predict(model, fitted, held_out, np.random.default_rng(0))
        except CannotJudge:
            continue


def _learned(fit: bs.ScalingFit) -> bs.Discrepancy:
    try:
        return bs.backtest(fit, baselines=False, progress=False).discrepancy()
    except bs.BayesScalingError:
        return DEFAULT


def scored(folder: Path) -> pd.DataFrame:
    """One row for each held-out run and method."""
    parts = []
    for one in extrapolations(folder):
        observed = error_scale(one.runs(one.held_out))
        for method, prediction in predictions(one):
            scores = score_draws(prediction.draws, observed)
            scores["log_score"] = prediction.log_density
            about = {"kind": one.kind, "set": one.name, "reach": one.reach, "method": method}
            parts.append(scores.assign(**about))
    return pd.concat(parts, ignore_index=True)


def over_sets(scores: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Coverage, bias and log score over runs; median error and width of each set, averaged."""
    overall = summarised(scores, by)
    sets = summarised(scores, list(dict.fromkeys([*by, "kind", "set"]))).groupby(by, sort=False)
    for name in ("median_error", "width"):
        overall[name] = sets[name].mean()
    return overall[["predictions", *MEASURES]]


def test_extrapolations_are_as_good_as_they_say(shared_data: Path) -> None:
    scores = scored(shared_data)
    cut = scores["kind"] == "chinchilla cut"
    overall = over_sets(scores[~cut], ["reach", "method"])
    cuts = over_sets(scores[cut], ["reach", "method"])
    with pd.option_context("display.width", 200, "display.max_rows", 500):
        print("\n", over_sets(scores, ["kind", "reach", "method"]).round(3).to_string())
        print("\n", overall.round(3).to_string(), "\n\n", cuts.round(3).to_string())
    for reach in ("near", "far"):
        ours = overall.loc[reach, "default"]
        assert 0.85 <= ours["coverage_90"] <= 0.97
        for baseline in BASELINES:
            assert ours["log_score"] > overall.loc[(reach, baseline), "log_score"]
    near = overall.loc["near"]
    for measure in ("median_error", "width"):
        assert near.loc["default", measure] < near.loc["law alone", measure]
    for reach in ("1e+20", "1e+21"):
        assert cuts.loc[(reach, "default"), "coverage_95"] >= 0.85

"""The two baselines: recovered truths, honest refusals."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.validation.baselines import error_scale, huber, log_linear
from bayes_scaling.validation.scores import score_draws
from bayes_scaling.validation.verdict import CannotJudge

CHINCHILLA = bs.ScalingModel("Chinchilla")


def test_log_linear_is_right_where_the_truth_is(rng: np.random.Generator) -> None:
    x = np.geomspace(1, 1e4, 300)
    loss = 3 * x**-0.1 * np.exp(0.01 * rng.standard_normal(300))
    frame = pd.DataFrame({"tokens": x, "loss": loss})
    runs = bs.Runs.from_frame(frame, params=False, flops=False)
    model = bs.ScalingModel(bs.laws.PowerLaw("tokens", floor=False))
    train, test = runs.where(x <= 100), runs.where(x > 100)
    found = log_linear(model, train, test, rng)
    scores = score_draws(found.draws, error_scale(test))
    # Two standard errors of the line, on average over the runs beyond 0.3 of their scatter.
    assert scores["pit"].mean() == pytest.approx(0.5, abs=0.16)
    assert scores["width"].median() == pytest.approx(2 * 1.645 * 0.01, rel=0.25)
    assert found.log_density.mean() > 2.5


def test_huber_finds_the_curve_that_made_the_runs(
    sweep: Callable[..., bs.Runs], rng: np.random.Generator
) -> None:
    runs = sweep(budgets=8, sizes=8)
    train, test = runs.split(train_up_to_flops=1.1e20)
    scores = score_draws(huber(CHINCHILLA, train, test, rng).draws, error_scale(test))
    # Scatter of 0.5 %, extrapolated tenfold from 48 runs.
    assert scores["error"].abs().max() < 0.03
    assert 0.015 < scores["width"].median() < 0.06


def test_huber_repeats_the_published_refit(shared_data: Path, rng: np.random.Generator) -> None:
    table = pd.read_csv(shared_data / "chinchilla.csv")
    runs = bs.Runs.from_frame(table[~table["dropped_in_replication"]], run="run")
    # Besiroglu et al. (2024), the optimum of the same objective.
    theta = {"E": 1.8172, "A": 477.8, "B": 2143.4, "alpha": 0.34731, "beta": 0.36717}
    published = np.log(
        bs.laws.Chinchilla.loss(runs.values("params"), runs.values("tokens"), **theta)
    )
    found = np.median(huber(CHINCHILLA, runs, runs, rng).draws, axis=0)
    assert np.abs(found - published).max() < 0.01


@pytest.mark.parametrize("baseline", [log_linear, huber])
def test_too_few_runs_are_refused(
    sweep: Callable[..., bs.Runs], rng: np.random.Generator, baseline: Callable[..., object]
) -> None:
    runs = sweep(budgets=2, sizes=1)
    with pytest.raises(CannotJudge, match="2 runs"):
        baseline(CHINCHILLA, runs, runs, rng)

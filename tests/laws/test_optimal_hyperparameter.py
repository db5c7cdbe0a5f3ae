"""Best learning rates and batch sizes: the published law, its response, and recovery."""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.laws import LogLinear, OptimalHyperparameter, published_set

STEP = {"K": 1.79, "a": -0.713, "b": 0.307}


def grid(rng: np.random.Generator) -> pd.DataFrame:
    """Sizes and data of the paper's cells, about."""
    pairs = [(n, d) for n in np.geomspace(6e7, 1e9, 4) for d in np.geomspace(2e9, 1e11, 5)]
    return pd.DataFrame(pairs, columns=["params", "tokens"])


def test_published_law_gives_usual_learning_rates_and_batches() -> None:
    rate = published_set("li2025-learning-rate")
    assert rate.loss(params=1e9, tokens=1e11) == pytest.approx(1.79 * 1e9**-0.713 * 1e11**0.307)
    assert rate.loss(params=1e9, tokens=2e10) < rate.loss(params=1e8, tokens=2e10)
    assert rate.loss(params=1e9, tokens=1e12) > rate.loss(params=1e9, tokens=1e11)
    batch = published_set("li2025-batch-size")
    assert batch.loss(tokens=1e11) == pytest.approx(1.1e6, rel=0.01)
    assert batch.law.inputs == ("tokens",)


def test_another_hyperparameter_is_refused() -> None:
    with pytest.raises(ModelError, match=r"tuned is 'warmup'.*'learning_rate' or 'batch_size'"):
        OptimalHyperparameter("warmup")  # type: ignore[arg-type]


@pytest.fixture
def runs() -> bs.Runs:
    table = grid(np.random.default_rng(1))
    table["best"] = OptimalHyperparameter().evaluate(table, STEP)
    return bs.Runs.from_frame(table, loss="best", response="metric")


def test_it_scatters_by_a_factor_and_has_no_surface(runs: bs.Runs) -> None:
    model = bs.ScalingModel(OptimalHyperparameter())
    assert not model.has_surface(runs)
    assert "noise_df" in model.describe(runs).index


def test_a_metric_that_may_be_negative_has_no_noise_of_losses(runs: bs.Runs) -> None:
    with pytest.raises(RunsError, match=r"LogStudentT describes loss only.*StudentT\(\)"):
        bs.ScalingModel(LogLinear("params")).build(runs)


def test_a_best_value_that_is_not_positive_is_named(runs: bs.Runs) -> None:
    table = runs.table.assign(best=runs.values("loss"))
    table.loc[table.index[3], "best"] = -1e-3
    wrong = bs.Runs.from_frame(table[["params", "tokens", "best"]], loss="best", response="metric")
    with pytest.raises(RunsError, match=r"LogStudentT has no density.*-0\.001"):
        bs.ScalingModel(OptimalHyperparameter()).build(wrong)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("law", "theta"),
    [
        (OptimalHyperparameter(), STEP),
        (OptimalHyperparameter("batch_size"), {"K": 0.58, "b": 0.571}),
    ],
    ids=repr,
)
def test_recovers_its_truth(recovers, law, theta) -> None:  # type: ignore[no-untyped-def]
    target = {"params": 7e9, "tokens": 1e12}
    # A grid with steps of a factor of 1.4 puts the best value off by 10 % or so.
    model = bs.ScalingModel(law, noise=bs.noise.LogStudentT(sd=bs.Prior.between(0.01, 0.5)))
    recovers(
        model,
        grid,
        theta,
        {name: target[name] for name in law.inputs},
        noise={"noise_sd": 0.1, "noise_df": 4.0},
        response="metric",
    )

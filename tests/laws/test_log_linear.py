"""LogLinear: both links, change of units, and recovery of a simulated truth."""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.laws import LogLinear

PARAMS = np.geomspace(1e7, 1e10, 7)
LINE = {"a": 0.25, "b": 0.05}
LOGIT = {"a": -6.0, "b": 0.7}


def test_ten_times_the_input_gains_b() -> None:
    values = LogLinear().evaluate({"params": PARAMS}, LINE)
    np.testing.assert_allclose(values, 0.25 + 0.05 * np.log10(PARAMS))


def test_with_the_logit_link_the_odds_are_multiplied() -> None:
    values = np.asarray(LogLinear(link="logit").evaluate({"params": PARAMS}, LOGIT))
    np.testing.assert_allclose(np.log(values / (1 - values)), -6.0 + 0.7 * np.log10(PARAMS))


@pytest.mark.parametrize("params", [1e-300, 1e300])
def test_the_logit_link_never_leaves_the_unit_interval(params: float) -> None:
    value = float(LogLinear(link="logit").evaluate({"params": params}, LOGIT))
    assert 0.0 <= value <= 1.0


@pytest.mark.parametrize(
    ("link", "theta"), [("identity", LINE), ("logit", LOGIT)], ids=["identity", "logit"]
)
def test_units_of_the_input_change_the_level_only(link, theta) -> None:
    law = LogLinear(link=link)
    units = {"loss": 1.0, "params": 1e9}
    rescaled = law.rescale(units, theta)
    assert rescaled["b"] == theta["b"]
    in_billions = law.evaluate({"params": 2.0}, theta)
    assert law.evaluate({"params": 2e9}, rescaled) == pytest.approx(in_billions, rel=1e-12)


def test_a_metric_in_other_units_changes_both() -> None:
    rescaled = LogLinear().rescale({"loss": 100.0, "params": 10.0}, LINE)
    assert rescaled == pytest.approx({"a": 20.0, "b": 5.0})


def test_the_logit_describes_accuracies_only() -> None:
    table = pd.DataFrame({"params": PARAMS, "elo": -200.0 + 100 * np.log10(PARAMS)})
    runs = bs.Runs.from_frame(table, loss="elo", response="metric")
    model = bs.ScalingModel(LogLinear(link="logit"), noise=bs.noise.Normal())
    with pytest.raises(RunsError, match="'metric', and LogLinear describes accuracy"):
        model.build(runs)


def test_wrong_options_are_refused() -> None:
    with pytest.raises(ModelError, match=r"link is 'probit'.*'identity' or 'logit'"):
        LogLinear(link="probit")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="input holds 'a b'"):
        LogLinear("a b")


def design(rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame({"params": np.exp(rng.uniform(np.log(1e7), np.log(1e10), 40))})


@pytest.mark.slow
def test_scores_out_of_a_hundred_are_fitted(rng: np.random.Generator) -> None:
    params = np.geomspace(1e7, 1e10, 80)
    scores = 40.0 + 13 * np.log10(params / 3e8) + 0.5 * rng.standard_normal(80)
    table = pd.DataFrame({"params": params, "score": scores})
    runs = bs.Runs.from_frame(table, loss="score", response="metric")
    model = bs.ScalingModel(LogLinear(), noise=bs.noise.StudentT())
    fit = bs.fit(model, runs, draws=300, tune=300, chains=2, seed=1, progress=False)
    middle = fit.expected_loss(at=pd.DataFrame({"params": [3e8]}))
    # Three standard errors, of the middle of a line and of a scatter.
    assert middle.median().item() == pytest.approx(40.0, abs=0.17)
    assert fit.posterior["noise_sd"].median().item() == pytest.approx(0.5, abs=0.12)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("link", "theta", "noise", "scatter"),
    [
        ("identity", LINE, bs.noise.Normal(), {"noise_sd": 0.01}),
        ("logit", LOGIT, bs.noise.LogitNormal(), {"noise_sd": 0.1}),
    ],
    ids=["identity", "logit"],
)
def test_recovers_its_truth(recovers, link, theta, noise, scatter) -> None:
    model = bs.ScalingModel(LogLinear(link=link), noise=noise)
    target = {"params": 1e11}
    recovers(model, design, theta, target, noise=scatter, response="accuracy")

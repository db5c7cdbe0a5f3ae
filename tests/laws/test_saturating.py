"""Saturating: limits, the two responses, and recovery of a simulated truth."""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.laws import Saturating

THETA = {"R_0": 0.25, "A": 0.61, "C_mid": 2e21, "B": 0.9}
FLOPS = np.geomspace(1e15, 1e27, 40)


def gain(theta: dict[str, float], flops: np.ndarray | float) -> np.ndarray:
    value = np.asarray(Saturating().evaluate({"flops": flops}, theta))
    return (value - theta["R_0"]) / (theta["A"] - theta["R_0"])


def test_it_is_the_equation_of_the_paper() -> None:
    expected = 0.25 + (0.61 - 0.25) / (1 + (2e21 / FLOPS) ** 0.9)
    np.testing.assert_allclose(Saturating().evaluate({"flops": FLOPS}, THETA), expected)


def test_half_of_the_gain_is_made_at_the_middle() -> None:
    assert gain(THETA, 2e21) == pytest.approx(0.5)


def test_far_before_the_middle_the_gain_is_a_power_of_compute() -> None:
    # A thousandth of the middle: the power law is exact to the share (1e-3)**0.9 of itself.
    ratio = gain(THETA, 2e18) / gain(THETA, 2e17)
    assert ratio == pytest.approx(10**0.9, rel=0.003)


@pytest.mark.parametrize("B", [0.3, 1.0, 8.0])
def test_an_accuracy_rises_and_stays_inside_its_ends(B: float) -> None:
    values = Saturating().evaluate({"flops": FLOPS}, {**THETA, "B": B})
    assert (np.diff(values) >= 0).all()
    assert values.min() >= 0.25
    assert values.max() <= 0.61


def test_an_error_rate_falls() -> None:
    values = Saturating().evaluate({"flops": FLOPS}, {**THETA, "R_0": 0.8, "A": 0.1})
    assert (np.diff(values) <= 0).all()


@pytest.mark.parametrize("flops", [0.0, 1e300])
def test_the_ends_are_reached_without_overflow(flops: float) -> None:
    with np.errstate(divide="ignore"):
        value = Saturating().evaluate({"flops": np.array(flops)}, {**THETA, "B": 50.0})
    assert value == pytest.approx(THETA["A"] if flops else THETA["R_0"])


def test_priors_keep_an_accuracy_inside_its_range_and_a_metric_free() -> None:
    accuracy, metric = Saturating(), Saturating("gpu_hours", response="metric")
    assert {accuracy.priors[name].support for name in ("R_0", "A")} == {"unit"}
    assert {metric.priors[name].support for name in ("R_0", "A")} == {"real"}
    assert (accuracy.responses, metric.responses) == (("accuracy",), ("metric",))
    assert metric.inputs == ("gpu_hours",)


def test_wrong_options_are_refused() -> None:
    with pytest.raises(ModelError, match=r"response is 'loss'.*priors.*'accuracy' or 'metric'"):
        Saturating(response="loss")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="input holds 'loss'"):
        Saturating("loss")


def test_losses_are_not_described() -> None:
    runs = bs.Runs.from_frame(pd.DataFrame({"flops": [1e20, 1e21], "loss": [3.0, 2.5]}))
    with pytest.raises(RunsError, match="'loss', and Saturating describes accuracy"):
        bs.ScalingModel(Saturating(), noise=bs.noise.LogitNormal()).build(runs)


def design(rng: np.random.Generator) -> pd.DataFrame:
    """Evaluations along four runs, three decades of compute, the bend among them."""
    return pd.DataFrame({"flops": np.exp(rng.uniform(np.log(1e20), np.log(1e23), 40))})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("noise", "scatter"),
    [
        (bs.noise.StudentT(), {"noise_sd": 0.01, "noise_df": 4.0}),
        (bs.noise.LogitNormal(), {"noise_sd": 0.05}),
    ],
    ids=["student", "logit"],
)
def test_recovers_its_truth(recovers, noise, scatter) -> None:
    model = bs.ScalingModel(Saturating(), noise=noise)
    target = {"flops": 1e24}
    recovers(model, design, THETA, target, noise=scatter, response="accuracy")

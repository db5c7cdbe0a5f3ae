"""Runs in progress: what is expected of their ends, by simulated curves of one schedule."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.decisions import RunInProgress
from bayes_scaling.decisions.following import DRAWS, final_loss
from bayes_scaling.errors import RunsError

PLANNED = pd.DataFrame({"params": [7e9], "tokens": [1.4e11], "corpus": ["web"]})
SHARES = np.array([0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.98, 1.0])


def curve(rng: np.random.Generator, end: float, tokens: float) -> pd.DataFrame:
    """A curve that falls to `end`, its way a little different for every run."""
    height = 0.1 * np.exp(0.1 * rng.standard_normal())
    excess = height * (1 - SHARES) + 0.02 * -np.log(SHARES)
    return pd.DataFrame({"tokens": SHARES * tokens, "loss": end * np.exp(excess)})


@pytest.fixture(scope="module")
def finished() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    curves = [curve(rng, 2.5 - 0.05 * k, 1e10 * 2**k).assign(run=f"r{k}") for k in range(6)]
    return pd.concat(curves, ignore_index=True)


@pytest.fixture(scope="module")
def end(stored_fit: bs.ScalingFit) -> float:
    """The loss that the sweep expects of the run."""
    return float(bs.forecast(stored_fit, at=PLANNED).table()["loss", "median"].iloc[0])


@pytest.fixture(scope="module")
def followed(stored_fit: bs.ScalingFit, finished: pd.DataFrame, end: float) -> RunInProgress:
    seen = curve(np.random.default_rng(8), end, 1.4e11)
    return bs.follow(seen, stored_fit, finished, PLANNED)


def width(followed: RunInProgress) -> np.ndarray:
    table = followed.table(0.9)["loss"]
    return np.asarray(table["upper"] - table["lower"])


def test_it_starts_with_the_forecast_and_ends_with_the_loss(
    followed: RunInProgress, stored_fit: bs.ScalingFit, end: float
) -> None:
    table = followed.table(0.9)["loss"]
    forecast = bs.forecast(stored_fit, at=PLANNED).table(0.9)["loss"]
    # Quantiles of as many quantiles: the ends differ by parts of a draw.
    np.testing.assert_allclose(table.iloc[0], forecast.iloc[0][table.columns], rtol=2e-3)
    assert table["median"].iloc[-1] == pytest.approx(end, rel=1e-3)


def test_the_interval_narrows(followed: RunInProgress) -> None:
    widths = width(followed)
    assert (np.diff(widths[[0, 3, 5, 7, 9]]) < 0).all()
    assert widths[-1] < 0.1 * widths[0]


@pytest.mark.parametrize("curves", [3, 20])
def test_its_intervals_hold_the_ends_of_runs_that_the_sweep_foresees(curves: int) -> None:
    rng = np.random.default_rng(curves)
    before = np.sort(0.8 + 0.02 * rng.standard_normal(DRAWS))
    inside = []
    for _ in range(100):
        *excess, own = 0.05 + 0.01 * rng.standard_normal(curves + 1)
        end = 0.8 + 0.02 * rng.standard_normal()
        low, high = np.quantile(final_loss(before, end + own, np.array(excess)), [0.05, 0.95])
        inside.append(low <= end <= high)
    # Three standard errors of a share of 100 are .09.
    assert 0.81 <= np.mean(inside) <= 0.99


def test_before_the_first_point_of_finished_curves_nothing_is_learned(
    stored_fit: bs.ScalingFit, finished: pd.DataFrame
) -> None:
    early = pd.DataFrame({"tokens": [0.01 * 1.4e11], "loss": [4.0]})
    draws = bs.follow(early, stored_fit, finished, PLANNED).draws["loss"]
    np.testing.assert_array_equal(draws.isel(point=0), draws.isel(point=1))


def test_a_run_off_the_forecast_is_believed_near_its_end(
    stored_fit: bs.ScalingFit, finished: pd.DataFrame
) -> None:
    seen = curve(np.random.default_rng(1), 3.2, 1.4e11)
    table = bs.follow(seen, stored_fit, finished, PLANNED).table(0.9)["loss"]
    assert table["upper"].iloc[0] < 3.0
    assert table["median"].iloc[-1] == pytest.approx(3.2, rel=2e-3)


def test_it_says_what_it_rests_on(followed: RunInProgress) -> None:
    assert "inferred from 6 finished runs" in repr(followed)
    assert followed.table().index.names == ["tokens", "share", "seen"]


def test_what_cannot_be_followed_is_refused(
    stored_fit: bs.ScalingFit, finished: pd.DataFrame
) -> None:
    seen = curve(np.random.default_rng(1), 2.1, 1.4e11)
    with pytest.raises(RunsError, match=r"2 finished curves cannot say.*made up\. Give 3"):
        bs.follow(seen, stored_fit, finished[finished["run"] < "r2"], PLANNED)
    with pytest.raises(RunsError, match="`run` is 2 runs, and one is followed"):
        bs.follow(seen, stored_fit, finished, PLANNED.drop(columns="corpus"))
    with pytest.raises(RunsError, match="`finished` has no column 'run'"):
        bs.follow(seen, stored_fit, seen, PLANNED)
    with pytest.raises(RunsError, match="`curve` has tokens or losses that are not positive"):
        bs.follow(seen.assign(loss=-1.0), stored_fit, finished, PLANNED)


def test_what_says_nothing_of_how_far_a_run_has_come_is_refused(
    stored_fit: bs.ScalingFit, finished: pd.DataFrame, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    seen = pd.DataFrame({"tokens": [1e10], "loss": [3.0]})
    by_size = prior_fit(bs.ScalingModel(bs.laws.PowerLaw("params")), stored_fit.runs)
    with pytest.raises(RunsError, match="`run` has no tokens"):
        bs.follow(seen, by_size, finished, pd.DataFrame({"params": [7e9]}))
    unnamed = finished.assign(run=finished["run"].where(finished["run"] != "r0"))
    with pytest.raises(RunsError, match="`finished` has rows without a run"):
        bs.follow(seen, stored_fit, unnamed, PLANNED)

"""Schedules: what was logged on real runs, and what cannot be one."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_scaling import schedules
from bayes_scaling.errors import RunsError


def test_they_are_those_logged_on_real_runs(
    shared_data: Path, paper_schedules: Mapping[str, np.ndarray]
) -> None:
    table = pd.read_csv(shared_data / "schedule_curves.csv")
    assert set(table["schedule"]) == set(paper_schedules)
    for name, of_run in table.groupby("schedule"):
        logged = paper_schedules[str(name)][of_run["step"]]
        # The step beside a change of the learning rate was logged one early or late.
        np.testing.assert_allclose(logged, of_run["lr"], rtol=0.02)


@given(
    st.floats(1e-5, 1e-2),
    st.integers(2, 400),
    st.integers(0, 50),
    st.sampled_from(["linear", "cosine", "exponential", "sqrt"]),
)
def test_decays_fall_from_peak_towards_end(
    peak: float, decay: int, warmup: int, shape: schedules.shapes.Shape
) -> None:
    found = schedules.wsd(peak, peak / 10, warmup + decay + 5, decay, warmup, shape)
    assert len(found) == warmup + decay + 5
    assert (np.diff(found[: max(warmup, 1)]) >= 0).all()
    assert (np.diff(found[warmup:]) <= 1e-12 * peak).all()
    assert found.max() == pytest.approx(peak)
    assert peak / 10 * (1 - 1e-9) <= found[-1] < peak


def test_a_run_that_is_left_keeps_its_past() -> None:
    run = schedules.cosine(1e-3, 1e-4, 1000, 100)
    left = schedules.decayed(run, at=400, over=50)
    assert len(left) == 450
    np.testing.assert_array_equal(left[:401], run[:401])
    assert left[-1] == pytest.approx(run[400] / 50)
    at_its_end = schedules.decayed(run, at=1000, over=10)
    assert at_its_end[1000] == run[-1]


def test_logged_rates_are_interpolated_after_a_warm_up() -> None:
    found = schedules.logged([100, 200, 300], [1e-3, 1e-3, 5e-4])
    np.testing.assert_allclose(found[[0, 50, 100, 250, 300]], [0, 5e-4, 1e-3, 7.5e-4, 5e-4])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: schedules.constant(-1e-3, 10), "rates from -0.001"),
        (lambda: schedules.constant(float("nan"), 10), "finite rates"),
        (lambda: schedules.constant(0.0, 10), "one of them positive"),
        (lambda: schedules.constant(1e-3, 10, warmup=11), "warm-up is longer"),
        (lambda: schedules.constant(1e-3, 0), "has no step"),
        (lambda: schedules.stages([1e-3], [5, 5]), "cannot be paired"),
        (lambda: schedules.decayed(np.ones(5), at=6, over=1), "begins within the schedule"),
        (lambda: schedules.decayed(np.ones(5), at=2, over=0), "takes a step at least"),
        (lambda: schedules.decayed(np.ones(5), 2, 2, shape="exponential"), "never reaches zero"),
        (lambda: schedules.decayed(np.ones((2, 2)), 1, 1), r"shape \(2, 2\) is not a schedule"),
        (lambda: schedules.logged([2, 1], [1.0, 1.0]), "steps increasing"),
    ],
)
def test_what_is_no_schedule_is_refused(make, message: str) -> None:
    with pytest.raises(RunsError, match=message):
        make()

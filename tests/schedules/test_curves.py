"""Curves: a table with a schedule for each run, and the points of it that are fitted."""

import pickle

import numpy as np
import pandas as pd
import pytest

from bayes_scaling import schedules
from bayes_scaling.errors import RunsError


@pytest.fixture
def frame() -> pd.DataFrame:
    steps = np.arange(100, 1000, 10)
    return pd.DataFrame({"curve": "a", "step": steps, "loss": 3 + 1 / steps})


SCHEDULE = schedules.cosine(1e-3, 0.0, 1000, warmup=100)


def test_a_schedule_may_be_a_column_of_lists(frame: pd.DataFrame) -> None:
    both = pd.concat([frame, frame.assign(curve="b")], ignore_index=True)
    both["schedule"] = [SCHEDULE.tolist()] * len(both)
    curves = schedules.Curves.from_frame(both)
    assert curves.names == ("a", "b")
    np.testing.assert_array_equal(curves.schedules["b"], SCHEDULE)
    in_first = both.assign(schedule=both["schedule"].where(~both["curve"].duplicated()))
    again = schedules.Curves.from_frame(in_first)
    np.testing.assert_array_equal(again.schedules["b"], SCHEDULE)


def test_columns_may_have_other_names(frame: pd.DataFrame) -> None:
    renamed = frame.rename(columns={"curve": "run", "step": "it", "loss": "val"})
    curves = schedules.Curves.from_frame(
        renamed, {"a": SCHEDULE}, curve="run", step="it", loss="val"
    )
    pd.testing.assert_frame_equal(curves.table, frame, check_dtype=False)


def test_points_are_few_even_and_after_the_warm_up(frame: pd.DataFrame) -> None:
    points = schedules.Curves.from_frame(frame, {"a": SCHEDULE}).points(12)
    assert len(points) == 12
    assert (points["step"].min(), points["step"].max()) == (150, 990)
    assert points["step"].diff().dropna().between(70, 90).all()


def test_scales_are_of_the_points(frame: pd.DataFrame) -> None:
    curves = schedules.Curves.from_frame(frame, {"a": SCHEDULE})
    scales = curves.scales(curves.points(30))
    assert scales.rate == 1e-3
    assert 3 < scales.loss < 3.01
    total = np.cumsum(SCHEDULE)
    assert total[150] < scales.total < total[-1]


@pytest.mark.parametrize(
    ("change", "given", "message"),
    [
        (lambda frame: frame.drop(columns="loss"), {"a": SCHEDULE}, "no column 'loss'"),
        (lambda frame: frame, None, "no column 'schedule'"),
        (lambda frame: frame, {"b": SCHEDULE}, "no schedule of curve 'a'"),
        (lambda frame: frame, {"a": SCHEDULE[:500]}, "losses up to step 990"),
        (lambda frame: frame.assign(loss=-1.0), {"a": SCHEDULE}, "losses from -1.0"),
        (lambda frame: frame.iloc[:0], {"a": SCHEDULE}, "0 points"),
    ],
)
def test_what_cannot_be_used_is_refused(frame: pd.DataFrame, change, given, message: str) -> None:
    with pytest.raises(RunsError, match=message):
        schedules.Curves.from_frame(change(frame), given)


def test_a_curve_of_few_points_is_refused(frame: pd.DataFrame) -> None:
    curves = schedules.Curves.from_frame(frame.iloc[:10], {"a": SCHEDULE})
    with pytest.raises(RunsError, match=r"'a' has 5 points after 1.5 times its warm-up of 99"):
        curves.points(30)


def test_what_a_log_cannot_hold_is_refused(frame: pd.DataFrame) -> None:
    endless = frame.assign(loss=frame["loss"].where(frame["step"] > 200, np.inf))
    with pytest.raises(RunsError, match="positive finite losses"):
        schedules.Curves.from_frame(endless, {"a": SCHEDULE})
    with pytest.raises(RunsError, match=r"step 100\.5 is no whole number"):
        schedules.Curves.from_frame(frame.assign(step=frame["step"] + 0.5), {"a": SCHEDULE})


def test_curves_may_be_numbered_and_are_copied_whole(frame: pd.DataFrame) -> None:
    curves = schedules.Curves.from_frame(frame.assign(curve=1.0), {1: SCHEDULE})
    assert curves.names == ("1",)
    copied = pickle.loads(pickle.dumps(curves))
    pd.testing.assert_frame_equal(copied.table, curves.table)
    np.testing.assert_array_equal(copied.schedules["1"], SCHEDULE)


def test_of_a_step_logged_twice_the_later_row_counts() -> None:
    logs = pd.DataFrame({"curve": "a", "step": [10, 20, 30, 20], "loss": [4.0, 5.0, 3.0, 3.5]})
    curves = schedules.Curves.from_frame(logs, {"a": schedules.constant(1e-3, 40)})
    assert curves.table["loss"].tolist() == [4.0, 3.5, 3.0]

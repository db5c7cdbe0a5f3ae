import pandas as pd
import pytest

from bayes_scaling.errors import RunsError
from bayes_scaling.runs._choices import renamed_choices
from bayes_scaling.runs._trackers import distinct_names, in_states, short_names, with_counts

STATES = ("finished", "failed", "running")


@pytest.fixture
def frame() -> pd.DataFrame:
    states = ["FINISHED", "FAILED", "FINISHED", "RUNNING"]
    return pd.DataFrame({"state": states, "size": ["7B", 1e9, "2e9", "x"]}, index=[*"abcd"])


def test_a_kind_is_left_out_where_the_name_alone_is_unambiguous() -> None:
    columns = ["params.lr", "metrics.lr", "metrics.a.b", "tags.run", "run", "other.x", "params."]
    assert short_names(columns, ("params", "metrics", "tags")) == {"metrics.a.b": "a.b"}


def test_choices_may_name_columns_with_their_kind() -> None:
    names = {"params.n": "n", "params.lr": "lr"}
    choices = renamed_choices(
        {"params": "params.n", "flops": False, "inputs": {"rate": "params.lr"}, "factors": ["x"]},
        names,
    )
    assert choices == {
        "params": "n", "flops": False, "inputs": {"rate": "lr"}, "factors": {"x": "x"},
    }  # fmt: skip


def test_names_that_repeat_or_are_missing_get_the_start_of_the_key() -> None:
    keys = ["0123456789", "1", "2", "3"]
    assert distinct_names(["a", "a", "b", ""], keys) == ["a (01234567)", "a (1)", "b", "(3)"]
    assert distinct_names(["a", "a"], ["sweep-1-0", "sweep-1-1"]) == [
        "a (sweep-1-0)",
        "a (sweep-1-1)",
    ]


def test_other_states_are_left_out_and_counted(frame: pd.DataFrame) -> None:
    kept, remarks = in_states(frame, "state", ("Finished",), STATES)
    assert list(kept.index) == ["a", "c"]
    (remark,) = remarks
    assert remark.startswith("2 of 4 runs were left out for the state: 1 failed ('b'), 1 running")
    assert in_states(frame, "state", STATES, STATES) == (frame, ())


@pytest.mark.parametrize("states", ["finished", (), ("done",), ("finished", 3)])
def test_states_that_are_none(frame: pd.DataFrame, states: tuple[str, ...]) -> None:
    with pytest.raises(RunsError, match=r"states is .*no other than 'finished', 'failed'"):
        in_states(frame, "state", states, STATES)


def test_no_run_in_a_state_that_is_wanted(frame: pd.DataFrame) -> None:
    with pytest.raises(RunsError, match=r"no run is failed \(there are 2 finished.*states="):
        in_states(frame[frame["state"] != "FAILED"], "state", ("failed",), STATES)


def test_counts_with_a_suffix_become_numbers_and_other_text_stays(frame: pd.DataFrame) -> None:
    read, (remark,) = with_counts(frame, {"params": "size", "loss": "state"})
    assert read["size"].tolist() == [7e9, 1e9, "2e9", "x"]
    assert remark.startswith("params (column 'size') has 1 count written with a suffix ('7B')")
    assert frame["size"].iloc[0] == "7B"
    assert with_counts(frame.iloc[1:], {"params": "size"})[1] == ()

"""Runs that did not finish, in tables of any origin."""

from pathlib import Path

import pandas as pd
import pytest

from bayes_scaling.errors import RunsError
from bayes_scaling.runs import Runs, read_runs
from bayes_scaling.runs.states import in_states, state_column


@pytest.fixture
def frame() -> pd.DataFrame:
    states = ["FINISHED", "FAILED", "FINISHED", "RUNNING"]
    return pd.DataFrame({"state": states, "N": 1e8, "D": [1e9, 2e9, 4e9, 8e9], "loss": 3.0},
                        index=[*"abcd"])  # fmt: skip


def test_the_column_of_states_is_one_of_states() -> None:
    for states, column in ((["finished", ""], "State"), (["Ohio", "failed"], None), ([""], None)):
        assert state_column(pd.DataFrame({"State": states}), tracked=False) == column
    assert state_column(pd.DataFrame({"step": ["failed"]}), tracked=True) is None


def test_states_that_are_wanted(frame: pd.DataFrame) -> None:
    kept, remarks = in_states(frame, "state", ("Finished",), tracked=False)
    assert list(kept.index) == ["a", "c"]
    assert remarks == ("2 of 4 runs were left out for the state: 1 failed ('b'), 1 running ('d').",)
    for states in (("finished", "failed", "running"), "any"):
        assert in_states(frame, "state", states, tracked=True) == (frame, ())


@pytest.mark.parametrize("states", ["finished", (), ("dnoe",), ("finished", 3)])
def test_states_that_are_none(frame: pd.DataFrame, states: tuple[str, ...]) -> None:
    with pytest.raises(RunsError, match=r"states is .*there are 'finished', 'failed', 'running'"):
        in_states(frame, "state", states, tracked=True)


def test_no_run_in_a_state_that_is_wanted(frame: pd.DataFrame) -> None:
    with pytest.raises(RunsError, match=r"no run is killed \(there are 1 failed.*states="):
        in_states(frame, "state", ("killed",), tracked=False)


def test_any_table_names_runs_that_did_not_finish(frame: pd.DataFrame) -> None:
    runs = Runs.from_frame(frame)
    assert len(runs) == 4
    assert runs.notes[0] == (
        "2 of 4 runs were taken though the state is not finished: 1 failed ('b'), 1 running ('d')."
    )
    chosen = Runs.from_frame(frame, states=("finished",))
    assert list(chosen.table.index) == ["a", "c"]
    assert "left out for the state" in chosen.notes[0]
    assert not any("state" in note for note in Runs.from_frame(frame, states="any").notes)


def test_states_of_a_table_that_does_not_hold_them(frame: pd.DataFrame) -> None:
    with pytest.raises(RunsError, match="no column says how runs ended"):
        Runs.from_frame(frame.drop(columns="state"), states=("finished",))


WANDB = [
    "Name,State,n_params,train_tokens,val/loss",
    "r0,finished,1e8,1e9,3.5",
    "r1,finished,1e8,4e9,3.25",
    "r2,crashed,2e8,2e9,",
    "r3,finished,2e8,8e9,3.0",
]
MLFLOW = [
    "Start Time,Run ID,Name,Status,n_params,tokens,val_loss",
    "2026-05-01,a0,,FINISHED,1e8,1e9,3.5",
    "2026-05-01,a1,,FINISHED,1e8,4e9,3.25",
    "2026-05-01,r2,,FAILED,2e8,2e9,3.9",
]


@pytest.mark.parametrize("rows", [WANDB, MLFLOW])
def test_tables_of_trackers_give_finished_runs_by_name(tmp_path: Path, rows: list[str]) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    frame = pd.read_csv(path)
    for runs in (read_runs(path), Runs.from_frame(frame)):
        assert "r2" not in runs.table.index
        assert len(runs) == len(rows) - 2
        assert runs.notes[0].startswith(f"1 of {len(rows) - 1} runs was left out for the state: 1 ")
        assert "('r2')" in runs.notes[0]


GROUPS = [
    "Name,State,Tags,n_params,train_tokens,test/lm_loss",
    '"Group: 70M_a",-,,7e7,1e9,3.5',
    '"Group: 70M_b",-,,7e7,4e9,3.25',
]
CHART = [
    '"Step","Group: 70M_a - test/lm_loss","Group: 70M_a - test/lm_loss__MIN",'
    '"Group: 70M_b - test/lm_loss","Group: 70M_b - test/lm_loss__MAX"',
    "1,4.0,3.9,4.5,4.6",
    "2,3.75,3.7,NaN,NaN",
]


def test_groups_of_runs_have_no_state(tmp_path: Path) -> None:
    table, chart = tmp_path / "runs.csv", tmp_path / "chart.csv"
    table.write_text("\n".join(GROUPS), encoding="utf-8")
    chart.write_text("\n".join(CHART), encoding="utf-8")
    for states in (None, ("-",), "any"):
        runs = Runs.from_wandb_export(table, loss="test/lm_loss", states=states)
        assert list(runs.table.index) == ["70M_a", "70M_b"]
        assert len(read_runs(table, loss="test/lm_loss", states=states)) == 2
    assert "does not hold the state" in read_runs(table, loss="test/lm_loss").notes[0]
    curved = Runs.from_wandb_export(table, history=chart, loss="test/lm_loss")
    assert dict(curved.table["loss"]) == {"70M_a": 3.75}
    assert any("('70M_b')" in note for note in curved.notes)


def test_the_advice_of_a_message_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(WANDB).replace("finished", "lost"), encoding="utf-8")
    with pytest.raises(RunsError, match=r"Pass states=\('lost', 'crashed',\)"):
        Runs.from_wandb_export(path)
    assert len(Runs.from_wandb_export(path, states=("lost",))) == 3

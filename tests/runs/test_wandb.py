import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayes_scaling.errors import RunsError
from bayes_scaling.runs import Runs
from bayes_scaling.runs.sources.reducing import Final

STATES = ("finished", "finished", "finished", "crashed", "running")
COLUMNS: dict[str, Any] = {
    "params": "model.n_params", "tokens": "n_tokens", "loss": "val/loss", "factors": ("corpus",),
}  # fmt: skip


@pytest.fixture
def exported() -> list[dict[str, Any]]:
    """Runs as W&B's API has them; config and summary share the name `lr`."""
    return [
        {
            "name": f"run-{i}",
            "id": f"id{i}",
            "state": state,
            "tags": ["sweep"],
            "config": {
                "model": {"n_params": 1e8 * 2**i, "layers": [2, 4]},
                "n_tokens": 2e9 * 3 ** (i % 3),
                "corpus": "pile" if i % 2 else "c4",
                "lr": 3e-4,
                "_wandb": {"t": 1},
            },
            "summary": {"val/loss": 3.5 - 0.25 * i, "lr": 1e-5, "_wandb": {"runtime": 9}},
        }
        for i, state in enumerate(STATES)
    ]


def as_json(path: Path, runs: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps(runs), encoding="utf-8")


def as_wrapped_json(path: Path, runs: list[dict[str, Any]]) -> None:
    wrapped = [
        run | {"config": {k: {"value": v, "desc": None} for k, v in run["config"].items()}}
        for run in runs
    ]
    path.write_text(json.dumps({"runs": wrapped}), encoding="utf-8")


def as_graphql_json(path: Path, runs: list[dict[str, Any]]) -> None:
    nodes = [
        {
            "displayName": run["name"],
            "name": run["id"],
            "state": run["state"],
            "config": json.dumps({k: {"value": v} for k, v in run["config"].items()}),
            "summaryMetrics": json.dumps(run["summary"]),
        }
        for run in runs
    ]
    path.write_text(json.dumps(nodes), encoding="utf-8")


def as_json_lines(path: Path, runs: list[dict[str, Any]]) -> None:
    path.write_text("\n".join(json.dumps(run) for run in runs), encoding="utf-8")


def as_pandas_json(path: Path, runs: list[dict[str, Any]]) -> None:
    pd.DataFrame(runs).to_json(path)


def as_mappings_in_csv(path: Path, runs: list[dict[str, Any]]) -> None:
    pd.DataFrame(runs).to_csv(path)


def as_table_in_csv(path: Path, runs: list[dict[str, Any]]) -> None:
    rows = [
        {
            "Name": run["name"],
            "State": run["state"],
            "Created": "2026-05-01T10:00:00.000Z",
            "model.n_params": run["config"]["model"]["n_params"],
            **{name: run["config"][name] for name in ("n_tokens", "corpus")},
            "val/loss": run["summary"]["val/loss"],
        }
        for run in runs
    ]
    pd.DataFrame(rows).to_csv(path, index=False)


LAYOUTS: dict[str, Callable[[Path, list[dict[str, Any]]], None]] = {
    "runs.json": as_json,
    "wrapped.json": as_wrapped_json,
    "graphql.json": as_graphql_json,
    "runs.jsonl": as_json_lines,
    "pandas.json": as_pandas_json,
    "mappings.csv": as_mappings_in_csv,
    "table.csv": as_table_in_csv,
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_gives_the_finished_runs(
    exported: list[dict[str, Any]], tmp_path: Path, name: str
) -> None:
    LAYOUTS[name](tmp_path / name, exported)
    runs = Runs.from_wandb_export(tmp_path / name, **COLUMNS)
    assert list(runs.table.index) == ["run-0", "run-1", "run-2"]
    assert runs.values("params").tolist() == [1e8, 2e8, 4e8]
    assert runs.values("tokens").tolist() == [2e9, 6e9, 1.8e10]
    assert runs.values("loss").tolist() == [3.5, 3.25, 3.0]
    assert runs.levels("corpus") == ("c4", "pile")
    assert runs.notes[0] == (
        "2 of 5 runs were left out for the state: 1 crashed ('run-3'), 1 running ('run-4')."
    )
    assert runs.scales_by_hand == {}
    assert not any("_wandb" in column for column in runs.table)


def test_columns_may_be_named_with_their_kind(
    exported: list[dict[str, Any]], tmp_path: Path
) -> None:
    as_json(tmp_path / "runs.json", exported)
    runs = Runs.from_wandb_export(
        tmp_path / "runs.json", params="config.model.n_params", tokens="n_tokens",
        loss="summary.val/loss", inputs={"rate": "config.lr"}, states=STATES, run="id",
    )  # fmt: skip
    assert runs.values("rate").tolist() == [3e-4] * 5
    assert list(runs.table.index) == [f"id{i}" for i in range(5)]
    assert "summary.lr" in runs.table


def test_usual_names_are_found_and_suffixes_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    rows = ["Name,State,n_params,train_tokens,eval/loss", "a,finished,70M,2e9,3.5"]
    path.write_text("\n".join([*rows, "b,finished,1e8,2e9,3.25"]), encoding="utf-8")
    runs = Runs.from_wandb_export(path)
    assert runs.values("params").tolist() == [7e7, 1e8]
    assert any("'70M'" in note for note in runs.notes)


def test_names_that_repeat_and_states_that_are_unknown(
    exported: list[dict[str, Any]], tmp_path: Path
) -> None:
    exported[1]["name"] = "run-0"
    for run in exported:
        del run["state"]
    as_json(tmp_path / "runs.json", exported)
    runs = Runs.from_wandb_export(tmp_path / "runs.json", **COLUMNS)
    assert list(runs.table.index)[:3] == ["run-0 (id0)", "run-0 (id1)", "run-2"]
    assert runs.notes[0].startswith("The table does not hold the state")


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (float("nan"), r"1 missing value \(row 'run-1'\)"),
        ("NaN", r"1 missing value \(row 'run-1'\)"),
        ("Infinity", r"1 infinite value \(row 'run-1': inf\)"),
        (float("inf"), r"1 infinite value \(row 'run-1': inf\)"),
    ],
)
@pytest.mark.parametrize("name", ["runs.json", "mappings.csv", "table.csv"])
def test_losses_that_are_no_numbers(
    exported: list[dict[str, Any]], tmp_path: Path, name: str, loss: object, message: str
) -> None:
    exported[1]["summary"]["val/loss"] = loss
    LAYOUTS[name](tmp_path / name, exported)
    with pytest.raises(RunsError, match=message):
        Runs.from_wandb_export(tmp_path / name, **COLUMNS)


# Charts ------------------------------------------------------------------------------------------


@pytest.fixture
def folder(exported: list[dict[str, Any]], tmp_path: Path, rng: np.random.Generator) -> Path:
    """A table of runs and a chart of their losses, with the steps of all runs and blanks."""
    as_table_in_csv(tmp_path / "table.csv", exported)
    steps = np.arange(0, 1000, 10)
    chart = {"Step": steps}
    for i in range(len(STATES)):
        loss = np.where(steps < 600 + 100 * i, 2.0 + i + rng.normal(0, 0.1, steps.size), np.nan)
        for ending, values in (("", loss), ("__MIN", loss - 1), ("__MAX", loss + 1)):
            chart[f"run-{i} - val/loss{ending}"] = values
        chart[f"run-{i} - _step"] = steps
    pd.DataFrame(chart).to_csv(tmp_path / "chart.csv", index=False)
    return tmp_path


def test_losses_come_from_the_chart(folder: Path) -> None:
    # As float() reads text, which not every pandas does to the last digit.
    chart = pd.read_csv(folder / "chart.csv", dtype=str).astype(float).set_index("Step")
    read = {
        final: Runs.from_wandb_export(
            folder / "table.csv", history=folder / "chart.csv", final=final, window=0.2,
            params="model.n_params", tokens="n_tokens",
        )
        for final in ("last", "best", "smoothed")
    }  # fmt: skip
    for i in range(3):
        curve = chart[f"run-{i} - val/loss"].dropna()
        end = curve.index[-1]
        assert read["last"].table.loc[f"run-{i}", "loss"] == curve.iloc[-1]
        assert read["best"].table.loc[f"run-{i}", "loss"] == curve[curve.index >= 0.1 * end].min()
        assert (
            read["smoothed"].table.loc[f"run-{i}", "loss"]
            == curve[curve.index >= 0.8 * end].median()
        )
    assert read["smoothed"].sources["loss"] == "median at the end of 'val/loss' in the history"
    assert any("biased" in note for note in read["best"].notes)
    assert any("different lengths" in note for note in read["last"].notes)
    assert not any("diverged" in note for note in read["last"].notes)


@pytest.mark.parametrize("final", ["last", "best", "smoothed"])
def test_a_run_that_diverged_is_left_out_by_name(folder: Path, final: Final) -> None:
    chart = pd.read_csv(folder / "chart.csv").astype({"run-1 - val/loss": object})
    chart.loc[40:, "run-1 - val/loss"] = "NaN"
    chart.to_csv(folder / "chart.csv", index=False)
    runs = Runs.from_wandb_export(
        folder / "table.csv", history=folder / "chart.csv", final=final, **COLUMNS
    )
    assert list(runs.table.index) == ["run-0", "run-2"]
    assert runs.notes[1] == (
        "1 of 3 runs is left out, having diverged: the last loss is NaN or infinite ('run-1')."
    )


def test_a_run_without_a_curve_is_named(folder: Path) -> None:
    chart = pd.read_csv(folder / "chart.csv")
    kept = [column for column in chart if not column.startswith("run-1 ")]
    chart[kept].to_csv(folder / "chart.csv", index=False)
    with pytest.raises(RunsError, match=r"1 missing value \(row 'run-1'\)"):
        Runs.from_wandb_export(folder / "table.csv", history=folder / "chart.csv", **COLUMNS)


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        ("chart.csv", {}, "is the export of a chart .*pass this file as history="),
        ("table.csv", {"final": "best"}, "final is 'best', and no history was given"),
        ("table.csv", {"history": "table.csv"}, "holds no curve of 'val/loss'.*it holds none"),
        ("table.csv", {"history": "chart.csv", "loss": "x"}, "no curve of 'x'.*holds 'val/loss'"),
        ("table.csv", {"history": "nothing.csv"}, "nothing.csv' does not exist"),
        ("table.csv", {"history": "chart.csv", "final": "first"}, "final is 'first'"),
        ("table.csv", {"states": ("failed",)}, "no run is failed .*1 crashed"),
        ("table.csv", {"loss": "loss"}, "no column 'loss'.*Near matches: 'val/loss'"),
    ],
)
def test_wrong_requests(folder: Path, table: str, options: dict[str, Any], message: str) -> None:
    if "history" in options:
        options = options | {"history": folder / options["history"]}
    with pytest.raises(RunsError, match=message):
        Runs.from_wandb_export(folder / table, **{**COLUMNS, **options})


def test_a_chart_cannot_tell_runs_of_one_name_apart(folder: Path) -> None:
    table = pd.read_csv(folder / "table.csv").assign(Name="run-0")
    table.to_csv(folder / "table.csv", index=False)
    with pytest.raises(RunsError, match=r"1 name of runs repeats \('run-0'\)"):
        Runs.from_wandb_export(folder / "table.csv", history=folder / "chart.csv", **COLUMNS)

"""Readers on tables of any numbers and labels: formats agree, and rows may come in any order."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bayes_scaling as bs
from bayes_scaling.runs import Runs

positive = st.floats(1e-3, 1e15)
# Some that other readers take for numbers, gaps or truth values.
labels = st.sampled_from(["c4", "007", "1.10", "None", "True", 'a, "b"; c', "é\t|"])
tables = st.lists(st.tuples(positive, positive, positive, labels), min_size=1, max_size=8).map(
    lambda rows: pd.DataFrame(rows, columns=["params", "tokens", "loss", "corpus"])
)

FORMATS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "csv": lambda table, path: table.to_csv(path, index=False),
    "csv.gz": lambda table, path: table.to_csv(path, index=False),
    "tsv": lambda table, path: table.to_csv(path, index=False, sep="\t"),
    "txt": lambda table, path: table.to_csv(path, index=False, sep=";"),
    "records.json": lambda table, path: path.write_text(json.dumps(table.to_dict("records"))),
    "split.json": lambda table, path: path.write_text(json.dumps(table.to_dict("split"))),
    "jsonl": lambda table, path: path.write_text(
        "\n".join(map(json.dumps, table.to_dict("records")))
    ),
    "parquet": lambda table, path: table.to_parquet(path),
    "xlsx": lambda table, path: table.to_excel(path, index=False),
}


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables)
def test_every_format_holds_the_same_runs(name: str, table: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / f"runs.{name}"
    FORMATS[name](table, path)
    runs = bs.read_runs(path, factors=["corpus"])
    expected = Runs.from_frame(table, factors=["corpus"])
    # Excel keeps fifteen digits.
    rtol = 1e-14 if name == "xlsx" else 0
    pd.testing.assert_frame_equal(runs.table, expected.table, rtol=rtol, atol=0)
    assert len(runs.notes) == len(expected.notes)


@given(
    losses=st.lists(st.floats(0.1, 10), min_size=4, max_size=40),
    final=st.sampled_from(["last", "best", "smoothed"]),
    order=st.randoms(use_true_random=False),
)
def test_checkpoints_may_come_in_any_order(losses: list[float], final: str, order: object) -> None:
    step = 1 + np.arange(len(losses)) // 2
    curves = pd.DataFrame({"run": np.resize(["a", "b"], len(losses)), "step": step})
    curves = curves.assign(params=np.where(curves["run"] == "a", 1e8, 1e9), loss=losses)
    shuffled = list(range(len(curves)))
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    runs = Runs.from_curves(curves, final=final)  # type: ignore[arg-type]
    other = Runs.from_curves(curves.iloc[shuffled], final=final)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(other.table.sort_index(), runs.table.sort_index())
    # Checkpoints of the warm-up do not count, whatever their losses.
    late = curves[curves["step"] >= 0.1 * curves.groupby("run")["step"].transform("max")]
    chosen = {"last": "last", "best": "min", "smoothed": lambda loss: loss.iloc[[-1]].median()}
    expected = late.groupby("run")["loss"].agg(chosen[final])
    # A window of a twentieth holds the last of so few checkpoints alone.
    np.testing.assert_allclose(runs.table["loss"].sort_index(), expected.to_numpy())

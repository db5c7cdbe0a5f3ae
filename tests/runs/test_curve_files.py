"""Loss curves of files: what cannot be read, and tables read in batches."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import RunsError
from bayes_scaling.runs import Runs
from bayes_scaling.runs.sources import curve_source as _curve_source


def losses(runs: Runs) -> dict[str, float]:
    return dict(runs.table["loss"].sort_index())


def test_a_folder_without_tables(tmp_path: Path) -> None:
    with pytest.raises(RunsError, match=r"holds no file whose name ends in \.csv, .*\.parquet"):
        Runs.from_curves(tmp_path)


@pytest.mark.parametrize("name", ["c.csv", "c.tsv.gz", "c.parquet", "folder"])
@pytest.mark.parametrize("final", ["last", "best", "smoothed"])
def test_batches_of_a_file_give_what_the_frame_gives(
    curves: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, final: str
) -> None:
    expected = Runs.from_curves(curves, final=final, lr="lr", factors=("corpus",))  # type: ignore[arg-type]
    path = tmp_path / name
    if name == "folder":
        (path / "part").mkdir(parents=True)
        curves.iloc[:300].to_parquet(path / "a.parquet")
        curves.iloc[300:].to_parquet(path / "part" / "b.parquet")
    elif name == "c.parquet":
        curves.to_parquet(path, row_group_size=170)
    else:
        curves.to_csv(path, index=False, sep="\t" if "tsv" in name else ",")
    monkeypatch.setattr(_curve_source, "BATCH", 150)
    runs = Runs.from_curves(path, final=final, lr="lr", factors=("corpus",))  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(runs.table, expected.table)
    assert runs.notes == expected.notes


def test_names_that_look_like_numbers_stay_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_curve_source, "BATCH", 2)
    rows = ["run,N,tokens,loss", "007,1e8,1,3", "007,1e8,2,2.5", "x,2e8,1,3", "007,1e8,3,2.25"]
    path = tmp_path / "c.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    assert losses(Runs.from_curves(path)) == {"007": 2.25, "x": 3.0}


def test_the_curve_of_one_run_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_curve_source, "BATCH", 2)
    passes, read = [], pd.read_csv
    monkeypatch.setattr(pd, "read_csv", lambda *a, **k: passes.append(1) or read(*a, **k))
    path = tmp_path / "small.csv"
    path.write_text("N,tokens,loss\n1e8,1,3\n1e8,2,2.5\n1e8,3,2.25\n")
    assert losses(Runs.from_curves(path)) == {"small": 2.25}
    assert len(passes) == 1
    path.write_text("N,tokens,loss\n1e8,1,3\n1e8,2,2.5\n1e8,2,2.25\n")  # of two batches
    with pytest.raises(RunsError, match="'tokens' does not rise from row to row"):
        Runs.from_curves(path)


def write_many(path: Path, rows: int, runs: int, seed: int) -> None:
    """Write interleaved curves of `runs` runs in row groups of 50 000 rows."""
    rng = np.random.default_rng(seed)
    writer = None
    for start in range(0, rows, 50_000):
        count = min(50_000, rows - start)
        run = rng.integers(0, runs, count)
        tokens = rng.random(count) * 1e10 * (1 + run)
        columns = {f"unused_{i}": rng.random(count) for i in range(4)}
        columns |= {"tokens": tokens, "N": 1e8 * (1.0 + run), "lr": 1 - tokens / (1e10 * (1 + run))}
        columns["loss"] = 2 + (tokens + 1) ** -0.1 + rng.normal(0, 0.01, count)
        batch = pa.table({"run": pa.array([f"run-{i}" for i in run]), **columns})
        writer = writer or pq.ParquetWriter(path, batch.schema)
        writer.write_table(batch)
    assert writer is not None
    writer.close()


@pytest.mark.parametrize("final", ["last", "best", "smoothed"])
def test_many_rows_over_row_groups_give_what_pandas_gives(tmp_path: Path, final: str) -> None:
    path = tmp_path / "curves.parquet"
    write_many(path, 200_000, runs=40, seed=1)
    runs = Runs.from_curves(path, final=final, lr="lr")  # type: ignore[arg-type]
    frame = pd.read_parquet(path)
    end = frame.groupby("run")["tokens"].transform("max")
    if final == "best":
        rows = frame[frame["tokens"] >= 0.1 * end]
        expected = rows.groupby("run")["loss"].min()
    elif final == "smoothed":
        expected = frame[frame["tokens"] >= (1 - 0.05) * end].groupby("run")["loss"].median()
    else:
        expected = frame[frame["tokens"] == end].set_index("run")["loss"]
    assert losses(runs) == dict(expected.sort_index())


_MEASURED = """
import resource, sys
from bayes_scaling.runs import Runs
def peak():
    # Of this process alone: ru_maxrss starts at that of the one that started it.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
small, large, final = sys.argv[1:]
Runs.from_curves(small, final=final, lr="lr")
before = peak()
runs = Runs.from_curves(large, final=final, lr="lr")
print(len(runs), peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_millions_of_rows_take_no_more_memory_than_some(tmp_path: Path) -> None:
    small, large = tmp_path / "small.parquet", tmp_path / "large.parquet"
    write_many(small, 400_000, runs=300, seed=1)
    write_many(large, 5_000_000, runs=300, seed=2)  # twelve times as many rows
    package = Path(bs.__file__).parents[1]
    for final in ("last", "best", "smoothed"):
        finished = subprocess.run(
            [sys.executable, "-c", _MEASURED, str(small), str(large), final],
            capture_output=True, text=True, cwd=package, check=False,
        )  # fmt: skip
        assert finished.returncode == 0, finished.stderr
        runs, growth = finished.stdout.split()
        assert int(runs) == 300
        # Measured: 3 to 24 MB, where the same table read whole as a frame takes 790 MB.
        assert float(growth) < 60, final


def test_parts_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """A run was resumed: of the step that two parts have, that of the later part counts."""
    for number, loss in ((2, 5.0), (10, 3.0)):
        (tmp_path / f"part-{number}.csv").write_text(
            f"run,N,step,loss\na,1e8,50,6\na,1e8,100,{loss}\n"
        )
    assert losses(Runs.from_curves(tmp_path)) == {"a": 3.0}

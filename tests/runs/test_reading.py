import gzip
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayes_scaling.errors import MissingPackageError, RunsError
from bayes_scaling.runs import Runs
from bayes_scaling.runs.reading import read_runs


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run": ["a", "b", "c"],
            "N": [1e8, 1e9, 1e10],
            "D": [2e9, 3e11, 5e10],
            "loss": [3.5, 2.25, 2.5],
            "corpus": ["c4", "pile", "Größe"],
        }
    )


def write(frame: pd.DataFrame, path: Path) -> None:
    plain = path.name.removesuffix(".gz")
    if plain.endswith("parquet"):
        frame.to_parquet(path)
    elif plain.endswith(("jsonl", "ndjson")):
        frame.to_json(path, orient="records", lines=True, force_ascii=False)
    else:
        frame.to_csv(path, index=False, sep="\t" if plain.endswith("tsv") else ",")


@pytest.mark.parametrize(
    "name",
    [
        "r.csv", "r.tsv", "r.parquet", "r.jsonl", "r.ndjson", "R.CSV",
        "r.csv.gz", "r.tsv.gz", "r.jsonl.gz", "sweep.v1.2.csv",
    ],
)  # fmt: skip
def test_every_format_gives_the_same_runs(tmp_path: Path, frame: pd.DataFrame, name: str) -> None:
    path = tmp_path / name
    write(frame, path)
    runs = read_runs(path, factors=("corpus",))
    expected = Runs.from_frame(frame, factors=("corpus",))
    pd.testing.assert_frame_equal(runs.table, expected.table)
    assert read_runs(str(path)).inputs == expected.inputs


def test_arguments_are_those_of_from_frame() -> None:
    def keywords(function: object) -> dict[str, object]:
        parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}

    assert keywords(read_runs) == keywords(Runs.from_frame)


def test_every_argument_is_passed_on(tmp_path: Path, frame: pd.DataFrame) -> None:
    path = tmp_path / "r.csv"
    source = frame.rename(columns={"N": "size", "D": "seen", "loss": "acc"})
    source = source.assign(acc=[0.1, 0.2, np.nan], FLOPs=1.0, width=[8, 16, 32])
    source.to_csv(path, index=False)
    runs = read_runs(
        path, params="size", tokens="seen", loss="acc", flops="FLOPs", inputs=("width",),
        factors={"data": "corpus"}, run="run", response="accuracy", missing="drop",
        flops_factor=1e30,
    )  # fmt: skip
    assert (runs.inputs, runs.factors) == (("params", "tokens", "flops", "width"), ("data",))
    assert (runs.response, runs.dropped, list(runs.table.index)) == ("accuracy", 1, ["a", "b"])


def test_byte_order_mark_and_crlf(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(b"\xef\xbb\xbfN,D,loss\r\n1e8,2e9,3.5\r\n")
    assert read_runs(path).values("params")[0] == 1e8
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"N": 1e8, "loss": 3}\r\n\r\n{"N": 1e9, "loss": 2}\r\n')
    assert len(read_runs(path)) == 2


def test_one_bad_cell_is_named_alone(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("N,D,loss\n1e8,2e9,3.5\nbig,2e9,3.5\n1e9,2e9,3.5\n", encoding="utf-8")
    with pytest.raises(RunsError, match=r"1 value that is not a number \(row '1': 'big'\)"):
        read_runs(path)


UNREADABLE: dict[Callable[..., Runs], list[tuple[str, bytes, str]]] = {
    read_runs: [
        ("r.csv", b"", "is empty: it holds nothing"),
        ("r.csv", b"N,D,loss\n", "is empty: it holds a header and no rows"),
        ("r.tsv", b"\n\n", "is empty: it holds nothing"),
        ("r.jsonl", b"", "is empty: it holds nothing"),
        ("r.jsonl", b"\n \n", "is empty: it holds nothing"),
        ("r.csv", b"N,loss,loss\n1,2,3\n", r"occurs more than once \('loss'\)"),
        ("r.csv", b"N,loss\n1,2\n1,2,3\n", "by commas .line 3 has 3 cells, the header above it 2"),
        ("r.csv", b"N,loss\n1,2,3\n1,2,3\n", "separated by commas .line 2 has 3 cells"),
        ("r.csv", b"N,loss\n1,2\n1\n", "separated by commas .line 3 has 1 cell, the header .* 2"),
        ("r.csv", b'N,loss\n"1,2\n', "line 2: a quote that is opened is never closed"),
        ("r.csv", b"N,loss\n1,2,\n", "separated by commas .line 2 has 3 cells"),
        ("r.csv", b"a;b|c\n1;2|3\n", "separated by semicolons or bars.*write the line sep=;"),
        ("r.csv", b"Sweep of May\nN,loss\n1,2\n", "line 2 has 2 cells, the header above it 1.*del"),
        ("r.csv", b"N,loss\n\xff\xfe,2\n", "is not UTF-8 text"),
        ("r.jsonl", b'{"N": "\xff"}\n', "is not UTF-8 text"),
        ("r.jsonl", b'{"N": 1}\n{"N": \n', "line 2 of .* is not JSON"),
        ("r.jsonl", b'{"N": 1}\n\n[1, 2]\n', "line 3 of .* is a JSON list, not an object"),
        ("r.parquet", b"not parquet", "cannot be read as Parquet"),
        ("r.csv.gz", b"N,loss\n1,2\n", "not a whole .gz file"),
        ("r.jsonl.gz", gzip.compress(b'{"N": 1}\n' * 99, mtime=0)[:-20], "not a whole .gz file"),
        ("r.docx", b"", r"has the suffix '.docx'.*\.parquet.*Runs.from_frame"),
        ("r.json", b"[]", "is empty: it holds nothing"),
        ("r.json", b"[1]", "is not a list of runs"),
        ("r.json", b'[{"N": 1, "N": 2}]', "an object has 'N' more than once"),
        ("r.json", b"[" * 100_000, "is not JSON"),
        ("r.csv.zip", b"PK", "not a whole .zip file"),
        ("r.parquet.gz", b"", "has the suffix '.parquet.gz'"),
        ("runs", b"", "has the suffix 'none'"),
    ],
    Runs.from_curves: [
        ("c.docx", b"", "has the suffix '.docx'"),
        ("c.parquet", b"not parquet", "cannot be read"),
        ("c.csv", b"", "is empty"),
        ("c.csv", b"run,N,tokens,loss\na,1,1,3\na,1,2,2,9\n", "cannot be read"),
        ("c.csv.gz", b"run,N,tokens,loss\n", "cannot be read"),
    ],
    Runs.from_wandb_export: [
        ("r.json", b"{", "is not JSON"),
        ("r.json", b"[1, 2]", "is not a list of runs"),
        ("r.json", b'{"a": 1}', "is not a list of runs"),
        ("r.json", b"[]", "is empty"),
        (
            "r.json",
            b'[{"name": "a", "config": "x y"}]',
            "config of run 0 .*is 'x y', not a mapping",
        ),
        ("r.csv", b"", "is empty"),
        ("r.yaml", b"a: 1", "has the suffix '.yaml'"),
    ],
}
"""Files by what reads them, and what is said of each."""


@pytest.mark.parametrize(
    ("read", "name", "content", "message"),
    [(read, *row) for read, rows in UNREADABLE.items() for row in rows],
)
def test_unreadable_files(
    tmp_path: Path, read: Callable[..., Runs], name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RunsError, match=message):
        read(path)


def test_the_cause_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(RunsError) as caught:
        read_runs(path)
    assert isinstance(caught.value.__cause__, json.JSONDecodeError)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(RunsError, match=r"none\.csv' does not exist.*working folder"):
        read_runs(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(RunsError, match=r"folder\.csv' is a folder"):
        read_runs(tmp_path / "folder.csv")


def test_parquet_without_pyarrow_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.parquet"
    path.write_bytes(b"")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingPackageError, match=r'pip install "bayes_scaling\[parquet\]"'):
        read_runs(path)


# Real tables --------------------------------------------------------------------------------


def test_chinchilla(shared_data: Path) -> None:
    runs = read_runs(shared_data / "chinchilla.csv")
    assert len(runs) == 245
    assert runs.inputs == ("params", "tokens", "flops")
    (note,) = runs.notes
    assert "'dropped_in_replication' marks 5 runs of 245" in note
    kept = runs.where(dropped_in_replication=False)
    assert len(kept) == 240
    assert kept.notes == ()
    assert kept.values("loss").max() < runs.values("loss").max()
    train, hidden = kept.split(train_up_to_flops=1e21)
    assert len(train) + len(hidden) == 240
    assert train.values("flops").max() <= 1e21 < hidden.values("flops").min()


def test_chinchilla_as_published(shared_data: Path) -> None:
    tidy = read_runs(shared_data / "chinchilla.csv")
    raw = read_runs(shared_data / "upstream" / "svg_extracted_data.csv")
    np.testing.assert_allclose(raw.values("tokens"), tidy.values("tokens"), rtol=1e-6)
    assert "column 'Training FLOP'" in repr(raw)


def test_gadre(shared_data: Path) -> None:
    path = shared_data / "gadre_overtraining.csv"
    runs = read_runs(path, factors=("dataset", "model"))
    assert len(runs) == 104
    assert runs.levels("dataset") == ("c4", "redpajama", "refinedweb")
    assert len(runs.notes) == 1
    assert "'params_non_embedding' counts otherwise" in runs.notes[0]
    assert read_runs(path, params="params", factors=("dataset",)).notes == ()
    (mixed,) = read_runs(path, params="params").notes
    assert "differ in loss by 3 %" in mixed
    assert "'dataset' varies among them" in mixed
    assert np.bincount(runs.codes("dataset")).sum() == 104
    assert len(runs.where(dataset="c4", role=["fit", "target"])) < 35
    other = read_runs(path, params="params_non_embedding", flops=False)
    assert "params_in_source" in other.table
    assert (other.values("params") < runs.values("params")).all()


def test_one_amount_of_data_is_noted(shared_data: Path) -> None:
    runs = read_runs(shared_data / "routed_lm.csv", factors=("router",))
    assert any("Every run has the same tokens" in note for note in runs.notes)


def test_missing_tokens_are_named_or_dropped(shared_data: Path) -> None:
    path = shared_data / "llm_benchmarks_observational.csv"
    with pytest.raises(RunsError, match=r"25 missing values \(rows .* and 20 more\)"):
        read_runs(path, loss="mmlu", response="accuracy")
    runs = read_runs(path, loss="mmlu", response="accuracy", missing="drop", run="model")
    assert (len(runs), runs.dropped) == (123, 25)

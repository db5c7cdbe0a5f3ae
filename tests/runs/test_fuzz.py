"""Thousands of spoilt tables through every reader: runs or one of our errors, no number changed."""

import io
import json
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.runs import Runs
from bayes_scaling.units import parse_count

pytestmark = pytest.mark.slow

SEED = 11
# Of each of 34 pairs of a reader and a format, spoilt by bytes and by cells in turn: 2,300 inputs;
# and as many answers of each of two trackers.
ROUNDS, ANSWERS = 70, 300

CELLS = [
    "", " ", "NaN", "nan", "inf", "-inf", "NA", "None", "null", "-", "0", "-1", "7B", "1.4T", "1,5",
    "1,033,824", "12,345", "1e400", "1e-400", "1_000", "007", "1.10", "x", "é", "\x00",
    '"', "'", ";",
    "\t", "|", "#", "True", "2026-01-01", "{}", "[1, 2]", "a - b", "=1+1", "\ufeff", "\u2212" + "1",
    "9" * 400, "0x10", "1 000", "run", "loss", "finished", "crashed",
]  # fmt: skip


def table(rng: np.random.Generator) -> pd.DataFrame:
    count = int(rng.integers(1, 7))
    size, seen = rng.choice([7e7, 4.1e8, 1.2e9], count), rng.choice([2e9, 8.5e9, 3e10], count)
    frame = {
        "Name": [f"r{i}" for i in range(count)],
        "State": rng.choice(["finished", "crashed"], count, p=[0.9, 0.1]),
        "N": size,
        "D": seen,
        "val/loss": np.round(1.7 + 400 / size**0.34 + 410 / seen**0.28, 4),
        "corpus": rng.choice(["c4", "007", "NA"], count),
    }
    return pd.DataFrame(frame).astype(object)


def curves(rng: np.random.Generator) -> pd.DataFrame:
    runs = table(rng).drop(columns="State")
    parts = [
        runs.assign(step=step, **{"D": runs["D"] * step / 400}) for step in range(100, 500, 100)
    ]
    return pd.concat(parts).rename(columns={"Name": "run"}).astype(object)


def chart(frame: pd.DataFrame) -> pd.DataFrame:
    steps = pd.DataFrame({"Step": [1, 2, 3]})
    for name in frame["Name"]:
        steps[f"{name} - val/loss"] = [4.0625, 3.8125, 3.3125]
    return steps.astype(object)


def as_csv(frame: pd.DataFrame, separator: str = ",") -> bytes:
    return frame.to_csv(index=False, sep=separator).encode()


def as_json(frame: pd.DataFrame) -> bytes:
    return json.dumps(frame.to_dict("records"), default=str).encode()


def as_lines(frame: pd.DataFrame) -> bytes:
    return "\n".join(json.dumps(row, default=str) for row in frame.to_dict("records")).encode()


def as_wandb(frame: pd.DataFrame) -> bytes:
    runs = [
        {"name": row["Name"], "state": row["State"], "config": {"N": row["N"], "D": row["D"]},
         "summary": {"val/loss": row["val/loss"], "corpus": row["corpus"]}}
        for row in frame.to_dict("records")
    ]  # fmt: skip
    return json.dumps(runs, default=str).encode()


def as_parquet(frame: pd.DataFrame) -> bytes:
    target = io.BytesIO()
    frame.astype(str).to_parquet(target)
    return target.getvalue()


def as_excel(frame: pd.DataFrame) -> bytes:
    target = io.BytesIO()
    frame.astype(str).replace(r"[\x00-\x08\x0b-\x1f]", "", regex=True).to_excel(target, index=False)
    return target.getvalue()


type Write = Callable[[pd.DataFrame], bytes]
FORMATS: dict[str, Write] = {
    "t.csv": as_csv,
    "t.tsv": lambda frame: as_csv(frame, "\t"),
    "semicolons.csv": lambda frame: as_csv(frame, ";"),
    "t.json": as_json,
    "t.jsonl": as_lines,
    "t.parquet": as_parquet,
    "t.xlsx": as_excel,
}


def spoilt_bytes(content: bytes, rng: np.random.Generator) -> bytes:
    for _ in range(int(rng.integers(1, 4))):
        start, end = sorted(rng.integers(0, len(content) + 1, 2))
        piece = content[start : min(end, start + 30)]
        content = [
            content[:start] + content[start + len(piece) :],
            content[:start] + piece + content[start:],
            content[:start] + rng.bytes(int(rng.integers(1, 4))) + content[start:],
            content[:start] + str(rng.choice(CELLS)).encode() + content[start:],
            content[:start],
        ][int(rng.integers(5))]
    return content


def spoilt_cells(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    frame = frame.copy()
    for _ in range(int(rng.integers(1, 4))):
        row, column = int(rng.integers(len(frame))), int(rng.integers(frame.shape[1]))
        frame.iloc[row, column] = str(rng.choice(CELLS))
    if rng.random() < 0.1:
        names = [str(name) for name in frame.columns]
        names[int(rng.integers(len(names)))] = str(rng.choice([*CELLS, *names]))
        frame.columns = pd.Index(names)
    if rng.random() < 0.2:
        frame.index = pd.Index(rng.choice([1.5, 2.0], len(frame)))
    return frame


def written_numbers(content: bytes) -> set[float]:
    """Every number that text may be read to hold."""
    text = content.decode("utf-8", "ignore").replace("\\u2212", "x")
    grouped = re.sub(r"(?<=\d) (?=\d{3}(?!\d))", "", text)
    found: set[float] = set()
    for pieces in (
        re.split(r'[,;\t|\s"\[\]{}:]', text + "\n" + grouped),
        re.split(r'[;\t|\n\r"]', text),
    ):
        for piece in pieces:
            for form in (piece, piece.replace(",", ""), piece.replace(",", ".")):
                for read in (float, parse_count):
                    with suppress(ValueError):
                        found.add(read(form.strip()))
    return found


def outcome(read: Callable[[], Runs]) -> Runs | None:
    try:
        return read()
    except BayesScalingError as error:
        message = str(error)
        sentences = re.split(r"(?<=[.?!)])\s", message)
        assert len(sentences) >= 3, message
        assert not re.search(r"pandas\.|Traceback|tokeniz|C error|object at 0x", message), message
        return None


def read_by(reader: str, path: Path, source: pd.DataFrame, rng: np.random.Generator) -> Runs:
    options = {"missing": str(rng.choice(["error", "drop"]))}
    if rng.random() < 0.5:
        options["factors"] = ("corpus",)  # type: ignore[assignment]
    if reader == "table":
        return bs.read_runs(path, **options)  # type: ignore[arg-type]
    if reader == "curves":
        final = rng.choice(["last", "best", "smoothed"])
        return Runs.from_curves(path, final=final, **options)  # type: ignore[arg-type]
    if reader == "wandb":
        return Runs.from_wandb_export(path, **options)  # type: ignore[arg-type]
    if reader == "chart":
        return Runs.from_wandb_export(path, history=path.with_name("chart.csv"), **options)  # type: ignore[arg-type]
    if reader == "curve frame":
        return Runs.from_curves(source, **options)  # type: ignore[arg-type]
    return Runs.from_frame(source, **options)  # type: ignore[arg-type]


READERS = ("table", "curves", "wandb", "chart", "frame", "curve frame")


def check_numbers(made: Runs, known: set[float]) -> None:
    """Every number of the runs is one that the file holds, unless it follows from others."""
    for column in {"loss", "params", "tokens"} & {*made.table.columns}:
        source = made.sources.get(column, "")
        if not source.startswith(("6 x", "flops /", "median")):
            values = {*made.table[column].tolist()}
            assert values <= known, (column, values - known)


def check_untouched(made: Runs, whole: pd.DataFrame, spoilt: pd.DataFrame) -> None:
    """Rows that nobody touched give the numbers they gave before."""
    if list(whole.columns) != list(spoilt.columns):
        return
    same = (whole.to_numpy() == spoilt.to_numpy()).all(axis=1)
    before = whole[same].set_index("Name")
    for name in before.index.intersection(made.table.index):
        for column, source in (("loss", "val/loss"), ("params", "N"), ("tokens", "D")):
            assert (
                column not in made.table or made.table.loc[name, column] == before.loc[name, source]
            )


def written(write: Write, frame: pd.DataFrame) -> bytes | None:
    try:
        return write(frame)
    except (KeyError, ValueError, UserWarning):  # a column that the format needs was renamed
        return None


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", [*FORMATS, "wandb.json"])
def test_spoilt_files_are_runs_or_our_errors(tmp_path: Path, reader: str, name: str) -> None:
    if "frame" in reader and name != "t.csv":
        pytest.skip("frames have no format")
    if name.endswith("xlsx"):
        pytest.importorskip("openpyxl")
    rng = np.random.default_rng([SEED, READERS.index(reader), len(name)])
    path = tmp_path / name
    runs = 0
    for number in range(ROUNDS):
        whole = curves(rng) if "curve" in reader and name != "wandb.json" else table(rng)
        spoilt = spoilt_cells(whole, rng) if number % 2 else whole
        content = written(FORMATS.get(name, as_wandb), spoilt)
        if content is None:
            continue
        content = content if number % 2 else spoilt_bytes(content, rng)
        path.write_bytes(content)
        if reader == "chart":
            bad = as_csv(spoilt_cells(chart(whole), rng))
            path.with_name("chart.csv").write_bytes(bad)
            content += b"\n" + bad
        made = outcome(partial(read_by, reader, path, spoilt, rng))
        if made is None:
            continue
        runs += 1
        if name.endswith(("csv", "tsv", "json", "jsonl")):
            check_numbers(made, written_numbers(as_csv(spoilt) if "frame" in reader else content))
        if number % 2 and reader in ("table", "frame", "wandb"):
            check_untouched(made, whole, spoilt)
    assert runs > 0 or (name == "wandb.json") != (reader in ("wandb", "chart"))


def answers(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Records of a tracker on some runs: config, summary and history of each."""
    return [
        {
            "id": f"id{number}",
            "name": row["Name"],
            "state": row["State"],
            "config": {"N": row["N"], "corpus": row["corpus"]},
            "summary": {"val/loss": row["val/loss"], "D": row["D"]},
            "history": [4.0625, 3.8125, 3.5625, row["val/loss"]],
        }
        for number, row in enumerate(table(rng).to_dict("records"))
    ]


def spoilt_answers(runs: list[dict[str, Any]], rng: np.random.Generator, numeric: bool) -> None:
    """Change what was logged; MLflow logs numbers as metrics, W&B anything."""
    odd: list[Any] = [float("nan"), float("inf"), -1.0, 0.0, 1e308, 5]
    odd += [] if numeric else [None, "NaN", "Infinity", [1, 2], {"value": 3.5}, {}, True, *CELLS]
    for _ in range(int(rng.integers(1, 5))):
        run = runs[int(rng.integers(len(runs)))]
        where = str(rng.choice(["name", "state", "config", "summary", "history"]))
        part = run[where]
        if isinstance(part, str):
            run[where] = str(rng.choice(CELLS))
        elif isinstance(part, list):
            part[int(rng.integers(len(part)))] = odd[int(rng.integers(len(odd)))]
        else:
            known = odd if where == "summary" else CELLS
            key = str(rng.choice([*part, "loss", "_wandb", "a.b"]))
            part[key] = known[int(rng.integers(len(known)))]
            if rng.random() < 0.3:
                del part[key]


class Run(SimpleNamespace):
    def scan_history(self, keys: list[str]) -> list[dict[str, object]]:
        rows = [{"_step": step, "val/loss": loss} for step, loss in enumerate(self.history, 1)]
        return [{key: row[key] for key in keys} for row in rows if {*keys} <= {*row}]


def recorded_wandb(runs: list[dict[str, Any]]) -> ModuleType:
    wandb: Any = ModuleType("wandb")
    wandb.Error = type("Error", (Exception,), {})
    logged = [
        Run(**{**run, "url": None, "summary": SimpleNamespace(_json_dict=run["summary"])})
        for run in runs
    ]
    wandb.Api = lambda: SimpleNamespace(runs=lambda path, filters: logged)
    return wandb  # type: ignore[no-any-return]


def recorded_mlflow(runs: list[dict[str, Any]]) -> ModuleType:
    mlflow: Any = ModuleType("mlflow")
    mlflow.MlflowException = type("MlflowException", (Exception,), {})
    by_id = {run["id"]: run for run in runs}

    def logged(run: dict[str, Any]) -> SimpleNamespace:
        info = SimpleNamespace(
            run_id=run["id"], run_name=run["name"], experiment_id="1", status=run["state"].upper()
        )
        params = {name: str(value) for name, value in run["config"].items()}
        return SimpleNamespace(
            info=info, data=SimpleNamespace(metrics=run["summary"], params=params, tags={})
        )

    def history(key: str, metric: str) -> list[SimpleNamespace]:
        values = by_id[key]["history"] if metric == "val/loss" else []
        return [SimpleNamespace(step=step, value=loss) for step, loss in enumerate(values, 1)]

    mlflow.MlflowClient = lambda tracking_uri: SimpleNamespace(
        search_experiments=lambda **_: [SimpleNamespace(experiment_id="1", name="sweep")],
        search_runs=lambda ids, **_: [logged(run) for run in runs],
        get_metric_history=history,
    )
    return mlflow  # type: ignore[no-any-return]


@pytest.mark.parametrize("tracker", ["wandb", "mlflow"])
def test_spoilt_answers_are_runs_or_our_errors(
    monkeypatch: pytest.MonkeyPatch, tracker: str
) -> None:
    rng = np.random.default_rng([SEED, len(tracker)])
    made_of = {"wandb": recorded_wandb, "mlflow": recorded_mlflow}[tracker]
    made = 0
    for _ in range(ANSWERS):
        recorded = answers(rng)
        spoilt_answers(recorded, rng, numeric=tracker == "mlflow")
        monkeypatch.setitem(sys.modules, tracker, made_of(recorded))
        options = {
            "final": str(rng.choice(["last", "best", "smoothed"])),
            "missing": str(rng.choice(["error", "drop"])),
            "factors": ("corpus",) if rng.random() < 0.5 else (),
        }
        read: Any = Runs.from_wandb if tracker == "wandb" else Runs.from_mlflow
        where = {"wandb": {}, "mlflow": {"tracking_uri": "https://tracking.example"}}[tracker]
        runs = outcome(partial(read, "sweep", **where, **options))
        if runs is not None:
            made += 1
            check_numbers(runs, written_numbers(json.dumps(recorded, default=str).encode()))
    assert made > ANSWERS / 10

"""Against a real tracking store of MLflow on SQLite."""

import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import bayes_scaling as bs
from bayes_scaling.errors import MissingPackageError, RunsError
from bayes_scaling.runs.sources import mlflow as _mlflow

pytestmark = [
    # MLflow takes two seconds to import and two to set its tables up.
    pytest.mark.slow,
    # SQLAlchemy says so of MLflow's own mappings, when they are first used.
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated"),
]

SIZES = {"xs": "7e7", "s": "1.6e8", "m": "4.1e8", "l": "1.4B", "xl": "7e9", "half": "1e9"}


@pytest.fixture(scope="module")
def mlflow() -> ModuleType:
    try:
        return importlib.import_module("mlflow")
    except ModuleNotFoundError:
        pytest.skip("mlflow is not installed (extra mlflow)")


@pytest.fixture(scope="module")
def store(mlflow: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Any]:
    """A store with one sweep: four finished runs, one that failed, one that still runs."""
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder}/store.db"
    client = mlflow.MlflowClient(tracking_uri=uri)
    sweep = client.create_experiment("sweep", artifact_location=str(folder / "artifacts"))
    for position, (name, size) in enumerate(SIZES.items()):
        run = client.create_run(
            sweep, run_name=name, tags={"corpus": "pile" if position % 2 else "c4"}
        )
        key = run.info.run_id
        client.log_param(key, "n_params", size)
        client.log_param(key, "lr", 3e-4)
        # Out of order: the last value is the one of the last step.
        for step in (0, 20, 10):
            client.log_metric(key, "val/loss", 4.0 - 0.1 * position - 0.02 * step, step=step)
            client.log_metric(key, "tokens", 1e9 * (position + 1) * step / 20, step=step)
            client.log_metric(key, "lr", 1e-5, step=step)
        if name == "xl":
            client.set_terminated(key, "FAILED")
        elif name != "half":
            client.set_terminated(key)
    other = client.create_experiment("diverged", artifact_location=str(folder / "artifacts"))
    cut = client.create_experiment("cut", artifact_location=str(folder / "artifacts"))
    for name, losses in (("fine", (4.0, 3.0)), ("nan", (3.5, float("nan")))):
        key = client.create_run(cut, run_name=name).info.run_id
        client.log_param(key, "N", "1e8")
        for step, value in enumerate(losses, 1):
            client.log_metric(key, "loss", value, step=step)
        client.set_terminated(key)
    for name, loss in (("fine", 3.0), ("overflow", float("inf")), ("unmeasured", None)):
        key = client.create_run(other, run_name=name).info.run_id
        client.log_param(key, "N", 1e8)
        if loss is not None:
            client.log_metric(key, "loss", loss)
        client.set_terminated(key)
    return uri, client


@pytest.fixture(scope="module")
def read(store: tuple[str, Any]) -> Callable[..., bs.Runs]:
    def read(experiments: Any = "sweep", **options: Any) -> bs.Runs:
        return bs.Runs.from_mlflow(experiments, **{"tracking_uri": store[0], **options})

    return read


def test_finished_runs_with_their_last_values(read: Callable[..., bs.Runs]) -> None:
    runs = read(factors=("corpus",))
    assert list(runs.table.index) == ["xs", "s", "m", "l"]
    assert runs.values("params").tolist() == [7e7, 1.6e8, 4.1e8, 1.4e9]
    assert runs.values("tokens").tolist() == [1e9, 2e9, 3e9, 4e9]
    assert runs.values("loss") == pytest.approx([3.6, 3.5, 3.4, 3.3])
    assert runs.levels("corpus") == ("c4", "pile")
    assert runs.sources["loss"] == "column 'val/loss'"
    assert set(runs.table) >= {"experiment", "run_id", "params.lr", "metrics.lr"}


def test_notes_say_what_was_left_out_and_what_was_rounded(read: Callable[..., bs.Runs]) -> None:
    state, counts, *_ = read().notes
    assert state == "2 of 6 runs were left out for the state: 1 failed ('xl'), 1 running ('half')."
    assert "1 count written with a suffix ('1.4B')" in counts


def test_columns_with_their_kind_states_and_filter(read: Callable[..., bs.Runs]) -> None:
    runs = read(
        params="params.n_params", tokens="metrics.tokens", loss="val/loss", run="run_id",
        inputs={"rate": "params.lr"}, states=("finished", "FAILED", "running"),
        filter_string="tags.corpus = 'pile'",
    )  # fmt: skip
    assert runs.inputs == ("params", "tokens", "flops", "rate")
    assert runs.values("params").tolist() == [1.6e8, 1.4e9, 1e9]
    assert runs.values("rate").tolist() == [3e-4] * 3
    assert all(len(name) == 32 for name in runs.table.index)


def test_losses_are_made_of_the_history(read: Callable[..., bs.Runs]) -> None:
    smoothed = read(final="smoothed", window=0.5)
    # The steps are 0, 10 and 20: the window holds the last two.
    assert smoothed.values("loss") == pytest.approx([3.7, 3.6, 3.5, 3.4])
    assert smoothed.sources["loss"] == "median at the end of 'val/loss'"
    assert any("fewer than 3 checkpoints" in note for note in smoothed.notes)
    best = read(final="best", loss="metrics.val/loss")
    assert best.values("loss") == pytest.approx([3.6, 3.5, 3.4, 3.3])
    assert best.values("tokens").tolist() == [1e9, 2e9, 3e9, 4e9]
    assert any("biased" in note for note in best.notes)
    with pytest.raises(RunsError, match="was not logged as a metric"):
        read(final="best", loss="params.lr")


def test_a_run_that_diverged_is_left_out_by_name(read: Callable[..., bs.Runs]) -> None:
    for final in ("best", "smoothed"):
        runs = read("cut", final=final, warmup=0.0, window=1.0)
        assert list(runs.table.index) == ["fine"]
        assert runs.notes[0].startswith("1 of 2 runs is left out, having diverged")
        assert "('nan')" in runs.notes[0]
    with pytest.raises(RunsError, match=r"1 missing value \(row 'nan'\)"):
        read("cut")


def test_every_page_is_read(read: Callable[..., bs.Runs], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read().table
    monkeypatch.setattr(_mlflow, "_PAGE", 1)
    assert read().table.equals(expected)


def test_experiments_by_id_and_several(
    store: tuple[str, Any], read: Callable[..., bs.Runs]
) -> None:
    key = store[1].get_experiment_by_name("sweep").experiment_id
    assert read(int(key)).table.equals(read("sweep").table)
    both = read(
        [key, "diverged"], params="N", loss="loss", tokens=False, missing="drop",
        filter_string="attributes.run_name != 'overflow'",
    )  # fmt: skip
    assert list(both.table["experiment"]) == ["diverged"]
    assert both.left_out == ("xs", "s", "m", "l", "unmeasured")


def test_runs_without_the_metric_are_named(read: Callable[..., bs.Runs]) -> None:
    with pytest.raises(RunsError, match=r"1 missing value \(row 'unmeasured'\).*missing=.drop"):
        read("diverged")


def test_a_diverged_loss_is_infinite_though_sql_cannot_hold_it(
    read: Callable[..., bs.Runs],
) -> None:
    with pytest.raises(RunsError, match=r"1 infinite value \(row 'overflow': inf\)"):
        read("diverged", missing="drop")


@pytest.mark.parametrize(
    ("experiments", "options", "message"),
    [
        ("swep", {}, r"no experiment 'swep'.*Near matches: 'sweep'.*'sweep' \(id \d\), 'Default'"),
        (99, {}, r"no experiment '99'"),
        ([], {}, "experiments is empty"),
        ("sweep", {"loss": "val_los"}, r"no column 'val_los'.*'val/loss', 'tokens'"),
        ("sweep", {"filter_string": "tags.corpus = 'x'"}, r"holds no runs that fulfil \"tags"),
        ("sweep", {"filter_string": "nonsense >"}, "cannot answer.*Invalid clause"),
        ("sweep", {"states": ("dnoe",)}, "here there are .*'finished'"),
        ("sweep", {"tracking_uri": "sqlite:///nowhere.db"}, "'nowhere.db', which does not exist"),
        ("sweep", {"tracking_uri": "gopher://x"}, "cannot answer.*sqlite:///mlflow.db"),
    ],
)
def test_wrong_requests(
    read: Callable[..., bs.Runs], experiments: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(RunsError, match=message):
        read(experiments, **options)
    assert not Path("nowhere.db").exists()


def test_the_store_mlflow_is_set_to_is_the_default(
    mlflow: ModuleType, store: tuple[str, Any], read: Callable[..., bs.Runs]
) -> None:
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store[0])
    try:
        assert read(tracking_uri=None).table.equals(read().table)
    finally:
        mlflow.set_tracking_uri(before)


def test_without_mlflow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingPackageError, match=r'pip install "bayes_scaling\[mlflow\]"'):
        bs.Runs.from_mlflow("sweep")


def test_help_shows_the_arguments() -> None:
    parameters = inspect.signature(bs.Runs.from_mlflow).parameters
    assert list(parameters)[:2] == ["experiments", "tracking_uri"]
    assert "tracking store" in (inspect.getdoc(bs.Runs.from_mlflow) or "")

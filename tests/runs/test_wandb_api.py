"""Against recorded answers of W&B's public API, offline."""

import sys
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import bayes_scaling as bs
from bayes_scaling.errors import MissingPackageError, RunsError

RECORDED: list[dict[str, Any]] = [
    {
        "id": f"id{number}",
        "name": name,
        "state": state,
        "url": f"https://wandb.ai/lab/sweep/runs/id{number}",
        "config": {"model": {"n_params": size}, "n_tokens": 2e9, "lr": 3e-4, "_wandb": {"t": 1}},
        "summary": {"val/loss": losses[-1], "lr": 1e-5, "_runtime": 9, "_wandb": {"runtime": 9}},
        "history": [
            {"_step": step, "val/loss": loss} for step, loss in enumerate(losses, 1)
        ],
    }
    for number, (name, state, size, losses) in enumerate(
        [
            ("small", "finished", 1e8, [4.0, 3.25, 3.5]),
            ("large", "finished", 4e8, [3.75, 3.0]),
            ("large", "finished", 8e8, [3.5, 3.25, "NaN"]),
            ("huge", "crashed", 2e9, [3.0]),
        ]
    )
]  # fmt: skip


class Run(SimpleNamespace):
    def scan_history(self, keys: list[str]) -> Iterator[Mapping[str, object]]:
        return ({key: row[key] for key in keys} for row in self.history)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Callable[..., bs.Runs]:
    wandb: Any = ModuleType("wandb")
    wandb.Error = type("Error", (Exception,), {})

    def runs(path: str, filters: Mapping[str, object]) -> Iterator[Run]:
        if path != "lab/sweep":
            raise ValueError(f"Could not find project {path}")
        names = filters.get("display_name")
        for run in RECORDED:
            if names in (None, run["name"]):
                yield Run(**{**run, "summary": SimpleNamespace(_json_dict=run["summary"])})

    wandb.Api = lambda: SimpleNamespace(runs=runs)
    monkeypatch.setitem(sys.modules, "wandb", wandb)

    def read(project: str = "lab/sweep", **options: Any) -> bs.Runs:
        columns = {"params": "model.n_params", "tokens": "n_tokens", "missing": "drop"}
        return bs.Runs.from_wandb(project, **{**columns, **options})

    return read


def test_finished_runs_with_their_summaries_and_urls(read: Callable[..., bs.Runs]) -> None:
    runs = read(filters={"display_name": "small"}, inputs={"rate": "config.lr"})
    assert runs.table.loc["small", ["params", "tokens", "rate", "loss"]].tolist() == [
        1e8, 2e9, 3e-4, 3.5,
    ]  # fmt: skip
    assert runs.table.loc["small", "url"] == RECORDED[0]["url"]
    every = read()
    assert list(every.table.index) == ["small", "large (id1)"]
    assert every.left_out == ("large (id2)",)
    assert every.notes[0] == "1 of 4 runs was left out for the state: 1 crashed ('huge')."
    assert "huge" in read(states="any").table.index
    assert every.urls["small"] == RECORDED[0]["url"]
    # Also of the run that was left out.
    assert every.urls["huge"] == RECORDED[3]["url"]


@pytest.mark.parametrize(("final", "small"), [("best", 3.25), ("smoothed", 3.5)])
def test_losses_are_made_of_the_history(
    read: Callable[..., bs.Runs], final: str, small: float
) -> None:
    runs = read(final=final)
    assert dict(runs.table["loss"]) == {"small": small, "large (id1)": 3.0}
    assert any("having diverged" in note and "'large (id2)'" in note for note in runs.notes)
    assert runs.sources["loss"].endswith("of 'val/loss' in the history")


@pytest.mark.parametrize(
    ("project", "options", "message"),
    [
        ("lab/none", {}, "'lab/none' cannot be read .Could not find project.*wandb login"),
        ("lab/sweep", {"filters": {"display_name": "x"}}, "holds no runs"),
        ("lab/sweep", {"loss": "val/los"}, "no column 'val/los'"),
        ("lab/sweep", {"states": ("killed",)}, "no run is killed"),
    ],
)
def test_wrong_requests(
    read: Callable[..., bs.Runs], project: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(RunsError, match=message):
        read(project, **options)


def test_without_wandb_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingPackageError, match=r'pip install "bayes_scaling\[wandb\]"'):
        bs.Runs.from_wandb("lab/sweep")

"""Common parts of experiment trackers: columns with a kind, names of runs, web pages."""

from types import SimpleNamespace
from typing import Any

import pytest

import bayes_scaling as bs
from bayes_scaling.runs.sources.choices import renamed_choices
from bayes_scaling.runs.sources.mlflow import logged_frame
from bayes_scaling.runs.sources.trackers import distinct_names, short_names


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


@pytest.mark.parametrize(
    ("uri", "page"),
    [
        ("https://mlflow.lab/", "https://mlflow.lab/#/experiments/7/runs/{}"),
        ("sqlite:///mlflow.db", ""),
    ],
)
def test_runs_of_a_server_of_mlflow_have_pages(uri: str, page: str) -> None:
    def run(key: str, size: str) -> SimpleNamespace:
        info = SimpleNamespace(run_id=key, run_name=key, experiment_id="7", status="FINISHED")
        data = SimpleNamespace(metrics={"loss": 3.0}, params={"N": size}, tags={})
        return SimpleNamespace(info=info, data=data)

    client: Any = SimpleNamespace(
        search_experiments=lambda **_: [SimpleNamespace(experiment_id="7", name="sweep")],
        search_runs=lambda ids, **_: [run("a1", "1e8"), run("b2", "1e9")],
    )
    frame, _ = logged_frame(client, uri, "sweep", "")
    assert list(frame["url"]) == [page.format("a1"), page.format("b2")]
    assert dict(bs.Runs.from_frame(frame).urls) == (dict(frame["url"]) if page else {})

"""Requests to an MLflow tracking store, and the table made of its answers.

Owns every call of MLflow. Which of the runs are taken, and as what, is settled in `mlflow`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling.display.wording import listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.columns import near_matches
from bayes_scaling.runs.sources.optional import require
from bayes_scaling.runs.sources.trackers import distinct_names, short_names

_KINDS = ("metrics", "params", "tags")
_ABOUT = ("experiment", "status", "run_id", "url")
# As many runs as MLflow gives at once by default.
_PAGE = 1000


@contextmanager
def tracking_store(tracking_uri: str | None) -> Iterator[tuple[Any, str]]:
    """Open a store; errors of MLflow become errors of this package."""
    mlflow = require("mlflow", extra="mlflow", purpose="Runs.from_mlflow reads its store.")
    uri = str(tracking_uri or mlflow.get_tracking_uri())
    _check_file_exists(uri)
    try:
        yield mlflow.MlflowClient(tracking_uri=uri), uri
    except mlflow.MlflowException as error:
        raise _no_answer(uri, error) from error


def logged_frame(
    client: Any, uri: str, experiments: str | int | Iterable[str | int], filter_string: str
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return one row per run of these experiments, and the short names of columns by full name.

    Raises
    ------
    RunsError
        There is no such experiment, or it holds no such run.
    """
    chosen = _chosen(_asked(experiments), list(_all_experiments(client)), uri)
    logged = list(_all_runs(client, [*chosen], filter_string))
    if not logged:
        where = f" that fulfil {filter_string!r}" if filter_string else ""
        raise RunsError(
            f"Runs.from_mlflow: {listed(chosen.values())} in {uri!r} holds no runs{where}. There "
            f"is nothing to learn from. Check the experiment and the filter_string."
        )
    return _as_frame(logged, chosen, uri)


def history(client: Any, frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return all that was logged of a metric: columns `run`, `step` and `loss`."""
    values = [
        (name, value.step, _metric(value.value))
        for name, key in frame["run_id"].items()
        for value in client.get_metric_history(key, metric)
    ]
    return pd.DataFrame(values, columns=["run", "step", "loss"])


def _no_answer(uri: str, error: Exception) -> RunsError:
    return RunsError(
        f"Runs.from_mlflow: MLflow cannot answer from {uri!r} "
        f"({' '.join(str(error).split())[:400]}). Runs are read from its tracking store. Pass "
        f'tracking_uri="sqlite:///mlflow.db" or "http://localhost:5000", and a filter_string in '
        f"MLflow's search syntax."
    )


def _all_experiments(client: Any) -> Iterator[Any]:
    return _all_pages(lambda token: client.search_experiments(max_results=_PAGE, page_token=token))


def _all_runs(client: Any, ids: list[str], filter_string: str) -> Iterator[Any]:
    return _all_pages(
        lambda token: client.search_runs(
            ids,
            filter_string=filter_string,
            max_results=_PAGE,
            order_by=["attributes.start_time ASC"],
            page_token=token,
        )
    )


def _check_file_exists(uri: str) -> None:
    scheme, _, path = uri.partition(":///")
    if scheme == "sqlite" and not Path(path.partition("?")[0]).is_file():
        raise RunsError(
            f"Runs.from_mlflow: {uri!r} names the file {path!r}, which does not exist. MLflow "
            f"would make an empty store there. Check the path: three slashes before a relative "
            f"one, four before an absolute one (the working folder is {str(Path.cwd())!r})."
        )


def _asked(experiments: str | int | Iterable[str | int]) -> list[str]:
    several = [experiments] if isinstance(experiments, str | int) else experiments
    asked = [str(experiment) for experiment in several]
    if not asked:
        raise RunsError(
            "Runs.from_mlflow: experiments is empty. Runs belong to an experiment. Pass its name "
            "or its id, or several of them."
        )
    return asked


def _all_pages[Item](ask: Callable[[str | None], Sequence[Item]]) -> Iterator[Item]:
    token: str | None = None
    while token != "":
        page = ask(token)
        yield from page
        token = getattr(page, "token", None) or ""


def _chosen(asked: list[str], existing: list[Any], uri: str) -> dict[str, str]:
    """Return the names of the experiments asked for, by id; a name goes before an id."""
    by_id = {experiment.experiment_id: experiment for experiment in existing}
    known = by_id | {experiment.name: experiment for experiment in existing}
    unknown = [name for name in asked if name not in known]
    if unknown:
        hint = near_matches(unknown[0], [experiment.name for experiment in existing])
        there = ", ".join(f"{one.name!r} (id {one.experiment_id})" for one in existing[:20])
        raise RunsError(
            f"Runs.from_mlflow: there is no experiment {listed(unknown)} in {uri!r}. Runs are "
            f"looked for by experiment. {hint}Give the name or id of one there is: "
            f"{there or 'none'}."
        )
    return {known[name].experiment_id: known[name].name for name in asked}


def _as_frame(
    logged: Sequence[Any], experiments: Mapping[str, str], uri: str
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return one row per run, with the new names of columns whose kind is left out."""
    frame = pd.DataFrame([_row(run, experiments, uri) for run in logged])
    names = distinct_names(
        [run.info.run_name or "" for run in logged], [run.info.run_id for run in logged]
    )
    frame = frame.set_index(pd.Index(names)).assign(run=names)
    columns = [str(column) for column in frame.columns]
    by_kind = [name for kind in _KINDS for name in columns if name.startswith(f"{kind}.")]
    frame = frame[["run", *by_kind, *_ABOUT]]
    short = short_names(columns, _KINDS)
    return frame.rename(columns=short), short


def _row(run: Any, experiments: Mapping[str, str], uri: str) -> dict[str, object]:
    metrics = {f"metrics.{name}": _metric(value) for name, value in run.data.metrics.items()}
    params = {f"params.{name}": value for name, value in run.data.params.items()}
    tags = {
        f"tags.{name}": value
        for name, value in run.data.tags.items()
        if not name.startswith("mlflow.")
    }
    of, key = run.info.experiment_id, run.info.run_id
    # Where MLflow's server shows a run; a store without a server has no such page.
    page = f"{uri.rstrip('/')}/#/experiments/{of}/runs/{key}" if uri.startswith("http") else ""
    about = zip(_ABOUT, (experiments[of], run.info.status, key, page), strict=True)
    return {**metrics, **params, **tags, **dict(about)}


def _metric(value: float) -> float:
    return math.copysign(math.inf, value) if abs(value) == sys.float_info.max else value

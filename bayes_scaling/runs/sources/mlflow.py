"""Runs from an MLflow tracking store.

Owns every call of MLflow, and which logged runs are taken, as what; what the columns mean is the
business of `Runs.from_frame`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Unpack

import pandas as pd

from bayes_scaling.display.wording import listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.intake import from_frame
from bayes_scaling.runs.parts import Parts
from bayes_scaling.runs.run_names import run_urls
from bayes_scaling.runs.sources.choices import ColumnChoices, assigned_columns, renamed_choices
from bayes_scaling.runs.sources.histories import with_losses
from bayes_scaling.runs.sources.optional import require
from bayes_scaling.runs.sources.reducing import WORDING, Final, checked_rule
from bayes_scaling.runs.sources.trackers import distinct_names, short_names
from bayes_scaling.runs.states import in_states
from bayes_scaling.runs.usual_names import near_matches

_KINDS = ("metrics", "params", "tags")
_ABOUT = ("experiment", "status", "run_id", "url")
# As many runs as MLflow gives at once by default.
_PAGE = 1000


def from_mlflow(
    experiments: str | int | Iterable[str | int],
    *,
    tracking_uri: str | None = None,
    filter_string: str = "",
    final: Final = "last",
    warmup: float = 0.1,
    window: float = 0.05,
    **columns: Unpack[ColumnChoices],
) -> Parts:
    """Make runs from experiments logged to MLflow.

    Every metric (its last value), parameter and tag is a column, called by its name alone
    (`val/loss`) or, always understood and needed where two kinds share a name, with its kind:
    `metrics.val/loss`, `params.lr`, `tags.corpus`. The columns `experiment`, `status`, `run_id` and
    `url` (of a server) come along; runs are called by their name, with the start of the id where
    names repeat.

    Parameters
    ----------
    experiments
        Name or id of an experiment, or several of them.
    tracking_uri
        The tracking store, such as "sqlite:///mlflow.db" or "http://localhost:5000". None takes
        the one that MLflow is set to.
    filter_string
        Which runs, in MLflow's search syntax: "tags.sweep = 'may' and params.corpus = 'c4'".
    final, warmup, window
        How the history of the loss becomes one number, as in `Runs.from_curves`. Other than "last"
        asks the store once more for each run. Inputs are the last values in any case.
    **columns
        Which column plays which part, and all else that `Runs.from_frame` takes by name: `params`,
        `tokens`, `flops`, `loss`, `inputs`, `factors`, `run`, `response`, `missing`,
        `flops_factor`. Sizes may be text ("1.4e9", "7B"). `states` are "finished" unless others are
        named: "failed", "killed", "running", "scheduled"; or "any".

    Raises
    ------
    MissingPackageError
        MLflow is not installed.
    RunsError
        The store cannot be read, there is no such experiment, no run is left, or the table cannot
        be used: the message of a missing value names the runs that did not log it, and
        ``missing="drop"`` leaves them out.

    Notes
    -----
    Where a metric diverged to infinity, SQL stores hold the largest float in its place: it is read
    as infinity, which `Runs` refuses. A metric's last value is the one of the last step.

    Examples
    --------
    >>> Runs.from_mlflow(
    ...     "sweep",
    ...     tracking_uri="sqlite:///mlflow.db",
    ...     params="n_params",
    ...     tokens="tokens",
    ...     loss="val/loss",
    ...     factors=("corpus",),
    ... )  # doctest: +SKIP
    """
    rule = checked_rule(final, warmup, window, columns.get("response", "loss"))
    with _tracking_store(tracking_uri) as (client, uri):
        frame, names = logged_frame(client, uri, experiments, filter_string)
        urls = run_urls(frame)
        frame, remarks = in_states(frame, "status", columns.get("states"), tracked=True)
        choices = renamed_choices({**columns, "states": "any"}, names)
        claims = assigned_columns(frame, choices)
        sources = {}
        if final != "last":
            metric = _metric_name(claims["loss"], names)
            logged = _history(client, frame, metric)
            frame, said = with_losses(frame, claims["loss"], logged, rule)
            sources["loss"] = f"{WORDING[final]} of {metric!r}"
            remarks += said
    return from_frame(frame, **choices).with_origin(remarks, sources, urls)


def _metric_name(column: str, names: Mapping[str, str]) -> str:
    full = next((full for full, short in names.items() if short == column), column)
    kind, _, metric = full.partition(".")
    if kind != "metrics":
        raise RunsError(
            f"Runs.from_mlflow: the loss (column {column!r}) was not logged as a metric, so it has "
            f'no history. Pass final="last", or name a metric with loss=.'
        )
    return metric


@contextmanager
def _tracking_store(tracking_uri: str | None) -> Iterator[tuple[Any, str]]:
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


def _history(client: Any, frame: pd.DataFrame, metric: str) -> pd.DataFrame:
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

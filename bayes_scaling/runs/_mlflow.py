"""Runs out of an MLflow tracking store.

Owns what is asked of MLflow and how its answer becomes a frame. What the columns mean is the
business of `Runs.from_frame`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Unpack

import pandas as pd

from bayes_scaling._optional import require
from bayes_scaling._wording import listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs._choices import ColumnChoices, claimed, renamed_choices, with_origin
from bayes_scaling.runs._columns import closest
from bayes_scaling.runs._histories import losses_of
from bayes_scaling.runs._reducing import WORDING, Final, checked_rule
from bayes_scaling.runs._trackers import distinct_names, in_states, short_names, with_counts

if TYPE_CHECKING:
    from bayes_scaling.runs._table import Runs

__all__ = ["from_mlflow"]

_KINDS = ("metrics", "params", "tags")
_STATES = ("finished", "failed", "killed", "running", "scheduled")
# As many runs as MLflow gives at once by default.
_PAGE = 1000


class _Info(Protocol):
    run_id: str
    run_name: str | None
    experiment_id: str
    status: str


class _Data(Protocol):
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    tags: Mapping[str, str]


class _Logged(Protocol):
    """What is read of a run as MLflow gives it."""

    info: _Info
    data: _Data


class _Client(Protocol):
    """What is asked of MLflow's client."""

    def search_experiments(self, **options: object) -> Sequence[_Experiment]: ...
    def search_runs(self, experiment_ids: list[str], **options: object) -> Sequence[_Logged]: ...
    def get_metric_history(self, run_id: str, key: str) -> Sequence[_Value]: ...


class _Value(Protocol):
    step: int
    value: float


class _Experiment(Protocol):
    experiment_id: str
    name: str


def from_mlflow(
    cls: type[Runs],
    experiments: str | int | Iterable[str | int],
    *,
    tracking_uri: str | None = None,
    filter_string: str = "",
    states: Iterable[str] = ("finished",),
    final: Final = "last",
    warmup: float = 0.1,
    window: float = 0.05,
    **columns: Unpack[ColumnChoices],
) -> Runs:
    """Make runs of what was logged to MLflow.

    Every metric (its last value), parameter and tag is a column, called by its name alone
    (`val/loss`) or, always understood and needed where two kinds share a name, with its kind:
    `metrics.val/loss`, `params.lr`, `tags.corpus`. The columns `experiment`, `status` and `run_id`
    come along; runs are called by their name, with the start of the id where names repeat.

    Parameters
    ----------
    experiments
        Name or id of an experiment, or several of them.
    tracking_uri
        The tracking store, such as "sqlite:///mlflow.db" or "http://localhost:5000". None takes
        the one that MLflow is set to.
    filter_string
        Which runs, in MLflow's search syntax: "tags.sweep = 'may' and params.corpus = 'c4'".
    states
        Runs in other states than these are left out, and a note counts them: "finished",
        "failed", "killed", "running", "scheduled".
    final, warmup, window
        How the history of the loss becomes one number, as in `Runs.from_curves`. Other than "last"
        asks the store once more for each run. Inputs are the last values in any case.
    **columns
        Which column plays which part, and all else that `Runs.from_frame` takes by name: `params`,
        `tokens`, `flops`, `loss`, `inputs`, `factors`, `run`, `response`, `missing`,
        `flops_factor`. Text such as "1.4e9" is read as a number, and counts may have a suffix
        ("7B"), which a note tells.

    Returns
    -------
    Runs

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
        frame, names = _logged_frame(client, uri, _asked(experiments), filter_string)
        frame, remarks = in_states(frame, "status", states, _STATES)
        choices = renamed_choices(columns, names)
        claims = claimed(list(frame.columns), choices)
        sources = {}
        if final != "last":
            metric = _metric_name(claims["loss"], names)
            losses, said = losses_of(_history(client, frame, metric), "step", "loss", rule)
            frame[claims["loss"]] = losses
            sources["loss"] = f"{WORDING[final]} of {metric!r}"
            remarks += said
    frame, on_counts = with_counts(frame, claims)
    return with_origin(cls.from_frame(frame, **choices), [*remarks, *on_counts], sources)


@contextmanager
def _tracking_store(tracking_uri: str | None) -> Iterator[tuple[_Client, str]]:
    """Open a store; what MLflow raises while it is in use becomes an error of this package."""
    mlflow = require("mlflow", extra="mlflow", purpose="Runs.from_mlflow reads its store.")
    uri = str(tracking_uri or mlflow.get_tracking_uri())
    _check_file_exists(uri)
    try:
        yield mlflow.MlflowClient(tracking_uri=uri), uri
    except mlflow.MlflowException as error:
        raise _no_answer(uri, error) from error


def _logged_frame(
    client: _Client, uri: str, asked: list[str], filter_string: str
) -> tuple[pd.DataFrame, dict[str, str]]:
    chosen = _chosen(asked, list(_all_experiments(client)), uri)
    logged = list(_all_runs(client, [*chosen], filter_string))
    if not logged:
        where = f" that fulfil {filter_string!r}" if filter_string else ""
        raise RunsError(
            f"Runs.from_mlflow: {listed(chosen.values())} in {uri!r} holds no runs{where}. There "
            f"is nothing to learn from. Check the experiment and the filter_string."
        )
    return _as_frame(logged, chosen)


def _metric_name(column: str, names: Mapping[str, str]) -> str:
    full = next((full for full, short in names.items() if short == column), column)
    kind, _, metric = full.partition(".")
    if kind != "metrics":
        raise RunsError(
            f"Runs.from_mlflow: the loss (column {column!r}) was not logged as a metric, so it has "
            f'no history. Pass final="last", or name a metric with loss=.'
        )
    return metric


def _history(client: _Client, frame: pd.DataFrame, metric: str) -> pd.DataFrame:
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


def _all_experiments(client: _Client) -> Iterator[_Experiment]:
    return _all_pages(lambda token: client.search_experiments(max_results=_PAGE, page_token=token))


def _all_runs(client: _Client, ids: list[str], filter_string: str) -> Iterator[_Logged]:
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


def _chosen(asked: list[str], existing: list[_Experiment], uri: str) -> dict[str, str]:
    """Return the names of the experiments asked for, by id; a name goes before an id."""
    by_id = {experiment.experiment_id: experiment for experiment in existing}
    known = by_id | {experiment.name: experiment for experiment in existing}
    unknown = [name for name in asked if name not in known]
    if unknown:
        near = closest(unknown[0], [experiment.name for experiment in existing])
        hint = f"Near matches: {listed(near)}. " if near else ""
        there = ", ".join(f"{one.name!r} (id {one.experiment_id})" for one in existing[:20])
        raise RunsError(
            f"Runs.from_mlflow: there is no experiment {listed(unknown)} in {uri!r}. Runs are "
            f"looked for by experiment. {hint}Give the name or id of one there is: "
            f"{there or 'none'}."
        )
    return {known[name].experiment_id: known[name].name for name in asked}


def _as_frame(
    logged: Sequence[_Logged], experiments: Mapping[str, str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return one row per run, with the new names of columns whose kind is left out."""
    frame = pd.DataFrame([_row(run, experiments) for run in logged])
    names = distinct_names(
        [run.info.run_name or "" for run in logged], [run.info.run_id for run in logged]
    )
    frame = frame.set_index(pd.Index(names)).assign(run=names)
    columns = [str(column) for column in frame.columns]
    by_kind = [name for kind in _KINDS for name in columns if name.startswith(f"{kind}.")]
    frame = frame[["run", *by_kind, "experiment", "status", "run_id"]]
    short = short_names(columns, _KINDS)
    return frame.rename(columns=short), short


def _row(run: _Logged, experiments: Mapping[str, str]) -> dict[str, object]:
    metrics = {f"metrics.{name}": _metric(value) for name, value in run.data.metrics.items()}
    params = {f"params.{name}": value for name, value in run.data.params.items()}
    tags = {
        f"tags.{name}": value
        for name, value in run.data.tags.items()
        if not name.startswith("mlflow.")
    }
    about = {
        "experiment": experiments[run.info.experiment_id],
        "status": run.info.status,
        "run_id": run.info.run_id,
    }
    return {**metrics, **params, **tags, **about}


def _metric(value: float) -> float:
    return math.copysign(math.inf, value) if abs(value) == sys.float_info.max else value

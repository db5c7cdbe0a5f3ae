"""Runs from an MLflow tracking store.

Owns which logged runs are taken, and as what. What is asked of MLflow is settled in
`mlflow_store`; what the columns mean is the business of `Runs.from_frame`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Unpack

from bayes_scaling.errors import RunsError
from bayes_scaling.runs.parts import Parts
from bayes_scaling.runs.run_names import run_urls
from bayes_scaling.runs.sources.choices import ColumnChoices, assigned_columns, renamed_choices
from bayes_scaling.runs.sources.frame import from_frame
from bayes_scaling.runs.sources.histories import with_losses
from bayes_scaling.runs.sources.mlflow_store import history, logged_frame, tracking_store
from bayes_scaling.runs.sources.reducing import WORDING, Final, checked_rule
from bayes_scaling.runs.states import in_states


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
    with tracking_store(tracking_uri) as (client, uri):
        frame, names = logged_frame(client, uri, experiments, filter_string)
        urls = run_urls(frame)
        frame, remarks = in_states(frame, "status", columns.get("states"), tracked=True)
        choices = renamed_choices({**columns, "states": "any"}, names)
        claims = assigned_columns(list(frame.columns), choices)
        sources = {}
        if final != "last":
            metric = _metric_name(claims["loss"], names)
            logged = history(client, frame, metric)
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

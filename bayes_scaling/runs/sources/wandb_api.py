"""Runs from a project on Weights & Biases, through its public API.

Owns every call of `wandb`. What becomes of the answer is settled in `wandb_runs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Unpack

import pandas as pd

from bayes_scaling.errors import RunsError
from bayes_scaling.runs.parts import Parts
from bayes_scaling.runs.sources.choices import ColumnChoices, assigned_columns
from bayes_scaling.runs.sources.optional import require
from bayes_scaling.runs.sources.reducing import Final, checked_rule
from bayes_scaling.runs.sources.wandb_files import expanded
from bayes_scaling.runs.sources.wandb_runs import SelectedRuns, parts_of, selected_runs

_STEP = "_step"


def from_wandb(
    project: str,
    *,
    filters: Mapping[str, Any] | None = None,
    final: Final = "last",
    warmup: float = 0.1,
    window: float = 0.05,
    **columns: Unpack[ColumnChoices],
) -> Parts:
    """Make runs from a project on Weights & Biases.

    Every field of config and summary is a column, named as in `Runs.from_wandb_export`; the
    columns `id`, `state` and `url` come along.

    Parameters
    ----------
    project
        "entity/project", or "project" for the default entity.
    filters
        Which runs, as `wandb.Api().runs` takes it: ``{"tags": "sweep"}``.
    final, warmup, window
        How the history of the loss becomes one number, as in `Runs.from_curves`. Other than "last"
        asks for the history of each run. Inputs are those of config and summary in any case.
    **columns
        Which column plays which part, and all else that `Runs.from_frame` takes by name. `states`
        are "finished" unless others are named, or "any".

    Raises
    ------
    MissingPackageError
        The package `wandb` is not installed.
    RunsError
        The project cannot be read, it holds no such run, or the table cannot be used.

    Examples
    --------
    >>> Runs.from_wandb("lab/sweep", params="n_params", loss="val/loss")  # doctest: +SKIP
    """
    rule = checked_rule(final, warmup, window, columns.get("response", "loss"))
    with _asked(project) as wandb:
        logged: list[Any] = list(wandb.Api().runs(project, filters=dict(filters or {})))
        if not logged:
            raise RunsError(
                f"Runs.from_wandb: the project {project!r} holds no runs (filters: {filters!r}). "
                f"There is nothing to learn from. Check the project and the filters."
            )
        frame = expanded([_record(run) for run in logged], f"the project {project!r}")
        found = selected_runs(frame, columns)
        history = None if final == "last" else _history(found, logged)
    return parts_of(found, history, rule)


@contextmanager
def _asked(project: str) -> Iterator[Any]:
    wandb = require("wandb", extra="wandb", purpose="Runs.from_wandb asks its API.")
    try:
        yield wandb
    except RunsError:  # a ValueError too, and already complete
        raise
    except (wandb.Error, OSError, ValueError) as error:
        raise RunsError(
            f"Runs.from_wandb: the project {project!r} cannot be read "
            f"({' '.join(str(error).split())[:300]}). Runs are asked for over the network, with "
            f'your key. Run "wandb login", and name the project as "entity/project".'
        ) from error


def _record(run: Any) -> dict[str, object]:
    return {
        "name": run.name,
        "id": run.id,
        "state": run.state,
        "url": run.url,
        "config": dict(run.config),
        # As W&B's documentation reads it: the object itself fetches files that were logged.
        "summary": run.summary._json_dict,
    }


def _history(found: SelectedRuns, logged: Iterable[Any]) -> pd.DataFrame:
    """Return all that was logged of the loss: columns `run`, the step, and the metric."""
    column = assigned_columns([*found.frame.columns], found.choices)["loss"]
    metric = found.full.get(column, column).removeprefix("summary.")
    by_id = {run.id: run for run in logged}
    values = [
        (name, row[_STEP], row[metric])
        for name, key in found.frame["id"].items()
        for row in by_id[key].scan_history(keys=[_STEP, metric])
    ]
    return pd.DataFrame(values, columns=["run", _STEP, metric])

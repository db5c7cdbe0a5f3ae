"""Runs from Weights & Biases: from exported files, or from a project through its public API.

Owns every call of `wandb`, charts, and which curve in them is whose. The layouts of tables are
settled in `wandb_files`, which runs are taken in `wandb_runs`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Unpack

import pandas as pd

from bayes_scaling.display.wording import counted, listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.cells import is_missing
from bayes_scaling.runs.columns import by_alias
from bayes_scaling.runs.parts import Parts
from bayes_scaling.runs.sources.choices import ColumnChoices, assigned_columns
from bayes_scaling.runs.sources.files import SEPARATORS, check_is_file, format_of, read_frame
from bayes_scaling.runs.sources.optional import require
from bayes_scaling.runs.sources.reducing import Final, checked_rule
from bayes_scaling.runs.sources.text import text_table
from bayes_scaling.runs.sources.wandb_files import expanded, read_export
from bayes_scaling.runs.sources.wandb_runs import GROUP, SelectedRuns, parts_of, selected_runs

_STEP = "_step"


def from_wandb_export(
    path: str | os.PathLike[str],
    *,
    history: str | os.PathLike[str] | None = None,
    final: Final = "last",
    warmup: float = 0.1,
    window: float = 0.05,
    **columns: Unpack[ColumnChoices],
) -> Parts:
    """Make runs from a file exported from Weights & Biases.

    Every field of config and summary is a column, called by its name alone (`val/loss`,
    `optimizer.lr`) or, always understood and needed where both have the name, with its kind:
    `config.lr`, `summary.val/loss`. Runs are called by their name, with the start of the id where
    names repeat.

    Parameters
    ----------
    path
        The table of runs, in one of these layouts:

        * CSV downloaded from the table of runs: `Name`, `State` and one column per field;
        * CSV with columns `name`, `config` and `summary` that hold mappings as text, as the
          example of W&B's documentation writes it;
        * JSON: a list of objects with `name`, `state`, `config` and `summary` (or
          `summaryMetrics`, with config as JSON text), such a list under "runs", one such object,
          or what `DataFrame.to_json` writes of them; with the suffix `.jsonl`, one object a line.
          Values of a config may be wrapped as ``{"value": 0.1, "desc": null}``.

        The files `config.yaml` and `*.wandb` of the folder of a run are not understood.
    history
        The CSV of a chart, with the steps in the first column and `run - metric` in the others:
        losses are then made of these curves and not taken from the summary. W&B thins out long
        curves in such files, and shows the mean of each group where runs are grouped.
    final, warmup, window
        How curves become losses, as in `Runs.from_curves`.
    **columns
        Which column plays which part, and all else that `Runs.from_frame` takes by name: `params`,
        `tokens`, `flops`, `loss` (the metric of the chart, where `history` is given), `inputs`,
        `factors`, `run`, `response`, `missing`, `flops_factor`. Sizes may be text
        ("1.4e9", "7B"). `states` are "finished" unless others are named: "crashed", "failed",
        "killed", "preempted", "preempting", "running"; or "any". Of groups W&B says none.

    Raises
    ------
    RunsError
        The file is in none of these layouts, no run is left, or the table cannot be used.

    Notes
    -----
    A summary holds the last value that was logged, unless the run defined another one with
    `define_metric`: its best value is then called `val/loss.min`.

    Examples
    --------
    >>> import json
    >>> from tempfile import TemporaryDirectory
    >>> from bayes_scaling.runs import Runs
    >>> run = {
    ...     "name": "s",
    ...     "state": "finished",
    ...     "config": {"N": {"value": 1e8}, "D": 2e9},
    ...     "summary": {"val/loss": 3.5},
    ... }
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "runs.json")
    ...     _ = path.write_text(json.dumps([run, run | {"name": "t", "state": "crashed"}]))
    ...     print(Runs.from_wandb_export(path).notes[0])
    1 of 2 runs was left out for the state: 1 crashed ('t').
    """
    rule = checked_rule(final, warmup, window, columns.get("response", "loss"))
    found = selected_runs(_runs_of(Path(path).expanduser()), columns)
    if history is None and final != "last":
        raise _no_curve(final)
    chart = None if history is None else Path(history).expanduser()
    logged = None if chart is None else _logged(chart, found.shown, found.choices.get("loss"))
    return parts_of(found, logged, rule)


def _no_curve(final: str) -> RunsError:
    return RunsError(
        f"Runs.from_wandb_export: final is {final!r}, and no history was given. The table of runs "
        f"holds one value per run. Export the chart of the loss as CSV and pass it as history=."
    )


def _runs_of(path: Path) -> pd.DataFrame:
    frame = read_export(path)
    if _is_chart(list(frame.columns)):
        raise RunsError(
            f"Runs.from_wandb_export: {str(path)!r} is the export of a chart (its columns are "
            f"{listed(frame.columns, 3)}). It holds losses by step, not what was trained. Export "
            f"the table of runs too, and pass this file as history=."
        )
    return frame


def is_wandb_chart(path: str | os.PathLike[str]) -> bool:
    """True for a file that is a chart of W&B: a curve for each run, in columns.

    Raises
    ------
    RunsError
        The file cannot be read.
    """
    file = Path(path).expanduser()
    check_is_file(file)
    suffix = format_of(file)
    return suffix in SEPARATORS and _is_chart(text_table(file, SEPARATORS[suffix]).names)


def _is_chart(columns: Sequence[str]) -> bool:
    return any(column.endswith(("__MIN", "__MAX")) for column in columns) or (
        len(columns) > 1 and all(" - " in column for column in columns[1:])
    )


def _logged(path: Path, called: pd.Series[str], asked: str | None) -> pd.DataFrame:
    """Return the curves of a metric in a chart: columns `run`, the steps, and the metric."""
    chart = read_frame(path)
    at, *others = [str(column) for column in chart.columns]
    chart = chart.set_axis([at, *others], axis=1)
    by_metric = _curves_by_metric(called, others)
    metric = asked or by_alias("loss", "loss", [*by_metric]) or "loss"
    if metric not in by_metric:
        raise RunsError(
            f"Runs.from_wandb_export: the chart {str(path)!r} holds no curve of {metric!r} for "
            f"these runs (it holds {listed(by_metric, 20)} of {listed(called)}; its columns are "
            f"{listed(others)}). Columns are called 'run - metric'. Name the metric with loss=, or "
            f"export the chart for these runs."
        )
    parts = [
        # The steps are those of all runs: a blank is no evidence of a run that went on.
        pd.DataFrame({"run": name, at: chart[at], metric: chart[column]})[
            ~is_missing(chart[column])
        ]
        for name, column in by_metric[metric].items()
    ]
    return pd.concat(parts, ignore_index=True)


def _curves_by_metric(called: pd.Series[str], columns: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the columns of a chart, by metric and name of the run."""
    twice = sorted({*called[called.duplicated()]})
    if twice:
        raise RunsError(
            f"Runs.from_wandb_export: {counted(len(twice), 'name')} of runs repeats "
            f"({listed(twice)}). A chart names curves by the name of the run. Rename the runs, or "
            f"leave the repeated ones out of the export."
        )
    found: dict[str, dict[str, str]] = {}
    # The longest first: a run may be called "a", and another "a - b".
    names = sorted(called.items(), key=lambda pair: -len(pair[1]))
    for column in columns:
        curve = column.removeprefix(GROUP)
        owner = next((pair for pair in names if curve.startswith(f"{pair[1]} - ")), None)
        metric = curve.removeprefix(f"{owner[1]} - ") if owner else ""
        if owner and not metric.endswith(("__MIN", "__MAX")) and metric != "_step":
            found.setdefault(metric, {})[str(owner[0])] = column
    return found


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
    column = assigned_columns(found.frame, found.choices)["loss"]
    metric = found.full.get(column, column).removeprefix("summary.")
    by_id = {run.id: run for run in logged}
    values = [
        (name, row[_STEP], row[metric])
        for name, key in found.frame["id"].items()
        for row in by_id[key].scan_history(keys=[_STEP, metric])
    ]
    return pd.DataFrame(values, columns=["run", _STEP, metric])

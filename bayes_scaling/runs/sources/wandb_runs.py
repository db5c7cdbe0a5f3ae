"""Selected runs of Weights & Biases, from a file or its API.

Owns the names of runs, which of them are taken, and losses from histories in place of summaries.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from bayes_scaling.runs.cells import as_label, is_missing
from bayes_scaling.runs.intake import from_frame
from bayes_scaling.runs.parts import Parts
from bayes_scaling.runs.run_names import run_urls
from bayes_scaling.runs.sources.choices import ColumnChoices, renamed_choices, with_numbers
from bayes_scaling.runs.sources.histories import with_losses
from bayes_scaling.runs.sources.reducing import WORDING, Rule
from bayes_scaling.runs.sources.trackers import distinct_names, short_names
from bayes_scaling.runs.sources.wandb_files import KINDS
from bayes_scaling.runs.states import UNKNOWN_STATES, in_states

GROUP = "Group: "
"""Prefix of W&B for the rows of grouped runs in tables, and for their curves in charts."""

# The name that W&B shows, and the unique one: displayName and name in GraphQL.
_NAMES = ("Name", "displayName", "display_name", "name")
_KEYS = ("ID", "id", "run_id", "name")


@dataclass(frozen=True)
class SelectedRuns:
    """Runs in the states asked for, with their names, remarks and web pages.

    `frame` has one row per run, indexed by a name that is unique; `shown` are the names that W&B
    shows, `full` the columns with their kind, by the names that they have here, `urls` the web
    pages of these runs and of those left out.
    """

    frame: pd.DataFrame
    shown: pd.Series[str]
    choices: ColumnChoices
    full: dict[str, str]
    remarks: tuple[str, ...]
    urls: dict[str, str]


def selected_runs(frame: pd.DataFrame, columns: ColumnChoices) -> SelectedRuns:
    """Return the runs of an export, or of an answer of the API, that are taken."""
    name, key = _first(frame, _NAMES), _first(frame, _KEYS)
    keys = [_text(cell) or str(row) for row, cell in enumerate(frame[key] if key else frame.index)]
    shown = [_text(cell).removeprefix(GROUP) for cell in frame[name]] if name else keys
    names = pd.Index(distinct_names(shown, keys))
    frame = frame.rename(columns={"run": "run_in_source"}).set_axis(names, axis=0).assign(run=names)
    remarks: tuple[str, ...] = (UNKNOWN_STATES,)
    urls = run_urls(frame)
    state = _first(frame, ("State", "state"))
    if state is not None:
        frame, remarks = in_states(frame, state, columns.get("states"), tracked=True)
    short = short_names(list(frame.columns), KINDS)
    return SelectedRuns(
        frame.rename(columns=short),
        pd.Series(shown, names, dtype="str")[frame.index],
        renamed_choices({"run": "run", **columns, "states": "any"}, short),
        {name: full for full, name in short.items()},
        remarks,
        urls,
    )


def parts_of(found: SelectedRuns, history: pd.DataFrame | None, rule: Rule) -> Parts:
    """Return the parts of runs, their losses from the history where one is given.

    `history` has the columns `run`, that of the steps, and that of the metric.
    """
    if history is None:
        made = from_frame(with_numbers(found.frame, found.choices), **found.choices)
        return made.with_origin(found.remarks, urls=found.urls)
    metric = str(history.columns[-1])
    choices: ColumnChoices = {**found.choices, "loss": metric}
    frame, remarks = with_losses(found.frame, metric, history, rule)
    sources = {"loss": f"{WORDING[rule.final]} of {metric!r} in the history"}
    made = from_frame(with_numbers(frame, choices), **choices)
    return made.with_origin([*found.remarks, *remarks], sources, found.urls)


def _text(cell: object) -> str:
    return "" if is_missing(pd.Series([cell], dtype=object)).item() else as_label(cell)


def _first(frame: pd.DataFrame, columns: Iterable[str]) -> str | None:
    return next((column for column in columns if column in frame), None)

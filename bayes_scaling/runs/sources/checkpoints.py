"""Rows of training curves as numbers: run, position and loss of each checkpoint.

Owns the parts that columns of curves play and what their cells may hold. Which checkpoint a run is
judged by is settled in `reducing`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_scaling.display.wording import Column, counted, listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.cells import as_label, as_numbers, says_nan
from bayes_scaling.runs.sources.curve_source import CurveSource
from bayes_scaling.runs.usual_names import closest

# Columns made here start with a character that no name of a source holds: they cannot collide.
RUN, AT, LOSS, RATE = (f"\0{name}" for name in ("run", "at", "loss", "rate"))


@dataclass(frozen=True)
class Roles:
    """Columns of the curves by role: run, position, loss and learning rate.

    `labels` are those that a run has once as text (its corpus), `constant` those that it has once
    as a number (its size), `varying` those that are read at the checkpoint (tokens seen). Curves
    are `alone` that are of one run because no column names runs: their positions have to rise.
    """

    run: str
    at: str
    loss: str
    rate: str | None
    labels: tuple[str, ...]
    constant: tuple[str, ...]
    varying: tuple[str, ...]
    alone: bool = False

    @property
    def needed(self) -> list[str]:
        """The columns to read, each once."""
        own = [self.run, self.at, self.loss, *([] if self.rate is None else [self.rate])]
        return list(dict.fromkeys([*own, *self.labels, *self.constant, *self.varying]))


def checkpoints(source: CurveSource, roles: Roles, codes: dict[str, int]) -> Iterator[pd.DataFrame]:
    """Yield batches of rows: `RUN` as a whole number, `AT`, `LOSS`, `RATE`, then other columns.

    A loss is infinite where it diverged, NaN where none was logged.

    Parameters
    ----------
    source
        The curves.
    roles
        Which of their columns plays which part.
    codes
        The number of every run; runs that are met for the first time are added.

    Raises
    ------
    RunsError
        A row has no run, a loss no position, or a cell is not a number.
    """
    last = -np.inf
    for batch in source.batches(roles.needed, [roles.run, *roles.labels]):
        once = {name: _floats(batch[name], name) for name in roles.constant}
        rows = pd.DataFrame(
            {
                RUN: _run_codes(batch[roles.run], codes),
                AT: _floats(batch[roles.at], roles.at),
                LOSS: _losses(batch[roles.loss], roles.loss),
                RATE: np.nan if roles.rate is None else _floats(batch[roles.rate], roles.rate),
            }
        )
        lost = rows.index[rows[AT].isna() & rows[LOSS].notna()]
        if len(lost):
            raise RunsError(
                f"Runs.from_curves: {counted(len(lost), 'loss', 'losses')} without a position "
                f"(column {roles.at!r}, rows {listed(lost)}). Checkpoints are ordered by it. Fill "
                f"these cells in, or name another column with step= or tokens=."
            )
        if roles.alone:
            last = _last_of_rising(rows.loc[rows[LOSS].notna(), AT], last, roles.at, source.columns)
        others = batch[list(dict.fromkeys([*roles.labels, *roles.constant, *roles.varying]))]
        yield rows.join(others.assign(**once))


def _last_of_rising(
    at: "pd.Series[float]", before: float, name: str, columns: Sequence[str]
) -> float:
    """Return the last of the positions, after refusing those that do not rise from `before` on."""
    if at.empty:
        return before
    if not (at.is_monotonic_increasing and at.is_unique and at.iloc[0] > before):
        raise RunsError(
            f"Runs.from_curves: no column names the run of each checkpoint (the columns are "
            f"{listed(columns[1:], 20)}), and {name!r} does not rise from row to row, as it does "
            f"in the curve of one run. Checkpoints of a run belong together. Name it, as in "
            f'run="{(closest("run_name", columns[1:]) or ["my_run"])[0]}".'
        )
    return float(at.iloc[-1])


def _run_codes(column: Column, codes: dict[str, int]) -> Column:
    local, found = pd.factorize(column)
    nameless = column.index[local < 0]
    if len(nameless):
        raise RunsError(
            f"Runs.from_curves: column {column.name!r} has {counted(len(nameless), 'row')} "
            f"without the name of a run (rows {listed(nameless)}). It is not clear whose "
            f"checkpoint it is. Fill these cells in, or leave the rows out."
        )
    known = np.array([codes.setdefault(as_label(name), len(codes)) for name in found], np.int64)
    return pd.Series(known[local], column.index)


def _losses(column: Column, name: str) -> "pd.Series[float]":
    return as_numbers(column, f"column {name!r}").mask(says_nan(column), np.inf)


def _floats(column: Column, name: str) -> "pd.Series[float]":
    return as_numbers(column, f"column {name!r}", counts=True)

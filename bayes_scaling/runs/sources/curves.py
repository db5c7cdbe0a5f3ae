"""Runs from training curves: tables with one row per checkpoint.

Owns the arguments: which columns play which part, and what comes from a second table. How a curve
becomes one loss is settled in `reducing`, what is to be said about it in `curve_remarks`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import pandas as pd

from bayes_scaling.display.wording import counted, listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.checks import checked_index
from bayes_scaling.runs.columns import Choice, by_alias, name_mapping, no_such_column
from bayes_scaling.runs.frames import as_pandas
from bayes_scaling.runs.intake import from_frame
from bayes_scaling.runs.parts import Parts
from bayes_scaling.runs.run_names import run_columns, run_names, run_urls
from bayes_scaling.runs.sources.checkpoints import Roles
from bayes_scaling.runs.sources.choices import (
    ColumnChoices,
    assigned_columns,
    renamed_choices,
    with_numbers,
)
from bayes_scaling.runs.sources.curve_remarks import curve_remarks
from bayes_scaling.runs.sources.curve_source import Curves, as_one_run, open_curves
from bayes_scaling.runs.sources.files import read_frame
from bayes_scaling.runs.sources.reducing import WORDING, Final, Reduced, checked_rule, reduced


def from_curves(
    curves: Curves,
    *,
    step: Choice = None,
    lr: str | None = None,
    schedule: str | None = None,
    final: Final = "last",
    warmup: float = 0.1,
    window: float = 0.05,
    runs: pd.DataFrame | str | os.PathLike[str] | None = None,
    **columns: Unpack[ColumnChoices],
) -> Parts:
    """Make runs from training curves: one row per checkpoint becomes one row per run.

    Files are read in batches and only in the columns needed, so they may be larger than memory.
    Rows without a loss are no checkpoints. Rows may come in any order, runs interleaved. Runs that
    diverged are left out by name: their last loss is NaN or infinite, or they have none at the end.

    Parameters
    ----------
    curves
        A frame, a file as `read_runs` understands it, a folder or a list of such files: these
        are one table, and each is a run of its own, called after its file, if no column names
        runs. One table without such a column is the curve of one run: its positions rise.
    step
        The column that orders the checkpoints. None looks for the usual names (`step`, `_step`,
        `global_step`, `iteration`); where there is none, and for False, it is the tokens seen.
    lr
        The column of the learning rate: runs that end above a fifth of their peak are noted.
    schedule
        The column of the planned length of a run, in the unit of `step`, in the curves or in
        `runs`: runs that end before four fifths of it are noted.
    final
        What becomes the loss of a run: "last" checkpoint, "best" checkpoint (biased towards good
        values, the more so the more checkpoints there are; for tables that hold no other), or
        "smoothed", the median over the last `window`.
    warmup
        Checkpoints before it do not count: below 1 a share of the run's length, from 1 on a
        position in the unit of `step`. Runs that end before it are left out.
    window
        The last share of a run's length that "smoothed" takes the median of.
    runs
        A table (or its file) with one row per run, for what the curves do not hold: size, tokens,
        factors. Its column of run names is called as in the curves, or has a usual name.
    **columns
        Which column plays which part, and all else that `Runs.from_frame` takes by name: `params`,
        `tokens`, `flops`, `loss`, `inputs`, `factors`, `run` (the column of the curves that names
        the run of each row), `response`, `missing`, `flops_factor`. Parameters and factors must be
        the same at every checkpoint of a run; tokens, compute and further inputs are read at the
        checkpoint of the loss, at the last one where it is smoothed, whichever row of that
        position holds them.

    Returns
    -------
    Runs
        Its notes say what was left out and which losses may not be those of finished runs.

    Raises
    ------
    RunsError
        A column is missing, a cell is not what its column needs, or no run is left.

    Notes
    -----
    Intermediate checkpoints of one long schedule are not finished shorter runs: their learning rate
    has not decayed, which makes short runs look worse than they are and bends the law [1]_.
    The early part of training follows no scaling law, which is what `warmup` is for; [2]_ leaves
    out the first 1e10 tokens or the first tenth, and finds that several later checkpoints of every
    run, decayed or not, predict final losses better than the last ones alone. They are not
    independent, which the noise models here take runs to be: one per run is kept.
    The smoothed loss is a median, since losses spike upwards and a mean follows every spike, over a
    window in tokens, since the lag of an exponential average depends on how often was logged. It
    is the loss at the middle of the window: where the loss falls as ``tokens**-beta``, the part
    above the floor is too large by ``beta * window / 2``, 0.7 % for 0.28 and 5 %.

    References
    ----------
    .. [1] Hoffmann et al., "Training Compute-Optimal Large Language Models", arXiv:2203.15556,
       section 2 and appendix B.
    .. [2] Choshen, Zhang and Andreas, "A Hitchhiker's Guide to Scaling Law Estimation",
       arXiv:2410.11840, section 6.1.

    Examples
    --------
    >>> import pandas as pd
    >>> from bayes_scaling.runs import Runs
    >>> curves = pd.DataFrame(
    ...     {
    ...         "run": ["s", "s", "l", "l"],
    ...         "N": [1e8, 1e8, 4e8, 4e8],
    ...         "tokens": [1e9, 2e9, 4e9, 8e9],
    ...         "loss": [3.9, 3.6, 3.2, 3.0],
    ...     }
    ... )
    >>> Runs.from_curves(curves)
    Runs: 2 runs, 2 notes
      params  100M-400M        column 'N'
      tokens  2B-8B
      flops   1.2e18-1.92e19   6 x params x tokens
      loss    3-3.6            last of column 'loss'
      note: The runs end at different lengths (2B to 8B of 'tokens'), and neither their …
      note: Every run has 20 tokens per parameter: what each adds to the loss is not learnt …
    """
    rule = checked_rule(final, warmup, window, columns.get("response", "loss"))
    columns = renamed_choices(columns, {})  # as mappings, which may be gone through twice
    source = open_curves(curves, columns.get("run"))
    run = _run_column(source.columns, columns.get("run"))
    about = _table_of_runs(runs, run)
    named: dict[str, Choice] = {"step": step, "lr": lr, "schedule": schedule}
    alone = run not in source.columns
    if alone:
        source = as_one_run(source, run, _only_name(curves, about))
    roles = _roles(source.columns, [*about.columns], run, named, columns)
    found = reduced(source, replace(roles, alone=alone), rule)
    frame, without_curve = _joined(found, about, run)
    choices: ColumnChoices = {**columns, "run": run}
    made = from_frame(with_numbers(frame, choices), **choices)
    planned = None if schedule is None else frame[schedule]
    remarks = curve_remarks(found.facts, rule, roles.at, planned)
    sources = {"loss": f"{WORDING[final]} of column {roles.loss!r}"}
    return made.with_origin([*without_curve, *remarks], sources, run_urls(about))


def _run_column(columns: Sequence[str], asked: str | None) -> str:
    """Return the column that names runs, "run" where there is none: that of one run alone."""
    if asked is not None and asked not in columns:
        raise no_such_column("run", asked, columns)
    return asked or next(iter(run_columns(columns)), "run")


def _only_name(curves: Curves, about: pd.DataFrame) -> str:
    """Return the name of the run that is alone: that of its table, or that of its file."""
    if len(about) == 1:
        return str(about.index[0])
    return Path(curves).name.split(".")[0] if isinstance(curves, str | os.PathLike) else "run"


def _table_of_runs(runs: pd.DataFrame | str | os.PathLike[str] | None, run: str) -> pd.DataFrame:
    """Return the second table by the names of its runs; without one, an empty frame."""
    if runs is None:
        return pd.DataFrame()
    if isinstance(runs, str | os.PathLike):
        runs = read_frame(Path(runs).expanduser())
    table = as_pandas(runs)
    if table is None:
        raise RunsError(
            f"Runs.from_curves: runs is of type {type(runs).__name__}. It is a table with one row "
            f"per run. Pass a data frame or the path of its file."
        )
    named = run if run in (*table.columns, table.index.name) else None
    names, column = run_names(table, named, ())
    return table.drop(columns=column or []).set_axis(checked_index(names, column), axis=0)


def _roles(
    own: Sequence[str],
    others: Sequence[str],
    run: str,
    named: Mapping[str, Choice],
    columns: ColumnChoices,
) -> Roles:
    """Settle which columns of the curves are read, and as what.

    `own` are the columns of the curves, `others` those of the second table; `named` holds `step`,
    `lr` and `schedule` as the user gave them.
    """
    for part, column in named.items():
        if column and column not in (*own, *(others if part == "schedule" else ())):
            raise no_such_column(part, column, own)
    apart = {run, named["lr"], named["schedule"]}
    known = [name for name in dict.fromkeys([*own, *others]) if name not in apart]
    claims = assigned_columns(pd.DataFrame(columns=known), columns)
    free = [name for name in own if name not in (*apart, *claims.values())]
    step = by_alias("step", "step", free) if named["step"] is None else named["step"]
    at = step or claims.get("tokens", "")
    for part, column in (("position", at), ("loss", claims["loss"])):
        if column not in own:
            raise _not_in_curves(part, own)
    factors = name_mapping(columns.get("factors", ()), "factors")
    here = {part: column for part, column in claims.items() if column in own and part != "loss"}
    once = [name for name in own if name in (here.get("params"), named["schedule"])]
    return Roles(
        run,
        at,
        claims["loss"],
        rate=named["lr"] or None,
        labels=tuple(column for part, column in here.items() if part in factors),
        constant=tuple(once),
        varying=tuple(here[part] for part in here if part not in ("params", *factors)),
    )


def _not_in_curves(part: str, own: Sequence[str]) -> RunsError:
    how = 'step="my_step" or tokens="my_tokens"' if part == "position" else 'loss="my_loss"'
    return RunsError(
        f"Runs.from_curves: no column of the curves holds the {part} of checkpoints (their columns "
        f"are {listed(own, 20)}). A second table has one row per run only. Name the column of the "
        f"curves, as in {how}."
    )


def _joined(found: Reduced, about: pd.DataFrame, run: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the reduced curves with the columns of the second table that they lack."""
    table = found.table
    if about.empty:
        return table.rename_axis(run), ()
    if not table.index.isin(about.index).any():
        raise RunsError(
            f"Runs.from_curves: the curves and the table of runs share no run (curves: "
            f"{listed(table.index, 3)}; table: {listed(about.index, 3)}). They are joined by the "
            f"names of runs. Give both the same names in column {run!r}."
        )
    without = about.index.difference(found.facts.index, sort=False)
    remarks = (
        f"{len(without)} of {counted(len(about), 'run')} in the table of runs left out, having no "
        f"curve ({listed(without)}).",
    )
    frame = table.join(about[about.columns.difference(table.columns, sort=False)])
    return frame.rename_axis(run), remarks[: len(without)]

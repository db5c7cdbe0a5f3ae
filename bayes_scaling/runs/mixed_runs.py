"""Notes on tables that mix runs of several kinds, which one law does not tell apart.

Owns two of them: rows of equal inputs whose losses differ by more than scatter, and rows that a
column marks as not meant.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

import numpy as np
import pandas as pd

from bayes_scaling.display.wording import Column, counted, listed, per_cent, rows
from bayes_scaling.runs.cells import Response
from bayes_scaling.runs.usual_names import aliases

# Standard deviation of equal runs, of log loss or of an accuracy, above which more than the seed
# differs. Seeds of public sweeps make 0.002 to 0.008 of log loss, corpora and learning rates 0.017
# and more; the items of a benchmark of 500 make 0.02 of an accuracy.
_OF_SEEDS = {"loss": 0.01, "accuracy": 0.03}
# Differences between equal runs that tell a standard deviation.
_ENOUGH = 3
# Variance that columns may leave, beside that of the best one, and explain the losses as well.
_AS_GOOD = 2.0
_NOT_MEANT = frozenset(
    {
        *("outlier", "outliers", "exclude", "excluded", "dropped", "discarded", "ignored"),
        *("removed", "diverged", "failed", "crashed", "invalid", "suspect"),
    }
)


def mixed_notes(
    table: pd.DataFrame, inputs: Sequence[str], factors: Sequence[str], response: Response
) -> Iterator[str]:
    """Yield notes on runs that differ by more than their inputs and factors say.

    Examples
    --------
    >>> table = pd.DataFrame({"tokens": [1e9] * 4, "loss": [3.0, 3.3] * 2, "lr": [1, 2] * 2})
    >>> print(next(mixed_notes(table, ["tokens"], [], "loss")).partition(".")[0])
    Rows of equal tokens differ in loss by 10 %, and seeds make 1 % or less
    """
    yield from _unexplained(table, inputs, factors, response)
    for name in map(str, table):
        yield from _marked(table, name)


def _unexplained(
    table: pd.DataFrame, inputs: Sequence[str], factors: Sequence[str], response: Response
) -> Iterator[str]:
    told = {"params", "tokens"} <= {*inputs}
    equal = [*(name for name in inputs if not (told and name == "flops")), *factors]
    again = table[table.duplicated(equal, keep=False)]
    if response == "metric" or again.empty:
        return
    sets = again.groupby(equal, sort=False)
    losses = np.log(again["loss"]) if response == "loss" else again["loss"]
    within = losses.groupby(sets.ngroup())
    if len(again) - len(within) < _ENOUGH or within.std().median() < _OF_SEEDS[response]:
        return
    spans = within.max() - within.min()
    most = f" (the median of {len(spans)} sets, at most {_size(spans.max(), response)})"
    yield (
        f"Rows of equal {', '.join(equal)} differ in {response} by "
        f"{_size(spans.median(), response)}{most if len(spans) > 1 else ''}, and seeds make "
        f"{_size(_OF_SEEDS[response], response)} or less. "
        f"{_cure(again, losses, sets.ngroup(), [*equal, *inputs])}"
    )


def _size(difference: float, response: Response) -> str:
    if response == "loss":
        return per_cent(float(np.expm1(difference)))
    return counted(round(100 * difference), "point")


def _cure(
    again: pd.DataFrame, losses: "pd.Series[float]", sets: "pd.Series[int]", known: Collection[str]
) -> str:
    """Return what varies within sets of equal runs, and what can be done with it."""
    left, levels = {}, {}
    rates = aliases("learning_rate", [str(name) for name in again])
    for name in again.columns.drop([*known, "loss", "run_in_source"], errors="ignore"):
        with suppress(TypeError):  # of cells that are lists
            several = again[name].groupby(sets).nunique() > 1
            levels[name] = again[name].nunique()
            # A setting has values that come again; names and further losses are all different.
            if several.mean() > 0.5 and (levels[name] <= len(again) / 2 or name in rates):
                left[str(name)] = _left_by(losses, [sets, again[name]])
    if not left:
        return "No column says why: add one that does, or look for runs of another experiment."
    verb = "varies" if len(left) == 1 else "vary"
    enough = _AS_GOOD * min(left.values())
    best = sorted(left, key=lambda name: (left[name] > enough, levels[name]))
    return (
        f"{listed(best)} {verb} among them: {_told(again, best)}; or keep runs that are alike, or "
        f"the best of each set."
    )


def _left_by(losses: "pd.Series[float]", groups: list[Column]) -> float:
    """Return the variance within groups: infinite where each is of one run."""
    grouped = losses.groupby(groups)
    freedom = len(losses) - grouped.ngroups
    squares = float(((losses - grouped.transform("mean")) ** 2).sum())
    return squares / freedom if freedom else np.inf


def _told(again: pd.DataFrame, varying: Sequence[str]) -> str:
    """Return how a column that varies is told to a law, or to a model that pools.

    Columns that explain the losses by the fewest levels come first.
    """
    for name in aliases("learning_rate", varying):
        return f'TunedChinchilla reads learning rates, as inputs={{"learning_rate": "{name}"}}'
    labels = [name for name in varying if not pd.api.types.is_numeric_dtype(again[name])]
    if labels:
        return f'group the runs by what matters, as in factors=("{labels[0]}",)'
    return f'let a law read what matters, as in inputs=("{varying[0]}",)'


def _marked(table: pd.DataFrame, name: str) -> Iterator[str]:
    """Yield a note if a column of truth values marks some of the runs as not meant."""
    column = table[name]
    if not {*re.split(r"[\W\d_]+", name.lower())} & _NOT_MEANT or not column.isin([0, 1]).all():
        return
    marked = table.index[column.astype(bool)]
    if 0 < len(marked) < len(table):
        kept = False if pd.api.types.is_bool_dtype(column) else 0
        where = f"{name}={kept}" if name.isidentifier() else f"**{{{name!r}: {kept}}}"
        yield (
            f"Column {name!r} marks {counted(len(marked), 'run')} of {len(table)} as not meant, by "
            f"its name ({rows(marked)}). Leave out what is not, with runs.where({where})."
        )

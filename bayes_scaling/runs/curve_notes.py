"""Notes on tables that hold a row for each checkpoint of training curves.

Owns what tells a curve from a sweep: its position rises in small even steps, while the size and
every label stay as they are. The runs of a sweep lie farther apart, or unevenly.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

import numpy as np
import pandas as pd

from bayes_scaling.display.wording import Column, counted
from bayes_scaling.runs.run_names import NO_RUNS, run_columns
from bayes_scaling.runs.usual_names import aliases

# Points that make a curve. The densest public sweep has 12 token counts for a size, unevenly.
_POINTS = 10
# From a point to the next: in public sweeps 1.4 times and more, in logs a few per cent.
_SMALL = 1.25
# Steps, or their logarithms, within a tenth of the median one are even; in a curve most are.
_ALIKE = 0.1
_OF_A_CHECKPOINT = re.compile("step|iter|epoch|ckpt|checkpoint", re.IGNORECASE)


def curve_notes(
    table: pd.DataFrame, inputs: Collection[str], factors: Collection[str]
) -> Iterator[str]:
    """Yield a note if most rows are points of curves, unless names of runs repeat, as told.

    Examples
    --------
    >>> curves = {"exp": [*"aaaaaaaaaa", *"bbbbbbbbbb"], "tokens": [*range(1, 11)] * 2}
    >>> print(next(curve_notes(pd.DataFrame(curves), ["tokens"], [])).partition(",")[0])
    In 20 of 20 rows tokens rises in small even steps while size and labels stay
    """
    if len(table) < _POINTS or _names_repeat(table):
        return
    labels = [str(name) for name in table if name in factors or _is_label(table[name])]
    same = [*(["params"] if "params" in inputs else []), *labels]
    for position in _positions(table, inputs):
        curves = _curves(table, position, same)
        points = table[curves.notna().to_numpy()]
        if 2 * len(points) > len(table):
            name = _naming(points, curves.dropna(), position, [*inputs, "loss"])
            count = points[name].nunique() if name else curves.nunique()
            run = f'run="{name}"' if name else "a column that names the run of each row"
            yield (
                f"In {len(points)} of {len(table)} rows {position} rises in small even steps while "
                f"size and labels stay, as at checkpoints of {counted(count, 'training curve')}. "
                f"{NO_RUNS}{f' and {run}' if count > 1 else ''}, which takes their ends. If each "
                f"row is a run of its own, name it in a column 'run'."
            )
            return


def _names_repeat(table: pd.DataFrame) -> bool:
    named = [name for name in run_columns(map(str, table)) if table[name].duplicated().any()]
    return bool(named) or "run_in_source" in table


def _is_label(column: Column) -> bool:
    """True for words and truth values that all points of a curve may share."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return False
    with suppress(TypeError):  # of cells that are lists
        return column.nunique() <= len(column) / _POINTS
    return False


def _positions(table: pd.DataFrame, inputs: Collection[str]) -> Iterator[str]:
    for name in aliases("step", [str(name) for name in table]):
        if pd.api.types.is_numeric_dtype(table[name]):
            yield name
    if not _named_apart(table.index):
        yield from [name for name in ("tokens", "flops") if name in inputs][:1]


def _named_apart(names: pd.Index) -> bool:
    """True for names that say of each row that it is a run, unlike numbers and checkpoints."""
    return not any(name.isdigit() or _OF_A_CHECKPOINT.search(name) for name in map(str, names))


def _curves(table: pd.DataFrame, position: str, same: Sequence[str]) -> "pd.Series[float]":
    """Return the number of the curve that each row belongs to, in whatever order; NaN in none."""
    grouped = table.groupby([*same], sort=False, dropna=False) if same else None
    group = np.zeros(len(table)) if grouped is None else grouped.ngroup().to_numpy()
    where = table[position].to_numpy(float)
    # Curves that no label tells apart share their positions, and follow each other.
    shared = pd.DataFrame({"group": group, "at": where}).duplicated().any()
    order = np.argsort(group, kind="stable") if shared else np.lexsort((where, group))
    at = pd.Series(where[order], order)
    begins = (at.diff().to_numpy() > 0) & (np.diff(group[order], prepend=-1) == 0)
    curve = pd.Series(np.cumsum(~begins), order)
    before = at.groupby(curve).shift()
    with np.errstate(divide="ignore", invalid="ignore"):
        even = _even(at - before, curve) | _even(np.log(at / before), curve)
        small = (at / before).groupby(curve).transform("median") < _SMALL
    long = curve.groupby(curve).transform("size") >= _POINTS
    return curve.where(long & small & even).sort_index()


def _even(steps: "pd.Series[float]", curve: Column) -> "pd.Series[bool]":
    usual = steps.groupby(curve).transform("median")
    alike = ((steps / usual - 1).abs() < _ALIKE).where(steps.notna())
    return alike.astype(float).groupby(curve).transform("mean") > 0.5


def _naming(
    points: pd.DataFrame, curves: "pd.Series[float]", position: str, others: Collection[str]
) -> str | None:
    """Return a column that names the runs of curves: with the position it tells all points."""
    for name in points.columns.drop([*others, position], errors="ignore"):
        with suppress(TypeError):  # of cells that are lists
            constant = points[name].groupby(curves.to_numpy()).nunique().eq(1).all()
            if constant and not points.duplicated([name, position]).any():
                return str(name)
    return None

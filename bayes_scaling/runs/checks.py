"""The checks that a table of runs passes as a whole.

Owns which tables can be runs at all: names that do not collide, rows that can be told apart,
compute that agrees with 6ND. What a cell may hold is checked in `cells`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np
import pandas as pd

from bayes_scaling.display.wording import Column, cells, counted, listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.cells import Response, as_label, checked_labels, checked_numbers
from bayes_scaling.runs.columns import STANDARD_INPUTS, check_unique
from bayes_scaling.units import ROUNDING, compute

RESPONSES: tuple[str, ...] = get_args(Response.__value__)

# Dimensions of the results: a factor becomes a dimension under its own name.
_DIMENSIONS = frozenset({"chain", "draw", "run", "point", "budget", "fold"})
# Names that ArviZ and xarray reserve when they summarise draws.
_SUMMARIES = frozenset({"summary", "variable", "label", "self"})
# Names that xarray's trees and netCDF files read as paths.
_PATHS = frozenset({"", ".", ".."})
# Beyond this, 6ND and the compute differ by a unit, not by a way of counting.
_MILD = 50.0


def label_of(name: str, sources: Mapping[str, str]) -> str:
    """Return the name of a column for a message, with where it comes from if that differs.

    >>> label_of("params", {"params": "column 'Model Size'"})
    "params (column 'Model Size')"
    """
    return f"{name} ({sources[name]})" if name in sources else name


def check_choice(argument: str, value: object, allowed: Sequence[str]) -> None:
    """Refuse a value of an argument that is not among the allowed words."""
    if value not in allowed:
        raise RunsError(
            f"Runs: {argument} is {value!r}. Only certain words have a meaning here. "
            f"Pass one of {listed(allowed)}."
        )


def check_names(inputs: Sequence[str], factors: Sequence[str]) -> None:
    """Refuse inputs and factors whose names collide with each other or with a reserved name."""
    both = [name for name in factors if name in (*inputs, *STANDARD_INPUTS, "loss")]
    if both:
        raise RunsError(
            f"Runs: {listed(both)} would be a factor and a numeric column at once. "
            f"A column plays one part only. Give the factor another name, as in "
            f'factors={{"group": "{both[0]}"}} with a copy of the column.'
        )
    _refuse_paths(inputs, "an input")
    _refuse_paths(factors, "a factor")
    names = [*inputs, *factors]
    reserved = [name for name in names if name in {"loss"} | _DIMENSIONS | _SUMMARIES]
    twice = sorted({name for name in names if names.count(name) > 1})
    if reserved or twice:
        raise RunsError(
            f"Runs: the name {listed(reserved or twice)} is already taken. It names a column or a "
            f"dimension of the results. Give it another name with a mapping, as in "
            f'inputs={{"other_name": "{(reserved or twice)[0]}"}} (likewise factors).'
        )


def _refuse_paths(names: Sequence[str], part: str) -> None:
    paths = [name for name in names if name.strip() in _PATHS or {"/", "\0"} & {*name}]
    if paths:
        raise RunsError(
            f"Runs: {listed(paths)} cannot name {part}. Results and saved fits have a variable of "
            f"that name, where it would be read as a path. Rename the column, or give it another "
            f'name with a mapping, as in {part.split()[1]}s={{"name": {paths[0]!r}}}.'
        )


def checked_index(index: pd.Index, source: str) -> pd.Index:
    """Return the names of the runs as text, after refusing missing and repeated ones."""
    where = f" (column {source!r})" if source else ""
    missing = np.flatnonzero(pd.isna(index))
    if missing.size:
        raise RunsError(
            f"Runs: {counted(missing.size, 'run')}{where} without a name (at position "
            f"{listed(missing)}). Messages, notes and results name runs. Fill them in, or name "
            f"another column with run=."
        )
    names = pd.Index([as_label(name) for name in index], dtype="str", name="run")
    twice = list(dict.fromkeys(names[names.duplicated()]))
    if twice:
        raise RunsError(
            f"Runs: {counted(len(twice), 'run name')}{where} occurs more than once "
            f"({listed(twice)}). Messages, notes and results name runs. Name a column without "
            f"repetition with run=, or reset the index to use row numbers."
        )
    return names


def checked_table(
    table: object,
    inputs: Sequence[str],
    factors: Sequence[str],
    response: Response,
    sources: Mapping[str, str],
) -> pd.DataFrame:
    """Return a valid table of runs: numbers as float64, labels and run names as text.

    Raises
    ------
    RunsError
        The table, a column or a cell is not what runs need.
    """
    if not isinstance(table, pd.DataFrame) or table.empty:
        found = "empty" if isinstance(table, pd.DataFrame) else f"a {type(table).__name__}"
        raise RunsError(
            f"Runs: the table is {found}. Runs hold a pandas DataFrame of at least one row. "
            f"Make them with Runs.from_frame."
        )
    check_choice("response", response, RESPONSES)
    check_names(inputs, factors)
    lacking = [name for name in (*inputs, "loss", *factors) if name not in table]
    if lacking or not inputs:
        raise RunsError(
            f"Runs: the table lacks {listed(lacking or ['an input'])} (inputs {listed(inputs)}). "
            f"Every input, the loss and every factor is a column of it. Use Runs.from_frame."
        )
    check_unique(table.columns)
    table = table.set_axis(checked_index(table.index, ""), axis=0)
    columns: dict[str, Column] = {
        name: checked_numbers(table[name], label_of(name, sources), "input") for name in inputs
    }
    columns["loss"] = checked_numbers(table["loss"], label_of("loss", sources), response)
    for name in factors:
        columns[name] = checked_labels(table[name], name, label_of(name, sources))
    others = table.drop(columns=[*columns])
    return pd.DataFrame(columns, index=table.index).join(others)


def check_flops_agree(table: pd.DataFrame, factor: float, sources: Mapping[str, str]) -> None:
    """Refuse compute that is not 6 N D within a factor, in either direction."""
    with np.errstate(over="ignore"):
        product = compute(table["params"].to_numpy(), table["tokens"].to_numpy())
    ratio = pd.Series(np.asarray(product) / table["flops"].to_numpy(), index=table.index)
    most = factor * (1 + ROUNDING)
    off = ratio[(ratio > most) | (ratio < 1 / most)]
    if off.empty:
        return
    worst = math.exp(np.abs(np.log(off)).max())
    found = pd.Series([float(f"{value:.3g}") for value in off], index=off.index, dtype=object)
    names = ", ".join(label_of(name, sources) for name in STANDARD_INPUTS)
    mild = (
        f", or pass flops_factor={worst * 1.01:.3g} if the difference is meant"
        if worst < _MILD
        else ""
    )
    raise RunsError(
        f"Runs: 6 x params x tokens / flops is off by more than a factor of {factor:g} in "
        f"{counted(len(off), 'row')} ({cells(found)}). Training a dense transformer costs about "
        f"6 FLOP per parameter and token, so one of {names} is in another unit (billions, "
        f"petaFLOP-days, logarithms) or counts something else. Correct it, or pass flops=False to "
        f"leave the compute column out and use 6 x params x tokens{mild}."
    )

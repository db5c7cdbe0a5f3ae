"""The rows of a table that a condition keeps: those of `Runs.where` and `Runs.split`."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_scaling.display.wording import Column, counted, listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.cells import as_label
from bayes_scaling.runs.scales import is_scale
from bayes_scaling.runs.usual_names import near_matches
from bayes_scaling.units import ROUNDING, format_flops

type Kept = npt.NDArray[np.bool]
type Mask = Sequence[bool] | Kept | "pd.Series[bool]" | Callable[[pd.DataFrame], object] | None


def rows_where(
    table: pd.DataFrame, mask: Mask, columns: Mapping[str, object], factors: Sequence[str]
) -> Kept:
    """Return the rows that fulfil the mask and hold the values asked for, where there are some."""
    keep = _by_mask(table, mask) & _by_value(table, columns, factors)
    if not keep.any():
        conditions = [f"{name} = {listed(_as_list(value))}" for name, value in columns.items()]
        conditions += [] if mask is None else ["the mask"]
        raise RunsError(
            f"Runs.where: none of the {counted(len(table), 'run')} fulfils "
            f"{' and '.join(conditions)}. There would be nothing left to learn from. "
            f"Loosen one of the conditions."
        )
    return keep


def _by_mask(table: pd.DataFrame, mask: Mask) -> Kept:
    if mask is None:
        return np.ones(len(table), dtype=np.bool)
    made = mask(table.copy()) if callable(mask) else mask
    if isinstance(made, pd.Series) and not made.index.equals(table.index):
        if set(made.index) != set(table.index) or not made.index.is_unique:
            raise RunsError(
                f"Runs.where: the mask is a Series labelled {listed(made.index, 3)}, and the runs "
                f"are named {listed(table.index, 3)}. Labels cannot be matched to runs. "
                f"Make the mask from runs.table, or pass its .to_numpy() if the order is the same."
            )
        made = made.loc[table.index]
    values = np.asarray(made)
    if values.dtype == object and all(isinstance(cell, bool | np.bool) for cell in values.flat):
        values = values.astype(np.bool)
    if values.dtype != np.bool or values.shape != (len(table),):
        raise RunsError(
            f"Runs.where: the mask has type {values.dtype} and shape {values.shape}. It must say "
            f"True or False for each of the {counted(len(table), 'run')}. "
            f'Pass a boolean array, as in runs.where(runs.table["loss"] < 3).'
        )
    return values


def _by_value(table: pd.DataFrame, columns: Mapping[str, object], factors: Sequence[str]) -> Kept:
    keep = np.ones(len(table), dtype=np.bool)
    for name, asked in columns.items():
        if name != "run" and name not in table:
            raise RunsError(
                f"Runs.where: there is no column {name!r}. Runs are chosen by the columns of their "
                f"table. {near_matches(name, table.columns)}"
                f"Use one of {listed(['run', *table.columns], 20)}."
            )
        column = table.index.to_series() if name == "run" else table[name]
        as_text = str if name == "run" else as_label if name in factors else None
        wanted = [as_text(value) if as_text else value for value in _as_list(asked)]
        unknown = [value for value in wanted if not column.isin([value]).any()]
        if unknown:
            raise RunsError(
                f"Runs.where: no run has {name} = {listed(unknown)}. A value that selects nothing "
                f"is usually a typing error. The values there are: "
                f"{listed(_distinct(column), 20)}."
            )
        keep &= column.isin(wanted).to_numpy(dtype=np.bool)
    return keep


def rows_up_to(table: pd.DataFrame, inputs: Sequence[str], budget: float) -> Kept:
    """Return the rows whose compute is at most a budget, where there are some on both sides."""
    if "flops" not in inputs:
        raise RunsError(
            f"Runs.split: these runs have no flops (their inputs are {listed(inputs, 20)}). They "
            f"are split by training compute. Read them with flops=, or use where with a mask."
        )
    if not is_scale(budget):
        raise RunsError(
            f"Runs.split: train_up_to_flops is {budget!r}. It is a training compute in FLOP, so it "
            f"is positive and finite. Pass a number such as 1e21."
        )
    flops = table["flops"].to_numpy(dtype=np.float64)
    keep: Kept = flops <= (1 + ROUNDING) * budget
    if keep.all() or not keep.any():
        side = "above" if keep.all() else "up to"
        raise RunsError(
            f"Runs.split: no run has flops {side} {format_flops(budget)}. Both parts need runs, "
            f"one to fit and one to hide. Choose train_up_to_flops from "
            f"{format_flops(flops.min())} to just below {format_flops(flops.max())}."
        )
    return keep


def _as_list(asked: object) -> list[object]:
    return [asked] if isinstance(asked, str) or not isinstance(asked, Iterable) else list(asked)


def _distinct(column: Column) -> list[object]:
    found = column.dropna().unique().tolist()
    try:
        return sorted(found)
    except TypeError:  # a column that mixes text and numbers has no order
        return found

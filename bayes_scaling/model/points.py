"""Points of evaluation: inputs and factor levels at which a law is asked for its loss.

Turns what a user gives (scalars, arrays, a table) into one labelled Dataset, and says what is
missing in the words of the model at hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.errors import RunsError
from bayes_scaling.model.hierarchy import NewLevels
from bayes_scaling.model.inputs import RATIOS, compute_ratios, flops_per_pair, typical_value
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.runs import Runs
from bayes_scaling.runs.cells import as_label, as_number
from bayes_scaling.runs.columns import STANDARD_INPUTS
from bayes_scaling.runs.usual_names import aliases
from bayes_scaling.units import compute

FLOPS_FACTOR = 2.0
"""Factor by which 6ND may differ from a FLOP count given beside it, as for runs; or by which it may
lie beyond the ratios of the runs themselves."""

FAR_BELOW = 1e3
"""Factor below every run from which a point is taken for a slip of units."""

FAR_ABOVE = {"params": 1e6, "tokens": 1e6, "flops": 1e12}
"""Factors above every run from which a point is taken for a slip of units in the table."""

Numbers = float | str | Sequence[float] | Sequence[str] | np.ndarray | pd.Series

At = pd.DataFrame | Mapping[str, Any]
"""Columns of points by name: a table, or values that are one for all points or one for each."""


def points(
    model: ScalingModel,
    runs: Runs,
    *,
    params: Numbers | None = None,
    tokens: Numbers | None = None,
    flops: Numbers | None = None,
    at: At | None = None,
    new_levels: NewLevels = "error",
) -> xr.Dataset:
    """Points given by two of N, D, C, or by a table with a column for each input.

    Parameters
    ----------
    params, tokens, flops : float, str or array
        Number of parameters, training tokens, FLOP, also as text ("7B"); broadcast against each
        other. Parameters or tokens follow from compute counted as the runs count it, C = kND with
        their typical k, which is 6 for runs without compute of their own. Compute follows from
        C = 6ND, or where the model reads it, from kND.
    at : pandas.DataFrame or mapping, optional
        A column for each input, and each factor, by name. A factor of the model
        that is left out is crossed with the points: one for each fitted level. A column that only
        the noise reads is that of a typical run where it is left out.

    Returns
    -------
    xarray.Dataset, dims (point,)
        Inputs, and the label of each factor of the model.

    Raises
    ------
    RunsError
        An input is missing, not positive, or a level was not fitted and `new_levels` is "error".
    """
    table = asked_table({"params": params, "tokens": tokens, "flops": flops}, at)
    table = _with_ratios(_with_compute(_as_numbers(model, table), model, runs))
    _check_inputs(model, table)
    _check_magnitude(model, table, runs)
    table = crossed(table, model, runs)
    for factor in model.factors:
        _check_named(factor, table[factor])
        table[factor] = [as_label(label) for label in table[factor].tolist()]
        _check_levels(factor, table[factor], runs, new_levels)
    for name in model.noise.inputs:
        if name not in table:
            table[name] = typical_value(runs, name)
    columns = _numeric(model, table)
    inputs = {name: ("point", table[name].to_numpy(float)) for name in columns}
    labels = {name: ("point", table[name].to_numpy(object)) for name in model.factors}
    return xr.Dataset({**inputs, **labels}, {"point": np.arange(len(table))})


def crossed(table: pd.DataFrame, model: ScalingModel, runs: Runs) -> pd.DataFrame:
    """The table, once for each fitted level of every factor of the model that it leaves out."""
    for factor in model.factors:
        if factor not in table:
            table = table.merge(pd.DataFrame({factor: list(runs.levels(factor))}), how="cross")
    return table


def asked_table(arguments: Mapping[str, Numbers | None], at: At | None) -> pd.DataFrame:
    """The points asked for as one table, before any law has read it.

    Raises
    ------
    RunsError
        `at` is no table, a value is given twice, or lengths differ.
    """
    given = {name: np.ravel(value) for name, value in arguments.items() if value is not None}
    if not isinstance(at, pd.DataFrame | Mapping | None):
        raise RunsError(
            f"at={type(at).__name__} has no column names, which say what each number is. "
            "Give a pandas DataFrame with a column for each input, or a mapping such as "
            "{'corpus': 'web'}."
        )
    columns = {} if at is None else {str(name): np.ravel(values) for name, values in at.items()}
    both = sorted(set(columns) & set(given))
    if both:
        raise RunsError(
            f"{', '.join(both)} is given both as an argument and as a column of `at`, and they "
            "may differ. Give it once."
        )
    table = _paired({**columns, **given})
    if table.empty and (given or at is not None):
        sizes = {name: values.size for name, values in {**columns, **given}.items()}
        raise RunsError(
            f"There are no points: {sizes or 'at has neither rows nor columns'}. Nothing is asked, "
            "so there is no answer. Give at least one value, or one row in `at`."
        )
    return table


def as_floats(name: str, asked: Numbers) -> np.ndarray:
    """Numbers as they are asked for, one or several, also as text ("7B").

    Raises
    ------
    RunsError
        One is no number.
    """
    cells = np.ravel(asked).tolist()
    found = [as_number(cell, counts=True) for cell in cells]
    bad = [cell for cell, value in zip(cells, found, strict=True) if value is None]
    if bad:
        raise RunsError(
            f"{name} is {bad[0]!r}, which is no number. Give a number, or a count such as '7B'."
        )
    return np.array(found, dtype=float)


def _paired(columns: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Columns of one length, or of single values that hold for all rows, as a table."""
    try:
        arrays = np.broadcast_arrays(*columns.values())
    except ValueError as error:
        sizes = {name: values.size for name, values in columns.items()}
        raise RunsError(
            f"The points have different lengths: {sizes}, so they cannot be paired. Give arrays "
            "of one length, or single numbers."
        ) from error
    return pd.DataFrame(dict(zip(columns, arrays, strict=True)))


def _numeric(model: ScalingModel, table: pd.DataFrame) -> list[str]:
    """Columns of a table that hold numbers, not levels."""
    known = ("params", "tokens", "flops", *model.law.inputs, *model.noise.inputs)
    return [name for name in dict.fromkeys(known) if name in table]


def _as_numbers(model: ScalingModel, table: pd.DataFrame) -> pd.DataFrame:
    """Inputs as floats: 6ND of whole numbers may pass the largest one."""
    numbers = {}
    for name in _numeric(model, table):
        # Sizes may be text, such as "7B"; what is no number is found below.
        cells = [as_number(cell, counts=True) for cell in table[name].tolist()]
        values = pd.Series(cells, table.index, dtype=float)
        bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
        if bad.size:
            found = table[name].tolist()[bad[0]]
            raise RunsError(
                f"{name} is {found!r} at point {bad[0]}, and laws are defined "
                "for positive finite numbers only. Give counts, such as 7e10."
            )
        numbers[name] = values
    return table.assign(**numbers)


def _with_compute(table: pd.DataFrame, model: ScalingModel, runs: Runs) -> pd.DataFrame:
    known = {"params", "tokens", "flops"} & set(table)
    if len(known) == 3:
        _check_compute(table, runs)
        return table
    if known == {"params", "tokens"}:
        each = flops_per_pair(runs, (*model.law.inputs, *model.noise.columns))
        return table.assign(flops=each * table["params"] * table["tokens"])
    if "flops" not in known:
        return table
    pairs = table["flops"] / flops_per_pair(runs, ("flops",))
    if "params" in known:
        return table.assign(tokens=pairs / table["params"])
    if "tokens" in known:
        return table.assign(params=pairs / table["tokens"])
    if "tokens_per_param" in table:
        params = (pairs / table["tokens_per_param"]) ** 0.5
        return table.assign(params=params, tokens=params * table["tokens_per_param"])
    return table


def _check_compute(table: pd.DataFrame, runs: Runs) -> None:
    ratio = compute(table["params"], table["tokens"]) / table["flops"]
    of_runs = 1 / compute_ratios(runs)
    most = FLOPS_FACTOR * max(1.0, of_runs.max())
    least = min(1.0, of_runs.min()) / FLOPS_FACTOR
    bad = np.flatnonzero((ratio > most) | (ratio < least))
    if bad.size:
        raise RunsError(
            f"flops at point {bad[0]} is {table['flops'].iloc[bad[0]]:.4g}, and 6 x params x "
            f"tokens is {ratio.iloc[bad[0]]:.3g} times that (in the runs, {of_runs.min():.3g} to "
            f"{of_runs.max():.3g} times), so the three do not describe one run. Give two of them; "
            "the third follows."
        )


def _with_ratios(table: pd.DataFrame) -> pd.DataFrame:
    for name, (numerator, denominator) in RATIOS.items():
        if name not in table and {numerator, denominator} <= set(table):
            table = table.assign(**{name: table[numerator] / table[denominator]})
    return table


def _check_inputs(model: ScalingModel, table: pd.DataFrame) -> None:
    missing = [name for name in model.law.inputs if name not in table]
    if missing:
        columns = list(map(str, table))
        usual = {name: aliases(name, columns) for name in STANDARD_INPUTS if name not in table}
        meant = {found[0]: name for name, found in usual.items() if found}
        cure = f"Give {missing[0]}, or a column of that name in the table of points."
        if meant:
            cure = f"Its columns have the names that the runs have: at.rename(columns={meant})."
        elif columns == ["flops"] and model.law.splits_compute:
            cure = "Give params or tokens beside flops; how they are best split allocate says."
        raise RunsError(
            f"No value for {', '.join(missing)} at the points asked for (given: "
            f"{', '.join(columns) or 'nothing'}); {model.law.name} is a function of "
            f"{', '.join(model.law.inputs)}. {cure}"
        )


def _check_magnitude(model: ScalingModel, table: pd.DataFrame, runs: Runs) -> None:
    """Ask back where all counts are far below the runs, or far above, as a slip of units is."""
    counts = [name for name in STANDARD_INPUTS if name in model.law.inputs and name in runs.inputs]
    ends = {name: (runs.values(name).min(), runs.values(name).max()) for name in counts}
    below = np.all([table[name] < ends[name][0] / FAR_BELOW for name in counts], axis=0)
    above = np.all([table[name] > ends[name][1] * FAR_ABOVE[name] for name in counts], axis=0)
    if not counts or not (below | above).any():
        return
    bad = int(np.argmax(below | above))
    given = " and ".join(f"{name}={table[name].iloc[bad]:g}" for name in counts)
    end = " and ".join(f"{ends[name][int(above[bad])]:.3g} {name}" for name in counts)
    far, where, cure = "less than a thousandth of", "smallest", "Give"
    if above[bad]:
        far, where, cure = "more than a million times", "largest", "Read the table anew with"
    raise RunsError(
        f"{given} at point {bad} is {far} the {where} runs ({end}), where a fit says nothing. "
        f"Counts in millions or billions look so. {cure} plain "
        "counts, or counts with their unit, such as '70B' and '1.4T'."
    )


def _check_named(factor: str, labels: pd.Series) -> None:
    empty = np.flatnonzero(labels.isna())
    if empty.size:
        raise RunsError(
            f"{factor} is empty at point {empty[0]}, and which level is asked for decides the "
            "loss. Give a level, or leave the column out to ask for each that was fitted."
        )


def _check_levels(factor: str, labels: pd.Series, runs: Runs, new_levels: NewLevels) -> None:
    if new_levels not in ("error", "draw", "typical"):
        raise ValueError(
            f"new_levels={new_levels!r} does not say what an unseen level gets. Use 'error', "
            "'draw' (a level drawn from the fitted spread) or 'typical' (no offset)."
        )
    new = sorted(set(labels) - set(runs.levels(factor)))
    if new and new_levels == "error":
        raise RunsError(
            f"{factor}={new[0]!r} was not fitted; the fit has {', '.join(runs.levels(factor))}. "
            "Nothing was learned of its offset. Use new_levels='draw' for a level like those "
            "fitted, or 'typical' for one without offset."
        )

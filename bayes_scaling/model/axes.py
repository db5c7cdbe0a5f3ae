"""Axes along which runs and targets are placed: the law's inputs, compute, tokens per parameter.

Owns what "beyond the runs" means: decades outside the range of the runs, along each axis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import gmean

from bayes_scaling.laws import Law
from bayes_scaling.model.inputs import input_values, typical_value
from bayes_scaling.runs import Runs
from bayes_scaling.runs.notes import nearly_constant
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

Values = Callable[[str], np.ndarray]

type Bounds = pd.DataFrame | pd.Series[float]


def axes(law: Law, values: Values) -> pd.DataFrame:
    """Logarithms to base 10, one row for each run or point, one column for each axis.

    Parameters
    ----------
    law : Law
    values : callable
        Gives the values of one input of the law.
    """
    columns = {name: np.log10(values(name)) for name in law.inputs}
    if {"params", "tokens"} <= set(columns):
        factor = np.log10(FLOPS_PER_PARAM_TOKEN)
        columns.setdefault("flops", factor + columns["params"] + columns["tokens"])
        columns.setdefault("tokens_per_param", columns["tokens"] - columns["params"])
    return pd.DataFrame(columns)


def run_axes(law: Law, runs: Runs) -> pd.DataFrame:
    """Axes of the runs, indexed by their names."""
    return axes(law, lambda name: input_values(runs, name)).set_axis(runs.table.index)


def point_axes(law: Law, where: xr.Dataset) -> pd.DataFrame:
    """Axes of points made by :func:`bayes_scaling.model.points.points`."""
    return axes(law, lambda name: where[name].to_numpy())


def main_axis(law: Law) -> str:
    """The axis along which a sweep grows: compute where the law has it, else its first input."""
    has_compute = "flops" in law.inputs or {"params", "tokens"} <= set(law.inputs)
    return "flops" if has_compute else law.inputs[0]


def decades_beyond(points: pd.DataFrame, low: Bounds, high: Bounds) -> pd.DataFrame:
    """Decades by which each point lies outside a range along each axis, or zero.

    Parameters
    ----------
    points : pandas.DataFrame
    low, high : pandas.Series or pandas.DataFrame
        Ends of the range along each axis, the same for all points or one row for each.

    Examples
    --------
    >>> low, high = pd.Series({"params": 8.0}), pd.Series({"params": 9.0})
    >>> decades_beyond(pd.DataFrame({"params": [7.5, 8.5, 11.0]}), low, high)["params"].tolist()
    [0.5, 0.0, 2.0]
    """
    above, below = points - high, low - points
    # Targets at the very edge of the runs are inside, whatever rounding says.
    return above.where(above > below, below).round(6).clip(lower=0.0)


def compute_and_ratio(law: Law) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Inputs whose product is compute, and inputs whose quotient is tokens per parameter.

    The first input stands for compute in a law that knows none, and a law without tokens per
    parameter has none of the latter.
    """
    both = {"params", "tokens"} <= set(law.inputs)
    along: tuple[str, ...] = ("params", "tokens") if both else (law.inputs[0],)
    across: tuple[str, ...] = ("tokens", "params") if both else ()
    if "flops" in law.inputs:
        along = ("flops",)
    if "tokens_per_param" in law.inputs:
        across = ("tokens_per_param",)
    return along, across


def run_places(law: Law, runs: Runs) -> tuple[np.ndarray, np.ndarray | None]:
    """Log10 of compute and of tokens per parameter of the runs, dims (run,)."""
    u, v = place(law, {name: input_values(runs, name) for name in law.inputs})
    return np.asarray(u), None if v is None else np.asarray(v)


def told_places(law: Law, runs: Runs) -> tuple[np.ndarray, np.ndarray | None]:
    """Places of the runs from which `delta` learns: of an axis that is nearly constant its mean.

    Else a percent more parameters would seem to have done what has other reasons, and a steep slope
    would be learnt from it.
    """
    read = {name: input_values(runs, name) for name in law.inputs}
    constant = {name: values for name, values in read.items() if nearly_constant(values)}
    read |= {name: np.full_like(values, gmean(values)) for name, values in constant.items()}
    places = place(law, read)
    u, v = (None if x is None else _told(np.asarray(x)) for x in places)
    assert u is not None
    return u, v


def _told(place: np.ndarray) -> np.ndarray:
    return np.full_like(place, place.mean()) if nearly_constant(10.0**place) else place


def place(law: Law, inputs: Mapping[str, Any]) -> tuple[Any, Any]:
    """Log10 of compute and of tokens per parameter; the latter None where a law has none.

    Parameters
    ----------
    inputs : mapping of str to array
        Each input of the law, in its own unit.
    """
    along, across = compute_and_ratio(law)
    log = {name: np.log10(inputs[name]) for name in {*along, *across}}
    u = sum((log[name] for name in along[1:]), start=log[along[0]])
    if len(across) < 2:
        return u, log[across[0]] if across else None
    return u, log[across[0]] - log[across[1]]


def inputs_at(law: Law, runs: Runs, u: Any, v: Any) -> dict[str, Any]:
    """Inputs of a law of size and data at a place, grown from what is typical of the runs."""
    typical = {name: typical_value(runs, name) for name in law.inputs}
    compute, ratio = place(law, typical)
    grown, tilted = u - compute, v - ratio
    return moved(law, typical, (grown - tilted) / 2, (grown + tilted) / 2)


def moved(law: Law, inputs: Mapping[str, Any], params: Any, tokens: Any) -> dict[str, Any]:
    """Inputs of runs with so many decades more of parameters and of tokens.

    Inputs on the scale of one of the two, such as unique tokens, go with it.
    """
    decades = {
        "params": params,
        "tokens": tokens,
        "flops": params + tokens,
        "tokens_per_param": tokens - params,
    }
    decades |= {name: decades[like] for name, like in law.same_unit.items() if like in decades}
    return {name: x * 10 ** decades[name] if name in decades else x for name, x in inputs.items()}


def grown(law: Law, inputs: Mapping[str, Any], decades: Any) -> dict[str, Any]:
    """Inputs of runs with so many decades more of compute, along their path.

    Parameters and tokens grow as the root of compute, so that their ratio stays; of a law that does
    not read both, its main axis. Inputs on the scale of what grows go with it.
    """
    if {"params", "tokens"} <= set(law.inputs):
        return moved(law, inputs, decades / 2, decades / 2)
    axis, factor = main_axis(law), 10.0**decades
    alike = {axis, *(name for name, like in law.same_unit.items() if like == axis)}
    return {name: x * factor if name in alike else x for name, x in inputs.items()}


def stepped_back(
    law: Law, inputs: Mapping[str, Any], reach: Any, edge: Any, centre: Any
) -> dict[str, Any]:
    """Inputs of runs at an edge of compute from which runs `reach` decades beyond it have grown.

    Parameters go back by as much as they exceed those of the central run of that compute, and
    tokens by the rest. So more of either alone, of both, or of compute along a path always comes
    from the same or a better run at the edge.

    Parameters
    ----------
    reach : array
        Decades of compute beyond the edge, zero inside.
    edge, centre : array
        Log10 of compute at the edge, as the product of params and tokens or in FLOP, and log10
        tokens per parameter of the central run there.
    """
    if not compute_and_ratio(law)[1]:
        return grown(law, inputs, -reach)
    if {"params", "tokens"} <= set(law.inputs):
        above = np.log10(inputs["params"])
        product = edge - np.log10(FLOPS_PER_PARAM_TOKEN) * ("flops" in law.inputs)
    else:
        product = edge - np.log10(FLOPS_PER_PARAM_TOKEN)
        above = (product + reach - np.log10(inputs["tokens_per_param"])) / 2
    in_params = np.minimum(np.maximum(above - (product - centre) / 2, 0.0), reach)
    return moved(law, inputs, -in_params, in_params - reach)

"""Where runs of about equal compute put the best size, beside where the law puts it.

Hoffmann's second approach reads the best size off a parabola through runs of equal compute. Here
the parabola is drawn through what runs are above the law, draw by draw, and added to the law: where
the law is right the parabola is flat, and leaves the best size where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from bayes_scaling._focus import level_labels
from bayes_scaling._intervals import SAMPLE_DIMS
from bayes_scaling.decisions._splitting import SPLIT, Splitting
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

DECADES = 0.3
"""Runs whose compute differs by no more, a factor of two, are compared with each other."""

MOST_STEPS = 4
"""How many times as much it may differ where runs of one compute have too few sizes."""

WINDOW = 1.0
"""How far from the best size seen, in log params, runs still tell where the best one is."""

FEWEST_SIZES = 3
"""Sizes that determine a parabola."""

FEWEST_RUNS = 6
"""Runs that a parabola needs: three beyond its coefficients tell its error."""

FEW_DRAWS = 40
"""Draws that find the neighbourhood which all of them then search."""

STEP = 0.05
"""Half the distance, in log params, over which slopes are taken."""

NEWTON_STEPS = 3
"""Steps from the neighbourhood to the best size of a draw; a smooth curve needs two."""

MOST_MISSING = 0.1
"""Share of draws without a best size above which a group shows none."""

Curve = Callable[[xr.DataArray], xr.DataArray]


# Questions about one fit come in series: a plan, its curves, the range of good sizes.
@lru_cache(maxsize=4)
def best_sizes(fit: ScalingFit) -> xr.Dataset:
    """How far off the law's best size is, as groups of runs of about one compute show it.

    Groups without a minimum among their sizes show nothing, nor do runs of a law that reads more
    than the split of compute: those of equal compute differ by it.

    Returns
    -------
    xarray.Dataset, dims (chain, draw, group)
        ``miss``, log params of the best size that the runs show minus that of the law; by group its
        standard ``error``, log10 of the ``compute``, and the ``level`` of factors as
        :func:`bayes_scaling._focus.level_labels` writes it.
    """
    runs = placed_runs(fit)
    # Draws are paired by position; labels would be compared in each of some hundred sums.
    fit = replace(fit, posterior=fit.posterior.drop_vars(SAMPLE_DIMS))
    found = [] if set(fit.model.law.inputs) - SPLIT else list(_parabolas(fit, runs))
    if not found:
        return xr.Dataset(coords={"group": np.arange(0)})
    seen = xr.concat(found, "group")
    law = _law(fit, seen)

    def curve(size: xr.DataArray) -> xr.DataArray:
        off = size - seen["best"]
        return law(size) + (seen["slope"] + seen["bend"] * off) * off

    vertex, curvature = _least(curve, seen["best"] + xr.zeros_like(seen["slope"]))
    off = vertex - seen["best"]
    inside = (seen["smallest"] <= off) & (off <= seen["largest"])
    miss = (vertex - _law_optimum(fit, seen)).where(inside)
    known = (miss.isnull().mean(SAMPLE_DIMS) <= MOST_MISSING).values
    seen, miss = seen.isel(group=known), miss.isel(group=known)
    off, curvature = (one.isel(group=known).median(SAMPLE_DIMS) for one in (off, curvature))
    sizes = seen[["level", "compute"]].assign(error=_error(seen, off, curvature))
    return sizes.assign(miss=miss.fillna(miss.median(SAMPLE_DIMS)))


def placed_runs(fit: ScalingFit) -> pd.DataFrame:
    """``log_flops``, log10 of 6ND, and ``level`` of each run, in the order of the runs."""
    params, tokens = (fit.runs.values(name) for name in ("params", "tokens"))
    factors = [fit.runs.table[name].to_numpy() for name in fit.model.factors]
    return pd.DataFrame(
        {
            "log_flops": np.log10(FLOPS_PER_PARAM_TOKEN * params * tokens),
            "level": level_labels(factors, len(params)),
        }
    )


def _groups(fit: ScalingFit, runs: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Runs of one level and about one compute, with sizes enough, from the largest down.

    With the log10 of their mean ``compute``, and ``size``: log params of each if its params and
    tokens, scaled alike, had that compute.
    """
    top = runs.groupby("level")["log_flops"].transform("max")
    # A step has room for compute that is not quite that of a budget.
    steps = np.floor((top - runs["log_flops"]) / DECADES + 0.1).astype(int)
    growth = np.log(10) * 0.5
    size = np.log(fit.runs.values("params")) - growth * runs["log_flops"]
    runs = runs.assign(step=steps, size=size)
    for _, level in runs.groupby("level"):
        held = level.iloc[:0]
        for step in np.unique(level["step"]):
            recent = held["step"] > step - MOST_STEPS
            held = pd.concat([held[recent], level[level["step"] == step]])
            if held["size"].round(2).nunique() >= FEWEST_SIZES and len(held) >= FEWEST_RUNS:
                compute = held["log_flops"].mean()
                yield held.assign(size=held["size"] + growth * compute, compute=compute)
                held = level.iloc[:0]


def _parabolas(fit: ScalingFit, runs: pd.DataFrame) -> Iterator[xr.Dataset]:
    """Of each group, the parabola through the runs about its best size, above the law."""
    groups = list(_groups(fit, runs))
    moved = _moved(fit, groups) if groups else pd.Series(dtype=float)
    for group in groups:
        size, members = group["size"].to_numpy(), group.index.to_numpy()
        best = float(size[moved[members].argmin()])
        near = _near(size - best)
        labels = {name: fit.runs.table[name].iloc[members[0]] for name in fit.model.factors}
        placed = {name: group[name].iloc[0] for name in ("level", "compute")}
        about = _parabola(_above_law(fit, members[near]), size[near] - best)
        yield about.assign(**placed, best=best, **labels)


def _near(off: np.ndarray) -> np.ndarray:
    """Which runs are near the best size: those in the window, and more where they are too few."""
    distance = np.abs(off)
    _, first = np.unique(off.round(2), return_index=True)
    enough = max(np.sort(distance)[FEWEST_RUNS - 1], np.sort(distance[first])[FEWEST_SIZES - 1])
    return np.asarray(distance <= max(WINDOW, enough + STEP))


def _moved(fit: ScalingFit, groups: list[pd.DataFrame]) -> pd.Series[float]:
    """Log loss that each run would have had at the compute of its group, by a few draws."""
    few, runs = _few(fit), pd.concat(groups)
    members = runs.index.to_numpy()
    params, flops = (
        xr.DataArray(one, dims="run") for one in (np.exp(runs["size"]), 10 ** runs["compute"])
    )
    law = _at(few, members).loss(params, flops / FLOPS_PER_PARAM_TOKEN / params)
    moved = (_above_law(few, members) + xr.ufuncs.log(law)).mean(SAMPLE_DIMS)
    return pd.Series(moved.to_numpy(), members)


def _above_law(fit: ScalingFit, members: np.ndarray) -> xr.DataArray:
    """Observed log loss above that of the law, dims (chain, draw, run)."""
    params, tokens, loss = (
        xr.DataArray(fit.runs.values(name)[members], dims="run")
        for name in ("params", "tokens", "loss")
    )
    above: xr.DataArray = xr.ufuncs.log(loss / _at(fit, members).loss(params, tokens))
    return above


def _parabola(above: xr.DataArray, off: np.ndarray) -> xr.Dataset:
    """A parabola by least squares, and what its error is made of."""
    powers = np.vander(off, 3, increasing=True)
    design = xr.DataArray(powers, dims=("run", "power"))
    fitted = xr.dot(above, xr.DataArray(np.linalg.pinv(powers), dims=("power", "run")), dim="run")
    rest = above - xr.dot(fitted, design, dim="power")
    freedom = len(off) - powers.shape[1]
    # Two runs to spare know their scatter badly: the 95 % quantile of Student's t makes up for it.
    few = stats.t.ppf(0.95, freedom) / stats.norm.ppf(0.95)
    variance = few**2 * (rest**2).sum("run").median() / freedom
    covariance = np.linalg.pinv(powers.T @ powers)[1:, 1:] * float(variance)
    return xr.Dataset(
        {
            "slope": fitted.isel(power=1),
            "bend": fitted.isel(power=2),
            "covariance": (("coefficient", "other"), covariance),
            "smallest": off.min(),
            "largest": off.max(),
        }
    )


def _error(seen: xr.Dataset, off: xr.DataArray, curvature: xr.DataArray) -> xr.DataArray:
    """Standard error of the size of least loss, by the delta method."""
    gradient = xr.concat([xr.ones_like(off), 2 * off], "coefficient") / curvature
    products = seen["covariance"] * gradient * gradient.rename(coefficient="other")
    error: xr.DataArray = xr.ufuncs.sqrt(products.sum(("coefficient", "other")))
    return error


def _law(fit: ScalingFit, groups: xr.Dataset) -> Curve:
    """Log loss of sizes at the compute of each group, by log params."""
    splitting = Splitting(fit, labels={name: groups[name] for name in fit.model.factors})
    pairs = 10 ** groups["compute"] / FLOPS_PER_PARAM_TOKEN

    def log_loss(log_params: xr.DataArray) -> xr.DataArray:
        params = xr.ufuncs.exp(log_params)
        # Wild draws lead a search to where powers leave the range of floats.
        with np.errstate(all="ignore"):
            logs: xr.DataArray = xr.ufuncs.log(splitting.loss(params, pairs / params))
        return logs

    return log_loss


def _law_optimum(fit: ScalingFit, groups: xr.Dataset) -> xr.DataArray:
    """Log params that the law has best at the compute of each group."""
    labels = {name: groups[name] for name in fit.model.factors}
    few = Splitting(_few(fit), labels=labels).optimum(10 ** groups["compute"])["params"]
    start = xr.ufuncs.log(few).fillna(groups["best"]).median(SAMPLE_DIMS)
    return _least(_law(fit, groups), start + xr.zeros_like(groups["slope"]))[0]


def _least(curve: Curve, start: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """Where a curve is least, by Newton's method, and its curvature there.

    Not a number where it bends downwards, or where the search has not come to rest.
    """
    sides = xr.DataArray([-STEP, 0.0, STEP], dims="side")
    found, step = start, xr.zeros_like(start)
    for _ in range(NEWTON_STEPS + 1):
        found = found - step
        losses = curve(found + sides)
        below, here, above = (losses.isel(side=side) for side in range(3))
        curvature = (below + above - 2 * here) / STEP**2
        newton = (above - below) / (2 * STEP) / curvature.where(curvature > 0)
        step = newton.clip(-WINDOW, WINDOW).fillna(0.0)
    rests = (curvature > 0) & (np.abs(newton) < STEP)
    return found.where(rests), curvature


def _few(fit: ScalingFit) -> ScalingFit:
    return replace(fit, posterior=fit.posterior.isel(draw=slice(FEW_DRAWS)))


def _at(fit: ScalingFit, members: np.ndarray) -> Splitting:
    """The law at the levels of some of the runs."""
    rows = fit.runs.table.iloc[members]
    labels = {name: xr.DataArray(rows[name].to_numpy(), dims="run") for name in fit.model.factors}
    return Splitting(fit, labels=labels)

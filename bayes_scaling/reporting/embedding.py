"""What the page of a fit holds: draws, noise and tested range as plain numbers, and its code.

Owns what is embedded and in how many digits; no layout.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling._axes import main_axis, run_axes
from bayes_scaling._focus import level_labels, ranges
from bayes_scaling._inputs import noise_scale
from bayes_scaling._intervals import SAMPLE_DIMS
from bayes_scaling.decisions._displacement import displacement
from bayes_scaling.discrepancy import HANDOVER, Discrepancy, misses, thresholds
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.noise.location_scale import LocationScale
from bayes_scaling.posterior import parameters_at
from bayes_scaling.reporting.tracing import Untraceable, traced
from bayes_scaling.trust import TrustReport

SCATTERS = 8
"""Scatters of a new run for each draw, spread evenly over the distribution: its tails need more
than one."""

LARGEST = 1e300
"""Scatter beyond any number, as few degrees of freedom have it, that JSON can still hold."""


def groups_of_runs(fit: ScalingFit) -> pd.DataFrame:
    """Combinations of levels that occur in the runs."""
    factors = list(fit.model.factors)
    found = fit.runs.table[factors].drop_duplicates() if factors else pd.DataFrame()
    return found.sort_values(factors) if factors else found


def embedded(fit: ScalingFit, groups: pd.DataFrame, count: int) -> tuple[dict[str, Any], str]:
    """One posterior of the page, at most `count` draws of it, and the code of its scatter."""
    draws = thinned(fit.posterior, count)
    noise, code = noise_and_code(fit, draws)
    return {"draws": {"theta": theta_by_group(fit, draws, groups)}, "noise": noise}, code


def beyond_runs(
    fit: ScalingFit, groups: pd.DataFrame, count: int, discrepancy: Discrepancy | None
) -> dict[str, Any] | None:
    """What a forecast beyond the runs is made of besides; None where the law stands alone."""
    if discrepancy is None or not misses(fit, discrepancy):
        return None
    slopes = discrepancy.slopes(fit, fit.settings.seed)
    kept = thinned(xr.Dataset({"slope": slopes, "threshold": thresholds(slopes)}), count)
    along = main_axis(fit.model.law)
    sizes = run_axes(fit.model.law, fit.runs)[along]
    factors = list(fit.model.factors)
    tops = sizes.groupby([fit.runs.table[name] for name in factors]).max() if factors else None
    of_groups = [sizes.max()] if tops is None else tops.to_numpy()
    return {
        "along": along,
        "top": _short(np.asarray(of_groups)),
        "handover": HANDOVER,
        "slope": _short(kept["slope"].values.ravel()),
        "threshold": _short(kept["threshold"].values.ravel()),
        "focused": None if fit.focused is None else embedded(fit.focused, groups, count)[0],
    }


def displaced_sizes(
    fit: ScalingFit, groups: pd.DataFrame, count: int, discrepancy: Discrepancy | None
) -> dict[str, Any] | None:
    """How far best sizes lie off the law's, by group; None where the law stands alone."""
    if not misses(fit, discrepancy):
        return None
    names = [groups[factor].to_numpy() for factor in fit.model.factors]
    levels = [str(level) for level in level_labels(names, max(1, len(groups)))]
    moved = displacement(fit, np.array(levels))
    lines = [thinned(moved.lines.sel(level=level), count).isel(chain=0) for level in levels]
    parts = ("at_top", "per_decade", "further")
    return {
        "tops": _short(np.array([float(line["top"]) for line in lines])),
        **{part: [_short(line[part].values) for line in lines] for part in parts},
    }


def thinned(draws: xr.Dataset, count: int) -> xr.Dataset:
    """Some of the draws, evenly from all chains, as one chain."""
    sizes = draws.sizes
    total = sizes["chain"] * sizes["draw"]
    chosen = np.unique(np.linspace(0, total - 1, min(count, total)).round().astype(int))
    chain, draw = (xr.DataArray(part, dims="draw") for part in divmod(chosen, sizes["draw"]))
    bare = draws.drop_vars(SAMPLE_DIMS)
    return bare.isel(chain=chain, draw=draw).expand_dims("chain")


def theta_by_group(
    fit: ScalingFit, draws: xr.Dataset, groups: pd.DataFrame
) -> list[list[list[float]]]:
    """Each parameter on the reference scale: draws by group, once where all groups share it."""
    labels = {str(name): xr.DataArray(groups[name].to_numpy(), dims="group") for name in groups}
    theta = parameters_at(draws, fit.model, labels)
    columns = []
    for values in theta.values():
        by_group = values if "group" in values.dims else values.expand_dims("group")
        table = by_group.isel(chain=0).transpose("group", "draw").values
        columns.append([_short(row) for row in table])
    return columns


def noise_and_code(fit: ScalingFit, draws: xr.Dataset) -> tuple[dict[str, Any] | None, str]:
    """Draws of the noise and the code of a new run's response, where it is a location and scale."""
    noise, names = fit.model.noise, list(fit.model.noise.priors)
    if not isinstance(noise, LocationScale):
        return None, ""

    def new_run(given: list[Any], theta: list[Any], columns: list[Any]) -> Any:
        expected, standard = given
        values = dict(zip(noise.inputs, columns, strict=True))
        location, spread = noise.location_and_spread(
            expected, dict(zip(names, theta, strict=True)), values
        )
        return noise.scale.inverse(location + spread * standard)

    try:
        code = traced(new_run, 2, len(names), len(noise.inputs))
    except Untraceable:
        return None, ""
    sampled = {name: draws[name].isel(chain=0).values for name in names}
    columns = [{"input": name, "unit": noise_scale(noise, fit.runs, name)} for name in noise.inputs]
    values = [_short(column) for column in sampled.values()]
    scatter = [_short(row) for row in _scatter(noise, sampled)]
    found = {"theta": values, "columns": columns, "scatter": scatter}
    return found, f"function newRun(a0, a1, a2) {{\n{code}\n}}\n"


def _scatter(noise: LocationScale, sampled: Mapping[str, np.ndarray]) -> np.ndarray:
    """Standard scatters for each draw, dims (draw, scatter), evenly over the distribution."""
    count = len(sampled["noise_sd"])
    shift = (np.random.default_rng(0).permutation(count) + 0.5) / count
    share = (np.arange(SCATTERS) + shift[:, None]) / SCATTERS
    shape = [sampled[name][:, None] for name in noise.shape.parameters.values()]
    scatter = np.asarray(noise.shape.standard.ppf(share, *shape))
    return np.clip(scatter, -LARGEST, LARGEST)


def tested_range(
    fit: ScalingFit, groups: pd.DataFrame, trust: TrustReport | None
) -> list[dict[str, dict[str, float]]]:
    """Where the runs of each group lie along each axis, and how many times beyond is tested."""
    trusted: Mapping[str, float] = {}
    if trust is not None:
        trusted = trust["reach"].table.attrs.get("trusted_times", {})
    where = xr.Dataset({str(name): ("point", groups[name].to_numpy()) for name in groups})
    low, high = (
        (10**ends).to_dict("records")
        for ends in ranges(fit.model, fit.runs, where, max(1, len(groups)))
    )
    return [
        {
            str(name): {
                "low": float(least[name]),
                "high": float(largest[name]),
                "trusted": float(trusted.get(str(name), 1.0)),
            }
            for name in least
        }
        for least, largest in zip(low, high, strict=True)
    ]


def verdicts(trust: TrustReport | None) -> dict[str, Any] | None:
    """What the checks say of the largest run and of larger ones."""
    if trust is None:
        return None
    factors = [float(str(reach).removesuffix("x")) for reach in trust.ladder.index]
    rungs = zip(factors, trust.ladder["verdict"], trust.ladder["because"], strict=True)
    return {
        "verdict": trust.verdict,
        "level": trust.level,
        "along": trust.along,
        "largest": trust.largest,
        "ladder": [{"times": t, "verdict": v, "because": because} for t, v, because in rungs],
    }


def _short(values: np.ndarray) -> list[float]:
    """Numbers to six digits: as JSON they take a third of the place."""
    return [float(f"{value:.6g}") for value in values]

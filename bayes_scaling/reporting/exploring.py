"""The page on which a reader sets a run: draws, noise, trusted range and code, ready to embed.

Owns what is embedded and in how many digits. What the page does with it is in ``interactive/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling._inputs import input_values, noise_scale, scales, typical_value
from bayes_scaling._intervals import SAMPLE_DIMS, interval_prob
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.forecasting import forecast
from bayes_scaling.noise.location_scale import EARLIER_MEAN, EARLIER_RUNS, LocationScale
from bayes_scaling.posterior import parameters_at
from bayes_scaling.reporting.contents import Table, tabulated
from bayes_scaling.reporting.tables import written_table
from bayes_scaling.reporting.tracing import Untraceable, traced
from bayes_scaling.trust import TrustReport
from bayes_scaling.trust._axes import axes, scaled_up
from bayes_scaling.trust._case import ladder_table

DRAWS = 400
"""Draws embedded: they place the median of an interval within 6 % of a standard deviation."""

NUMBERS = 120_000
"""Most parameter values embedded; a pooled fit of many groups has fewer draws of each."""

SCATTERS = 8
"""Scatters of a new run for each draw, spread evenly over the distribution: its tails need more
than one."""

SPLIT = ("params", "tokens", "flops")
FOLLOWING = frozenset({*SPLIT, "tokens_per_param"})
"""Inputs that follow from params and tokens."""

SLIDER_BELOW, SLIDER_ABOVE = 1.0, 3.0
"""Decades beyond the runs that sliders reach, down and up."""

LABELS = {"params": "Parameters", "tokens": "Training tokens", "flops": "Compute (FLOP, 6ND)"}
WITHIN = 0.01

STEPS = (1.0, 3.0, 10.0, 30.0)
"""Times the largest run that are forecast where there is no page."""


@dataclass(frozen=True)
class Field:
    """One number that the reader sets."""

    name: str
    label: str
    low: float
    high: float
    start: float

    @property
    def slider_low(self) -> float:
        """Logarithm to base 10 of the least that the slider sets."""
        return round(float(np.log10(self.low)) - SLIDER_BELOW, 2)

    @property
    def slider_high(self) -> float:
        """Logarithm to base 10 of the most that the slider sets."""
        return round(float(np.log10(self.high)) + SLIDER_ABOVE, 2)


@dataclass(frozen=True)
class Page:
    """What the page needs.

    Attributes
    ----------
    fields : tuple of Field
    groups : tuple of str
        Names of the levels to choose from, empty for a fit without groups.
    data : mapping
        Plain numbers and texts, for JSON.
    script : str
        JavaScript, free of anything that the user wrote.
    """

    fields: tuple[Field, ...]
    groups: tuple[str, ...]
    data: Mapping[str, Any]
    script: str

    @property
    def splits(self) -> bool:
        """Whether compute can be split between parameters and tokens."""
        return bool(self.data["splits"])


@dataclass(frozen=True)
class NoPage:
    """Why there is no page, and forecasts of larger runs in its place."""

    reason: str
    table: Table


def explored(
    fit: ScalingFit, start: Mapping[str, float], trust: TrustReport | None, prob: float | None
) -> Page | NoPage:
    """The page of a fit, or what stands in its place where the law has no JavaScript."""
    try:
        return page(fit, start, trust, prob)
    except Untraceable as reason:
        return NoPage(str(reason), _larger_runs(fit, prob))


def _larger_runs(fit: ScalingFit, prob: float | None) -> Table:
    top = ladder_table(fit).iloc[[0]]
    rows = [scaled_up(fit.model.law, top, times) for times in STEPS]
    table = written_table(forecast(fit, at=pd.concat(rows, ignore_index=True)), prob)
    times = ", ".join(f"{step:g}" for step in STEPS)
    return tabulated(f"The largest run made {times} times larger. {table.attrs['caption']}", table)


def page(
    fit: ScalingFit, start: Mapping[str, float], trust: TrustReport | None, prob: float | None
) -> Page:
    """The page of a fit.

    Parameters
    ----------
    fit : ScalingFit
    start : mapping of str to float
        What the fields hold at first; the run of largest compute where it has no value.
    trust : TrustReport, optional
    prob : float, optional
        Probability of the intervals.

    Raises
    ------
    Untraceable
        The law is written in a way that has no JavaScript.
    """
    law, runs = fit.model.law, fit.runs
    groups = _groups(fit)
    count = min(DRAWS, max(50, NUMBERS // (max(1, len(groups)) * len(law.priors))))
    draws = _thinned(fit, count)
    splits = len(FOLLOWING & set(law.inputs)) > 1
    noise, noise_code = _noise(fit, draws)
    data = {
        "inputs": list(law.inputs),
        "units": scales(law, runs),
        "draws": {"theta": _theta(fit, draws, groups)},
        "noise": noise,
        "splits": splits,
        "centre": runs.reference.get("params", 1.0),
        "within": WITHIN,
        "prob": interval_prob(prob),
        "response": runs.response,
        "range": _range(fit, trust),
        "trust": _trust(trust),
        "problems": list(fit.diagnostics.problems),
    }
    code = traced(
        lambda inputs, theta: law.evaluate(
            dict(zip(law.inputs, inputs, strict=True)), dict(zip(law.priors, theta, strict=True))
        ),
        len(law.inputs),
        len(law.priors),
    )
    functions = f"function lawValue(a0, a1) {{\n{code}\n}}\n{noise_code}"
    behaviour = resources.files("bayes_scaling.reporting").joinpath("interactive/page.js")
    script = f'"use strict";\n{functions}{behaviour.read_text(encoding="utf-8")}'
    names = tuple(", ".join(map(str, row)) for row in groups.itertuples(index=False))
    return Page(_fields(fit, splits, start), names, data, script)


def _groups(fit: ScalingFit) -> pd.DataFrame:
    """Combinations of levels that occur in the runs."""
    factors = list(fit.model.factors)
    found = fit.runs.table[factors].drop_duplicates() if factors else pd.DataFrame()
    return found.sort_values(factors) if factors else found


def _thinned(fit: ScalingFit, count: int) -> xr.Dataset:
    """Some of the draws, evenly from all chains, as one chain."""
    sizes = fit.posterior.sizes
    total = sizes["chain"] * sizes["draw"]
    chosen = np.unique(np.linspace(0, total - 1, min(count, total)).round().astype(int))
    chain, draw = (xr.DataArray(part, dims="kept") for part in divmod(chosen, sizes["draw"]))
    bare = fit.posterior.drop_vars(SAMPLE_DIMS)
    return bare.isel(chain=chain, draw=draw).rename(kept="draw").expand_dims("chain")


def _theta(fit: ScalingFit, draws: xr.Dataset, groups: pd.DataFrame) -> list[list[list[float]]]:
    """Each parameter on the reference scale: draws by group, once where all groups share it."""
    labels = {str(name): xr.DataArray(groups[name].to_numpy(), dims="group") for name in groups}
    theta = parameters_at(draws, fit.model, labels)
    columns = []
    for values in theta.values():
        by_group = values if "group" in values.dims else values.expand_dims("group")
        table = by_group.isel(chain=0).transpose("group", "draw").values
        columns.append([_short(row) for row in table])
    return columns


def _noise(fit: ScalingFit, draws: xr.Dataset) -> tuple[dict[str, Any] | None, str]:
    """Draws of the noise and the code of a new run's response, where it is a location and scale."""
    noise, names = fit.model.noise, list(fit.model.noise.priors)
    if not isinstance(noise, LocationScale):
        return None, ""

    def new_run(given: list[Any], theta: list[Any], columns: list[Any]) -> Any:
        expected, standard = given
        values = dict(zip(noise.columns, columns, strict=True))
        location, spread = noise.location_and_spread(
            expected, dict(zip(names, theta, strict=True)), values
        )
        return noise.scale.inverse(location + spread * standard)

    try:
        code = traced(new_run, 2, len(names), len(noise.columns))
    except Untraceable:
        return None, ""
    sampled = {name: draws[name].isel(chain=0).values for name in names}
    columns = [
        {"value": 0.0}
        if name in (EARLIER_RUNS, EARLIER_MEAN)
        else {"input": name, "unit": noise_scale(noise, fit.runs, name)}
        for name in noise.columns
    ]
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
    return np.asarray(noise.shape.standard.ppf(share, *shape))


def _range(fit: ScalingFit, trust: TrustReport | None) -> dict[str, dict[str, float]]:
    """Where the runs lie along each axis, and how many times beyond is within tested reach."""
    law = fit.model.law
    logs = axes(law, lambda name: input_values(fit.runs, name))
    trusted: Mapping[str, float] = {}
    if trust is not None:
        trusted = trust["reach"].table.attrs.get("trusted_times", {})
    return {
        str(name): {
            "low": float(10 ** logs[name].min()),
            "high": float(10 ** logs[name].max()),
            "trusted": float(trusted.get(str(name), 1.0)),
        }
        for name in logs
    }


def _trust(trust: TrustReport | None) -> dict[str, Any] | None:
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


def _fields(fit: ScalingFit, splits: bool, start: Mapping[str, float]) -> tuple[Field, ...]:
    law, runs = fit.model.law, fit.runs
    held = [name for name in law.inputs if not (splits and name in FOLLOWING)]
    names = [*(SPLIT if splits else ()), *held]
    top = ladder_table(fit).iloc[0]
    fields = []
    for name in names:
        if name in law.inputs:
            values = input_values(runs, name)
            largest = float(top[name])
        else:
            values = _following(fit, name)
            largest = float(values.max())
        low, high = float(values.min()), float(values.max())
        fields.append(
            Field(name, LABELS.get(name, name), low, high, float(start.get(name, largest)))
        )
    return tuple(fields)


def _following(fit: ScalingFit, name: str) -> np.ndarray:
    """Values of a quantity that the law itself does not read."""
    logs = axes(fit.model.law, lambda one: input_values(fit.runs, one))
    if name in logs:
        return np.asarray(10 ** logs[name])
    if name in fit.runs.inputs:
        return fit.runs.values(name)
    return np.array([typical_value(fit.runs, name)])


def _short(values: np.ndarray) -> list[float]:
    """Numbers to six digits: as JSON they take a third of the place."""
    return [float(f"{value:.6g}") for value in values]

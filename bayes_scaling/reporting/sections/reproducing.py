"""Reproduction of a fit: versions, seed, the table's digest, the code that made it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from bayes_scaling.decisions.allocation import Allocation
from bayes_scaling.decisions.costs import SixND
from bayes_scaling.fitting.average import Fitted, parts
from bayes_scaling.fitting.provenance import loss_column, table_digest
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.laws import Law
from bayes_scaling.model.inputs import compute_ratios
from bayes_scaling.model.surface import Surface
from bayes_scaling.noise import LogStudentT
from bayes_scaling.priors import Prior
from bayes_scaling.runs import Runs
from bayes_scaling.runs.columns import STANDARD_INPUTS


def run_tables(fitted: Fitted) -> dict[str, Runs]:
    """The tables that the code reads, by file: one, unless fits read columns of their own."""
    different = {_read(part.fit.runs): part.fit.runs for part in parts(fitted)}
    return {f"runs{number or ''}.csv": runs for number, runs in enumerate(different.values())}


def _read(runs: Runs) -> tuple[str, str]:
    """A key that tables share if the code reads them alike."""
    return _table("runs", "runs.csv", runs), table_digest(runs)


def code(fitted: Fitted, forecast: Forecast | None, allocation: Allocation | None) -> str:
    """Python that makes the same fits of the same table and asks the same questions.

    It reads the tables of :func:`run_tables` from their files, as
    :func:`bayes_scaling.fitting.provenance.runs_csv` writes them.
    """
    asked = [
        *([_forecasting(forecast)] if forecast is not None else []),
        *([_allocating(allocation)] if allocation is not None else []),
    ]
    tables = {file.removesuffix(".csv"): runs for file, runs in run_tables(fitted).items()}
    return "\n".join(
        [
            "import pandas as pd\n\nimport bayes_scaling as bs\n",
            *(_table(name, f"{name}.csv", runs) for name, runs in tables.items()),
            *_fits(fitted, tables),
            *asked,
        ]
    )


def _fits(fitted: Fitted, tables: Mapping[str, Runs]) -> list[str]:
    """The fit; of an average each of its fits, and their mixture."""
    made = parts(fitted)
    names = {_read(runs): name for name, runs in tables.items()}
    if len(made) == 1:
        return _fit(made[0].fit, "fit", *names.values())
    lines = ["fits = {}"]
    for part in made:
        lines += _fit(part.fit, f"fits[{part.name!r}]", names[_read(part.fit.runs)])
    weights = {part.name: part.weight for part in made}
    return [*lines, f"fit = bs.average(fits, {weights!r})"]


def law_source(law: Law) -> str | None:
    """The code of a law that is not one of the package's own; None for those."""
    if type(law).__module__.startswith("bayes_scaling."):
        return None
    try:
        return inspect.getsource(type(law))
    except (OSError, TypeError):
        return f"# The code of {law.name} cannot be read; its authors have it."


def _table(name: str, file: str, runs: Runs) -> str:
    ratios = np.abs(np.log2(compute_ratios(runs)))
    options = {
        "inputs": tuple(one for one in runs.inputs if one not in STANDARD_INPUTS),
        "factors": runs.factors,
        "response": runs.response if runs.response != "loss" else None,
        # They were read with a wider one than the default of two.
        "flops_factor": float(2 ** np.ceil(ratios.max())) if ratios.max() > 1 else None,
    }
    given = "".join(f", {option}={value!r}" for option, value in options.items() if value)
    hand = f".with_reference(**{runs.scales_by_hand!r})" if runs.scales_by_hand else ""
    loss = loss_column(runs)
    return f'{name} = bs.read_runs(\n    "{file}", loss={loss!r}, run="run"{given},\n){hand}'


def _fit(fit: ScalingFit, target: str, runs: str) -> list[str]:
    model, settings = fit.model, fit.settings
    options = {
        "vary": list(model.vary),
        "priors": dict(model.priors),
        "noise": None if model.noise == LogStudentT() else model.noise,
        "stage_noise": None if model.stage_noise == LogStudentT() else model.stage_noise,
    }
    given = "".join(f",\n    {name}={literal(value)}" for name, value in options.items() if value)
    once = f"draws={settings.draws}, " if settings.thin == 1 else ""
    if model.surface != Surface():
        given += f",\n    surface={literal(model.surface)}"
    return [
        f"model = bs.ScalingModel(\n    {literal(model.law)}{given},\n)",
        # Draws that were given are sampled once; else for as long as it took.
        f"{target} = bs.fit(\n    model, {runs}, {once}tune={settings.tune}, "
        f"chains={settings.chains}, seed={settings.seed},\n"
        f"    target_accept={settings.target_accept},\n)",
    ]


def _forecasting(forecast: Forecast) -> str:
    points = forecast.points.to_dict("list")
    new = "" if forecast.new_levels == "error" else f", new_levels={forecast.new_levels!r}"
    return f"forecast = bs.forecast(fit, at=pd.DataFrame({points!r}){new})"


def _allocating(allocation: Allocation) -> str:
    budgets = np.unique(allocation.draws[allocation.cost.unit].values).tolist()
    options = {
        "cost": None if isinstance(allocation.cost, SixND) else allocation.cost,
        "constraints": allocation.constraints if allocation.constraints.given else None,
        "inputs": dict(allocation.inputs),
    }
    given = "".join(f", {name}={literal(value)}" for name, value in options.items() if value)
    return f"allocation = bs.allocate(fit, flops={budgets!r}{given})"


_PREFIXES = (
    ("bayes_scaling.laws", "bs.laws."),
    ("bayes_scaling.noise", "bs.noise."),
    ("bayes_scaling.decisions.costs", "bs.decisions.costs."),
    ("bayes_scaling", "bs."),
)


def literal(value: Any) -> str:
    """Python that makes a value again: specifications exactly, other values by their ``repr``.

    Examples
    --------
    >>> literal({"alpha": Prior.fixed_at(0.35)})
    "{'alpha': bs.Prior('Fixed', (0.35,))}"
    """
    if isinstance(value, Prior):
        units = "" if value.units == "reference" else f", {value.units!r}"
        return f"bs.Prior({value.distribution!r}, {value.numbers!r}{units})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {literal(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if not (is_dataclass(value) or isinstance(value, Law)):
        return repr(value)
    module = type(value).__module__
    prefix = next((short for long, short in _PREFIXES if module.startswith(long)), "")
    options = fields(value) if is_dataclass(value) else ()
    given = {f.name: getattr(value, f.name) for f in options if f.init}
    changed = {f.name for f in options if f.init and given[f.name] != f.default}
    arguments = ", ".join(f"{name}={literal(given[name])}" for name in given if name in changed)
    return f"{prefix}{type(value).__name__}({arguments})"

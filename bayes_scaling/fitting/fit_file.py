"""The file of a fit to runs: its model, its runs and its draws, as they are written and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import xarray as xr

from bayes_scaling import noise as noise_models
from bayes_scaling.fitting import stored_file
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.fitting.tree import observed_data, run_data
from bayes_scaling.laws import Law, find_law
from bayes_scaling.model.hierarchy import Vary
from bayes_scaling.model.nodes import LEVEL_NODE, NODE
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.model.specification import Specification
from bayes_scaling.model.surface import DELTA, MISS, WEIGHTS, Surface
from bayes_scaling.noise import Noise
from bayes_scaling.priors import Prior
from bayes_scaling.runs import Runs

RUNS_AS_THEY_ARE = ("inputs", "factors", "response", "left_out", "remarks")
"""Fields of runs that JSON holds as they are; its lists become tuples again in `Runs`."""


def write_fit_file(
    path: Path,
    model: ScalingModel,
    runs: Runs,
    settings: Settings,
    groups: Mapping[str, xr.Dataset],
) -> Path:
    """Write specification, runs and draws to `path`."""
    extra = {
        "constant_data": run_data(model, runs),
        "observed_data": observed_data(runs),
        "runs": stored_file.storable(runs.table),
    }
    stored = specification(model, runs, settings)
    return stored_file.write_file(path, "runs", stored, {**groups, **extra})


def read_fit_file(path: Path) -> tuple[ScalingModel, Runs, Settings, dict[str, xr.Dataset]]:
    """Read what :func:`write_fit_file` has written."""
    spec, groups = stored_file.read_file(path, "runs", ["runs"])
    with stored_file.specified(path):
        model, settings = _model_from_json(spec), Settings(**spec["settings"])
        runs = Runs(stored_file.restored(groups.pop("runs")), **spec["runs"])
    _check_complete(path, model, runs, groups)
    return model, runs, settings, groups


def specification(model: ScalingModel, runs: Runs, settings: Settings) -> dict[str, Any]:
    """All of a fit that is no array, as plain JSON values."""
    return {
        **_law_to_json(model.law),
        # All of them: the defaults of a later version may be others.
        "priors": {name: asdict(prior) for name, prior in model.parameters.items()},
        "given_priors": list(model.priors),
        "vary": [
            {"parameter": v.parameter, "by": v.by, "spread": asdict(model.spread(v))}
            for v in model.vary
        ],
        "noise": _noise_to_json(model.noise),
        "stage_noise": _noise_to_json(model.stage_noise),
        "surface": model.surface and _fields_to_json(model.surface),
        "runs": {
            **{name: getattr(runs, name) for name in RUNS_AS_THEY_ARE},
            "reference": runs.scales_by_hand,
            "sources": dict(runs.sources),
            "urls": dict(runs.urls),
        },
        "settings": asdict(settings),
    }


def _model_from_json(spec: Mapping[str, Any]) -> ScalingModel:
    law, given = _law_from_json(spec), spec.get("given_priors", ())
    priors = {name: Prior(**prior) for name, prior in spec["priors"].items()}
    return ScalingModel(
        law,
        vary=[_vary_from_json(law, stored) for stored in spec["vary"]],
        priors={n: p for n, p in priors.items() if n in given or p != law.priors.get(n)},
        noise=_noise_from_json(spec["noise"]),
        stage_noise=_noise_from_json(spec["stage_noise"]),
        surface=spec["surface"] and Surface(**_fields_from_json(spec["surface"])),
    )


def _vary_from_json(law: Law, stored: Mapping[str, Any]) -> Vary:
    vary, spread = Vary(stored["parameter"], stored["by"]), Prior(**stored["spread"])
    return vary if spread == Specification(law).spread(vary) else replace(vary, spread=spread)


def _check_complete(
    path: Path, model: ScalingModel, runs: Runs, groups: Mapping[str, xr.Dataset]
) -> None:
    """Refuse draws that are not of all variables of the model, with its factors as dims."""
    variables = {*model.parameters, *map(model.reference_name, model.parameters)}
    variables |= {*model.sampled_priors(runs), *model.noise.priors}
    variables |= {vary.z_name for vary in (*model.vary, *model.deviations(runs))}
    dims = {"chain", "draw", *model.factors}
    if model.has_surface(runs):
        variables |= {MISS, WEIGHTS, *model.priors_beyond(runs)}
        dims |= {NODE, *([LEVEL_NODE] if model.deviating(DELTA, runs) else [])}
    stored_file.check_draws(path, model.law.name, groups, variables, dims)


def _noise_to_json(noise: Noise) -> dict[str, Any]:
    return {"name": type(noise).__name__, "options": _fields_to_json(noise)}


def _noise_from_json(stored: Mapping[str, Any]) -> Noise:
    model: type[Noise] = getattr(noise_models, stored["name"])
    return model(**_fields_from_json(stored["options"]))


def _fields_to_json(value: Law | Noise | Surface) -> dict[str, Any]:
    """The options of a law or noise model: its fields, if it has any."""
    options = {f.name: getattr(value, f.name) for f in fields(value)} if is_dataclass(value) else {}
    return {name: _field_to_json(option) for name, option in options.items()}


def _field_to_json(option: Any) -> Any:
    if isinstance(option, Prior):
        return {"prior": asdict(option)}
    return _law_to_json(option) if isinstance(option, Law) else option


def _law_to_json(law: Law) -> dict[str, Any]:
    return {"law": {"name": law.name, "options": _fields_to_json(law)}}


def _law_from_json(stored: Mapping[str, Any]) -> Law:
    law = stored["law"]
    return find_law(law["name"])(**_fields_from_json(law["options"]))


def _fields_from_json(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _field_from_json(option) for name, option in stored.items()}


def _field_from_json(option: Any) -> Any:
    if isinstance(option, dict):
        return _law_from_json(option) if "law" in option else Prior(**option["prior"])
    return tuple(option) if isinstance(option, list) else option

"""The file of a fit: one netCDF file with ArviZ's groups and a JSON specification, no pickle.

Owns the format. What was specified goes into the attribute ``bayes_scaling`` of the root as JSON;
the draws, and the table of runs, are groups.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling import noise as noise_models
from bayes_scaling.display.wording import listed
from bayes_scaling.errors import BayesScalingError, FitFileError
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.fitting.tree import observed_data, run_data
from bayes_scaling.laws import Law, find_law
from bayes_scaling.model.hierarchy import Vary
from bayes_scaling.model.nodes import NODE
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.model.surface import MISS, WEIGHTS, Surface
from bayes_scaling.noise import Noise
from bayes_scaling.priors import Prior
from bayes_scaling.runs import Runs

FORMAT = 5

SPECIFICATION = "bayes_scaling"
GROUPS = ("posterior", "sample_stats")


def write_fit_file(
    path: Path,
    model: ScalingModel,
    runs: Runs,
    settings: Settings,
    groups: Mapping[str, xr.Dataset],
) -> Path:
    """Write specification, runs and draws to `path`.

    The file appears whole or not at all: an earlier one is replaced only when writing succeeded.
    """
    extra = {
        "constant_data": run_data(model, runs),
        "observed_data": observed_data(runs),
        "runs": _storable(runs.table),
    }
    tree = xr.DataTree.from_dict({**groups, **extra})
    tree.attrs[SPECIFICATION] = json.dumps(specification(model, runs, settings))
    partial = path.with_name(path.name + ".partial")
    try:
        tree.to_netcdf(partial, engine="h5netcdf")
        partial.replace(path)
    except (OSError, TypeError, ValueError) as error:
        partial.unlink(missing_ok=True)
        raise FitFileError(
            f"The fit cannot be written to {str(path)!r}: {error}. Nothing was saved, and the fit "
            "in memory is unharmed. Choose a folder that exists and can be written to."
        ) from error
    return path


def read_fit_file(
    path: Path,
) -> tuple[ScalingModel, Runs, Settings, dict[str, xr.Dataset]]:
    """Read what :func:`write_fit_file` has written."""
    spec, groups = _stored(path)
    if spec.get("format") != FORMAT:
        raise FitFileError(
            f"{str(path)!r} has format {spec.get('format')}, and this version reads format {FORMAT}"
            ". Its fields may mean something else. It was made by version "
            f"{spec.get('version')}: load it there, or fit again."
        )
    return _restored(path, spec, groups)


def _stored(path: Path) -> tuple[dict[str, Any], dict[str, xr.Dataset]]:
    """Specification and groups as they stand in a file."""
    if not path.is_file():
        raise FitFileError(
            f"There is no file {str(path)!r}, so there is no fit to load. Check the path, or make "
            "the file with fit.save(path)."
        )
    try:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            loaded = tree.load()
            spec = json.loads(loaded.attrs[SPECIFICATION])
            groups = {name: loaded[name].to_dataset() for name in (*GROUPS, "runs")}
    except (OSError, KeyError, ValueError) as error:
        raise FitFileError(
            f"{str(path)!r} is not a fit of bayes_scaling ({type(error).__name__}: {error}). Its "
            "numbers cannot be read with their meaning. Give a file made by fit.save(path)."
        ) from error
    if not isinstance(spec, dict):
        raise FitFileError(
            f"{str(path)!r} is not a fit of bayes_scaling: its specification is a "
            f"{type(spec).__name__}. Give a file made by fit.save(path)."
        )
    return spec, groups


def specification(model: ScalingModel, runs: Runs, settings: Settings) -> dict[str, Any]:
    """All of a fit that is no array, as plain JSON values."""
    return {
        "format": FORMAT,
        "version": version("bayes_scaling"),
        "packages": {name: version(name) for name in ("pymc", "nutpie", "arviz", "numpy")},
        **_law_to_json(model.law),
        # All of them: the defaults of a later version may be others.
        "priors": {name: _prior_to_json(prior) for name, prior in model.parameters.items()},
        "vary": [
            {"parameter": v.parameter, "by": v.by, "spread": _prior_to_json(v.spread)}
            for v in model.vary
        ],
        "noise": _noise_to_json(model.noise),
        "stage_noise": _noise_to_json(model.stage_noise),
        "surface": model.surface and _fields_to_json(model.surface),
        "runs": _runs_to_json(runs),
        "settings": asdict(settings),
    }


def _runs_to_json(runs: Runs) -> dict[str, Any]:
    return {
        "inputs": list(runs.inputs),
        "factors": list(runs.factors),
        "response": runs.response,
        "reference": runs.scales_by_hand,
        "left_out": list(runs.left_out),
        "sources": dict(runs.sources),
        "remarks": list(runs.remarks),
        "urls": dict(runs.urls),
    }


def _restored(
    path: Path, spec: dict[str, Any], groups: dict[str, xr.Dataset]
) -> tuple[ScalingModel, Runs, Settings, dict[str, xr.Dataset]]:
    try:
        law = _law_from_json(spec)
        priors = {name: _prior_from_json(prior) for name, prior in spec["priors"].items()}
        model = ScalingModel(
            law,
            vary=[
                Vary(v["parameter"], by=v["by"], spread=_prior_from_json(v["spread"]))
                for v in spec["vary"]
            ],
            priors={n: prior for n, prior in priors.items() if prior != law.priors.get(n)},
            noise=_noise_from_json(spec["noise"]),
            stage_noise=_noise_from_json(spec["stage_noise"]),
            surface=_surface_from_json(spec["surface"]),
        )
        runs = _restored_runs(spec["runs"], groups.pop("runs"))
        settings = Settings(**spec["settings"])
    except BayesScalingError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise FitFileError(
            f"{str(path)!r} has a damaged specification ({type(error).__name__}: {error}), and "
            "without it the draws mean nothing. Restore the file, or fit again."
        ) from error
    _check_complete(path, model, runs, groups)
    return model, runs, settings, groups


def _check_complete(
    path: Path, model: ScalingModel, runs: Runs, groups: Mapping[str, xr.Dataset]
) -> None:
    """Refuse draws that are not of all variables of the model, with its factors as dims."""
    variables = {*model.parameters, *map(model.reference_name, model.parameters)}
    variables |= {*model.sampled_priors(runs), *model.noise.priors}
    variables |= {vary.z_name for vary in model.vary}
    dims = {"chain", "draw", *model.factors}
    if model.has_surface(runs):
        variables |= {MISS, WEIGHTS, *model.priors_beyond(runs)}
        dims |= {NODE}
    draws = groups["posterior"]
    lacking = (variables - set(draws)) | (dims ^ set(draws.dims))
    lacking |= {"diverging"} - set(groups["sample_stats"])
    if lacking:
        raise FitFileError(
            f"{str(path)!r} does not hold the draws of {model.law.name} as it is now: they differ "
            f"in {listed(sorted(map(str, lacking)))}. It is damaged, or the law was changed since. "
            "Restore the file or the law, or fit again."
        )


def _prior_to_json(prior: Prior) -> dict[str, Any]:
    return {
        "distribution": prior.distribution,
        "numbers": list(prior.numbers),
        "units": prior.units,
    }


def _prior_from_json(stored: Mapping[str, Any]) -> Prior:
    return Prior(stored["distribution"], tuple(stored["numbers"]), stored["units"])


def _noise_to_json(noise: Noise) -> dict[str, Any]:
    return {"name": type(noise).__name__, "options": _fields_to_json(noise)}


def _noise_from_json(stored: Mapping[str, Any]) -> Noise:
    model: type[Noise] = getattr(noise_models, stored["name"])
    return model(**_fields_from_json(stored["options"]))


def _surface_from_json(stored: Mapping[str, Any] | None) -> Surface | None:
    return None if stored is None else Surface(**_fields_from_json(stored))


def _fields_to_json(value: Law | Noise | Surface) -> dict[str, Any]:
    """The options of a law or noise model: its fields, if it has any."""
    options = {f.name: getattr(value, f.name) for f in fields(value)} if is_dataclass(value) else {}
    return {name: _field_to_json(option) for name, option in options.items()}


def _field_to_json(option: Any) -> Any:
    if isinstance(option, Prior):
        return {"prior": _prior_to_json(option)}
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
        return _law_from_json(option) if "law" in option else _prior_from_json(option["prior"])
    return tuple(option) if isinstance(option, list) else option


def _storable(table: pd.DataFrame) -> xr.Dataset:
    """The table with numbers as they are and every other cell as JSON, columns by position."""
    stored = xr.Dataset(coords={"run": table.index.to_numpy(dtype=object)})
    names = [[str(name), _is_plain(column)] for name, column in table.items()]
    for position, (_, column) in enumerate(table.items()):
        values = column.to_numpy() if _is_plain(column) else _as_json(column)
        stored[f"column_{position}"] = ("run", values)
    return stored.assign_attrs(columns=json.dumps(names))


def _is_plain(column: pd.Series) -> bool:
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf"


def _as_json(column: pd.Series) -> np.ndarray:
    cells = [None if missing else cell for cell, missing in zip(column, column.isna(), strict=True)]
    return np.array([json.dumps(_number(cell), default=str) for cell in cells], dtype=object)


def _number(cell: Any) -> Any:
    return cell.item() if isinstance(cell, np.generic) else cell


def _restored_runs(spec: Mapping[str, Any], stored: xr.Dataset) -> Runs:
    columns = {}
    for position, (name, plain) in enumerate(json.loads(stored.attrs["columns"])):
        values = stored[f"column_{position}"].values
        columns[name] = values if plain else [json.loads(cell) for cell in values]
    table = pd.DataFrame(columns, index=pd.Index(stored["run"].values, name="run"))
    return Runs(
        table,
        inputs=tuple(spec["inputs"]),
        factors=tuple(spec["factors"]),
        response=spec["response"],
        reference=spec["reference"],
        left_out=tuple(spec["left_out"]),
        sources=spec["sources"],
        remarks=tuple(spec["remarks"]),
        urls=spec.get("urls", {}),
    )

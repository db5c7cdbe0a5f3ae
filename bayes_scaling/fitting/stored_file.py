"""One netCDF file with ArviZ's groups and a JSON specification, no pickle: how any fit is kept.

Owns the format: what was specified is in the attribute ``bayes_scaling`` of the root as JSON; the
draws, and the tables that were fitted, are groups.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.files import written_whole
from bayes_scaling.display.versions import installed_version
from bayes_scaling.display.wording import listed
from bayes_scaling.errors import BayesScalingError, FitFileError

FORMAT = 7

SPECIFICATION = "bayes_scaling"
GROUPS = ("posterior", "sample_stats")

LOADERS = {"runs": "bs.load_fit", "curves": "bs.schedules.load_fit"}
"""Functions that load a fit, by what it was fitted to."""


def write_file(
    path: Path, kind: str, specification: Mapping[str, Any], groups: Mapping[str, xr.Dataset]
) -> Path:
    """Write the specification and the groups of a fit to runs or to curves.

    The file appears whole or not at all: an earlier one is replaced only when writing succeeded.
    """
    about = {
        "format": FORMAT,
        "version": installed_version("bayes_scaling"),
        "packages": {n: installed_version(n) for n in ("pymc", "nutpie", "arviz", "numpy")},
        "kind": kind,
    }
    tree = xr.DataTree.from_dict(dict(groups))
    tree.attrs[SPECIFICATION] = json.dumps({**about, **specification})
    try:
        with written_whole(path) as partial:
            tree.to_netcdf(partial, engine="h5netcdf")
    except (OSError, TypeError, ValueError) as error:
        raise FitFileError(
            f"The fit cannot be written to {str(path)!r}: {error}. Nothing was saved, and the fit "
            "in memory is unharmed. Choose a folder that exists and can be written to."
        ) from error
    return path


def read_file(
    path: Path, kind: str, tables: Sequence[str]
) -> tuple[dict[str, Any], dict[str, xr.Dataset]]:
    """Specification and groups, `tables` among them, of a fit to runs or to curves."""
    spec, groups = _stored(path)
    if spec.get("format") != FORMAT:
        raise FitFileError(
            f"{str(path)!r} has format {spec.get('format')}, and this version reads format {FORMAT}"
            ". Its fields may mean something else. It was made by version "
            f"{spec.get('version')}: load it there, or fit again."
        )
    found = spec.get("kind", "runs")
    if found != kind:
        raise FitFileError(
            f"{str(path)!r} is a fit to {found}, whose numbers mean something else. Load it with "
            f"{LOADERS.get(found, 'the version that made it')}."
        )
    lacking = [name for name in (*GROUPS, *tables) if name not in groups]
    if lacking:
        raise FitFileError(
            f"{str(path)!r} lacks {listed(lacking)}, and without it the fit is not whole. Restore "
            "the file, or fit again."
        )
    return spec, {name: groups[name] for name in (*GROUPS, *tables)}


def _stored(path: Path) -> tuple[dict[str, Any], dict[str, xr.Dataset]]:
    """Specification and groups as they stand in a file."""
    if not path.is_file():
        raise FitFileError(
            f"There is no file {str(path)!r}, so there is no fit to load. Check the path, or make "
            "the file with fit.save(path) or the command bayes-scaling fit."
        )
    try:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            loaded = tree.load()
            spec = json.loads(loaded.attrs[SPECIFICATION])
            groups = {name: group.to_dataset() for name, group in loaded.children.items()}
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


@contextmanager
def specified(path: Path) -> Iterator[None]:
    """Name the file of which a specification cannot be read."""
    try:
        yield
    except BayesScalingError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise FitFileError(
            f"{str(path)!r} has a damaged specification ({type(error).__name__}: {error}), and "
            "without it the draws mean nothing. Restore the file, or fit again."
        ) from error


def check_draws(
    path: Path, law: str, groups: Mapping[str, xr.Dataset], variables: set[str], dims: set[str]
) -> None:
    """Refuse draws that are not of all `variables`, with these dims."""
    draws = groups["posterior"]
    lacking = (variables - set(draws)) | (dims ^ set(draws.dims))
    lacking |= {"diverging"} - set(groups["sample_stats"])
    if lacking:
        raise FitFileError(
            f"{str(path)!r} does not hold the draws of {law} as it is now: they differ in "
            f"{listed(sorted(map(str, lacking)))}. It is damaged, or the law was changed since. "
            "Restore the file or the law, or fit again."
        )


def storable(table: pd.DataFrame) -> xr.Dataset:
    """The table with numbers as they are and every other cell as JSON, columns by position."""
    stored = xr.Dataset(coords={"run": table.index.astype(str).to_numpy(dtype=object)})
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


def restored(stored: xr.Dataset) -> pd.DataFrame:
    """The table that :func:`storable` has made a dataset of."""
    columns = {}
    for position, (name, plain) in enumerate(json.loads(stored.attrs["columns"])):
        values = stored[f"column_{position}"].values
        columns[name] = values if plain else [json.loads(cell) for cell in values]
    return pd.DataFrame(columns, index=pd.Index(stored["run"].values, name="run"))

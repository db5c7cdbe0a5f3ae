"""The file of a fit to curves: its law, its curves with their schedules, and its draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from bayes_scaling.errors import UnknownLawError
from bayes_scaling.fitting import stored_file
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.priors import Prior
from bayes_scaling.schedules.curve_model import CURVE, CurveModel
from bayes_scaling.schedules.curves import Curves
from bayes_scaling.schedules.laws import CurveLaw


def write_curve_file(
    path: Path,
    model: CurveModel,
    curves: Curves,
    settings: Settings,
    groups: Mapping[str, xr.Dataset],
) -> Path:
    """Write specification, curves and draws to `path`."""
    options: dict[str, Any] = asdict(model.law) if is_dataclass(model.law) else {}
    specification = {
        "law": {"name": type(model.law).__name__, "options": options},
        # All of them: the defaults of a later version may be others.
        "priors": {name: asdict(prior) for name, prior in model.chosen.items()},
        "points": model.points,
        "schedules": list(curves.schedules),
        "settings": asdict(settings),
    }
    rates = {
        f"schedule_{number}": (f"step_{number}", schedule)
        for number, schedule in enumerate(curves.schedules.values())
    }
    tables = {"curves": stored_file.storable(curves.table), "schedules": xr.Dataset(rates)}
    return stored_file.write_file(path, "curves", specification, {**groups, **tables})


def read_curve_file(path: Path) -> tuple[CurveModel, Curves, Settings, dict[str, xr.Dataset]]:
    """Read what :func:`write_curve_file` has written."""
    spec, groups = stored_file.read_file(path, "curves", ["curves", "schedules"])
    with stored_file.specified(path):
        law = _law(spec["law"]["name"])
        priors = {name: Prior(**prior) for name, prior in spec["priors"].items()}
        model = CurveModel(law(**spec["law"]["options"]), priors, spec["points"])
        rates = groups.pop("schedules")
        schedules = {
            name: rates[f"schedule_{number}"].to_numpy()
            for number, name in enumerate(spec["schedules"])
        }
        table = stored_file.restored(groups.pop("curves"))
        curves = Curves(table.reset_index(drop=True), schedules)
        settings = Settings(**spec["settings"])
    variables = {*model.sampled_priors, *model.law.priors, "gain_miss"}
    stored_file.check_draws(path, repr(model.law), groups, variables, {"chain", "draw", CURVE})
    return model, curves, settings, groups


def _law(name: str) -> type[CurveLaw]:
    """The law of a name, of this package or of the user."""
    known = {law.__name__: law for law in _made_from(CurveLaw)}  # type: ignore[type-abstract]
    if name not in known:
        raise UnknownLawError(
            f"No law {name!r} is defined, so nothing says what its parameters mean. Define or "
            "import it before its fit is loaded."
        )
    return known[name]


def _made_from(law: type[CurveLaw]) -> Iterator[type[CurveLaw]]:
    """All subclasses of a class of laws, and theirs."""
    for one in law.__subclasses__():
        yield one
        yield from _made_from(one)

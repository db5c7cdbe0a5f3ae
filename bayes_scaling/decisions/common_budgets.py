"""Budgets and levels that the allocations of several fits have in common."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from bayes_scaling.display.tables import coordinate_index
from bayes_scaling.display.wording import listed
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting.average import FitAverage


def on_same_budgets(draws: Mapping[str, xr.Dataset], average: FitAverage) -> dict[str, xr.Dataset]:
    """Draws of each fit at the budgets and levels of the fit with most factors.

    Raises
    ------
    ModelError
        No fit has all the factors.
    """
    factors = {name: set(average.fits[name].model.factors) for name in draws}
    most = max(factors, key=lambda name: len(factors[name]))
    wanted = coordinate_index(draws[most]["budget"]).to_frame(index=False)
    other = next((name for name in draws if not factors[name] <= factors[most]), None)
    if other is not None:
        raise ModelError(
            f"allocate: {most!r} varies by {listed(sorted(factors[most]))} and {other!r} by "
            f"{listed(sorted(factors[other]))}, so they have no budgets and levels in common. "
            "Average fits of which one has all the factors."
        )
    placed = {}
    for name, part in draws.items():
        rows = coordinate_index(part["budget"]).to_frame(index=False)
        places = rows.drop_duplicates().reset_index(names="place")
        found = wanted.merge(places, how="left", on=list(rows.columns))["place"].to_numpy(int)
        placed[name] = part.isel(budget=found).assign_coords(draws[most]["budget"].coords)
    return placed

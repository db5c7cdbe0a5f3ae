"""isoloss_curves() and isoflop_curves(): the contours of the fitted surface, with bands.

An isoloss curve holds the runs of equal loss, tokens against parameters; an isoFLOP curve the
runs of equal compute, loss against parameters. Owns no drawing: see ``plots.isolines``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.decisions.surface.landscape import Landscape, check_splits, surface
from bayes_scaling.display.tables import coordinate_index
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.drawn_result import DrawnResult
from bayes_scaling.model.points import At, Numbers, as_floats, asked_table
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

GRID = 41
"""Sizes on a curve, if none are given."""

_LEAST = {"flops": "expected_loss", "loss": "flops"}
"""Quantity that is least at the best size of a curve, by what is equal along it."""

MARGIN = 4.0
"""Factor by which those go beyond the sizes of the runs, either way."""


@dataclass(frozen=True, repr=False, eq=False)
class Isolines(DrawnResult[ScalingFit]):
    """Draws of curves through params.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, point)
        ``tokens`` and ``flops`` along an isoloss curve, infinite where no amount of data makes up
        for the size; ``expected_loss`` and ``tokens`` along an isoFLOP curve. Coordinates of
        ``point``: ``params``, the ``loss`` or ``flops`` that is held, and levels.
    fit : ScalingFit
    held : {"loss", "flops"}
        What is equal along a curve.
    """

    held: Literal["loss", "flops"] = "loss"

    @property
    def title(self) -> str:
        """Heading of the print, which shows one size of each curve."""
        sizes = len(np.unique(self.draws["params"]))
        least = "FLOP" if self.held == "loss" else "expected loss"
        return f"Isolines, best of all {sizes} sizes in table() by {least}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for a reader: of the fit."""
        return self.fit.notes

    def best(self) -> xr.Dataset:
        """The point of each curve that is best in each draw, of the sizes on the curve.

        Returns
        -------
        xarray.Dataset, dims (chain, draw, point)
            ``params`` and ``expected_loss``, or ``flops`` on an isoloss curve; missing where no
            size reaches the loss. Coordinates of ``point``: what is held, and levels.
        """
        names, least = [self.held, *self.fit.model.factors], _LEAST[self.held]
        table = coordinate_index(self.draws["point"]).to_frame(index=False)
        curves = list(table.groupby(names).indices.values())
        found: dict[str, list[np.ndarray]] = {"params": [], least: []}
        for rows in curves:
            values, sizes = self.draws[least].values[..., rows], table["params"].to_numpy()[rows]
            lowest = values.min(axis=-1)
            best = sizes[values.argmin(axis=-1)]
            found["params"].append(np.where(np.isfinite(lowest), best, np.nan))
            found[least].append(lowest)
        labels = self.draws.coords.to_dataset().drop_vars("params")[["chain", "draw", *names]]
        empty = labels.isel(point=[rows[0] for rows in curves])
        dims = ("chain", "draw", "point")
        return empty.assign({name: (dims, np.stack(of, axis=-1)) for name, of in found.items()})

    def _shown(self) -> pd.DataFrame:
        return self._intervals(self.best(), "point", None)


def isoloss_curves(
    fit: ScalingFit, loss: Numbers, *, params: Numbers | None = None, at: At | None = None
) -> Isolines:
    """Tokens that give models of each size the same expected loss.

    Parameters
    ----------
    fit : ScalingFit
        Of a law of params and tokens.
    loss : float or array
        Loss of each curve, in the unit of the runs.
    params : float or array, optional
        Sizes; those of the runs and somewhat beyond if not given.
    at : pandas.DataFrame or mapping, optional
        Levels of factors, and other inputs of the law, in one row or one for each curve.

    Raises
    ------
    ModelError
        The law is not one of params and tokens.
    RunsError
        A loss or size is not positive.
    """
    where, size = _curves(fit, "isoloss_curves", {"loss": loss}, params, at)
    tokens = where.reaching(
        lambda tokens: where.split_loss(size, tokens), where.asked("loss"), where.centre("tokens")
    )
    flops = FLOPS_PER_PARAM_TOKEN * size * tokens
    return Isolines(where.labelled(tokens=tokens, flops=flops), fit, "loss")


def isoflop_curves(
    fit: ScalingFit, flops: Numbers, *, params: Numbers | None = None, at: At | None = None
) -> Isolines:
    """Expected loss of models of each size at the same training compute.

    Parameters
    ----------
    flops : float or array
        Budget of each curve, in FLOP.
    fit, params, at
        As for :func:`isoloss_curves`.

    Raises
    ------
    ModelError, RunsError
        As :func:`isoloss_curves` raises them, here for a budget that is not positive.
    """
    where, size = _curves(fit, "isoflop_curves", {"flops": flops}, params, at)
    tokens = where.asked("flops") / FLOPS_PER_PARAM_TOKEN / size
    loss = where.split_loss(size, tokens)
    return Isolines(where.labelled(expected_loss=loss, tokens=tokens), fit, "flops")


def _curves(
    fit: ScalingFit,
    question: str,
    held: Mapping[str, Numbers],
    params: Numbers | None,
    at: At | None,
) -> tuple[Landscape, np.ndarray]:
    """The loss at every size on every curve, and these sizes."""
    check_splits(fit, question)
    sizes = fit.runs.values("params")
    grid = np.geomspace(sizes.min() / MARGIN, sizes.max() * MARGIN, GRID)
    along = grid if params is None else as_floats("params", params)
    [(name, value)] = held.items()
    values = as_floats(name, value)
    table = None if at is None else asked_table({}, at)
    curves = values if table is None else np.broadcast_to(values, max(len(values), len(table)))
    asked = {name: np.repeat(curves, len(along)), "params": np.tile(along, len(curves))}
    if table is not None and len(table) > 1:
        table = table.iloc[np.repeat(np.arange(len(table)), len(along))]
    where = surface(fit, asked, table)
    return where, where.asked("params")

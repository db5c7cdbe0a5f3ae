"""Partial pooling: a parameter that differs between the levels of a factor, and is shared still.

Owns how a varying parameter is put together from its typical value and the offsets of its levels,
in the model and again in the posterior. On the parameter's own scale the offsets of several factors
add up: the logarithm if it is positive, the logit if it lies between 0 and 1. A floor's own scale
is the logarithm, for that of a level may lie above the losses of others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr

from bayes_scaling import ops
from bayes_scaling.display.html import AsCode
from bayes_scaling.errors import ModelError
from bayes_scaling.priors import Prior, Support

NewLevels = Literal["error", "draw", "typical"]

CENTRED_FROM_RUNS = 8
"""Runs in a level from which the data, not the prior, settle its offset.

Centred sampling is the better geometry for such levels, non-centred for smaller ones."""


SPREAD_PRIOR = Prior.between(0.05, 0.4)
"""Spread between levels: it keeps away from zero, where pooled models do not sample well."""

FLOOR_SPREAD = Prior.between(0.01, 0.2)
"""Spread between floors: recipes on one text have floors within a per cent, other texts others."""


@dataclass(frozen=True)
class Vary(AsCode):
    """Let one parameter differ between the levels of a factor, partially pooled.

    Parameters
    ----------
    parameter : str
        A parameter of the law.
    by : str
        A factor of the runs, such as ``"corpus"``.
    spread : Prior, optional
        Standard deviation between levels on the parameter's own scale: 0.1 means that levels
        differ by about 10 % for a positive parameter or a floor; a share between 0 and 1 has its
        logit as scale. It must keep away from zero. If not given, 90 % within 0.05 and 0.4, and
        within 0.01 and 0.2 for a floor.

    Examples
    --------
    >>> Vary("E", by="corpus")
    Vary('E', by='corpus')
    """

    parameter: str
    by: str
    spread: Prior | None = None

    def __post_init__(self) -> None:
        if self.spread is not None and self.spread.support != "positive":
            raise ModelError(
                f"Vary({self.parameter!r}): the spread {self.spread!r} is not on the positive "
                "numbers, as a standard deviation must be. Use Prior.between(0.05, 0.4)."
            )

    @property
    def spread_name(self) -> str:
        """Posterior name of the spread."""
        return f"{self.parameter}_sd_{self.by}"

    @property
    def z_name(self) -> str:
        """Posterior name of the standardised offsets, dims (factor,)."""
        return f"{self.parameter}_z_{self.by}"

    @property
    def raw_name(self) -> str:
        """Name of the sampled variable behind the offsets, dims (factor,)."""
        return f"{self.parameter}_raw_{self.by}"

    def __repr__(self) -> str:
        spread = "" if self.spread is None else f", spread={self.spread!r}"
        return f"Vary({self.parameter!r}, by={self.by!r}{spread})"


@dataclass(frozen=True)
class Link:
    """The parameter's own scale, on which offsets add, and the way back."""

    forward: Callable[[Any], Any]
    inverse: Callable[[Any], Any]


def _identity(value: Any) -> Any:
    return value


def _logit(value: Any) -> Any:
    return ops.log(value) - ops.log1p(-value)


LINKS: Mapping[Support, Link] = {
    "real": Link(_identity, _identity),
    "positive": Link(ops.log, ops.exp),
    "unit": Link(_logit, ops.sigmoid),
}


def centred_weights(counts: np.ndarray) -> np.ndarray:
    """For each level, 1.0 if it is to be sampled centred, 0.0 if not, from its number of runs."""
    return (np.asarray(counts) >= CENTRED_FROM_RUNS).astype(float)


def level_centre(vary: Vary, varies: Sequence[Vary], typical: Any) -> Any:
    """Value that the levels of one of several factors are centred on, if they are.

    The typical value at the first factor: centred on it at two, they would add it twice.
    """
    return typical if vary == varies[0] else typical * 0


def offset(raw: Any, spread: Any, centred: Any, centre: Any) -> Any:
    """Offset of each level from what was sampled for it.

    `raw` is drawn from Normal(centred * centre, spread**centred): with `centred` = 1 it is the
    value itself, with 0 a standard normal. The weight is data, one number for each level, so that
    a level may change its parametrisation without a new model.
    """
    return spread ** (1 - centred) * (raw - centred * centre)


def combine(link: Link, typical: Any, offsets: list[Any]) -> Any:
    """The parameter's value in each level from its typical value and its offsets."""
    return link.inverse(sum(offsets, start=link.forward(typical)))


def at_levels(
    link: Link,
    typical: xr.DataArray,
    varying: list[tuple[Vary, xr.DataArray, xr.DataArray]],
    labels: Mapping[str, xr.DataArray],
    rng: np.random.Generator | None,
) -> xr.DataArray:
    """Draws of a parameter at given levels of its factors, some of which may be new.

    Parameters
    ----------
    link : Link
        The parameter's own scale.
    typical : xarray.DataArray, dims (chain, draw)
        Its typical value.
    varying : list of (Vary, spread, z)
        Each with the draws of the spread, dims (chain, draw), and of the offsets, dims
        (chain, draw, factor).
    labels : mapping of str to xarray.DataArray
        Level of each factor at each point. A label that was not fitted is a new level.
    rng : numpy.random.Generator or None
        Draws new levels from the fitted spread; None puts them at the typical value.
    """
    offsets = [spread * extended(z, vary.by, labels[vary.by], rng) for vary, spread, z in varying]
    value: xr.DataArray = combine(link, typical, offsets)
    return value


def extended(
    z: xr.DataArray, factor: str, wanted: xr.DataArray, rng: np.random.Generator | None
) -> xr.DataArray:
    """Standardised draws of levels at points, with new ones for labels that were not fitted.

    Parameters
    ----------
    z : xarray.DataArray, dims (chain, draw, factor) and others
    wanted : xarray.DataArray of str
        Level at each point.
    rng : numpy.random.Generator or None
        Draws new levels from a standard normal; None puts them at zero.
    """
    known = set(z[factor].values)
    new = [label for label in dict.fromkeys(wanted.values.ravel()) if label not in known]
    if not new:
        return z.sel({factor: wanted})
    like = z.isel({factor: [0] * len(new)}).assign_coords({factor: new})
    drawn = like * 0.0 if rng is None else like.copy(data=rng.standard_normal(like.shape))
    found: xr.DataArray = xr.concat([z, drawn], factor).sel({factor: wanted})
    return found

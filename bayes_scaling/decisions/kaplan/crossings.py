"""loss_crossing(): the compute at which L(C) falls below the least loss that its data allow.

Two laws that were fitted apart contradict each other from some scale on; there, at the latest, one
of them breaks down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from bayes_scaling.decisions.groups import Path
from bayes_scaling.decisions.surface.landscape import (
    FAR,
    REACH,
    Landscape,
    check_loss,
    log_ratio,
    paired,
)
from bayes_scaling.decisions.surface.solvers import first_change
from bayes_scaling.display.html import AsCode
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.drawn_result import PairedResult
from bayes_scaling.units import PF_DAY


@dataclass(frozen=True)
class PowerOfCompute(AsCode):
    """An amount that grows as a power of compute: coefficient x (C / unit) ** exponent.

    Parameters
    ----------
    coefficient : float
        Amount at one `unit` of compute.
    exponent : float
    unit : float
        In FLOP; a petaFLOP/s-day if not given.

    Examples
    --------
    >>> f"{PowerOfCompute(2e10, 0.27)(8.64e23):.3g}"
    '2.4e+11'
    """

    coefficient: float
    exponent: float
    unit: float = PF_DAY

    def __post_init__(self) -> None:
        if not (self.coefficient > 0 and self.unit > 0 and np.isfinite(self.exponent)):
            raise ValueError(
                f"{self!r} is no amount that grows with compute. Give a positive coefficient and "
                "unit, and a finite exponent."
            )

    def __call__(self, flops: Any) -> Any:
        """The amount at some FLOP."""
        return self.coefficient * (flops / self.unit) ** self.exponent


KAPLAN_TOKENS = PowerOfCompute(2e10, 0.27)
"""Tokens that Kaplan's compute-efficient training uses (table 6)."""

KAPLAN_PARAMS = PowerOfCompute(1.3e9, 0.73)
"""Parameters of it, without embeddings (table 6)."""


class LossCrossing(PairedResult):
    """Draws of the point where L(D(C)) = L(C): ``flops``, ``tokens``, ``params``, ``loss``."""

    missing: ClassVar[str] = "do not cross"


def loss_crossing(
    compute_fit: ScalingFit,
    tokens_fit: ScalingFit,
    tokens: PowerOfCompute = KAPLAN_TOKENS,
    params: PowerOfCompute = KAPLAN_PARAMS,
) -> LossCrossing:
    """Find the compute at which the expected loss falls to the least that its data allow.

    Parameters
    ----------
    compute_fit : ScalingFit
        Of a law of flops; or of params and tokens, for its compute-optimal loss.
    tokens_fit : ScalingFit
        Of a law of tokens; or of params and tokens, for its loss with endless parameters. The two
        posteriors are taken as independent, unless they are one fit.
    tokens, params : PowerOfCompute
        Data and size of compute-efficient training; Kaplan's if not given.

    Returns
    -------
    LossCrossing
        NaN, and counted in the notes, where the two do not cross.

    Raises
    ------
    ModelError
        A fit is of other inputs, or has groups.

    References
    ----------
    Kaplan et al. (2020), arXiv:2001.08361, section 6.3, equation 6.8.
    """
    for fit, wanted in ((compute_fit, "flops"), (tokens_fit, "tokens")):
        _check(fit, wanted)
    one = xr.Dataset(coords={"point": [0]})
    by_compute = Landscape.of(compute_fit, one)
    by_tokens = Landscape.of(paired(tokens_fit, compute_fit), one)
    endless = {}
    if tokens_fit.model.law.splits_compute:
        by_tokens, endless = by_tokens.inside, {"params": FAR * by_tokens.centre("params")}

    loss_of_flops = Path(by_compute, "flops").loss

    def loss_of_data(flops: np.ndarray) -> np.ndarray:
        return by_tokens.loss(tokens=tokens(flops), **endless)

    centre = by_compute.centre("flops")
    flops = crossing(loss_of_flops, loss_of_data, centre)
    crossed = np.isfinite(flops)
    loss = np.where(crossed, loss_of_flops(np.where(crossed, flops, 1.0)), np.nan)
    draws = by_compute.labelled(flops=flops, tokens=tokens(flops), params=params(flops), loss=loss)
    names = [f.model.law.name for f in (compute_fit, tokens_fit)]
    named = draws.assign_coords(laws=("point", [" and ".join(names)]))
    return LossCrossing(named, compute_fit, tokens_fit)


def crossing(
    first: Callable[[np.ndarray], np.ndarray],
    second: Callable[[np.ndarray], np.ndarray],
    centre: np.ndarray,
) -> np.ndarray:
    """Compute at which two losses are equal; NaN where one lies above throughout.

    Examples
    --------
    Kaplan's constants, in PF-days: about 1e4 of them.

    >>> flops = crossing(
    ...     lambda c: (3.1e8 * PF_DAY / c) ** 0.050,
    ...     lambda c: (5.4e13 / KAPLAN_TOKENS(c)) ** 0.095,
    ...     np.array(1e23),
    ... )
    >>> round(float(flops / PF_DAY), -2)
    11200.0
    """

    def apart(log_flops: np.ndarray) -> np.ndarray:
        flops = np.exp(log_flops)
        return log_ratio(second(flops), first(flops))

    # The last crossing: from large compute down.
    places = REACH[::-1].reshape(-1, *[1] * np.ndim(centre))
    flops: np.ndarray = np.exp(first_change(apart, np.log(centre) + places))
    return flops


def _check(fit: ScalingFit, wanted: str) -> None:
    check_loss(fit, "loss_crossing")
    law, factors = fit.model.law, fit.model.factors
    if factors or not (fit.model.law.splits_compute or law.inputs == (wanted,)):
        groups = f" with groups of {', '.join(factors)}" if factors else ""
        raise ModelError(
            f"loss_crossing: {law.name} of {', '.join(law.inputs)}{groups} does not give one loss "
            f"for each amount of {wanted}. Fit a law of {wanted}, or of params and tokens, to one "
            "group of runs."
        )

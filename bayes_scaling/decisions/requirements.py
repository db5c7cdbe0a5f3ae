"""needed(): compute, tokens or parameters that reach a loss, if any amount does.

The inverse of the surface that :func:`bayes_scaling.forecast` reads, draw by draw. Where the floor
of a draw lies above the target the amount is infinite, and stays in the intervals: their upper ends
are then infinite too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.decisions.surface.landscape import check_loss, surface
from bayes_scaling.decisions.surface.splitting import Splitting
from bayes_scaling.display.intervals import SAMPLE_DIMS
from bayes_scaling.display.tables import coordinate_index
from bayes_scaling.display.wording import per_cent
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.drawn_result import DrawnResult
from bayes_scaling.model.points import At, Numbers
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN


@dataclass(frozen=True, repr=False, eq=False)
class Needed(DrawnResult[ScalingFit]):
    """Draws of the amount that reaches a loss.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, point)
        The amount, under the name of `of`; for compute also ``params`` and ``tokens`` of the run
        that needs least. Infinite where no amount suffices. ``loss``, levels and held inputs are
        coordinates of ``point``. The table has the probability ``unreachable`` beside the amount.
    fit : ScalingFit
    of : str
        What was asked for.
    """

    of: str = "flops"

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for a reader: of the fit, and of targets that may be out of reach."""
        worst = float(self.unreachable().max())
        if not worst:
            return super().notes
        note = (
            f"No amount of {self.of} reaches the loss in up to {per_cent(worst, 1)} of draws, "
            "whose floor is above it; they count as infinite."
        )
        return (*self.fit.notes, note, *self._missing_notes())

    def unreachable(self) -> pd.Series:
        """Probability that no amount suffices, by point."""
        share = xr.ufuncs.isinf(self.draws[self.of]).mean(SAMPLE_DIMS)
        return pd.Series(share.values, coordinate_index(self.draws["point"]), name="unreachable")

    def _further(self, prob: float | None) -> dict[str, np.ndarray]:  # noqa: ARG002
        return {"unreachable": self.unreachable().to_numpy()}

    @property
    def title(self) -> str:
        """The question in words."""
        return f"Needed {self.of}"


def needed(fit: ScalingFit, loss: Numbers, *, of: str = "flops", at: At | None = None) -> Needed:
    """Compute, tokens or parameters that it takes to reach an expected loss.

    Parameters
    ----------
    fit : ScalingFit
    loss : float or array
        Target, in the unit of the runs' loss.
    of : str
        Input asked for. With a law of params and tokens, ``"flops"`` is the least compute of any
        split; ``"tokens"`` and ``"params"`` want the other one in `at`.
    at : pandas.DataFrame or mapping, optional
        The inputs that are held, and levels of factors; a level left out is crossed.

    Raises
    ------
    ModelError
        The law does not depend on what is asked for, or the response does not fall with scale.
    RunsError
        An input to be held is missing, or a number is not positive.
    """
    check_loss(fit, "needed")
    both = fit.model.law.splits_compute
    if of not in (*fit.model.law.inputs, *(("params", "tokens", "flops") if both else ())):
        raise ModelError(
            f"needed: {fit.model.law.name} is a function of {', '.join(fit.model.law.inputs)}, so "
            f"no amount of {of} changes its loss. Ask for one of its inputs."
        )
    least_compute = both and of == "flops"
    where = surface(fit, {"loss": loss}, at, ("params", "tokens") if least_compute else (of,))
    target = where.asked("loss")
    if least_compute:
        run = Splitting(where).cheapest(target)
        flops = FLOPS_PER_PARAM_TOKEN * run.params * run.tokens
        amounts = {"flops": flops, "params": run.params, "tokens": run.tokens}
    else:
        centre = where.centre(of)
        amounts = {of: where.reaching(lambda amount: where.loss(**{of: amount}), target, centre)}
    return Needed(where.labelled(**amounts), fit, of)

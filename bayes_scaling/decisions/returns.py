"""marginal_returns() and compute_returns(): gains from more parameters, tokens or compute.

Derivatives are central differences in log inputs, of each draw, so they work for every law.
"""

from __future__ import annotations

from typing import ClassVar

import pandas as pd

from bayes_scaling.decisions.surface.landscape import Landscape, check_splits, surface
from bayes_scaling.decisions.surface.splitting import Splitting
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.drawn_result import DrawnResult
from bayes_scaling.model.points import At, Numbers, points
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

TENFOLD = 10.0


class MarginalReturns(DrawnResult[ScalingFit]):
    """Draws of the change of the expected loss with each input, at points.

    ``params_elasticity``, ``tokens_elasticity``, ``flops_elasticity``: percent of loss per percent
    of input, negative where more of it helps. That of compute has params and tokens grow alike; at
    the compute-optimal run every other way of spending gives the same. ``loss_per_param``,
    ``loss_per_token``, ``loss_per_flop``: partial derivatives. ``doubled_params``,
    ``doubled_tokens``: change of the loss with twice as many.
    """

    shown: ClassVar[tuple[str, ...]] = (
        "expected_loss",
        "params_elasticity",
        "tokens_elasticity",
        "flops_elasticity",
        "doubled_params",
        "doubled_tokens",
    )

    def tokens_first(self) -> pd.DataFrame:
        """Probability that doubling the data beats doubling the parameters, by point."""
        better = self.draws["doubled_tokens"] < self.draws["doubled_params"]
        share = better.mean(("chain", "draw")).values
        return self._columns(self.draws["point"], {"tokens_first": share})


class ComputeReturns(DrawnResult[ScalingFit]):
    """Draws of the gains from compute along the compute-optimal frontier.

    ``expected_loss`` at the budget; ``flops_elasticity``, percent of loss per percent of compute;
    ``loss_per_tenfold``, change of the loss with ten times the compute; ``floor`` of the surface;
    ``halving``, how many times the compute halves the loss above that floor.
    """

    missing: ClassVar[str] = "have no optimum in the range searched"


def marginal_returns(
    fit: ScalingFit,
    params: Numbers | None = None,
    tokens: Numbers | None = None,
    flops: Numbers | None = None,
    *,
    at: At | None = None,
) -> MarginalReturns:
    """Elasticities and partial derivatives of the expected loss at points.

    Parameters
    ----------
    fit : ScalingFit
        Of a law of params and tokens.
    params, tokens, flops : float or array
        Parameters, training tokens, FLOP of each run, of which two give the third.
    at : pandas.DataFrame or mapping, optional
        Points as a table, with columns for inputs and factors.

    Raises
    ------
    ModelError
        The law is not one of params and tokens.
    RunsError
        An input of the law is missing or not positive.
    """
    check_splits(fit, "marginal_returns")
    given = points(fit.model, fit.runs, params=params, tokens=tokens, flops=flops, at=at)
    where = Landscape.of(fit, given)
    size, data = where.asked("params"), where.asked("tokens")
    loss = where.split_loss(size, data)
    in_params, in_tokens = where.gains(size, data)
    in_flops = (in_params + in_tokens) / 2
    draws = where.labelled(
        expected_loss=loss,
        params_elasticity=-in_params / loss,
        tokens_elasticity=-in_tokens / loss,
        flops_elasticity=-in_flops / loss,
        loss_per_param=-in_params / size,
        loss_per_token=-in_tokens / data,
        loss_per_flop=-in_flops / (FLOPS_PER_PARAM_TOKEN * size * data),
        doubled_params=where.split_loss(2 * size, data) - loss,
        doubled_tokens=where.split_loss(size, 2 * data) - loss,
    )
    return MarginalReturns(draws, fit)


def compute_returns(fit: ScalingFit, flops: Numbers, *, at: At | None = None) -> ComputeReturns:
    """Gain from ten times the compute, and compute that halves the reducible loss.

    Parameters
    ----------
    fit : ScalingFit
        Of a law of params and tokens.
    flops : float or array
        Budgets, each split as is best for each draw (C = 6ND).
    at : pandas.DataFrame or mapping, optional
        Levels of factors, and other inputs of the law; a level left out is crossed.

    Raises
    ------
    ModelError
        The law is not one of params and tokens.
    RunsError
        A budget is not positive, or an input of the law is missing.
    """
    check_splits(fit, "compute_returns")
    where = surface(fit, {"flops": flops}, at)
    asked, budget, floor = Splitting(where), where.asked("flops"), where.floor
    best = asked.optimum(budget)
    more = asked.cheapest(floor + (best.loss - floor) / 2, best)
    draws = where.labelled(
        expected_loss=best.loss,
        flops_elasticity=-sum(where.gains(best.params, best.tokens)) / 2 / best.loss,
        loss_per_tenfold=asked.optimum(TENFOLD * budget).loss - best.loss,
        floor=floor,
        halving=FLOPS_PER_PARAM_TOKEN * more.params * more.tokens / budget,
    )
    return ComputeReturns(draws, fit)

"""Questions that decide: how to split compute, what it costs, what to run next.

One question per file, each a function of a fit that returns a frozen result with draws and a table.
All of them read one surface, that of :func:`bayes_scaling.forecast`, draw by draw.

=================  ===============================================================================
`allocation`       the split of a budget with the least loss, under `constraints` and at a cost
`costs`            what a run costs, where that is not 6ND
`near_optimality`  sizes that are nearly as good; `regretting`: what a plan wastes; `rules`
`lifetime`         the split that is cheapest to train and to serve
`requirements`     what a loss needs; `returns`: what more of an input gives
`isolines`         curves of equal loss and of equal compute; `parabolas`: best sizes without a law
`groups`           levels of a factor against each other; `recipes`: from a ladder of each
`following`        where a run in progress will end
`kaplan`           limits of a run, and where two laws contradict each other
`next_runs`        which runs to make next, for one of the `goals`
`surface`          the loss as plain arrays, the least loss of a budget, the least budget of a loss
=================  ===============================================================================
"""

from bayes_scaling.decisions import costs
from bayes_scaling.decisions.allocation import Allocation, allocate
from bayes_scaling.decisions.constraints import Constraints
from bayes_scaling.decisions.following import RunInProgress, follow
from bayes_scaling.decisions.groups import LevelComparison, compare_levels
from bayes_scaling.decisions.isolines import Isolines, isoflop_curves, isoloss_curves
from bayes_scaling.decisions.kaplan.crossings import LossCrossing, PowerOfCompute, loss_crossing
from bayes_scaling.decisions.kaplan.limits import (
    ConvergenceTradeoff,
    EarlyStopping,
    OverfittingThreshold,
    convergence_tradeoff,
    early_stopping,
    overfitting_threshold,
)
from bayes_scaling.decisions.lifetime import LifetimeAllocation, Prices, lifetime_allocation
from bayes_scaling.decisions.near_optimality import NearOptimal, near_optimal
from bayes_scaling.decisions.next_runs.choosing import NextRuns, next_runs
from bayes_scaling.decisions.next_runs.goals import Goal
from bayes_scaling.decisions.parabolas import IsoflopOptima, isoflop_optima
from bayes_scaling.decisions.recipes import compare_recipes
from bayes_scaling.decisions.regretting import Regret, regret
from bayes_scaling.decisions.requirements import Needed, needed
from bayes_scaling.decisions.returns import (
    ComputeReturns,
    MarginalReturns,
    compute_returns,
    marginal_returns,
)
from bayes_scaling.decisions.rules import published_plans

__all__ = [
    "Allocation", "ComputeReturns", "Constraints", "ConvergenceTradeoff", "EarlyStopping", "Goal",
    "IsoflopOptima", "Isolines", "LevelComparison", "LifetimeAllocation", "LossCrossing",
    "MarginalReturns", "NearOptimal", "Needed", "NextRuns", "OverfittingThreshold",
    "PowerOfCompute", "Prices", "Regret", "RunInProgress", "allocate", "compare_levels",
    "compare_recipes", "compute_returns", "convergence_tradeoff", "costs", "early_stopping",
    "follow", "isoflop_curves", "isoflop_optima", "isoloss_curves", "lifetime_allocation",
    "loss_crossing", "marginal_returns", "near_optimal", "needed", "next_runs",
    "overfitting_threshold", "published_plans", "regret",
]  # fmt: skip

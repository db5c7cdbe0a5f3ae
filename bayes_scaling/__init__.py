"""Bayesian scaling laws: from a sweep of training runs to a forecast with credible intervals.

Every stage is a frozen value of its own type::

    Runs --> ScalingModel --> ScalingFit --> Forecast | Allocation

=====================  ===========================================================================
`Runs`, `read_runs`    the table of training runs, validated once
`laws`, `Law`          the formulas; `ops` holds what a formula may call
`Prior`, `Vary`        what is believed before the data; what differs between groups of runs
`noise`                how observed losses scatter around the law
`ScalingModel`         law, priors, pooling and noise together: what is going to be fitted
`fit`, `ScalingFit`    the posterior; `load_fit` reads a saved one
`forecast`             the loss of runs that were not trained, as a `Forecast`
`Surface`              what a law leaves out, inside the runs and beyond them
`allocate`             the best split of compute between parameters and tokens, as an `Allocation`
`near_optimal`         the range of sizes that are nearly as good, as a `NearOptimal`
`regret`               what given plans waste, as a `Regret`; `published_plans` are those of papers
`costs`                what a run costs, where that is not 6ND
`Constraints`          bounds on params and tokens, a ratio, a menu of sizes: what runs keep to
`lifetime_allocation`  the model that is cheapest to train and serve; `Prices` in money
`needed`               compute, tokens or parameters that reach a loss, and whether any amount does
`marginal_returns`     elasticities at points; `compute_returns` along the frontier
`isoloss_curves`       contours of the loss, and `isoflop_curves`; `isoflop_optima` without a law
`early_stopping`       limits of a run, with `overfitting_threshold` and `convergence_tradeoff`
`loss_crossing`        where two laws contradict each other, with `PowerOfCompute` growth
`compare_levels`       whether one recipe or corpus is better, and the compute that is worth
`next_runs`, `Goal`    the affordable runs that teach most about a quantity, as `NextRuns`
`assess`               whether a forecast should be believed, as a `TrustReport` of `CheckResult`
`backtest`             what a sweep stopped earlier would have forecast, as a `Backtest`
`calibrate`            how often intervals of such sweeps hold the truth, as a `Calibration`
`compare`, `average`   which fits predict best, and their mixture, a `FitAverage`
`report`               one document for other people: verdict, answer, evidence, how to redo it
`plots`                one figure per question
`cite`                 sentence, table, methods and BibTeX of a result, as a `Citation`
`markdown_table`       its table alone, with sensible digits; `latex_table` for LaTeX
`datasets`             simulated sweeps and published tables
`units`, `accounting`  counts, FLOP, nats and bits; how parameters and FLOP are counted
`example`              the code of the first notebook, as an `Example` to run or save
`BayesScalingError`    the base of every error raised here; the others are in `errors`
=====================  ===========================================================================

Names are imported when they are first used: ``import bayes_scaling`` itself loads neither PyMC nor
ArviZ nor Matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bayes_scaling import accounting, costs, datasets, errors, laws, noise, ops, plots, units
    from bayes_scaling.averaging import FitAverage
    from bayes_scaling.comparison import Comparison, average, compare
    from bayes_scaling.decisions.allocation import Allocation, allocate
    from bayes_scaling.decisions.constraints import Constraints
    from bayes_scaling.decisions.crossings import LossCrossing, PowerOfCompute, loss_crossing
    from bayes_scaling.decisions.design import NextRuns, next_runs
    from bayes_scaling.decisions.goals import Goal
    from bayes_scaling.decisions.groups import LevelComparison, compare_levels
    from bayes_scaling.decisions.isolines import Isolines, isoflop_curves, isoloss_curves
    from bayes_scaling.decisions.lifetime import LifetimeAllocation, Prices, lifetime_allocation
    from bayes_scaling.decisions.limits import (
        ConvergenceTradeoff,
        EarlyStopping,
        OverfittingThreshold,
        convergence_tradeoff,
        early_stopping,
        overfitting_threshold,
    )
    from bayes_scaling.decisions.near_optimality import NearOptimal, near_optimal
    from bayes_scaling.decisions.parabolas import IsoflopOptima, isoflop_optima
    from bayes_scaling.decisions.regretting import Regret, regret
    from bayes_scaling.decisions.requirements import Needed, needed
    from bayes_scaling.decisions.returns import (
        ComputeReturns,
        MarginalReturns,
        compute_returns,
        marginal_returns,
    )
    from bayes_scaling.decisions.rules import published_plans
    from bayes_scaling.errors import BayesScalingError
    from bayes_scaling.examples import Example, example
    from bayes_scaling.fitting import ScalingFit, fit, load_fit
    from bayes_scaling.forecasting import Forecast, forecast
    from bayes_scaling.hierarchy import Vary
    from bayes_scaling.laws import Law
    from bayes_scaling.model import ScalingModel
    from bayes_scaling.priors import Prior
    from bayes_scaling.reporting import Citation, cite, latex_table, markdown_table
    from bayes_scaling.reporting.building import report
    from bayes_scaling.runs import Runs, read_runs
    from bayes_scaling.surface import Surface
    from bayes_scaling.trust import (
        Backtest,
        Calibration,
        CheckResult,
        TrustReport,
        assess,
        backtest,
        calibrate,
    )

    __version__: str

__all__ = [
    "Allocation",
    "Backtest",
    "BayesScalingError",
    "Calibration",
    "CheckResult",
    "Citation",
    "Comparison",
    "ComputeReturns",
    "Constraints",
    "ConvergenceTradeoff",
    "EarlyStopping",
    "Example",
    "FitAverage",
    "Forecast",
    "Goal",
    "IsoflopOptima",
    "Isolines",
    "Law",
    "LevelComparison",
    "LifetimeAllocation",
    "LossCrossing",
    "MarginalReturns",
    "NearOptimal",
    "Needed",
    "NextRuns",
    "OverfittingThreshold",
    "PowerOfCompute",
    "Prices",
    "Prior",
    "Regret",
    "Runs",
    "ScalingFit",
    "ScalingModel",
    "Surface",
    "TrustReport",
    "Vary",
    "__version__",
    "accounting",
    "allocate",
    "assess",
    "average",
    "backtest",
    "calibrate",
    "cite",
    "compare",
    "compare_levels",
    "compute_returns",
    "convergence_tradeoff",
    "costs",
    "datasets",
    "early_stopping",
    "errors",
    "example",
    "fit",
    "forecast",
    "isoflop_curves",
    "isoflop_optima",
    "isoloss_curves",
    "latex_table",
    "laws",
    "lifetime_allocation",
    "load_fit",
    "loss_crossing",
    "marginal_returns",
    "markdown_table",
    "near_optimal",
    "needed",
    "next_runs",
    "noise",
    "ops",
    "overfitting_threshold",
    "plots",
    "published_plans",
    "read_runs",
    "regret",
    "report",
    "units",
]

_MODULES = frozenset(
    {"accounting", "costs", "datasets", "errors", "laws", "noise", "ops", "plots", "units"}
)

_HOMES = {
    "Allocation": "decisions.allocation",
    "Backtest": "trust",
    "BayesScalingError": "errors",
    "Calibration": "trust",
    "CheckResult": "trust",
    "Citation": "reporting",
    "Comparison": "comparison",
    "ComputeReturns": "decisions.returns",
    "Constraints": "decisions.constraints",
    "ConvergenceTradeoff": "decisions.limits",
    "EarlyStopping": "decisions.limits",
    "Example": "examples",
    "FitAverage": "averaging",
    "Forecast": "forecasting",
    "Goal": "decisions.goals",
    "IsoflopOptima": "decisions.parabolas",
    "Isolines": "decisions.isolines",
    "Law": "laws",
    "LevelComparison": "decisions.groups",
    "LifetimeAllocation": "decisions.lifetime",
    "LossCrossing": "decisions.crossings",
    "MarginalReturns": "decisions.returns",
    "NearOptimal": "decisions.near_optimality",
    "Needed": "decisions.requirements",
    "NextRuns": "decisions.design",
    "OverfittingThreshold": "decisions.limits",
    "PowerOfCompute": "decisions.crossings",
    "Prices": "decisions.lifetime",
    "Prior": "priors",
    "Regret": "decisions.regretting",
    "Runs": "runs",
    "ScalingFit": "fitting",
    "ScalingModel": "model",
    "Surface": "surface",
    "TrustReport": "trust",
    "Vary": "hierarchy",
    "allocate": "decisions.allocation",
    "assess": "trust",
    "average": "comparison",
    "backtest": "trust",
    "calibrate": "trust",
    "cite": "reporting",
    "compare": "comparison",
    "compare_levels": "decisions.groups",
    "compute_returns": "decisions.returns",
    "convergence_tradeoff": "decisions.limits",
    "early_stopping": "decisions.limits",
    "example": "examples",
    "fit": "fitting",
    "forecast": "forecasting",
    "isoflop_curves": "decisions.isolines",
    "isoflop_optima": "decisions.parabolas",
    "isoloss_curves": "decisions.isolines",
    "latex_table": "reporting",
    "lifetime_allocation": "decisions.lifetime",
    "load_fit": "fitting",
    "loss_crossing": "decisions.crossings",
    "marginal_returns": "decisions.returns",
    "markdown_table": "reporting",
    "near_optimal": "decisions.near_optimality",
    "needed": "decisions.requirements",
    "next_runs": "decisions.design",
    "overfitting_threshold": "decisions.limits",
    "published_plans": "decisions.rules",
    "read_runs": "runs",
    "regret": "decisions.regretting",
    "report": "reporting.building",
}


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return import_module(f"bayes_scaling.{name}")
    if name in _HOMES:
        return getattr(import_module(f"bayes_scaling.{_HOMES[name]}"), name)
    if name == "__version__":
        return _installed_version()
    raise AttributeError(f"module 'bayes_scaling' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def _installed_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("bayes_scaling")
    except PackageNotFoundError:
        # A source tree on sys.path that was never installed has no version to report.
        return "0+unknown"

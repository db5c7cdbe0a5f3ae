"""Bayesian scaling laws: from a sweep of training runs to a forecast with credible intervals.

Every stage is a frozen value of its own type::

    Runs --> ScalingModel --> ScalingFit --> Forecast | Allocation | TrustReport

=====================  ===========================================================================
`Runs`, `read_runs`    the table of training runs, validated once
`laws`, `Law`          the formulas; `ops` holds what a formula may call
`Prior`, `Vary`        what is believed before the data; what differs between groups of runs
`priors`               floors by text and tokenizer: `priors.floor`
`noise`                how observed losses scatter around the law
`Surface`              what a law leaves out, inside the runs and beyond them
`ScalingModel`         law, priors, pooling and noise together: what is going to be fitted
`fit`, `ScalingFit`    the posterior; `load_fit` reads a saved one
`forecast`             the loss of runs that were not trained, as a `Forecast`
`allocate`             the best split of compute between parameters and tokens
`near_optimal`         sizes that are nearly as good; `regret`: what a plan wastes
`Constraints`          bounds on params and tokens, a ratio, a menu of sizes: what runs keep to
`needed`               compute, tokens or parameters that reach a loss, and whether any amount does
`compute_returns`      what more compute gives along the best split
`compare_levels`       which recipe or corpus is better, and the compute that is worth
`compare_recipes`      the same from a ladder of three or four runs of each
`follow`               the final loss to expect of a run in progress
`next_runs`, `Goal`    the affordable runs that teach most about a quantity
`assess`               can a forecast be trusted? A report of checks
`score`                sealed forecasts against the runs made since
`backtest`             what a sweep stopped earlier would have forecast
`calibrate`            how often intervals of such sweeps hold the truth, where it is known
`compare`, `average`   which fits predict best, and their mixture
`report`, `cite`       a document for other people; sentence, methods and BibTeX
`reporting`            tables with the digits that draws support
`plots`                one figure per question
`schedules`            learning-rate schedules, and laws of the whole loss curve under any of them
`datasets`             simulated sweeps and published tables
`units`, `accounting`  counts, FLOP, nats and bits; how parameters and FLOP are counted
`example`              the code of the first notebook, to run or save
=====================  ===========================================================================

What is asked less often, and the types of results, are in modules of their own:

===========================  =====================================================================
`decisions`                  `decisions.lifetime_allocation`, the model that is cheapest to train
                             and serve; returns of an input; curves of equal loss or compute
`trust`                      reports, track records and single checks
`errors`                     all errors that are raised; their base: `errors.BayesScalingError`
`bayes_scaling.forecasting`  sealed forecasts, read from their files
`bayes_scaling.comparison`   scores of several fits, and mixtures of them
===========================  =====================================================================

Names are imported when they are first used: ``import bayes_scaling`` itself loads neither PyMC nor
ArviZ nor Matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bayes_scaling import (
        accounting,
        datasets,
        decisions,
        errors,
        laws,
        noise,
        ops,
        plots,
        priors,
        reporting,
        schedules,
        trust,
        units,
    )
    from bayes_scaling.cli.demo.examples import example
    from bayes_scaling.comparison import average, compare
    from bayes_scaling.decisions import (
        Constraints,
        Goal,
        allocate,
        compare_levels,
        compare_recipes,
        compute_returns,
        follow,
        near_optimal,
        needed,
        regret,
    )
    from bayes_scaling.decisions.next_runs.choosing import next_runs
    from bayes_scaling.fitting.scaling_fit import ScalingFit, fit, load_fit
    from bayes_scaling.forecasting import Forecast, forecast
    from bayes_scaling.laws import Law
    from bayes_scaling.model.hierarchy import Vary
    from bayes_scaling.model.scaling_model import ScalingModel
    from bayes_scaling.model.surface import Surface
    from bayes_scaling.priors import Prior
    from bayes_scaling.reporting import cite
    from bayes_scaling.reporting.building import report
    from bayes_scaling.runs import Runs, read_runs
    from bayes_scaling.trust import assess, backtest, calibrate, score

    __version__: str

__all__ = [
    "Constraints", "Forecast", "Goal", "Law", "Prior", "Runs", "ScalingFit", "ScalingModel",
    "Surface", "Vary", "__version__", "accounting", "allocate", "assess", "average", "backtest",
    "calibrate", "cite", "compare", "compare_levels", "compare_recipes", "compute_returns",
    "datasets", "decisions", "errors", "example", "fit", "follow", "forecast", "laws", "load_fit",
    "near_optimal", "needed", "next_runs", "noise", "ops", "plots", "priors", "read_runs", "regret",
    "report", "reporting", "schedules", "score", "trust", "units",
]  # fmt: skip

_NAMES = {
    "cli.demo.examples": ("example",),
    "comparison": ("average", "compare"),
    "decisions": (
        "Constraints", "Goal", "allocate", "compare_levels", "compare_recipes", "compute_returns",
        "follow", "near_optimal", "needed", "next_runs", "regret",
    ),
    "fitting.scaling_fit": ("ScalingFit", "fit", "load_fit"),
    "forecasting": ("Forecast", "forecast"),
    "laws": ("Law",),
    "model.hierarchy": ("Vary",),
    "model.scaling_model": ("ScalingModel",),
    "model.surface": ("Surface",),
    "priors": ("Prior",),
    "reporting": ("cite",),
    "reporting.building": ("report",),
    "runs": ("Runs", "read_runs"),
    "trust": ("assess", "backtest", "calibrate", "score"),
}  # fmt: skip
"""Names of everyday use, by the module that holds them."""

_HOMES = {name: module for module, names in _NAMES.items() for name in names}
_MODULES = frozenset(__all__) - {*_HOMES, "__version__"}


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return import_module(f"bayes_scaling.{name}")
    if name in _HOMES:
        return getattr(import_module(f"bayes_scaling.{_HOMES[name]}"), name)
    if name == "__version__":
        from bayes_scaling.display.versions import installed_version

        return installed_version("bayes_scaling")
    raise AttributeError(f"module 'bayes_scaling' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

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
`allocate`             the best split of compute between parameters and tokens, as an `Allocation`
`plots`                one figure per question
`datasets`             simulated sweeps and published tables
`units`, `accounting`  counts, FLOP, nats and bits; how parameters and FLOP are counted
`BayesScalingError`    the base of every error raised here
=====================  ===========================================================================

Names are imported when they are first used: ``import bayes_scaling`` itself loads neither PyMC nor
ArviZ nor Matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bayes_scaling import accounting, datasets, laws, noise, ops, plots, units
    from bayes_scaling.allocation import Allocation, allocate
    from bayes_scaling.errors import BayesScalingError
    from bayes_scaling.fitting import ScalingFit, fit, load_fit
    from bayes_scaling.forecasting import Forecast, forecast
    from bayes_scaling.hierarchy import Vary
    from bayes_scaling.laws import Law
    from bayes_scaling.model import ScalingModel
    from bayes_scaling.priors import Prior
    from bayes_scaling.runs import Runs, read_runs

    __version__: str

__all__ = [
    "Allocation",
    "BayesScalingError",
    "Forecast",
    "Law",
    "Prior",
    "Runs",
    "ScalingFit",
    "ScalingModel",
    "Vary",
    "__version__",
    "accounting",
    "allocate",
    "datasets",
    "fit",
    "forecast",
    "laws",
    "load_fit",
    "noise",
    "ops",
    "plots",
    "read_runs",
    "units",
]

_MODULES = frozenset({"accounting", "datasets", "laws", "noise", "ops", "plots", "units"})

_HOMES = {
    "Allocation": "allocation",
    "BayesScalingError": "errors",
    "Forecast": "forecasting",
    "Law": "laws",
    "Prior": "priors",
    "Runs": "runs",
    "ScalingFit": "fitting",
    "ScalingModel": "model",
    "Vary": "hierarchy",
    "allocate": "allocation",
    "fit": "fitting",
    "forecast": "forecasting",
    "load_fit": "fitting",
    "read_runs": "runs",
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

"""Running the demo: the fit, the answers, and the files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from bayes_scaling import plots
from bayes_scaling.cli.demo.folder import record
from bayes_scaling.cli.demo.truth import BUDGET, PARAMS, TOKENS, demo_model
from bayes_scaling.decisions.allocation import Allocation, allocate
from bayes_scaling.display.progress import stages
from bayes_scaling.fitting.scaling_fit import ScalingFit, fit
from bayes_scaling.forecasting.forecasts import Forecast, forecast
from bayes_scaling.runs import Runs

FIGURES = ("curves.png", "forecast.png", "allocation.png", "priors.png", "shrinkage.png")
FILES = ("runs.csv", "fit.nc", *FIGURES)
"""Files that the demo writes."""

_DPI = 150


@dataclass(frozen=True)
class DemoResult:
    """The fit of the demo and the answers to its questions."""

    fit: ScalingFit
    forecast: Forecast
    plan: Allocation


def answer(fitted: ScalingFit) -> DemoResult:
    """Ask a fit of the demo's model the demo's questions."""
    return DemoResult(fitted, forecast(fitted, PARAMS, TOKENS), allocate(fitted, BUDGET))


def fit_demo(runs: Runs, seed: int, *, progress: bool = True) -> DemoResult:
    """Fit the demo's model to its runs, which compiles it first, and ask its questions."""
    return answer(fit(demo_model(), runs, seed=seed, progress=progress))


def write_demo(result: DemoResult, folder: Path, *, progress: bool = True) -> None:
    """Write `FILES` to a folder that :func:`prepare_folder` has made ready."""
    writers: Mapping[str, Callable[[Path], object]] = {
        "runs.csv": lambda path: result.fit.runs.table.to_csv(path),
        "fit.nc": result.fit.save,
        "curves.png": lambda path: _save(plots.fit_curves(result.fit), path),
        "forecast.png": lambda path: _save(plots.forecast_fan(result.forecast), path),
        "allocation.png": lambda path: _save(plots.allocation(result.plan), path),
        "priors.png": lambda path: _save(plots.prior_posterior(result.fit), path),
        "shrinkage.png": lambda path: _save(plots.shrinkage(result.fit), path),
    }
    with stages(progress) as shown:
        shown.start("writing figures", len(FILES))
        for number, name in enumerate(FILES, 1):
            writers[name](folder / name)
            record(folder, name)
            shown.advance(number)
        shown.finish()


def _save(axes: object, path: Path) -> None:
    figure = np.ravel(np.asarray(axes, dtype=object))[0].get_figure()
    assert isinstance(figure, Figure)
    figure.savefig(path, dpi=_DPI)
    plt.close(figure)

"""calibrate(): coverage of the intervals from a design, on sweeps simulated from known truths.

Simulates sweeps of the design from known parameters, refits each, and ranks the truth among the
draws of the refit.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import xarray as xr
from scipy import stats

from bayes_scaling.display.intervals import SAMPLE_DIMS
from bayes_scaling.display.tables import Result
from bayes_scaling.display.wording import listed
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.fitting.average import FitAverage, single
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.laws import Law
from bayes_scaling.model.points import At
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.runs import Runs
from bayes_scaling.validation.refits import REFIT, Refitter
from bayes_scaling.validation.scores import coverages, covered
from bayes_scaling.validation.simulated import prior_source
from bayes_scaling.validation.sweeps import elements, run_sweeps
from bayes_scaling.validation.targets import asked_points


@dataclass(frozen=True, eq=False, repr=False)
class Calibration(Result):
    """Ranks of the truth among the draws of refits to simulated sweeps.

    Attributes
    ----------
    tree : xarray.DataTree
        Groups with a variable for each quantity, dims (chain, draw) and its own, where a draw is a
        simulated sweep: ``prior_sbc``, the share of the refit's draws below the truth (PIT), as
        ``az.plot_ecdf_pit`` takes it; ``truths``; ``shrink``, by how much the refit's spread is
        smaller than that of what the truths were drawn from.
    refits : pandas.DataFrame
        One row for each sweep: ``status`` (``"done"`` or the reason), ``r_hat`` (the worst
        of any quantity), ``seconds``.
    truths_from : {"prior", "posterior"}

    Examples
    --------
    >>> import arviz as az
    >>> import numpy as np
    >>> pit = xr.DataArray((np.arange(20)[None] + 0.5) / 20, dims=("chain", "draw"))
    >>> groups = {"prior_sbc": {"alpha": pit}, "shrink": {"alpha": 0 * pit + 0.8}}
    >>> tree = xr.DataTree.from_dict({name: xr.Dataset(one) for name, one in groups.items()})
    >>> found = Calibration(tree, pd.DataFrame({"status": ["done"] * 20}), "prior")
    >>> found.table().loc["alpha", ["coverage_50", "coverage_90", "shrink"]].tolist()
    [0.5, 0.9, 0.8]
    >>> figure = az.plot_ecdf_pit(found.tree, backend="none")
    """

    tree: xr.DataTree
    refits: pd.DataFrame
    truths_from: str

    def table(self) -> pd.DataFrame:
        """Share of intervals that held the truth, for each quantity.

        Returns
        -------
        pandas.DataFrame
            ``coverage_50`` to ``coverage_95``: share of sweeps whose central interval held the
            truth. ``lower``, ``upper``: where the true coverage of 90 % intervals lies with 90 %
            probability, given so many sweeps. ``p_value``: of ranks so uneven if they were
            uniform, as ``az.plot_ecdf_pit`` writes it. ``shrink``: median share of the spread
            before the runs that the runs removed; near 0 where the truths are from a posterior of
            the same design, near 1 where they are from a prior that such runs narrow down.
        """
        pits = self.tree["prior_sbc"].to_dataset()
        accessor: Any = pits
        uneven, _, _ = accessor.azstats.uniformity_test(dim=SAMPLE_DIMS)
        p_values = dict(elements(uneven))
        shrunk = dict(elements(self.tree["shrink"].to_dataset()))
        rows = {
            name: {
                **_coverages(pit),
                "p_value": float(p_values[name]),
                "shrink": float(shrunk[name].median()),
            }
            for name, pit in elements(pits)
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("quantity")

    @property
    def notes(self) -> tuple[str, ...]:
        """Counts of sweeps that gave no result, by reason."""
        failed = self.refits["status"][self.refits["status"] != "done"]
        return tuple(
            f"{count} simulated sweep(s) gave no result: {reason}"
            for reason, count in failed.value_counts().items()
        )

    @property
    def title(self) -> str:
        """The simulated sweeps and where their truths are from."""
        done = int((self.refits["status"] == "done").sum())
        return (
            f"Calibration: {done} of {len(self.refits)} simulated sweeps, "
            f"truths from the {self.truths_from}"
        )


def calibrate(
    fit: ScalingFit | ScalingModel | Law | type[Law] | str,
    runs: Runs | None = None,
    *,
    simulations: int = 100,
    at: Forecast | At | None = None,
    executor: Executor | None = None,
    seed: int = 1,
    progress: bool = True,
) -> Calibration:
    """Simulate sweeps of this design from known parameters, refit them, and rank the truth.

    Each sweep costs a refit, about a second after the first.

    Parameters
    ----------
    fit : ScalingFit, or ScalingModel, or a law with its defaults
        Of a fit, the truths are drawn from its posterior: would a sweep like this one, in a world
        like the one that was found, give intervals that hold? Of a model, from its priors: does
        the sampler give the posterior of this model on this design?
    runs : Runs, optional
        The design: inputs and groups; needed by a model. Its losses only set the scale.
    simulations : int
        How many sweeps; the coverage of 90 % intervals is known to 0.3 / sqrt(simulations).
    at : Forecast or pandas.DataFrame, optional
        Targets at which the expected loss is ranked too.
    executor : concurrent.futures.Executor, optional
        Where the refits run; in this process, one after the other, if not given.
    seed : int
        Seed of truths, scatter and refits.
    progress : bool
        Count the refits on standard error.

    Returns
    -------
    Calibration
        Interrupted, it has the sweeps that were finished; one that failed says why.

    Raises
    ------
    ModelError
        A model without runs, an average, or fewer than one simulation.
    RunsError
        The runs do not fit the model or have levels that the fit has not, the targets cannot be
        points of them, or no sweep gave a result.

    Notes
    -----
    With truths from the prior the ranks are uniform where the draws are those of the posterior,
    whatever the priors (Talts et al., 2018, arXiv:1804.06788). That is a test of the
    computation; wide priors make most of its sweeps unlike any real one.

    With truths from a posterior it is a test of this design. Each sweep is refitted by itself, as
    the real one was. Refitting it together with the observed runs (posterior SBC, Säilynoja et
    al., 2025, arXiv:2502.03279) would again be uniform for any prior, and a test of computation.
    Refitted by itself, the coverage is that of repeated sweeps: nominal where the runs decide, and
    on average over worlds drawn from the prior; low where the prior pulls away from what the runs
    say, for it then pulls each refit away from the truth.

    Sweeps that cannot be refitted are left out. That depends on the simulated losses and on the
    sampler, not on the truth behind them, so it does not bias the ranks of the rest.
    """
    if not isinstance(simulations, int) or simulations < 1:
        raise ModelError(
            f"calibrate: simulations={simulations!r} is not a number of sweeps, and a coverage is "
            "a share of them. Give a whole number such as 100."
        )
    if isinstance(fit, FitAverage):
        single(fit)
    source, design, origin = _source(fit, runs, simulations, seed)
    of = fit if isinstance(fit, ScalingFit) else source
    targets = None if at is None else asked_points(of, at, "calibrate")
    refitter = Refitter(executor, progress, replace(REFIT, seed=seed))
    return Calibration(*run_sweeps(source, simulations, refitter, targets, design), origin)


def _source(
    fit: ScalingFit | ScalingModel | Law | type[Law] | str,
    runs: Runs | None,
    simulations: int,
    seed: int,
) -> tuple[ScalingFit, Runs | None, str]:
    """The fit whose draws are the truths, the design if it is another's, and the truths' origin."""
    if isinstance(fit, ScalingFit):
        if runs is None:
            return fit, None, "posterior"
        fit.model.check(runs)
        _check_levels(fit, runs)
        # The surface stays where the fitted runs have put it, and so do its units.
        return fit, runs.with_reference(**fit.runs.reference), "posterior"
    model = fit if isinstance(fit, ScalingModel) else ScalingModel(fit)
    if runs is None:
        raise ModelError(
            f"calibrate: runs=None, and {model!r} has no runs of its own whose design could be "
            "simulated. Give the runs, or a fit."
        )
    model.check(runs)
    return prior_source(model, runs, simulations, seed), None, "prior"


def _check_levels(fit: ScalingFit, design: Runs) -> None:
    """Refuse a design with levels of which the posterior knows nothing."""
    for factor in fit.model.factors:
        unknown = set(design.levels(factor)) - set(fit.runs.levels(factor))
        if unknown:
            raise RunsError(
                f"calibrate: {factor} {listed(sorted(unknown))} of the design was not fitted; the "
                f"fit has {listed(fit.runs.levels(factor))}. Its runs cannot be simulated, for "
                "there is no posterior of its offset. Use levels that were fitted."
            )


def _coverages(pit: xr.DataArray) -> dict[str, float]:
    """Coverages, and the 90 % interval of the true coverage of 90 % intervals."""
    values = pd.Series(pit.values.ravel())
    inside = int(covered(values, 0.9).sum())
    # A flat prior on the coverage, as for any share of which nothing is known.
    low, high = stats.beta(1 + inside, 1 + len(values) - inside).interval(0.9)
    return {**coverages(values), "lower": float(low), "upper": float(high)}

"""fit() and ScalingFit: from runs to a posterior that knows how far it can be read.

A fit is a frozen value: model, runs, draws, settings. What is asked of it beyond its own summary
and expected loss are functions in the modules above.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling._diagnostics import Diagnostics, diagnose, worst_of
from bayes_scaling._display import html_formula
from bayes_scaling._fit_file import read_fit_file, write_fit_file
from bayes_scaling._focus import focused_spread, focuses
from bayes_scaling._inputs import scales
from bayes_scaling._intervals import interval_attrs, interval_prob
from bayes_scaling._model_checks import check_runs, notes_on
from bayes_scaling._progress import stages
from bayes_scaling._tree import assemble
from bayes_scaling.hierarchy import NewLevels
from bayes_scaling.laws import Law
from bayes_scaling.model import ScalingModel
from bayes_scaling.points import Numbers, points
from bayes_scaling.posterior import complete, derived, expected_loss, parameters_at
from bayes_scaling.runs import Runs
from bayes_scaling.sampling import Settings, compiled, no_scatter


@dataclass(frozen=True, repr=False, eq=False)
class ScalingFit:
    """The posterior of one model on one table of runs.

    Made by :func:`fit` or :func:`load_fit`.

    Attributes
    ----------
    model : ScalingModel
    runs : Runs
    posterior : xarray.Dataset, dims (chain, draw) and one for each factor
        Parameters in paper units under the law's names, on the reference scale under ``*_ref``.
    sample_stats : xarray.Dataset, dims (chain, draw)
    settings : Settings
    focused : ScalingFit or None
        The same model on the same runs with a posterior focused on the largest ones, from which
        :func:`bayes_scaling.forecast` takes what lies beyond them. A run's scatter there has a
        variance divided by its share of the largest run's compute. None where the response is no
        loss.
    """

    model: ScalingModel
    runs: Runs
    posterior: xr.Dataset
    sample_stats: xr.Dataset
    settings: Settings
    focused: ScalingFit | None = None

    @cached_property
    def tree(self) -> xr.DataTree:
        """Everything in ArviZ's schema, as ``az.summary``, ``az.loo`` and the plots take it.

        Groups ``posterior``, ``sample_stats``, ``observed_data``, ``constant_data``,
        ``posterior_predictive``, ``log_likelihood``, ``log_prior``. The last three are computed
        when the tree is first asked for; they hold 16 bytes for each draw of each run.
        """
        return assemble(
            self.model, self.runs, self.posterior, self.sample_stats, self.settings.seed
        )

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Convergence of the chains, worst over all sampled variables."""
        offsets = [vary.z_name for vary in self.model.vary]
        sampled = [name for name, prior in self.model.top_level.items() if not prior.fixed]
        return diagnose(self.posterior, self.sample_stats, [*sampled, *offsets])

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of any result of this fit must know, bad diagnostics first."""
        problems = self.diagnostics.problems
        converged = (f"The chains have {self.diagnostics.diagnosis}.",) if problems else ()
        scatter = no_scatter(self.posterior)
        return (*converged, *((scatter,) if scatter else ()), *notes_on(self.model, self.runs))

    @property
    def diagnosis_beyond(self) -> str:
        """``"ok"``, or what is wrong with a posterior that forecasts beyond the runs rest on."""
        focused = [] if self.focused is None else [self.focused.diagnostics]
        return worst_of([self.diagnostics, *focused]).diagnosis

    @cached_property
    def parameter_names(self) -> tuple[str, ...]:
        """Posterior names that a summary lists: law, derived quantities, spreads, noise."""
        typical = [f"{name}_typical" for name in self.model.parameters if self.model.varying(name)]
        spreads = [vary.spread_name for vary in self.model.vary]
        quantities = derived(self.model, {n: self.posterior[n] for n in self.model.parameters})
        stages, noise = self.model.law.stages, self.model.stage_noise.priors
        scatter = [f"{stage}_{name}" for stage in stages for name in noise]
        found = (*self.model.parameters, *quantities, *typical, *spreads)
        return (*found, *self.model.noise.priors, *scatter)

    def summary(self, prob: float | None = None) -> pd.DataFrame:
        """Parameters in paper units with credible intervals and diagnostics.

        Parameters
        ----------
        prob : float, optional
            Probability of the intervals; ArviZ's ``rcParams["stats.ci_prob"]`` if not given.

        Returns
        -------
        pandas.DataFrame
            Columns ``median``, ``lower``, ``upper``, ``r_hat``, ``ess_bulk``, ``ess_tail`` and
            ``diagnosis``, which is ``"ok"`` or says why the fit cannot be relied on. ``attrs``
            carry ``ci_kind``, ``ci_prob`` and ``notes``.
        """
        draws = self.posterior[list(self.parameter_names)]
        with warnings.catch_warnings():
            # A parameter held at a value has no R-hat, which NaN says.
            warnings.filterwarnings("ignore", "invalid value", RuntimeWarning)
            table = az.summary(draws, ci_prob=interval_prob(prob), round_to="none")
        table["median"] = az.summary(draws, kind="stats_median", round_to="none")["median"]
        lower, upper = (name for name in table if name.endswith(("_lb", "_ub")))
        table = table.rename(columns={lower: "lower", upper: "upper"})
        columns = ["median", "lower", "upper", "r_hat", "ess_bulk", "ess_tail"]
        summary = pd.DataFrame(table[columns].astype(float))
        summary["diagnosis"] = self.diagnostics.diagnosis
        summary.attrs.update({**interval_attrs(prob), "notes": self.notes})
        return summary

    def expected_loss(
        self,
        params: Numbers | None = None,
        tokens: Numbers | None = None,
        flops: Numbers | None = None,
        at: pd.DataFrame | None = None,
    ) -> xr.DataArray:
        """Draws of the law's loss, without the scatter of a run.

        Parameters
        ----------
        params, tokens, flops : float or array
            Parameters, training tokens, FLOP, of which two give the third: 6ND, or for a law that
            reads compute, as the runs typically count it.
        at : pandas.DataFrame, optional
            Points as a table, with columns for inputs and factors.

        Returns
        -------
        xarray.DataArray, dims (chain, draw, point)
            In the unit of the runs' loss. A pooled model without a level given has a point for
            each level.
        """
        where = points(self.model, self.runs, params=params, tokens=tokens, flops=flops, at=at)
        return self.expected_at(where)

    def expected_at(
        self,
        where: xr.Dataset,
        new_levels: NewLevels = "error",
        rng: np.random.Generator | None = None,
    ) -> xr.DataArray:
        """Draws of the expected loss at points made by :func:`bayes_scaling.points.points`."""
        labels = {factor: where[factor] for factor in self.model.factors}
        theta = parameters_at(self.posterior, self.model, labels, new_levels, rng)
        draws = expected_loss(self.model, theta, where, scales(self.model.law, self.runs))
        named: xr.DataArray = draws.drop_vars(self.model.factors, errors="ignore").assign_coords(
            {name: where[name] for name in where.data_vars}
        )
        return named.transpose("chain", "draw", ...).rename("expected_loss")

    def save(self, path: str | Path) -> Path:
        """Write the fit to one netCDF file, readable by ArviZ and by :func:`load_fit`.

        Raises
        ------
        FitFileError
            The path cannot be written to.
        """
        groups = {"posterior": self.posterior, "sample_stats": self.sample_stats}
        if self.focused is not None:
            groups |= {
                "focused": self.focused.posterior,
                "focused_stats": self.focused.sample_stats,
            }
        return write_fit_file(Path(path), self.model, self.runs, self.settings, groups)

    def __repr__(self) -> str:
        lines = [
            f"ScalingFit: {self.model!r}",
            f"  {len(self.runs)} runs, {self.settings.chains} x {self.settings.draws} draws",
            f"  {self.diagnostics.diagnosis}",
        ]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        head = html_formula(self.model.law.formula) + f"<pre>{escape(repr(self))}</pre>"
        return head + self.summary().to_html(float_format="{:.4g}".format)


def fit(
    model: ScalingModel | Law | type[Law] | str,
    runs: Runs,
    *,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    seed: int | None = None,
    target_accept: float = 0.95,
    progress: bool = True,
) -> ScalingFit:
    """Sample the posterior of a model on a table of runs.

    The first fit of a model structure in a process compiles it, which takes 10 to 30 seconds;
    later fits of the same structure, on other runs or with other prior numbers, do not.

    Parameters
    ----------
    model : ScalingModel, or a law (class, instance or name) to be fitted with its defaults
    runs : Runs
    draws, tune, chains : int
        Kept draws of each chain, warm-up draws, chains.
    seed : int, optional
        Seed of the sampler; one is chosen, and kept in ``settings``, if not given.
    target_accept : float
        Acceptance rate that the sampler's step size is tuned to.
    progress : bool
        Show the stages, compiling and sampling, on standard error.

    Returns
    -------
    ScalingFit
        Also when the chains have not converged: the fit, its summary and every table made from
        it then say so.

    Raises
    ------
    RunsError, ModelError
        Model and runs do not fit together.
    IncompletePosteriorError
        The draws are truncated, not finite, or stuck.
    """
    model = model if isinstance(model, ScalingModel) else ScalingModel(model)
    chosen = int(np.random.default_rng().integers(2**31)) if seed is None else seed
    return fit_as(model, runs, Settings(draws, tune, chains, chosen, target_accept), progress)


def fit_as(model: ScalingModel, runs: Runs, settings: Settings, progress: bool) -> ScalingFit:
    """The fit of a model, sampled as the settings say."""
    check_runs(model, runs)
    with stages(progress) as shown:
        density = compiled(model, runs, shown)
        found = _sampled(model, runs, settings, density.sample(model, runs, settings, shown))
        if not (settings.focused and focuses(model, runs)):
            return found
        spread = focused_spread(model, runs)
        focused = density.sample(model, runs, settings, shown, spread)
    return replace(found, focused=_sampled(model, runs, settings, focused))


def _sampled(model: ScalingModel, runs: Runs, settings: Settings, tree: xr.DataTree) -> ScalingFit:
    posterior = complete(tree["posterior"].to_dataset(), model, runs)
    return ScalingFit(model, runs, posterior, tree["sample_stats"].to_dataset(), settings)


def load_fit(path: str | Path) -> ScalingFit:
    """Read a fit that :meth:`ScalingFit.save` has written.

    Raises
    ------
    FitFileError
        The file is missing, or is not a fit of this package.
    UnknownLawError
        The law is not built in and has not been defined in this process.
    """
    model, runs, settings, groups = read_fit_file(Path(path))
    found = ScalingFit(model, runs, groups["posterior"], groups["sample_stats"], settings)
    if "focused" not in groups:
        return found
    other = replace(found, posterior=groups["focused"], sample_stats=groups["focused_stats"])
    return replace(found, focused=other)

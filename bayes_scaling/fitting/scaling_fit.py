"""fit() and ScalingFit: from runs to a posterior that knows how far it can be read.

A fit is a frozen value: model, runs, draws, settings. What is asked of it beyond its own summary
and expected loss are functions in the modules above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.fitting.fit_file import read_fit_file, write_fit_file
from bayes_scaling.fitting.incomplete import no_scatter
from bayes_scaling.fitting.law_fit import LawFit
from bayes_scaling.fitting.loss_surface import LossSurface
from bayes_scaling.fitting.posterior import complete
from bayes_scaling.fitting.posterior_surface import labelled, loss_surface
from bayes_scaling.fitting.preconditioning import coordinates_of, typical_acceptance, typical_warmup
from bayes_scaling.fitting.rounds import converged, planned
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.fitting.tree import assemble
from bayes_scaling.laws import Law
from bayes_scaling.laws.contract import quantities
from bayes_scaling.model.checks import notes_on
from bayes_scaling.model.hierarchy import NewLevels
from bayes_scaling.model.points import At, Numbers, points
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.runs import Runs


@dataclass(frozen=True, repr=False, eq=False)
class ScalingFit(LawFit):
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
    """

    model: ScalingModel
    runs: Runs
    posterior: xr.Dataset
    sample_stats: xr.Dataset
    settings: Settings

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
    def parameter_names(self) -> tuple[str, ...]:
        """Posterior names that a summary lists: law, derived quantities, spreads, noise."""
        typical = [f"{name}_typical" for name in self.model.parameters if self.model.varying(name)]
        spreads = [vary.spread_name for vary in self.model.vary]
        parameters = {name: self.posterior[name] for name in self.model.parameters}
        derived = quantities(self.model.law.derived, parameters)
        stages, noise = self.model.law.stages, self.model.stage_noise.priors
        scatter = [f"{stage}_{name}" for stage in stages for name in noise]
        priors = self.model.sampled_priors(self.runs)
        left_out = [name for name in priors if name not in self.model.top_level]
        found = (*self.model.parameters, *derived, *typical, *spreads)
        return (*found, *self.model.noise.priors, *scatter, *left_out)

    def expected_loss(
        self,
        params: Numbers | None = None,
        tokens: Numbers | None = None,
        flops: Numbers | None = None,
        at: At | None = None,
    ) -> xr.DataArray:
        """Draws of the expected loss, law and what it leaves out, without the scatter of a run.

        Parameters
        ----------
        params, tokens, flops : float or array
            Parameters, training tokens, FLOP, of which two give the third: 6ND, or for a law that
            reads compute, as the runs typically count it.
        at : pandas.DataFrame or mapping, optional
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
        """Draws of the expected loss at the points of ``bayes_scaling.model.points``."""
        return labelled(self.surface_at(where, new_levels, rng).loss(where), where, self.model)

    def surface_at(
        self,
        labels: Mapping[Any, xr.DataArray],
        new_levels: NewLevels = "error",
        rng: np.random.Generator | None = None,
    ) -> LossSurface:
        """The expected loss of each draw as a function of the law's inputs, at given levels."""
        wanted = {factor: labels[factor] for factor in self.model.factors if factor in labels}
        return loss_surface(self.posterior, self.model, self.runs, wanted, new_levels, rng)

    def _sampled_names(self) -> list[str]:
        varies = (*self.model.vary, *self.model.deviations(self.runs))
        priors = self.model.sampled_priors(self.runs)
        sampled = [name for name, prior in priors.items() if not prior.fixed]
        return [*sampled, *(vary.z_name for vary in varies)]

    def _remarks(self) -> tuple[str, ...]:
        hint = no_scatter(self.posterior)
        return (*([hint] if hint else []), *notes_on(self.model, self.runs))

    def _heading(self) -> tuple[str, ...]:
        return (
            f"ScalingFit: {self.model!r}",
            f"  {len(self.runs)} runs, {self.settings.chains} x {self.settings.draws} draws",
            f"  {self.diagnostics.diagnosis}",
        )

    def _write(self, path: Path, groups: Mapping[str, xr.Dataset]) -> Path:
        return write_fit_file(path, self.model, self.runs, self.settings, groups)


def fit(
    model: ScalingModel | Law | type[Law] | str,
    runs: Runs,
    *,
    draws: int | None = None,
    tune: int | None = None,
    chains: int = 4,
    seed: int | None = None,
    target_accept: float | None = None,
    progress: bool = True,
) -> ScalingFit:
    """Sample the posterior of a model on a table of runs, until the chains have converged.

    Where R-hat is above 1.01 or an effective sample size below 400, the posterior is sampled again,
    for two to four times as long and in smaller steps, from where the chains before have found most
    of its mass, and one in so many draws is kept. This ends at 16 times the first length, or where
    a round would pass a minute; the fit then says how far it came.

    The first fit of a model structure on a machine compiles it, which takes 10 to 20 seconds, the
    first in a later process reads it from disk in one to three. Later fits of the same structure,
    on other runs or with other prior numbers, do neither.

    Parameters
    ----------
    model : ScalingModel, or a law (class, instance or name) to be fitted with its defaults
    runs : Runs
    draws : int, optional
        Kept draws of each chain. If given, no longer rounds are sampled; 1000 if not.
    tune : int, optional
        Warm-up draws of each chain. If not given, 500; of a thousand runs or more without levels
        120, for which an approximation of the posterior is known before.
    chains : int
        Independent chains.
    seed : int, optional
        Seed of the sampler; one is chosen, and kept in ``settings``, if not given.
    target_accept : float, optional
        Acceptance rate that the sampler's step size is tuned to, nearer to 1 in longer rounds. If
        not given, 0.8 for a law of size and data without levels, and 0.9 for all others.
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
    model.check(runs)
    accepted = typical_acceptance(model) if target_accept is None else target_accept
    warmup = typical_warmup(model, runs)
    settings, longest = planned(draws, tune, chains, seed, accepted, warmup)
    return _fit(model, runs, settings, longest, progress)


def fit_as(model: ScalingModel, runs: Runs, settings: Settings, progress: bool) -> ScalingFit:
    """The fit of a model, sampled once as the settings say."""
    model.check(runs)
    return _fit(model, runs, settings, settings.thin, progress)


def _fit(
    model: ScalingModel, runs: Runs, settings: Settings, longest: int, progress: bool
) -> ScalingFit:
    def made(tree: xr.DataTree, chosen: Settings) -> ScalingFit:
        posterior = complete(tree["posterior"].to_dataset(), model, runs, settings.seed)
        return ScalingFit(model, runs, posterior, tree["sample_stats"].to_dataset(), chosen)

    return converged(
        model, runs, settings, longest, progress, made, partial(coordinates_of, model, runs)
    )


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
    return ScalingFit(model, runs, groups["posterior"], groups["sample_stats"], settings)

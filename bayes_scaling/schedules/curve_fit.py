"""fit() and CurveFit: from curves to the posterior of a law of the loss curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import xarray as xr

from bayes_scaling.fitting.law_fit import LawFit
from bayes_scaling.fitting.rounds import converged, planned
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.priors import Prior
from bayes_scaling.schedules.curve_file import read_curve_file, write_curve_file
from bayes_scaling.schedules.curve_model import CurveModel
from bayes_scaling.schedules.curves import Curves
from bayes_scaling.schedules.laws import CurveLaw, MultiPower


@dataclass(frozen=True, repr=False, eq=False)
class CurveFit(LawFit):
    """The posterior of a law of the loss curve.

    Made by :func:`fit`.

    Attributes
    ----------
    model : CurveModel
    curves : Curves
    posterior : xarray.Dataset, dims (chain, draw), and curve
        Parameters in paper units under the law's names, on the reference scale under ``*_ref``;
        ``gain_miss_sd``, ``wander_sd``, ``noise_sd``; ``gain_miss``, the miss of each curve.
    sample_stats : xarray.Dataset, dims (chain, draw)
    settings : Settings
    """

    model: CurveModel
    curves: Curves
    posterior: xr.Dataset
    sample_stats: xr.Dataset
    settings: Settings

    @property
    def law(self) -> CurveLaw:
        """The law that was fitted."""
        return self.model.law

    @cached_property
    def tree(self) -> xr.DataTree:
        """Posterior and sampler statistics in ArviZ's schema."""
        return xr.DataTree.from_dict(self._groups)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Posterior names that a summary lists: of the law, and the sizes of its misses."""
        return tuple(self.model.chosen)

    def _sampled_names(self) -> list[str]:
        priors = self.model.sampled_priors
        return [*(name for name, prior in priors.items() if not prior.fixed), "gain_miss"]

    def _remarks(self) -> tuple[str, ...]:
        schedules = (self.curves.schedules[name] for name in self.curves.names)
        if any(rates[-1] < 0.95 * rates.max() for rates in schedules):
            return ()
        return (
            "No fitted learning rate falls after its peak, so what a decay gains is the prior's.",
        )

    def _heading(self) -> tuple[str, ...]:
        return (
            f"CurveFit: {self.law!r}",
            f"  {self.curves!r}",
            f"  {self.settings.chains} x {self.settings.draws} draws, {self.diagnostics.diagnosis}",
        )

    def _write(self, path: Path, groups: Mapping[str, xr.Dataset]) -> Path:
        return write_curve_file(path, self.model, self.curves, self.settings, groups)


def fit(
    curves: Curves,
    law: CurveLaw | None = None,
    *,
    priors: Mapping[str, Prior] | None = None,
    draws: int | None = None,
    tune: int = 1000,
    chains: int = 4,
    seed: int | None = None,
    progress: bool = True,
) -> CurveFit:
    """Sample the posterior of a law of the loss curve, until the chains have converged.

    Two curves or more of one model size, of which one at least decays, make a fit that can be asked
    for other schedules: a constant one, a cosine, and one that falls suddenly in the paper.

    Parameters
    ----------
    curves : Curves
    law : CurveLaw, optional
        The multi-power law if not given.
    priors : mapping of str to Prior, optional
        Replaces default priors, on the reference scale.
    draws, tune, chains, seed, progress
        As for :func:`bayes_scaling.fit`.

    Returns
    -------
    CurveFit

    Raises
    ------
    RunsError
        A curve has too few points.
    ModelError
        A prior is of no parameter.
    IncompletePosteriorError
        The draws are truncated, not finite, or stuck.
    """
    model = CurveModel(law or MultiPower(), dict(priors or {}))
    settings, longest = planned(draws, tune, chains, seed)

    def made(tree: xr.DataTree, used: Settings) -> CurveFit:
        sampled = tree["posterior"].to_dataset()
        posterior = in_paper_units(sampled, model, curves)
        return CurveFit(model, curves, posterior, tree["sample_stats"].to_dataset(), used)

    return converged(model, curves, settings, longest, progress, made)


def load_fit(path: str | Path) -> CurveFit:
    """Read a fit that :meth:`CurveFit.save` has written.

    Raises
    ------
    FitFileError
        The file is missing, or is not a fit to curves.
    """
    model, curves, settings, groups = read_curve_file(Path(path))
    return CurveFit(model, curves, groups["posterior"], groups["sample_stats"], settings)


def in_paper_units(sampled: xr.Dataset, model: CurveModel, curves: Curves) -> xr.Dataset:
    """Draws with the law's parameters in paper units added, and those held at a value."""
    held = {n: prior.numbers[0] for n, prior in model.sampled_priors.items() if prior.fixed}
    like = sampled["chain"].astype(float) * 0 + sampled["draw"] * 0.0
    draws = sampled.assign({name: like + value for name, value in held.items()})
    theta = {name: draws[model.reference_name(name)] for name in model.law.priors}
    scales = curves.scales(curves.points(model.points))
    return draws.assign(model.law.paper_units(scales, theta))

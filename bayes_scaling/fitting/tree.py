"""A posterior and its runs in ArviZ's schema."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayes_scaling.fitting.posterior import log_density, new_runs, stages_at
from bayes_scaling.fitting.posterior_surface import loss_surface
from bayes_scaling.model.inputs import input_values, noise_values
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.priors import tied_log_density
from bayes_scaling.runs import Runs


def assemble(
    model: ScalingModel, runs: Runs, posterior: xr.Dataset, sample_stats: xr.Dataset, seed: int
) -> xr.DataTree:
    """The tree of a fit; losses are in their own unit, and so are the log densities."""
    constant = run_data(model, runs)
    observed = observed_data(runs)
    labels = {factor: constant[factor] for factor in model.factors}
    surface = loss_surface(posterior, model, runs, labels)
    expected = surface.loss(constant)
    expected = expected.transpose("chain", "draw", "run").drop_vars(model.factors, errors="ignore")
    rng = np.random.default_rng(seed)
    predictive = new_runs(posterior, model, runs, expected, constant, rng)
    density = log_density(posterior, model, runs, observed["loss"], expected, constant)
    stages = stages_at(posterior, model, surface.theta, constant, surface.units)
    for stage, (value, scatter) in stages.items():
        density = density + model.stage_noise.log_density(constant[stage], value, scatter)
    groups = {
        "posterior": posterior,
        "sample_stats": sample_stats,
        "observed_data": observed,
        "constant_data": constant,
        "posterior_predictive": xr.Dataset({"loss": predictive}),
        "log_likelihood": xr.Dataset({"loss": density.transpose("chain", "draw", "run")}),
        "log_prior": log_prior(model, runs, posterior),
    }
    return xr.DataTree.from_dict(groups)


def observed_data(runs: Runs) -> xr.Dataset:
    """The response in its own unit, dims (run,)."""
    return xr.Dataset({"loss": ("run", runs.values("loss"))}, {"run": list(runs.table.index)})


def run_data(model: ScalingModel, runs: Runs) -> xr.Dataset:
    """Inputs in their own unit and factor labels, dims (run,)."""
    names = dict.fromkeys((*runs.inputs, *model.law.inputs))
    values = {name: ("run", input_values(runs, name)) for name in names}
    for name in model.noise.columns:
        values[name] = ("run", noise_values(model.noise, runs, name))
    labels = {
        factor: ("run", runs.table[factor].to_numpy(dtype=object)) for factor in model.factors
    }
    return xr.Dataset({**values, **labels}, {"run": list(runs.table.index)})


def log_prior(model: ScalingModel, runs: Runs, posterior: xr.Dataset) -> xr.Dataset:
    """Log density of each prior at the draws, dims (chain, draw).

    The offsets of levels and the weights of the surface are left out: power-scaling scales the
    priors at the top, not the pooling itself (Kallioinen et al., 2024).
    """
    densities = {}
    paper = {model.typical_name(n): n for n in model.converted}
    tied = {model.typical_name(a): model.typical_name(b) for a, b in model.ties.items()}
    for variable, prior in model.sampled_priors(runs).items():
        if prior.fixed:
            continue
        if variable in tied:
            other = tied[variable]
            densities[variable] = tied_log_density(
                prior, posterior[variable], model.top_level[other], posterior[other]
            )
            continue
        parameter = paper.get(variable)
        varied = parameter is not None and model.varying(parameter)
        name = variable if parameter is None else f"{parameter}_typical" if varied else parameter
        densities[variable] = xr.apply_ufunc(prior.log_density, posterior[name])
    return xr.Dataset(densities)

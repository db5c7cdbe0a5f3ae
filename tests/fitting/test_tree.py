"""The tree of a fit: ArviZ's groups, in the loss's unit, as ArviZ's own functions take it."""

import arviz as az
import numpy as np
import pytest
import xarray as xr
from pymc.stats import compute_log_prior

import bayes_scaling as bs
from bayes_scaling.fitting.tree import log_prior

GROUPS = {
    "posterior": set(),
    "sample_stats": {"diverging"},
    "observed_data": {"loss"},
    "constant_data": {"params", "tokens", "flops", "corpus"},
    "posterior_predictive": {"loss"},
    "log_likelihood": {"loss"},
    "log_prior": {"E_typical_ref", "alpha", "E_sd_corpus", "noise_df", "delta_sd_corpus"},
}


@pytest.mark.parametrize("group", GROUPS)
def test_groups_and_their_variables(group: str, stored_fit: bs.ScalingFit) -> None:
    assert set(stored_fit.tree.children) == GROUPS.keys()
    assert GROUPS[group] <= set(stored_fit.tree[group].data_vars)


def test_runs_are_labelled_and_in_their_own_unit(stored_fit: bs.ScalingFit) -> None:
    runs, tree = stored_fit.runs, stored_fit.tree
    for group in ("observed_data", "constant_data", "log_likelihood", "posterior_predictive"):
        assert list(tree[group]["run"].values) == list(runs.table.index)
    np.testing.assert_array_equal(tree["observed_data"]["loss"], runs.values("loss"))
    np.testing.assert_array_equal(tree["constant_data"]["params"], runs.values("params"))
    assert list(tree["constant_data"]["corpus"].values) == list(runs.table["corpus"])


def test_log_likelihood_is_of_the_loss_of_each_run_in_its_own_level(
    law_alone: bs.ScalingFit,
) -> None:
    draws, runs = law_alone.posterior, law_alone.runs
    of_run = xr.DataArray(runs.table["corpus"].to_numpy(object), dims="run")
    paper = {name: draws[name] for name in ("E", "A", "B")}
    theta = {name: values.sel(corpus=of_run) for name, values in paper.items()}
    inputs = {name: xr.DataArray(runs.values(name), dims="run") for name in ("params", "tokens")}
    expected = bs.laws.Chinchilla.loss(**inputs, **theta, alpha=draws["alpha"], beta=draws["beta"])
    noise = {name: draws[name] for name in ("noise_sd", "noise_df")}
    loss = xr.DataArray(runs.values("loss"), dims="run")
    density = bs.noise.LogStudentT().log_density(loss, expected, noise)
    np.testing.assert_allclose(
        law_alone.tree["log_likelihood"]["loss"],
        density.transpose("chain", "draw", "run"),
        rtol=1e-9,
    )


def test_log_prior_of_an_unpooled_fit_is_that_of_pymc(stored_fit, prior_fit) -> None:  # type: ignore[no-untyped-def]
    """Exponents are tied: the density of one is given the other, and their sum is of both."""
    model = bs.ScalingModel("chinchilla", surface=None)
    fit = prior_fit(model, stored_fit.runs, draws=20)
    with model.build(stored_fit.runs) as built:
        sampled = fit.posterior[[variable.name for variable in built.free_RVs]]
        theirs = compute_log_prior(
            xr.DataTree.from_dict({"posterior": sampled}),
            extend_inferencedata=False,
            progressbar=False,
            compile_kwargs={"mode": "FAST_COMPILE"},
        )
    ours = fit.tree["log_prior"].to_dataset()
    assert set(ours.data_vars) == set(theirs.data_vars)
    for name in ours.data_vars:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9, err_msg=name)


def test_log_prior_in_paper_units_is_of_the_value_in_paper_units(stored_fit, prior_fit) -> None:  # type: ignore[no-untyped-def]
    prior = bs.Prior.between(100, 1000, units="paper")
    for vary, name in (((), "A"), (bs.Vary("A", by="corpus"), "A_typical")):
        model = bs.ScalingModel("chinchilla", vary, {"A": prior})
        draws = prior_fit(model, stored_fit.runs).posterior
        ours = log_prior(model, stored_fit.runs, draws)[f"{name}_ref"]
        np.testing.assert_allclose(ours, prior.log_density(draws[name]), rtol=1e-9)


def test_log_prior_is_of_every_sampled_prior_and_of_no_weight(stored_fit: bs.ScalingFit) -> None:
    found = stored_fit.tree["log_prior"].to_dataset()
    assert set(found) == set(stored_fit.model.sampled_priors(stored_fit.runs))
    amplitude = (
        bs.Surface().size(stored_fit.model.law).log_density(stored_fit.posterior["delta_sd"])
    )
    np.testing.assert_allclose(found["delta_sd"], amplitude, rtol=1e-12)


def test_posterior_predictive_covers_the_observed_losses(stored_fit: bs.ScalingFit) -> None:
    predictive = stored_fit.tree["posterior_predictive"]["loss"]
    observed = stored_fit.tree["observed_data"]["loss"]
    low, high = (predictive.quantile(q, ("chain", "draw")) for q in (0.05, 0.95))
    covered = float(((observed > low) & (observed < high)).mean())
    # A 90 % interval of 36 runs that it was fitted to: 4 standard errors are 0.2.
    assert covered == pytest.approx(0.9, abs=0.2)


def test_the_tree_is_made_once_and_does_not_depend_on_when(
    stored_fit: bs.ScalingFit, stored_fit_path: object
) -> None:
    assert stored_fit.tree is stored_fit.tree
    again = bs.load_fit(stored_fit_path)  # type: ignore[arg-type]
    xr.testing.assert_identical(again.tree, stored_fit.tree)


# Of 400 draws and 36 runs PSIS is unsure of one: a property of this small posterior.
@pytest.mark.filterwarnings("ignore:Estimated shape parameter of Pareto")
def test_arviz_takes_the_tree_as_it_is(stored_fit: bs.ScalingFit) -> None:
    tree = stored_fit.tree
    assert {"E[books]", "E[web]", "alpha", "noise_sd"} <= set(az.summary(tree).index)
    loo = az.loo(tree)
    assert loo.n_data_points == len(stored_fit.runs)
    assert np.isfinite(loo.elpd)
    sensitivity = az.psense_summary(tree, var_names=["alpha", "beta", "a"])
    assert list(sensitivity.index) == ["alpha", "beta", "a"]


@pytest.mark.parametrize("plot", ["plot_forest", "plot_ppc_dist", "plot_rank"])
def test_arviz_plots_the_tree_as_it_is(plot: str, stored_fit: bs.ScalingFit) -> None:
    options = {} if plot == "plot_ppc_dist" else {"var_names": ["alpha", "beta"]}
    collection = getattr(az, plot)(stored_fit.tree, backend="matplotlib", **options)
    assert collection.viz.children or collection.viz.data_vars

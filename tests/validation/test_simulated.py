"""Simulated sweeps: same design, other losses, scattered as the model says."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.validation.simulated import drawn_truths, simulated_runs

PriorFit = Callable[..., bs.ScalingFit]


def one_truth(fit: bs.ScalingFit, rng: np.random.Generator, **noise: float) -> bs.ScalingFit:
    """One draw of a fit, with noise parameters set by hand."""
    truth = drawn_truths(fit, 1, rng)
    fixed = {name: 0 * truth.posterior[name] + value for name, value in noise.items()}
    return replace(truth, posterior=truth.posterior.assign(fixed))


def test_truths_are_whole_draws_of_the_fit(
    stored_fit: bs.ScalingFit, rng: np.random.Generator
) -> None:
    truths = drawn_truths(stored_fit, 30, rng).posterior
    assert {name: truths.sizes[name] for name in ("chain", "draw")} == {"chain": 1, "draw": 30}
    names = ["alpha", "beta", "noise_sd", "delta_sd", "miss"]
    known = stored_fit.posterior[names].to_dataframe()
    drawn = truths[names].to_dataframe()
    found = drawn.merge(known, on=names, how="left", indicator=True)
    assert (found["_merge"] == "both").all()
    assert not drawn.duplicated().any()


def test_more_truths_than_draws_repeat(stored_fit: bs.ScalingFit, rng: np.random.Generator) -> None:
    assert drawn_truths(stored_fit, 500, rng).posterior.sizes["draw"] == 500


def test_only_the_losses_of_a_sweep_differ(
    stored_fit: bs.ScalingFit, rng: np.random.Generator
) -> None:
    truth = drawn_truths(stored_fit, 1, rng)
    runs = simulated_runs(truth, 1)
    before, after = stored_fit.runs.table, runs.table
    pd.testing.assert_frame_equal(before.drop(columns="loss"), after.drop(columns="loss"))
    assert (before["loss"] != after["loss"]).all()
    # The reference scales are part of the prior, so they do not follow the new losses.
    assert dict(runs.reference) == dict(stored_fit.runs.reference)
    assert (simulated_runs(truth, 1).table["loss"] == after["loss"]).all()
    assert (simulated_runs(truth, 2).table["loss"] != after["loss"]).all()


def test_losses_scatter_about_the_truth_in_each_level(
    stored_fit: bs.ScalingFit, rng: np.random.Generator
) -> None:
    truth = one_truth(stored_fit, rng, noise_sd=1e-9)
    where = bs.forecast(truth, at=stored_fit.runs.table[["params", "tokens", "corpus"]])
    expected = where.draws["expected_loss"].values.ravel()
    assert simulated_runs(truth, 1).values("loss") == pytest.approx(expected, rel=1e-6)
    alike = {"noise_sd_sd_corpus": 1e-9}
    wide = one_truth(stored_fit, rng, noise_sd=0.1, noise_df=200.0, **alike)
    drawn = [np.log(simulated_runs(wide, seed).values("loss")) for seed in range(40)]
    # 40 sweeps of 40 runs: the standard deviation is known to 2 %, its t is wider by 0.5 %.
    assert np.std(drawn, axis=0).mean() == pytest.approx(0.1, rel=0.08)


def test_replicates_share_what_their_configuration_has(
    prior_fit: PriorFit, rng: np.random.Generator
) -> None:
    sizes = pd.DataFrame({"params": [1e8, 3e8, 1e9], "tokens": [2e9, 1e10, 2e10]})
    frame = sizes.loc[sizes.index.repeat(3)].reset_index(drop=True)
    frame["loss"] = 3.0 + 0.1 * rng.standard_normal(len(frame))
    noise = bs.noise.LogNormal(seeds=bs.Prior.between(0.0003, 0.02))
    fit = prior_fit(bs.ScalingModel("Chinchilla", noise=noise), bs.Runs.from_frame(frame))
    truth = one_truth(fit, rng, noise_sd=0.2, noise_seed_sd=1e-6)
    loss = np.log(simulated_runs(truth, 3).values("loss")).reshape(3, 3)
    assert np.ptp(loss, axis=1).max() < 1e-4
    expected = truth.expected_loss(at=sizes).values.ravel()
    assert np.abs(loss[:, 0] - np.log(expected)).max() > 0.01


def test_a_loss_on_the_way_is_simulated_too(prior_fit: PriorFit, rng: np.random.Generator) -> None:
    frame = pd.DataFrame({"params": np.geomspace(1e8, 1e10, 8), "tokens": 2e10})
    frame["task_loss"], frame["loss"] = np.linspace(3, 2, 8), np.linspace(0.8, 0.5, 8)
    runs = bs.Runs.from_frame(frame, inputs=["task_loss"], response="metric")
    law = bs.laws.TaskError(through=bs.laws.Chinchilla())
    fit = prior_fit(bs.ScalingModel(law, noise=bs.noise.Normal()), runs)
    truth = one_truth(fit, rng, noise_sd=1e-9, task_loss_noise_sd=1e-9)
    again = simulated_runs(truth, 1)
    first = {name: truth.posterior[name].item() for name in law.through.priors}
    inputs = {name: runs.values(name) for name in ("params", "tokens")}
    assert again.values("task_loss") == pytest.approx(law.through.evaluate(inputs, first), rel=1e-6)
    where = truth.expected_loss(at=frame[["params", "tokens"]])
    assert again.values("loss") == pytest.approx(where.values.ravel(), rel=1e-6)


def test_counts_are_whole(prior_fit: PriorFit, rng: np.random.Generator) -> None:
    frame = pd.DataFrame({"params": np.geomspace(1e8, 1e10, 8), "tokens": 2e10, "n_items": 100.0})
    frame["loss"] = np.linspace(0.3, 0.8, 8)
    runs = bs.Runs.from_frame(frame, inputs=["n_items"], response="accuracy")
    fit = prior_fit(bs.ScalingModel("Saturating", noise=bs.noise.Binomial()), runs)
    counts = 100 * simulated_runs(drawn_truths(fit, 1, rng), 1).values("loss")
    assert counts == pytest.approx(np.round(counts))


def test_a_loss_beyond_any_number_is_refused(
    stored_fit: bs.ScalingFit, rng: np.random.Generator
) -> None:
    with pytest.raises(BayesScalingError, match="infinite"):
        simulated_runs(one_truth(stored_fit, rng, noise_sd=1e5), 1)


def test_another_design_lies_on_the_surface_that_was_fitted(
    stored_fit: bs.ScalingFit, rng: np.random.Generator
) -> None:
    """Runs ten times larger: the surface does not move with them."""
    truth = one_truth(stored_fit, rng, noise_sd=1e-9)
    larger = stored_fit.runs.table.assign(
        params=10 * stored_fit.runs.values("params"), tokens=10 * stored_fit.runs.values("tokens")
    ).drop(columns="flops", errors="ignore")
    design = bs.Runs.from_frame(larger, factors=["corpus"])
    design = design.with_reference(**stored_fit.runs.reference)
    where = bs.forecast(truth, at=larger[["params", "tokens", "corpus"]])
    expected = where.draws["expected_loss"].values.ravel()
    assert simulated_runs(truth, 1, design).values("loss") == pytest.approx(expected, rel=1e-6)

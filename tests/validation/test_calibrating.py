"""calibrate(): ranks, tables and failures; the fit itself stands in for the refits of its sweeps.

A truth drawn from a fit is uniform among the draws of that fit, whatever the fit: so it is a refit
that is calibrated, and one whose draws are drawn together is not.
"""

from collections.abc import Callable
from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError, RunsError

Install = Callable[..., list[bs.Runs]]

AT = pd.DataFrame({"params": [1e9, 7e10], "tokens": [2e10, 1.4e12], "corpus": "web"})


def test_calibrated_refits_give_uniform_ranks(stored_fit: bs.ScalingFit, stand_in: Install) -> None:
    stand_in(stored_fit)
    found = bs.calibrate(stored_fit, simulations=60, at=AT, progress=False)
    table = found.table()
    assert list(table.index[:2]) == ["E[books]", "E[web]"]
    assert {"alpha", "beta", "a", "noise_sd", "expected_loss[0]", "expected_loss[1]"} <= set(
        table.index
    )
    # 60 sweeps know a coverage of 90 % to 0.04, and there are two dozen quantities.
    assert table["coverage_90"].between(0.9 - 4 * 0.04, 1).all()
    assert (table["coverage_50"] < table["coverage_80"]).all()
    assert (table["p_value"] > 1e-4).all()
    assert table["shrink"].abs().max() < 1e-9
    assert table["lower"].lt(table["coverage_90"]).all()
    assert table["upper"].gt(table["coverage_90"]).mean() > 0.9


def test_draws_that_are_too_close_together_are_seen(
    stored_fit: bs.ScalingFit, stand_in: Install
) -> None:
    stand_in(stored_fit, share=1 / 3)
    found = bs.calibrate(stored_fit, simulations=60, progress=False)
    alpha = found.table().loc["alpha"]
    # A third of the width of a normal's 90 % interval holds 42 % of it.
    assert alpha["coverage_90"] == pytest.approx(0.42, abs=0.2)
    assert alpha["p_value"] < 0.001
    assert alpha["shrink"] == pytest.approx(2 / 3)
    assert alpha["upper"] < 0.9


def test_a_bias_moves_the_ranks(stored_fit: bs.ScalingFit, stand_in: Install) -> None:
    moved = stored_fit.posterior.assign(alpha=stored_fit.posterior["alpha"] + 10)
    stand_in(replace(stored_fit, posterior=moved))
    pit = bs.calibrate(stored_fit, simulations=20, progress=False).tree["prior_sbc"]
    # No draw of 400 lies below the truth.
    assert pit["alpha"].values == pytest.approx(0.5 / 401)


def test_the_tree_is_what_arviz_plots(stored_fit: bs.ScalingFit, stand_in: Install) -> None:
    stand_in(stored_fit)
    found = bs.calibrate(stored_fit, simulations=30, at=AT, progress=False)
    assert dict(found.tree["prior_sbc"].sizes) == {
        "chain": 1, "draw": 30, "corpus": 2, "point": 2,
    }  # fmt: skip
    figure = az.plot_ecdf_pit(found.tree, var_names=["alpha", "expected_loss"], backend="none")
    written = figure.viz["p_value_text"]["alpha"].item()["string"]
    # The table says what the figure says.
    assert written.startswith(f"p={found.table().loc['alpha', 'p_value']:.2f}")
    assert figure.viz["ecdf_lines"]["expected_loss"].sizes == {"point": 2}


def test_truths_of_a_model_come_from_its_prior(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit], stand_in: Install
) -> None:
    model = bs.ScalingModel("Chinchilla", priors={"E": bs.Prior.fixed_at(0.5)})
    runs = stored_fit.runs
    stand_in(prior_fit(model, runs, draws=500))
    found = bs.calibrate(model, runs, simulations=60, progress=False)
    assert found.truths_from == "prior"
    assert "truths from the prior" in repr(found)
    table = found.table()
    # A parameter held at a value has no rank.
    assert "E" not in table.index
    assert table["coverage_90"].between(0.75, 1).all()
    assert table["shrink"].abs().max() < 0.3
    truths = found.tree["truths"]["alpha"].values
    low, high = model.parameters["alpha"].range()
    assert np.mean((truths > low) & (truths < high)) == pytest.approx(0.9, abs=0.15)


def test_a_sweep_without_a_result_says_why(stored_fit: bs.ScalingFit, stand_in: Install) -> None:
    stand_in(stored_fit, failing={"1", "3"}, apart={"2"})
    found = bs.calibrate(stored_fit, simulations=6, progress=False)
    assert found.refits["status"].tolist() == [
        "done", "BayesScalingError: stuck", "R-hat above 1.05", "BayesScalingError: stuck",
        "done", "done",
    ]  # fmt: skip
    assert found.tree["prior_sbc"]["draw"].values.tolist() == [0, 4, 5]
    assert "3 of 6 simulated sweeps" in repr(found)
    assert "note: 2 simulated sweep(s) gave no result: BayesScalingError: stuck" in repr(found)
    assert "<li>1 simulated sweep(s) gave no result: R-hat above 1.05</li>" in found._repr_html_()


def test_a_sweep_that_cannot_be_simulated_says_why(
    stored_fit: bs.ScalingFit, stand_in: Install
) -> None:
    scatter = stored_fit.posterior["noise_sd"]
    wild = xr.where(scatter > scatter.median(), 1e5, scatter)
    stand_in(stored_fit)
    source = replace(stored_fit, posterior=stored_fit.posterior.assign(noise_sd=wild))
    status = bs.calibrate(source, simulations=12, progress=False).refits["status"]
    assert 0 < status.str.contains("RunsError: Runs: loss has .* infinite").sum() < 12
    assert set(status.index[status == "done"]) <= set(range(12))


def test_a_design_with_levels_that_were_not_fitted_is_refused(stored_fit: bs.ScalingFit) -> None:
    table = stored_fit.runs.table
    table["corpus"] = table["corpus"].replace({"web": "code"})
    design = bs.Runs.from_frame(table[["params", "tokens", "loss", "corpus"]], factors=["corpus"])
    with pytest.raises(RunsError, match=r"corpus 'code' of the design was not fitted"):
        bs.calibrate(stored_fit, design, simulations=2, progress=False)


def test_none_that_gave_a_result_is_an_error(stored_fit: bs.ScalingFit, stand_in: Install) -> None:
    stand_in(stored_fit, failing={"0", "1"})
    with pytest.raises(BayesScalingError, match=r"none of 2 simulated sweeps .*: stuck"):
        bs.calibrate(stored_fit, simulations=2, progress=False)


def test_wrong_questions_are_refused(stored_fit: bs.ScalingFit) -> None:
    with pytest.raises(BayesScalingError, match="calibrate: runs=None"):
        bs.calibrate(stored_fit.model)
    with pytest.raises(BayesScalingError, match="simulations=0"):
        bs.calibrate(stored_fit, simulations=0)
    with pytest.raises(BayesScalingError, match=r"simulations=2\.5 is not a number"):
        bs.calibrate(stored_fit, simulations=2.5)  # type: ignore[arg-type]
    with pytest.raises(BayesScalingError, match="The runs are a str"):
        bs.calibrate("chinchilla", "runs.csv")  # type: ignore[arg-type]
    with pytest.raises(BayesScalingError, match="No law 'chinchila'"):
        bs.calibrate("chinchila", stored_fit.runs)
    other = bs.forecast(replace(stored_fit, runs=stored_fit.runs.where(corpus="web")), at=AT)
    with pytest.raises(BayesScalingError, match="calibrate: the forecast was made from another"):
        bs.calibrate(stored_fit, at=other)


def test_each_refit_gets_the_design_and_losses_of_its_own(
    stored_fit: bs.ScalingFit, stand_in: Install
) -> None:
    seen = stand_in(stored_fit)
    design = stored_fit.runs.where(lambda table: table["params"] > table["params"].median())
    bs.calibrate(stored_fit, design, simulations=4, progress=False)
    assert [len(runs) for runs in seen] == 4 * [len(design)]
    assert len({tuple(runs.values("loss")) for runs in seen}) == 4
    assert all(dict(runs.reference) == dict(stored_fit.runs.reference) for runs in seen)

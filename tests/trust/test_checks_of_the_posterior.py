"""Sampler, learning, predictive and influence checks, on the stored posterior and spoilt ones."""

import re
from collections.abc import Callable
from copy import copy
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.display.wording import chance
from bayes_scaling.fitting.beyond import even_normal
from bayes_scaling.trust.case import Case
from bayes_scaling.trust.checks import predictive
from bayes_scaling.trust.checks.influence import check_influence, tail_bound
from bayes_scaling.trust.checks.learning import check_learning
from bayes_scaling.trust.checks.predictive import _left_out, check_predictive
from bayes_scaling.trust.checks.sampler import check_sampler

Cases = Callable[..., Case]


def with_losses(fit: bs.ScalingFit, change: Callable[[np.ndarray], np.ndarray]) -> bs.ScalingFit:
    """The posterior of a case, confronted with other losses."""
    table = fit.runs.table
    table["loss"] = change(table["loss"].to_numpy(copy=True))
    runs = bs.Runs.from_frame(table, factors=["corpus"]).with_reference(**fit.runs.reference)
    return replace(fit, runs=runs)


def test_a_small_shortfall_of_the_chains_is_shown_but_no_doubt(
    stored_case: Cases, stored_fit: bs.ScalingFit
) -> None:
    # 2 x 200 draws cannot be worth 400 in every variable.
    found = check_sampler(stored_case())
    assert found.table.loc["bulk ESS", "value"] < found.table.loc["bulk ESS", "ideal"]
    assert "trust" not in set(found.table["verdict"]) - {"trust", "caution"}
    error = found.table.loc["error of its interval's ends", "value"]
    assert 0.02 < error < 0.1
    assert found.by_point[0] == ("trust" if error <= 0.05 else "caution")
    # Chance alone is no lack of convergence.
    assert found.headline.startswith("The chains agree on the forecast")
    assert found.headline.endswith("Fit with more draws.") == (error > 0.05)


@pytest.mark.parametrize(
    ("shift", "verdict"), [(0.0, "trust"), (0.4, "caution"), (2.0, "do not trust")]
)
def test_chains_that_disagree_on_the_forecast_decide(
    stored_case: Cases, shift: float, verdict: str
) -> None:
    case = stored_case()
    normal = even_normal(case.expected, np.random.default_rng(1))
    first = normal["point"] == 0
    case.__dict__["expected"] = normal + shift * (normal["chain"] - 0.5) * first
    found = check_sampler(case)
    assert found.by_point[0] == verdict
    assert set(found.by_point[1:]) == {"trust"}


def test_monte_carlo_error_is_that_of_the_ends_over_the_width(stored_case: Cases) -> None:
    case = stored_case()
    case.__dict__["expected"] = even_normal(case.expected, np.random.default_rng(1))
    error = check_sampler(case).table.loc["error of its interval's ends", "value"]
    # Of a normal: the root of p (1 - p) / n over the density there, and 3.29 wide.
    assert error == pytest.approx(np.sqrt(0.05 * 0.95 / 400) / 0.103 / 3.29, rel=0.5)


def test_a_variable_with_chains_in_two_places_is_a_doubt(
    stored_case: Cases, stored_fit: bs.ScalingFit
) -> None:
    apart = stored_fit.posterior["E_typical_ref"].copy()
    apart[0] += 1.0
    fit = replace(stored_fit, posterior=stored_fit.posterior.assign(E_typical_ref=apart))
    found = check_sampler(stored_case(fit))
    assert set(found.by_point) == {"caution"}
    assert found.table.loc["r_hat", "value"] > 1.5
    assert "r_hat" in found.headline


def test_many_divergences_are_a_doubt(stored_case: Cases, stored_fit: bs.ScalingFit) -> None:
    diverging = xr.zeros_like(stored_fit.sample_stats["diverging"])
    diverging[:, :20] = True
    stats = stored_fit.sample_stats.assign(diverging=diverging)
    found = check_sampler(stored_case(replace(stored_fit, sample_stats=stats)))
    assert found.table.loc["divergent draws", "value"] == pytest.approx(0.1)
    assert found.table.loc["divergent draws", "verdict"] == "caution"


def test_thirty_six_runs_taught_the_forecast(stored_case: Cases) -> None:
    found = check_learning(stored_case())
    assert "do not trust" not in found.by_point
    # Of the farthest most is how laws miss, which no run teaches.
    assert found.table["share_of_prior_spread"].iloc[:-1].max() < 0.1
    assert (found.table["likelihood_sensitivity"] > 0.05).all()
    parameters = found.table.attrs["parameters"]
    assert {"E_typical_ref", "alpha", "noise_sd"} <= set(parameters.index)


def test_the_miss_beyond_the_runs_is_not_of_their_teaching(stored_case: Cases) -> None:
    case = stored_case()
    found = check_learning(case)
    inside, farther = found.table["miss_share_of_variance"].iloc[[0, -1]]
    assert inside == 0
    assert 0.1 < farther < 1
    assert "0 % of its variance is how laws miss beyond their runs" in found.headline


def test_what_was_learnt_of_a_positive_parameter_does_not_depend_on_its_size(
    stored_case: Cases, stored_fit: bs.ScalingFit
) -> None:
    """A scatter far above its prior has a large spread, and the same few percent."""
    spread = stored_fit.posterior["noise_sd"]
    larger = replace(stored_fit, posterior=stored_fit.posterior.assign(noise_sd=100 * spread))
    before, after = (
        check_learning(stored_case(fit)).table.attrs["parameters"].loc["noise_sd"]
        for fit in (stored_fit, larger)
    )
    assert after["share_of_prior_spread"] == pytest.approx(before["share_of_prior_spread"])
    assert after["share_of_prior_spread"] < 0.5


def test_a_posterior_that_is_the_prior_is_not_trusted(
    case: Cases, sweep: Callable[..., bs.Runs]
) -> None:
    at = sweep().table[["params", "tokens"]].iloc[:1]
    found = check_learning(case(sweep(), at))
    assert found.table["share_of_prior_spread"].min() > 0.5
    assert set(found.by_point) == {"do not trust"}


def test_runs_that_the_model_made_have_no_structure(stored_case: Cases) -> None:
    found = check_predictive(stored_case())
    assert set(found.by_point) == {"trust"}
    assert set(found.table["structure"]) == {
        "trend", "curvature", "likeness of neighbours", "level",
    }  # fmt: skip
    assert len(found.table.attrs["loo_pit"]) == 36


def test_levels_that_no_parameter_varies_by_are_looked_at_too(
    stored_case: Cases, stored_fit: bs.ScalingFit
) -> None:
    """Two recipes that differ by 4 %, in a model that does not know of them."""
    recipe = np.tile([0, 1], len(stored_fit.runs))[: len(stored_fit.runs)]
    shifted = with_losses(stored_fit, lambda loss: loss * np.exp(0.04 * recipe))
    table = shifted.runs.table.assign(recipe=np.where(recipe, "new", "old"))
    fit = replace(shifted, runs=bs.Runs.from_frame(table, factors=["corpus", "recipe"]))
    rows = check_predictive(stored_case(fit)).table.set_index(["structure", "of"])
    assert rows.loc[("level", "recipe"), "verdict"] == "do not trust"
    assert any("No parameter varies by recipe: its 2 levels" in note for note in fit.notes)


def test_a_bend_along_compute_is_found(stored_case: Cases, stored_fit: bs.ScalingFit) -> None:
    flops = np.log(stored_fit.runs.values("flops"))
    bend = 0.03 * (((flops - flops.mean()) / flops.std()) ** 2 - 1)
    found = check_predictive(stored_case(with_losses(stored_fit, lambda loss: loss * np.exp(bend))))
    assert set(found.by_point) == {"do not trust"}
    rows = found.table.set_index(["structure", "of"])
    assert rows.loc[("curvature", "flops"), "share"] > 0.5
    assert rows.loc[("curvature", "flops"), "adjusted"] < 0.01


def test_a_shift_of_one_corpus_is_found(stored_case: Cases, stored_fit: bs.ScalingFit) -> None:
    web = np.asarray(stored_fit.runs.table["corpus"] == "web")
    shifted = with_losses(stored_fit, lambda loss: loss * np.where(web, 1.02, 0.98))
    found = check_predictive(stored_case(shifted))
    rows = found.table.set_index(["structure", "of"])
    assert rows.loc[("level", "corpus"), "verdict"] == "do not trust"


def test_the_headline_quotes_what_decided(stored_case: Cases, stored_fit: bs.ScalingFit) -> None:
    clean = check_predictive(stored_case())
    assert clean.headline.startswith("The clearest structure in the residuals is")
    wider = stored_fit.posterior.assign(noise_sd=4 * stored_fit.posterior["noise_sd"])
    found = check_predictive(stored_case(replace(stored_fit, posterior=wider)))
    assert set(found.by_point) == {"caution"}
    assert set(found.table["verdict"]) == {"trust"}
    pit = found.table.attrs["loo_pit"].attrs
    assert found.headline.startswith("Runs scatter otherwise than the noise has it")
    assert f"uneven (by {pit['distance']:.2f} of 1, {chance(pit['p_value'])})" in found.headline
    assert f"Intervals of 50 % hold {100 * pit['coverage'][0.5]:.0f} % of them" in found.headline


@pytest.mark.parametrize(("size", "verdict"), [(0.04, "trust"), (0.1, "trust"), (0.2, "caution")])
def test_a_law_that_leaves_out_more_than_others_is_a_doubt(
    stored_case: Cases, stored_fit: bs.ScalingFit, size: float, verdict: str
) -> None:
    posterior = stored_fit.posterior
    larger = size / posterior["delta_sd"].median()
    # The surface stays as it is.
    changed = {"delta_sd": posterior["delta_sd"] * larger, "delta_z": posterior["delta_z"] / larger}
    case = stored_case(replace(stored_fit, posterior=posterior.assign(changed)))
    found = check_predictive(case)
    assert not case.inside[-1]
    assert found.by_point[-1] == verdict
    # A target among the runs has it in its scatter.
    assert found.by_point[0] == "trust"
    said = f"The law leaves out {100 * size:.0f} % of its reducible loss (delta_sd)"
    assert found.headline.startswith(said) == (verdict != "trust")
    beyond = "larger than its prior expected (90 % within 0.0019 to 0.052)"
    assert (beyond in found.headline) == (size == 0.1)


def test_a_largest_run_outside_its_interval_is_named(
    stored_case: Cases, stored_fit: bs.ScalingFit
) -> None:
    web = stored_fit.runs.table["corpus"] == "web"
    largest = int(np.where(web, stored_fit.runs.values("flops"), 0).argmax())

    def raise_largest(loss: np.ndarray) -> np.ndarray:
        loss[largest] *= 1.05
        return loss

    said = check_predictive(stored_case(with_losses(stored_fit, raise_largest))).headline
    name = stored_fit.runs.table.index[largest]
    found = re.search(rf"The largest run \(row '{name}'\) lies (\S+) % above", said)
    assert found is not None
    assert float(found[1]) == pytest.approx(5, abs=1)
    assert "The largest run" not in check_predictive(stored_case()).headline


def test_the_law_alone_leaves_nothing_out(
    known_fit: Callable[..., bs.ScalingFit], sweep: Callable[..., bs.Runs]
) -> None:
    theta = {"E": 1.82, "A": 482.0, "B": 2085.0, "alpha": 0.348, "beta": 0.366}
    assert _left_out(known_fit(bs.laws.Chinchilla(), theta, sweep())) == ("trust", "")


def test_a_small_unevenness_does_no_harm_however_certain(
    stored_case: Cases, stored_fit: bs.ScalingFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    wider = stored_fit.posterior.assign(noise_sd=4 * stored_fit.posterior["noise_sd"])
    case = stored_case(replace(stored_fit, posterior=wider))
    pit = check_predictive(case).table.attrs["loo_pit"].attrs
    monkeypatch.setattr(predictive, "UNEVEN", pit["distance"] + 0.01)
    assert set(check_predictive(case).by_point) == {"trust"}
    monkeypatch.setattr(predictive, "UNEVEN", pit["distance"] - 0.01)
    assert set(check_predictive(case).by_point) == {"caution"}


def test_no_run_of_a_clean_sweep_is_impossible(stored_case: Cases) -> None:
    found = check_influence(stored_case())
    assert (found.table["tail_probability"] > 0.01).all()
    assert found.by_point[0] == "trust"
    assert (found.table["shift_0"].abs() < 1.645).all()


@pytest.mark.parametrize(("share", "verdict"), [(0.1, "trust"), (0.6, "caution")])
def test_weights_of_most_runs_that_are_not_reliable_are_a_doubt(
    stored_case: Cases, share: float, verdict: str
) -> None:
    case = stored_case()
    loo = copy(case.loo)
    bad = np.arange(len(case.runs)) < share * len(case.runs)
    loo.pareto_k = loo.pareto_k.where(~bad, 0.9)
    case.__dict__["loo"] = loo
    found = check_influence(case)
    assert set(found.by_point[: case.asked]) == {verdict}
    said = f"Of {bad.sum()} of {len(bad)} runs it is not known what they carry"
    assert (said in found.headline) == (verdict == "caution")


def test_a_mistyped_loss_is_named(stored_case: Cases, stored_fit: bs.ScalingFit) -> None:
    def mistype(loss: np.ndarray) -> np.ndarray:
        loss[11] *= 1.3
        return loss

    found = check_influence(stored_case(with_losses(stored_fit, mistype)))
    assert set(found.by_point) == {"do not trust"}
    assert found.headline.startswith("Row '11' cannot come from this law")
    assert found.table["tail_probability"].idxmin() == "11"


def test_a_second_kind_of_run_is_a_doubt(stored_case: Cases, stored_fit: bs.ScalingFit) -> None:
    def mix(loss: np.ndarray) -> np.ndarray:
        loss[[2, 9, 20, 30]] *= 1.06
        return loss

    found = check_influence(stored_case(with_losses(stored_fit, mix)))
    named = found.headline.split(")")[0]
    assert "4 runs lie further off than scatter explains" in named
    assert all(repr(name) in named for name in ("2", "9", "20", "30"))
    assert "trust" not in found.by_point


def test_the_tail_bound_is_above_the_tail_of_a_normal_and_near_that_of_a_power() -> None:
    from scipy import stats

    far = np.array([2.0, 4.0, 6.0])
    normal = np.exp(tail_bound(stats.norm.logpdf(far), far))
    assert (normal > stats.norm.sf(far)).all()
    power = np.exp(tail_bound(stats.t.logpdf(50.0, 3), np.array([50.0])))
    assert power == pytest.approx(3 * stats.t.sf(50.0, 3), rel=0.05)

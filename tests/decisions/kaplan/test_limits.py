"""Kaplan's limits: his own constants reproduced, posteriors of the user's, and the crossing."""

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.decisions.kaplan.crossings import KAPLAN_PARAMS, KAPLAN_TOKENS, crossing
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.fitting.diagnostics import Diagnostics
from bayes_scaling.units import PF_DAY

CHAINS = ("chain", "draw")


def test_kaplans_threshold(kaplan_fit: bs.ScalingFit) -> None:
    """Equation 4.4: 5e3 N^0.74, from the constants of table 2 more precisely 5.52e3 N^0.7379."""
    sizes = np.geomspace(1e6, 1e11, 6)
    found = bs.decisions.overfitting_threshold(kaplan_fit, sizes, penalty=0.02)
    median = found.draws.median(CHAINS)
    np.testing.assert_allclose(median["coefficient"], 5.52e3, rtol=0.01)
    np.testing.assert_allclose(median["exponent"], 0.7379, atol=5e-5)
    np.testing.assert_allclose(median["tokens"], 5e3 * sizes**0.74, rtol=0.15)


def test_the_penalty_there_is_the_one_allowed(kaplan_fit: bs.ScalingFit) -> None:
    found = bs.decisions.overfitting_threshold(kaplan_fit, 1e9, penalty=0.02).draws
    there = kaplan_fit.expected_loss(1e9, float(found["tokens"].median()))
    endless = kaplan_fit.expected_loss(1e9, 1e100)
    np.testing.assert_allclose(there / endless - 1, 0.02, rtol=1e-6)


def test_chinchillas_threshold_is_its_formula(law_fit: bs.ScalingFit) -> None:
    found = bs.decisions.overfitting_threshold(law_fit, [1e8, 1e10])
    draws = found.draws
    np.testing.assert_allclose(
        draws["penalty"].isel(point=0), np.expm1(law_fit.posterior["noise_sd"]), rtol=1e-12
    )
    theta = law_fit.posterior.sel(corpus=draws["corpus"]).drop_vars("corpus")
    endless = theta["E"] + theta["A"] * draws["params"] ** -theta["alpha"]
    tokens = (theta["B"] / (draws["penalty"] * endless)) ** (1 / theta["beta"])
    np.testing.assert_allclose(draws["tokens"], tokens.transpose(*draws["tokens"].dims), rtol=1e-7)
    np.testing.assert_allclose(
        draws["coefficient"] * draws["params"] ** draws["exponent"], draws["tokens"]
    )
    assert any("scatter of runs about the law" in note for note in found.notes)


def test_usual_sizes_are_those_of_the_runs(stored_fit: bs.ScalingFit) -> None:
    found = bs.decisions.overfitting_threshold(stored_fit, penalty=0.01)
    sizes = np.unique(found.draws["params"])
    runs = stored_fit.runs.values("params")
    assert (sizes[0], sizes[-1]) == (runs.min(), runs.max())
    assert found.notes == stored_fit.notes


def test_the_threshold_refuses_what_it_cannot_answer(
    stored_fit: bs.ScalingFit, steps_fit: bs.ScalingFit
) -> None:
    with pytest.raises(RunsError, match=r"a penalty of -0\.1"):
        bs.decisions.overfitting_threshold(stored_fit, penalty=-0.1)
    with pytest.raises(ModelError, match="KaplanSteps is a function of params, steps"):
        bs.decisions.overfitting_threshold(steps_fit)


def test_early_stopping_is_equation_5_7(
    kaplan_fit: bs.ScalingFit, steps_fit: bs.ScalingFit
) -> None:
    found = (
        bs.decisions.early_stopping(steps_fit, kaplan_fit, 1e9, 2.42e10)
        .draws.median(CHAINS)
        .isel(point=0)
    )
    there, endless = (float(kaplan_fit.expected_loss(1e9, d).median()) for d in (2.42e10, 1e100))
    assert float(found["excess"]) == pytest.approx(there - endless, rel=1e-6)
    assert float(found["steps"]) == pytest.approx(2.1e3 / (there - endless) ** (1 / 0.76), rel=1e-6)


def test_independent_posteriors_are_paired_by_draw(
    stored_fit: bs.ScalingFit, steps_fit: bs.ScalingFit
) -> None:
    """The steps fit has fewer draws: they are used in turn."""
    found = bs.decisions.early_stopping(steps_fit, stored_fit, 1e9, 2e10)
    assert found.draws["steps"].shape == (2, 200, 2)
    S_c = np.resize(steps_fit.posterior["S_c"].values, (2, 200))
    alpha_S = np.resize(steps_fit.posterior["alpha_S"].values, (2, 200))
    excess = found.draws["excess"].isel(point=0).values
    np.testing.assert_allclose(found.draws["steps"].isel(point=0), S_c / excess ** (1 / alpha_S))
    assert "Early stopping" in repr(found)
    assert set(stored_fit.notes) <= set(found.notes)
    assert any(note.startswith("KaplanSteps: The chains have not") for note in found.notes)


def test_two_fits_are_as_good_as_the_worse(
    kaplan_fit: bs.ScalingFit, steps_fit: bs.ScalingFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = bs.decisions.early_stopping(steps_fit, kaplan_fit, 1e9, 2e10)
    monkeypatch.setitem(vars(kaplan_fit), "diagnostics", Diagnostics(1.0, 4e3, 4e3, 0.0))
    assert kaplan_fit.diagnostics.problems == ()
    assert found.table()["diagnosis"].iloc[0] == steps_fit.diagnostics.diagnosis


def test_kaplans_appendix_b(steps_fit: bs.ScalingFit) -> None:
    """Stopping 10 % above convergence against 2 %: 2.7 x size, 7.7 x fewer steps, 65 % less."""
    row = bs.decisions.convergence_tradeoff(steps_fit, [0.1, 0.02]).table()
    assert row.index.tolist() == [0.1, 0.02]
    names = ("params_ratio", "steps_ratio", "flops_ratio", "best_excess")
    medians = [row[name, "median"].iloc[0] for name in names]
    assert medians == pytest.approx([2.67, 0.133, 0.354, 0.077 / 0.76], rel=0.003)
    assert [row[name, "median"].iloc[1] for name in names[:3]] == pytest.approx([1, 1, 1])


def test_the_best_excess_needs_least_compute(steps_fit: bs.ScalingFit) -> None:
    best = 0.077 / 0.76
    draws = bs.decisions.convergence_tradeoff(steps_fit, [0.9 * best, best, 1.1 * best]).draws
    assert (draws["flops_ratio"].argmin("point") == 1).all()


def test_steps_bounds_refuse_other_laws(
    stored_fit: bs.ScalingFit, steps_fit: bs.ScalingFit
) -> None:
    with pytest.raises(ModelError, match="the fit is of Chinchilla with groups of corpus"):
        bs.decisions.convergence_tradeoff(stored_fit)
    with pytest.raises(ModelError, match=r"early_stopping.*Fit bs.laws.KaplanSteps"):
        bs.decisions.early_stopping(stored_fit, stored_fit, 1e9, 1e10)
    with pytest.raises(RunsError, match=r"no run stops at 0\.0 above"):
        bs.decisions.convergence_tradeoff(steps_fit, 0.0)


@pytest.fixture(scope="module")
def laws_of_kaplan(scattered_fit) -> tuple[bs.ScalingFit, bs.ScalingFit]:
    """L(C_min) and L(D), equations 1.3 and 1.2, as powers without a floor."""
    scale = {"flops": (3.1e8 * PF_DAY, 0.050), "tokens": (5.4e13, 0.095)}
    fits = []
    for name, (critical, alpha) in scale.items():
        law = bs.laws.PowerLaw(name, floor=False)
        fits.append(scattered_fit(law, {"A": critical**alpha, "alpha": alpha}))
    return fits[0], fits[1]


def test_kaplans_contradiction(laws_of_kaplan: tuple[bs.ScalingFit, bs.ScalingFit]) -> None:
    """Equation 6.8: about 1e4 PF-days, 1e12 parameters, 1.7 nats; recomputed to 1 %."""
    found = bs.decisions.loss_crossing(*laws_of_kaplan)
    median = found.draws.median()
    assert float(median["flops"]) / PF_DAY == pytest.approx(1.12e4, rel=0.01)
    assert float(median["loss"]) == pytest.approx(1.668, rel=0.01)
    assert float(median["params"]) == pytest.approx(1.17e12, rel=0.01)
    assert float(median["tokens"]) == pytest.approx(2.5e11, rel=0.01)
    assert "Loss crossing" in repr(found)
    for name, printed in {"params": 1e12, "tokens": 1e12, "loss": 1.7}.items():
        assert abs(np.log10(float(median[name]) / printed)) < 1


def test_a_joint_law_gives_the_loss_of_data_alone(
    laws_of_kaplan: tuple[bs.ScalingFit, bs.ScalingFit], kaplan_fit: bs.ScalingFit
) -> None:
    """L(inf, D) of equation 1.5 has other constants than 1.2, and crosses elsewhere."""
    found = float(bs.decisions.loss_crossing(laws_of_kaplan[0], kaplan_fit).draws["flops"].median())
    expected = crossing(
        lambda c: (3.1e8 * PF_DAY / c) ** 0.050,
        lambda c: (1.8e13 / KAPLAN_TOKENS(c)) ** 0.103,
        np.array(1e23),
    )
    assert found == pytest.approx(float(expected), rel=1e-5)


def test_one_law_of_both_contradicts_itself_where_its_frontier_meets_its_data(
    sardana_fit: bs.ScalingFit,
) -> None:
    """The frontier falls faster than the data of Kaplan's training allow."""
    found = bs.decisions.loss_crossing(sardana_fit, sardana_fit).draws.median()
    best = bs.allocate(sardana_fit, float(found["flops"])).draws["expected_loss"]
    np.testing.assert_allclose(best, float(found["loss"]), rtol=1e-6)
    endless = 1.69 + 410.7 * float(KAPLAN_TOKENS(found["flops"])) ** -0.283
    assert float(found["loss"]) == pytest.approx(endless, rel=1e-6)


def test_laws_that_do_not_cross_are_nan_and_counted(
    laws_of_kaplan: tuple[bs.ScalingFit, bs.ScalingFit],
) -> None:
    """Data that grow with compute to this power never limit it before the reach of the search."""
    found = bs.decisions.loss_crossing(
        *laws_of_kaplan, tokens=bs.decisions.PowerOfCompute(1e40, 0.6)
    )
    assert found.draws["flops"].isnull().all()
    assert any("100.0 % of draws do not cross" in note for note in found.notes)


def test_the_crossing_refuses_groups_and_other_inputs(
    laws_of_kaplan: tuple[bs.ScalingFit, bs.ScalingFit], stored_fit: bs.ScalingFit
) -> None:
    by_compute, by_tokens = laws_of_kaplan
    with pytest.raises(ModelError, match="with groups of corpus does not give one loss"):
        bs.decisions.loss_crossing(by_compute, stored_fit)
    with pytest.raises(ModelError, match=r"PowerLaw of tokens does not .* amount of flops"):
        bs.decisions.loss_crossing(by_tokens, by_tokens)


def test_growth_is_a_power_of_compute() -> None:
    assert KAPLAN_PARAMS(PF_DAY) == pytest.approx(1.3e9)
    assert bs.decisions.PowerOfCompute(2.0, 0.5, unit=1.0)(16.0) == 8.0
    with pytest.raises(ValueError, match="is no amount that grows with compute"):
        bs.decisions.PowerOfCompute(-1.0, 0.5)

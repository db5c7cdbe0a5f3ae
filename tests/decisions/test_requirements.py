"""Needed amounts: inverses of forecasts, floors, and intervals that end at infinity."""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError, ModelError, RunsError


def test_compute_is_the_inverse_of_the_frontier(stored_fit: bs.ScalingFit) -> None:
    best = bs.allocate(stored_fit, 1e22).draws.sel(budget=0)
    loss = float(best["expected_loss"].isel(chain=0, draw=0))
    found = bs.needed(stored_fit, loss, at=pd.DataFrame({"corpus": [str(best["corpus"].values)]}))
    first = found.draws.isel(chain=0, draw=0, point=0)
    assert float(first["flops"]) == pytest.approx(1e22, rel=1e-6)
    assert float(first["params"]) == pytest.approx(
        float(best["params"].isel(chain=0, draw=0)), rel=1e-4
    )


@pytest.mark.parametrize(("of", "held"), [("tokens", "params"), ("params", "tokens")])
def test_the_amount_gives_the_loss(law_fit: bs.ScalingFit, of: str, held: str) -> None:
    at = pd.DataFrame({held: [2e10], "corpus": ["web"]})
    found = bs.needed(law_fit, 2.5, of=of, at=at).draws[of].isel(point=0)
    theta = law_fit.posterior.sel(corpus="web")
    paper = {name: theta[name] for name in ("E", "A", "B", "alpha", "beta")}
    loss = bs.laws.Chinchilla.loss(**{of: found, held: 2e10}, **paper)
    np.testing.assert_allclose(loss, 2.5, rtol=1e-9)


def test_draws_with_a_floor_above_the_target_are_infinite(law_fit: bs.ScalingFit) -> None:
    found = bs.needed(law_fit, [2.5, 1.9], at=pd.DataFrame({"corpus": ["web", "web"]}))
    above = (law_fit.posterior["E"].sel(corpus="web") >= 1.9).mean()
    share = found.unreachable()
    assert share.tolist() == pytest.approx([0.0, float(above)])
    assert 0.1 < above < 0.9
    table = found.table(0.9)
    assert np.isfinite(table["flops"].iloc[0]).all()
    assert table["flops", "upper"].iloc[1] == np.inf
    assert list(table["unreachable", ""]) == pytest.approx(share.tolist())
    assert any("whose floor is above it" in note for note in found.notes)
    assert "inf" in repr(found)
    assert "Needed flops" in found._repr_html_()


def test_one_input_laws_are_asked_for_their_input(scattered_fit) -> None:
    fit = scattered_fit(bs.laws.PowerLaw("tokens"), {"E": 1.5, "A": 100.0, "alpha": 0.25})
    found = bs.needed(fit, [2.5, 1.4], of="tokens")
    # (100 / (2.5 - 1.5)) ** 4
    np.testing.assert_allclose(found.draws["tokens"].isel(point=0), 1e8, rtol=1e-6)
    assert np.isinf(found.draws["tokens"].isel(point=1)).all()
    assert found.table().index.tolist() == [2.5, 1.4]


def test_a_law_without_a_floor_needs_a_finite_amount(kaplan_fit: bs.ScalingFit) -> None:
    found = bs.needed(kaplan_fit, 1.0)
    assert np.isfinite(found.draws["flops"]).all()
    budget = float(found.draws["flops"].median())
    best = bs.allocate(kaplan_fit, budget).draws
    assert float(best["expected_loss"].median()) == pytest.approx(1.0, rel=1e-5)


def test_what_cannot_be_asked_is_refused(stored_fit: bs.ScalingFit, scattered_fit) -> None:
    fit = scattered_fit(bs.laws.PowerLaw("tokens"), {"E": 1.5, "A": 100.0, "alpha": 0.25})
    with pytest.raises(ModelError, match="no amount of flops changes its loss"):
        bs.needed(fit, 2.0)
    with pytest.raises(RunsError, match="No value for params"):
        bs.needed(stored_fit, 2.5, of="tokens")
    with pytest.raises(RunsError, match="loss is nan"):
        bs.needed(stored_fit, np.nan)
    with pytest.raises(RunsError, match="different lengths"):
        bs.needed(stored_fit, [2.5, 2.4, 2.3], at=pd.DataFrame({"corpus": ["web", "web"]}))


def test_runs_without_tokens_have_a_reference_for_them(scattered_fit) -> None:
    theta = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.336, "beta": 0.283}
    frame = pd.DataFrame({"params": [1e8, 1e9, 1e10], "flops": [1e19, 1e20, 1e21]})
    frame["loss"] = bs.laws.Chinchilla.loss(frame["params"], 1e10, **theta)
    runs = bs.Runs.from_frame(frame)
    fit = scattered_fit(bs.laws.Chinchilla(), theta, runs=runs)
    assert float(bs.needed(fit, 2.2).draws["tokens"].median()) > 1e9


def test_what_is_solved_for_cannot_be_held(stored_fit: bs.ScalingFit) -> None:
    with pytest.raises(BayesScalingError, match=r"params is given in `at`.*solved for"):
        bs.needed(stored_fit, 2.2, at=pd.DataFrame({"params": [1e10]}))

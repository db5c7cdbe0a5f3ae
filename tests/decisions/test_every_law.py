"""Questions of params and tokens, asked of every built-in kind of law that has both."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs

LAWS = {
    "over-training": bs.laws.OverTraining(),
    "data-constrained": bs.laws.DataConstrained(tied=True),
    "nested": bs.laws.Nested(),
    "kaplan": bs.laws.KaplanJoint(),
}
HELD = pd.DataFrame({"unique_tokens": [1e12]})


@pytest.fixture(scope="module", params=list(LAWS))
def fit(request: pytest.FixtureRequest, prior_fit: Callable[..., bs.ScalingFit]) -> bs.ScalingFit:
    """Fifty prior draws on a grid of runs."""
    params, ratio = (g.ravel() for g in np.meshgrid(np.geomspace(1e8, 1e10, 5), [5, 20, 80]))
    frame = pd.DataFrame({"params": params, "tokens": ratio * params, "loss": 2.5})
    frame["unique_tokens"] = frame["tokens"] / 2
    frame["loss"] += 100 * frame["params"] ** -0.3
    runs = bs.Runs.from_frame(frame, inputs=["unique_tokens"])
    return prior_fit(bs.ScalingModel(LAWS[request.param]), runs)


def held(fit: bs.ScalingFit) -> pd.DataFrame | None:
    return HELD if "unique_tokens" in fit.model.law.inputs else None


def loss_at(fit: bs.ScalingFit, params: float, tokens: float) -> float:
    """Of the first draw, by the fit itself."""
    table = pd.DataFrame({"params": [params], "tokens": [tokens]})
    other = held(fit)
    at = table if other is None else table.assign(unique_tokens=1e12)
    return float(fit.expected_loss(at=at).isel(chain=0, draw=0, point=0))


def first(draws: object, name: str) -> float:
    return float(draws[name].isel(chain=0, draw=0, point=0))  # type: ignore[index]


def test_a_needed_run_reaches_the_loss_and_no_neighbour_is_cheaper(fit: bs.ScalingFit) -> None:
    target = loss_at(fit, 2e9, 4e10)
    draws = bs.needed(fit, target, at=held(fit)).draws
    params, tokens = first(draws, "params"), first(draws, "tokens")
    if np.isnan(params):
        pytest.skip("this draw of the prior has no interior optimum")
    assert loss_at(fit, params, tokens) == pytest.approx(target, rel=1e-6)
    for factor in (0.7, 1.4):
        assert loss_at(fit, params * factor, tokens / factor) > target - 1e-9


def test_returns_and_curves_answer(fit: bs.ScalingFit) -> None:
    lines = bs.decisions.isoflop_curves(fit, 1e21, params=[1e9, 4e9], at=held(fit))
    assert np.isfinite(lines.draws["expected_loss"]).all()
    assert first(lines.draws, "expected_loss") == pytest.approx(loss_at(fit, 1e9, 1e21 / 6e9))
    point = pd.DataFrame({"params": [1e9], "tokens": [2e10]})
    at = point if held(fit) is None else point.assign(unique_tokens=1e12)
    margins = bs.decisions.marginal_returns(fit, at=at).draws
    step = loss_at(fit, 2e9, 2e10) - loss_at(fit, 1e9, 2e10)
    assert first(margins, "doubled_params") == pytest.approx(step, rel=1e-9)


def test_the_lifetime_model_is_smaller(fit: bs.ScalingFit) -> None:
    draws = bs.decisions.lifetime_allocation(fit, 1e12, flops=1e21, at=held(fit)).draws
    ratio = draws["params_ratio"].values
    solved = np.isfinite(ratio)
    assert solved.mean() > 0.3
    # Of prior draws one may have two valleys, and the search may take the worse one.
    assert (ratio[solved] < 1 + 1e-6).mean() > 0.98
    assert (draws["saving"].values[solved] > -1e-6).mean() > 0.98


def test_what_another_unit_of_compute_is_worth_is_told_at_compute_and_ratio(
    prior_fit: Callable[..., bs.ScalingFit],
) -> None:
    """Runs of compute and tokens per parameter alone have both sizes."""
    flops, ratio = (g.ravel() for g in np.meshgrid(np.geomspace(1e19, 1e22, 5), [5, 20, 80]))
    frame = pd.DataFrame({"flops": flops, "tokens_per_param": ratio, "loss": 2 + flops**-0.05})
    runs = bs.Runs.from_frame(frame, inputs=["tokens_per_param"])
    fit = prior_fit(bs.ScalingModel(bs.laws.OverTraining()), runs)
    at = pd.DataFrame({"flops": [6e20], "tokens_per_param": [100.0]})
    found = bs.decisions.marginal_returns(fit, at=at).draws
    assert (float(found["params"][0]), float(found["tokens"][0])) == pytest.approx((1e9, 1e11))
    returns = bs.decisions.compute_returns(fit, 1e21).draws["expected_loss"]
    best = bs.allocate(fit, 1e21).draws["expected_loss"]
    np.testing.assert_allclose(returns.values, best.values)

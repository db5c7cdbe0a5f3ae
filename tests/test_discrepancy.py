"""What widens a forecast beyond the runs: reach, the focused posterior, the shared miss."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling._diagnostics import Diagnostics
from bayes_scaling._focus import focused_spread, reach
from bayes_scaling.discrepancy import answered
from bayes_scaling.errors import ModelError
from bayes_scaling.points import points
from bayes_scaling.reporting.headline import headline

FIXED = bs.Discrepancy(bs.Prior.fixed_at(0.05))


def top(fit: bs.ScalingFit, corpus: str) -> pd.Series:
    table = fit.runs.table.assign(flops=lambda t: 6 * t["params"] * t["tokens"])
    return table[table["corpus"] == corpus].sort_values("flops").iloc[-1]


def beyond(fit: bs.ScalingFit, factor: float, corpus: str = "web") -> pd.DataFrame:
    """The largest run of a corpus, made larger in tokens."""
    row = top(fit, corpus)
    return pd.DataFrame(
        {"params": [row["params"]], "tokens": [factor * row["tokens"]], "corpus": [corpus]}
    )


@pytest.fixture
def focused(stored_fit: bs.ScalingFit) -> bs.ScalingFit:
    """The stored fit, with a focused posterior in which everything scatters twice as much."""
    posterior = stored_fit.posterior.assign(noise_sd=2 * stored_fit.posterior["noise_sd"])
    return replace(stored_fit, focused=replace(stored_fit, posterior=posterior))


@pytest.mark.parametrize("corpus", ["web", "books"])
def test_reach_is_counted_from_the_largest_run_of_the_level(
    stored_fit: bs.ScalingFit, corpus: str
) -> None:
    at = pd.concat([beyond(stored_fit, factor, corpus) for factor in (0.1, 1.0, 100.0)])
    where = points(stored_fit.model, stored_fit.runs, at=at)
    found = reach(stored_fit.model, stored_fit.runs, where)
    np.testing.assert_allclose(found, [-1, 0, 2], atol=1e-6)


def test_a_level_without_runs_is_counted_from_the_largest_of_all(stored_fit: bs.ScalingFit) -> None:
    flops = 6 * stored_fit.runs.values("params") * stored_fit.runs.values("tokens")
    at = pd.DataFrame({"params": [1e9], "flops": [10 * flops.max()], "corpus": ["new"]})
    where = points(stored_fit.model, stored_fit.runs, at=at, new_levels="draw")
    np.testing.assert_allclose(reach(stored_fit.model, stored_fit.runs, where), [1], atol=1e-6)


def test_runs_count_in_proportion_to_their_compute(stored_fit: bs.ScalingFit) -> None:
    spread = focused_spread(stored_fit.model, stored_fit.runs)
    table = stored_fit.runs.table
    flops = 6 * table["params"] * table["tokens"]
    share = flops / flops.groupby(table["corpus"]).transform("max")
    np.testing.assert_allclose(spread**-2, share)


def test_the_shared_miss_grows_with_reach_from_nothing(stored_fit: bs.ScalingFit) -> None:
    at = pd.concat([beyond(stored_fit, factor) for factor in (0.5, 1.0, 10.0, 1000.0)])
    pure = bs.forecast(stored_fit, at=at, discrepancy=None)
    wide = bs.forecast(stored_fit, at=at, discrepancy=FIXED)
    shift = np.log(wide.draws["expected_loss"] / pure.draws["expected_loss"])
    np.testing.assert_allclose(shift, wide.draws["discrepancy"], atol=1e-12)
    np.testing.assert_allclose(shift.isel(point=[0, 1]), 0, atol=1e-9)
    np.testing.assert_allclose(shift.isel(point=3), 3 * shift.isel(point=2), rtol=1e-6)
    # Evenly spaced normal quantiles: 400 of them have a standard deviation of 0.998.
    assert float(shift.isel(point=2).std()) == pytest.approx(0.05, rel=0.01)
    assert float(shift.isel(point=2).median()) == pytest.approx(0, abs=1e-3)


def test_the_share_says_how_much_of_the_width_is_discrepancy(stored_fit: bs.ScalingFit) -> None:
    at = pd.concat([beyond(stored_fit, factor) for factor in (1.0, 10.0, 1000.0)])
    share = bs.forecast(stored_fit, at=at).discrepancy_share()
    assert share.iloc[0] == 0
    assert 0 < share.iloc[1] < share.iloc[2] < 1
    none = bs.forecast(stored_fit, at=at, discrepancy=None)
    assert (none.discrepancy_share() == 0).all()
    table = bs.forecast(stored_fit, at=at).table(0.9)
    assert (table["loss", "lower"] < none.table(0.9)["loss", "lower"]).iloc[1:].all()


def test_draws_change_over_to_the_focused_posterior_beyond_the_largest_run(
    focused: bs.ScalingFit,
) -> None:
    at = pd.concat([beyond(focused, 10.0**power) for power in (-1, 0, 0.15, 0.3, 1)])
    where = points(focused.model, focused.runs, at=at)
    distance = reach(focused.model, focused.runs, where)
    which = {id(focused): 0.0, id(focused.focused): 1.0}

    def ask(one: bs.ScalingFit) -> xr.DataArray:
        shape = xr.zeros_like(one.posterior["noise_sd"]) * distance
        return shape + which[id(one)]

    share = answered(focused, distance, ask).mean(("chain", "draw"))
    np.testing.assert_allclose(share, [0, 0, 0.5, 1, 1], atol=0.01)


def test_a_forecast_beyond_the_runs_is_that_of_the_focused_posterior(
    focused: bs.ScalingFit,
) -> None:
    at = pd.concat([beyond(focused, factor) for factor in (0.01, 10.0)])
    both = bs.forecast(focused, at=at).draws / np.exp(
        bs.forecast(focused, at=at).draws["discrepancy"]
    )
    assert focused.focused is not None
    for point, source in enumerate((focused, focused.focused)):
        alone = bs.forecast(source, at=at, discrepancy=None).draws
        for name in ("expected_loss", "loss"):
            found, wanted = both[name].isel(point=point), alone[name].isel(point=point)
            np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_a_fit_keeps_its_focused_posterior_in_its_file(focused: bs.ScalingFit, tmp_path) -> None:
    loaded = bs.load_fit(focused.save(tmp_path / "fit.nc"))
    assert loaded.focused is not None
    assert focused.focused is not None
    xr.testing.assert_allclose(loaded.focused.posterior, focused.focused.posterior)


def test_the_plan_forecasts_the_loss_that_a_forecast_has(focused: bs.ScalingFit) -> None:
    plan = bs.allocate(focused, 1e24)
    draw = {"chain": 0, "draw": -1, "budget": 0}
    # The best run is displaced from where the law has it, and its loss is the least by the law.
    params = float(plan.draws["params_by_law"].isel(draw))
    chosen = {"params": params, "tokens": 1e24 / 6 / params}
    at = pd.DataFrame({name: [value] for name, value in chosen.items()}).assign(
        corpus=[str(plan.draws["corpus"].values[0])]
    )
    same = bs.forecast(focused, at=at).draws["expected_loss"].isel(chain=0, draw=-1, point=0)
    # The reach is that of the median plan, and this draw's compute the same budget.
    np.testing.assert_allclose(plan.draws["expected_loss"].isel(draw), same, rtol=1e-6)


def test_a_focused_posterior_that_has_not_converged_is_said(
    stored_fit: bs.ScalingFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = stored_fit.posterior["E_typical_ref"].copy()
    apart[0] += 1.0
    bad = replace(stored_fit, posterior=stored_fit.posterior.assign(E_typical_ref=apart))
    # The stored fit has few draws; here it is to be sound, and the focused posterior not.
    sound = Diagnostics(r_hat=1.0, ess_bulk=1e4, ess_tail=1e4, divergent=0.0)
    fit = replace(stored_fit, focused=bad)
    monkeypatch.setitem(fit.__dict__, "diagnostics", sound)
    at, inside = beyond(fit, 10.0), beyond(fit, 0.1)
    for result in (bs.forecast(fit, at=at), bs.allocate(fit, 1e24)):
        assert "not converged" in result.table()["diagnosis"].iloc[0]
        assert result.notes[0].startswith("The posterior focused on the largest runs has not conv")
        cited = bs.cite(result)
        assert cited.verdict == "not converged"
        assert cited.sentence.startswith("Not converged (R-hat ")
        assert "focused on the largest runs, sampled likewise. The chains had not" in cited.methods
        assert headline(fit, None, (result,)).status == "not converged"
    assert headline(fit, None, (bs.forecast(fit, at=inside),)).status == "not assessed"
    for result in (
        bs.forecast(fit, at=inside),
        bs.allocate(fit, 1e20),
        bs.forecast(fit, at=at, discrepancy=None),
        bs.allocate(fit, 1e24, discrepancy=None),
    ):
        assert result.diagnosis == "ok"
        assert not any("focused" in note for note in result.notes)


def test_a_rate_that_may_be_negative_is_refused() -> None:
    with pytest.raises(ModelError, match=r"rate=Prior.between\(-1.*not positive"):
        bs.Discrepancy(bs.Prior.between(-1, 1, distribution="Normal"))

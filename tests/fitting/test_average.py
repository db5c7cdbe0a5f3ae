"""FitAverage: shares, mixtures that keep a draw in one fit, forecasts and allocations, refusals."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.comparison import FitAverage
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.fitting.mixture import components

PriorFit = Callable[..., bs.ScalingFit]


def dearer(fit: bs.ScalingFit, factor: float = 1.5) -> bs.ScalingFit:
    """A fit whose losses lie far above: each draw of a mixture shows which fit it is of."""
    return replace(fit, posterior=fit.posterior.assign(E_ref=factor * fit.posterior["E_ref"]))


def thinned(fit: bs.ScalingFit) -> bs.ScalingFit:
    """A fit of fewer chains and draws."""
    kept = {"chain": [1], "draw": slice(0, 70)}
    return replace(
        fit, posterior=fit.posterior.isel(kept), sample_stats=fit.sample_stats.isel(kept)
    )


@pytest.fixture
def two(stored_fit: bs.ScalingFit) -> FitAverage:
    return FitAverage({"low": stored_fit, "high": dearer(stored_fit)}, {"low": 0.7, "high": 0.3})


def test_each_chain_has_its_share_of_each_fit_shuffled(rng: np.random.Generator) -> None:
    chosen = components([0.5, 0.3, 0.2], (4, 1000), rng)
    assert [np.bincount(chain).tolist() for chain in chosen] == 4 * [[500, 300, 200]]
    # Changes of fit from one draw to the next: 1 - sum of squared weights of them, not two.
    assert np.mean(chosen[:, 1:] != chosen[:, :-1]) == pytest.approx(0.62, abs=0.05)


def test_a_draw_is_of_one_fit_at_all_points_in_the_share_asked(two: FitAverage) -> None:
    asked = {"params": [1e8, 1e9, 1e11], "tokens": [2e9, 2e10, 2e12]}
    mixed = bs.forecast(two, **asked).draws["expected_loss"]
    low, high = (bs.forecast(fit, **asked).draws["expected_loss"] for fit in two.fits.values())
    assert mixed.dims == ("chain", "draw", "point")
    assert mixed.sizes == low.sizes
    of_low, of_high = ((mixed == one).all("point") for one in (low, high))
    assert bool((of_low ^ of_high).all())
    assert of_high.mean("draw").values == pytest.approx(0.3, abs=1 / 200)
    assert set(low.coords) == set(mixed.coords)


def test_fits_of_different_numbers_of_draws_mix(stored_fit: bs.ScalingFit) -> None:
    short = thinned(dearer(stored_fit))
    fits = {"long": stored_fit, "short": short}
    average = FitAverage(fits, {"long": 0.6, "short": 0.4})
    mixed = bs.forecast(average, params=1e9, tokens=2e10).draws["expected_loss"]
    assert mixed.sizes["draw"] == 200
    between = float(np.sqrt(mixed.min() * mixed.max()))
    assert float((mixed > between).mean()) == pytest.approx(0.4, abs=0.01)


def test_a_fit_averaged_with_itself_is_itself(stored_fit: bs.ScalingFit) -> None:
    average = FitAverage({"a": stored_fit, "b": stored_fit}, {"a": 0.5, "b": 0.5})
    table = bs.forecast(average, params=7e10, tokens=1.4e12).table()
    own = bs.forecast(stored_fit, params=7e10, tokens=1.4e12).table()
    pd.testing.assert_frame_equal(table, own)
    assert bs.forecast(average, params=1e9, tokens=2e10).notes[1:] == stored_fit.notes


def test_doubt_about_the_form_is_in_the_interval(two: FitAverage) -> None:
    wide = bs.forecast(two, params=1e9, tokens=2e10).table(0.9)["expected_loss"]
    ends = [bs.forecast(f, params=1e9, tokens=2e10).table(0.9)["expected_loss"]
            for f in two.fits.values()]  # fmt: skip
    assert (wide["lower"] < ends[0]["upper"]).all()
    assert (wide["upper"] > ends[1]["lower"]).all()


def test_weights_of_zero_take_no_part(stored_fit: bs.ScalingFit) -> None:
    fits = {"none": dearer(stored_fit), "all": stored_fit}
    average = FitAverage(fits, {"none": 0.0, "all": 1.0})
    assert list(average.fits) == ["all"]
    assert "One fit has all the weight, given: 'all'." in average.notes


def test_pooled_and_unpooled_fits_share_points_and_budgets(
    stored_fit: bs.ScalingFit, prior_fit: PriorFit
) -> None:
    alike = prior_fit(bs.ScalingModel("Chinchilla"), stored_fit.runs)
    fits = {"alike": alike, "pooled": stored_fit}
    average = FitAverage(fits, {"alike": 0.6, "pooled": 0.4})
    draws = bs.forecast(average, params=[1e9, 1e10], tokens=2e10).draws
    assert draws["corpus"].values.tolist() == 2 * ["books", "web"]
    split = bs.allocate(average, [1e20, 1e22]).draws
    assert split["flops"].values.tolist() == [1e20, 1e20, 1e22, 1e22]
    assert split["corpus"].values.tolist() == 2 * ["books", "web"]
    # What knows no corpus answers alike for both.
    same = (split["params"].isel(budget=0) == split["params"].isel(budget=1)).mean("draw")
    assert same.values == pytest.approx(0.6, abs=1 / 50)
    again = bs.forecast(
        average, at=pd.DataFrame({"params": [1e9], "tokens": 2e10, "corpus": "web"})
    )
    assert again.draws.sizes["point"] == 1


@pytest.fixture
def of_three(prior_fit: PriorFit, stored_fit: bs.ScalingFit) -> FitAverage:
    laws = {"chinchilla": "Chinchilla", "kaplan": "KaplanJoint", "one": bs.laws.PowerLaw("flops")}
    fits = {name: prior_fit(bs.ScalingModel(law), stored_fit.runs) for name, law in laws.items()}
    return FitAverage(fits, {"chinchilla": 0.3, "kaplan": 0.5, "one": 0.2})


def test_an_allocation_leaves_out_what_knows_no_split(of_three: FitAverage) -> None:
    found = bs.allocate(of_three, [1e21])
    assert any("Left out" in note and "'one' (0.20 of the weight)" in note for note in found.notes)
    own = {
        name: bs.allocate(of_three.fits[name], [1e21]).draws["params"]
        for name in ("kaplan", "chinchilla")
    }
    share = (found.draws["params"] == own["kaplan"]).mean()
    assert float(share) == pytest.approx(0.5 / 0.8, abs=1 / 50)
    assert found.table()["diagnosis"].iloc[0].startswith("not converged")
    with pytest.raises(BayesScalingError, match="PowerLaw is a function of flops"):
        bs.allocate(of_three.only(["one"]), [1e21])


def test_laws_of_other_inputs_forecast_the_same_points(of_three: FitAverage) -> None:
    draws = bs.forecast(of_three, params=[1e9], flops=[1e21]).draws
    assert {"params", "tokens", "flops"} <= set(draws.coords)
    with pytest.raises(BayesScalingError, match="No value for params"):
        bs.forecast(of_three, flops=[1e21])


def test_an_average_shows_its_weights_and_notes(of_three: FitAverage) -> None:
    assert list(of_three.weights) == ["kaplan", "chinchilla", "one"]
    text = repr(of_three)
    assert "  0.500  kaplan: ScalingModel(KaplanJoint)" in text
    assert "'kaplan' 0.50, 'chinchilla' 0.30, 'one' 0.20" in text
    assert "<td style='text-align:left'>0.300</td>" in of_three._repr_html_()
    worst = max(fit.diagnostics.r_hat for fit in of_three.fits.values())
    assert of_three.diagnostics.r_hat == worst


def test_what_needs_one_law_is_refused(two: FitAverage) -> None:
    with pytest.raises(BayesScalingError, match=r"no law of its own.*average.fits\['low'\]"):
        bs.needed(two, 2.5)  # type: ignore[arg-type]
    with pytest.raises(BayesScalingError, match="no law of its own"):
        bs.plots.allocation(bs.allocate(two, [1e21]))


def test_the_fan_of_an_average_is_that_of_its_mixture(two: FitAverage) -> None:
    at = pd.DataFrame({"params": [7e9], "tokens": [1.4e11], "corpus": "web"})
    spans = []
    for fit in (two, two.fits["low"]):
        ax = bs.plots.forecast_fan(bs.forecast(fit, at=at))
        band = next(c for c in ax.collections if "expected loss" in str(c.get_label()))
        corners = np.asarray(band.get_paths()[0].vertices)
        start = corners[corners[:, 0] == corners[:, 0].min(), 1]
        spans.append(float(start.max() / start.min()))
        titles = {"Forecast by an average of 2 fits", "Forecast by Chinchilla"}
        assert ax.get_title().splitlines()[0] in titles
        plt.close(ax.figure)
    # The floor of one is half as much again.
    assert spans[0] > 1.2
    assert spans[1] < 1.05


@pytest.mark.parametrize("mixed", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_fit_read_twice_is_one_fit(
    stored_fit: bs.ScalingFit, stored_fit_path: Path, mixed: bool, tmp_path: Path
) -> None:
    again = bs.load_fit(stored_fit_path)
    made, other = (
        bs.average({"a": fit, "b": dearer(fit)}, "equal") if mixed else fit
        for fit in (stored_fit, again)
    )
    forecast = bs.forecast(made, params=1e10, tokens=2e11)
    trust = bs.assess(other, forecast, progress=False)
    assert len(trust.targets) == 2
    assert bs.report(other, tmp_path / "report.md", forecast=forecast, trust=trust).is_file()


def test_another_fit_of_the_same_runs_is_another_fit(
    stored_fit: bs.ScalingFit, tmp_path: Path
) -> None:
    forecast = bs.forecast(dearer(stored_fit), params=1e10, tokens=2e11)
    with pytest.raises(BayesScalingError, match="forecast was made from another fit"):
        bs.report(stored_fit, tmp_path / "report.md", forecast=forecast)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"a": 1.0}, "the weights are of 'a'"),
        ({"a": 0.7, "b": 0.7}, r"add up to 1.4"),
        ({"a": 1.5, "b": -0.5}, "none negative"),
        ({"a": float("nan"), "b": 1.0}, "shares of one"),
        ({"a": "x", "b": 1.0}, "weight of 'a' is 'x', which is not a number"),
        ({"a": None, "b": 1.0}, "weight of 'a' is None"),
    ],
)
def test_weights_that_are_no_shares_are_refused(
    stored_fit: bs.ScalingFit, weights: dict[str, Any], message: str
) -> None:
    with pytest.raises(BayesScalingError, match=message):
        FitAverage({"a": stored_fit, "b": stored_fit}, weights)


def test_fits_of_other_runs_are_refused(stored_fit: bs.ScalingFit) -> None:
    runs = stored_fit.runs
    number = np.arange(len(runs))
    fewer = replace(stored_fit, runs=runs.where(number > 0))
    table = runs.table
    table.iloc[3, table.columns.get_loc("loss")] = 9.0
    changed = replace(stored_fit, runs=bs.Runs.from_frame(table, factors=["corpus"]))
    turned = replace(stored_fit, runs=bs.Runs.from_frame(runs.table[::-1], factors=["corpus"]))
    for other, message in (
        (fewer, "36 and 35 runs"),
        (changed, "has the loss .* and 9"),
        (turned, "stand in the same place"),
    ):
        with pytest.raises(BayesScalingError, match=message):
            FitAverage({"a": stored_fit, "b": other}, {"a": 0.5, "b": 0.5})


def test_a_point_keeps_no_compute_that_its_fits_count_otherwise(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    """A law of compute is asked as the runs count it, and one of size and data at 6ND."""
    table = stored_fit.runs.table.assign(flops=1.6 * stored_fit.runs.values("flops"))
    runs = bs.Runs.from_frame(table)
    models = {
        "joint": bs.ScalingModel("chinchilla"),
        "path": bs.ScalingModel(bs.laws.PowerLaw("flops")),
    }
    fits = {name: prior_fit(model, runs) for name, model in models.items()}
    average = bs.average(fits, {"joint": 0.6, "path": 0.4})
    made = bs.forecast(average, params=1e9, tokens=2e10)
    assert "flops" not in made.draws.coords
    assert float(made.points["params"].iloc[0]) == 1e9
    one = bs.forecast(fits["path"], params=1e9, tokens=2e10)
    assert float(one.draws["flops"][0]) == pytest.approx(1.6 * 6 * 1e9 * 2e10)

from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import FillBetweenPolyCollection

import bayes_scaling as bs
from bayes_scaling import plots
from tests.plots.artists import bands, legend_texts, marked

TARGET = {"params": [7e10], "tokens": [1.4e12]}


@pytest.fixture(scope="module")
def forecast(stored_fit: bs.ScalingFit) -> bs.Forecast:
    return bs.forecast(stored_fit, **TARGET)


def ends_at(band: FillBetweenPolyCollection, x: float) -> tuple[float, float]:
    vertices = band.get_paths()[0].vertices
    at = vertices[np.isclose(vertices[:, 0], x), 1]
    return float(at.min()), float(at.max())


def test_the_fan_ends_in_the_forecast(forecast: bs.Forecast) -> None:
    ax = plots.forecast_fan(forecast, prob=0.8)
    flops = float(forecast.draws["flops"][0])
    draws = forecast.draws.isel(point=0)
    losses = draws["expected_loss"], draws["expected_loss"] / np.exp(draws["miss"])
    ends, inside = (az.eti(one, prob=0.8, dim=["chain", "draw"]).values for one in losses)
    np.testing.assert_allclose(ends_at(bands(ax)["expected loss, books, 80 % ETI"], flops), ends)
    [dark, _] = marked(ax, "by law")
    np.testing.assert_allclose(ends_at(dark, flops), inside.clip(*ends))


def test_no_larger_run_on_the_path_is_drawn_as_worse(forecast: bs.Forecast) -> None:
    ax = plots.forecast_fan(forecast)
    last = forecast.fit.runs.values("flops").max()
    for band in (*bands(ax).values(), *marked(ax, "by law")):
        vertices = band.get_paths()[0].vertices
        beyond = [ends_at(band, x) for x in np.unique(vertices[:, 0]) if x >= last]
        assert (np.diff(beyond, axis=0) <= 0).all()


def test_the_fan_keeps_the_tokens_per_parameter_of_the_target(lone_fit: bs.ScalingFit) -> None:
    ax = plots.forecast_fan(bs.forecast(lone_fit, **TARGET))
    x, median = next(line for line in ax.lines if len(line.get_xdata()) > 10).get_data()
    params = np.sqrt(x / 6 / 20)
    expected = lone_fit.expected_loss(params=params, tokens=20 * params).median(("chain", "draw"))
    np.testing.assert_allclose(median, expected)
    assert ax.get_legend().get_title().get_text() == "at 20 tokens per parameter"


def test_the_interval_of_a_new_run_is_wider_and_smooth(lone_fit: bs.ScalingFit) -> None:
    ax = plots.forecast_fan(bs.forecast(lone_fit, **TARGET))
    [upper] = [line for line in ax.lines if line.get_label() == "a new run, 90 % ETI"]
    x, y = upper.get_data()
    assert (np.diff(y) < 0).all()
    inside = x <= lone_fit.runs.values("flops").max()
    band = bands(ax)["expected loss, 90 % ETI"]
    lowers, uppers = np.transpose([ends_at(band, at) for at in x[inside]])
    assert (y[inside] < lowers).all() or (y[inside] > uppers).all()


def test_what_lies_beyond_the_runs_is_shaded_and_named(forecast: bs.Forecast) -> None:
    ax = plots.forecast_fan(forecast)
    [region] = marked(ax, "extrapolated")
    last = forecast.fit.runs.values("flops").max()
    assert region.get_x() == pytest.approx(last)
    assert region.get_x() + region.get_width() == pytest.approx(ax.get_xlim()[1])
    assert [text.get_text() for text in ax.texts] == ["extrapolated"]


def test_nothing_is_shaded_for_a_target_among_the_runs(lone_fit: bs.ScalingFit) -> None:
    ax = plots.forecast_fan(bs.forecast(lone_fit, params=2e8, tokens=4e9))
    assert marked(ax, "extrapolated") == []
    assert list(ax.texts) == []


def test_targets_are_marked_at_their_median(forecast: bs.Forecast) -> None:
    ax = plots.forecast_fan(forecast)
    marks = {line.get_label(): line for line in ax.lines if "target" in str(line.get_label())}
    assert set(marks) == {"target, books", "target, web"}
    [x], [y] = marks["target, web"].get_data()
    assert x == pytest.approx(6 * 7e10 * 1.4e12)
    assert y == pytest.approx(float(forecast.draws["expected_loss"].isel(point=1).median()))


def test_the_legend_tells_the_expected_loss_from_a_new_run(forecast: bs.Forecast) -> None:
    assert legend_texts(plots.forecast_fan(forecast, prob=0.9).get_legend()) == [
        "books",
        "web",
        "expected loss, 90 % ETI",
        "added where the law may miss",
        "a new run, 90 % ETI",
        "target",
    ]


def test_accuracies_are_called_so(accuracy_fit: bs.ScalingFit) -> None:
    ax = plots.forecast_fan(bs.forecast(accuracy_fit, 7e10, 1.4e12))
    assert "expected accuracy, 90 % ETI" in legend_texts(ax.get_legend())
    assert ax.get_ylabel() == "accuracy"


@pytest.mark.parametrize("how", ["draw", "typical"])
def test_a_new_level_has_a_fan_that_ends_in_its_forecast(stored_fit: bs.ScalingFit, how) -> None:
    at = pd.DataFrame({**TARGET, "corpus": ["code"]})
    forecast = bs.forecast(stored_fit, at=at, new_levels=how)
    ax = plots.forecast_fan(forecast)
    low, high = ends_at(bands(ax)["expected loss, code, 90 % ETI"], 6 * 7e10 * 1.4e12)
    draws = forecast.draws["expected_loss"]
    asked = az.eti(draws, prob=0.9, dim=["chain", "draw"]).values.ravel()
    # A drawn level is drawn anew for the path: alike in distribution, not draw by draw.
    assert high - low == pytest.approx(asked[1] - asked[0], rel=1e-6 if how == "typical" else 0.4)


def test_one_input(token_fit: bs.ScalingFit) -> None:
    ax = plots.forecast_fan(bs.forecast(token_fit, at=pd.DataFrame({"tokens": [1e13]})))
    assert ax.get_xlabel() == "training tokens"
    assert ax.get_legend().get_title().get_text() == ""
    assert len(marked(ax, "extrapolated")) == 1


def test_several_inputs(many_input_fit: bs.ScalingFit) -> None:
    at = pd.DataFrame({"params": [7e10], "rate": [0.002]})
    ax = plots.forecast_fan(bs.forecast(many_input_fit, at=at))
    assert ax.get_xlabel() == "parameters"


def test_compute_of_runs_and_targets_is_counted_alike(lone_fit: bs.ScalingFit) -> None:
    """Runs whose column of compute is 1.9 times 6ND, asked for by parameters and compute."""
    counted = lone_fit.runs.table.assign(flops=1.9 * lone_fit.runs.values("flops"))
    fit = replace(lone_fit, runs=bs.Runs.from_frame(counted))
    largest = fit.runs.table.loc[fit.runs.table["flops"].idxmax()]
    forecast = bs.forecast(fit, params=largest["params"], flops=largest["flops"])
    ax = plots.forecast_fan(forecast)
    x = np.concatenate([dots.get_offsets()[:, 0] for dots in ax.collections
                        if dots.get_label() == "runs"])  # fmt: skip
    [target] = [line for line in ax.lines if line.get_label() == "target"]
    assert x.max() == pytest.approx(6 * largest["params"] * largest["tokens"])
    assert target.get_xdata()[0] == pytest.approx(x.max())
    assert marked(ax, "extrapolated") == []

import numpy as np
import pytest
from matplotlib.contour import ContourSet

import bayes_scaling as bs
from bayes_scaling import plots
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.plots.delta_plot import delta_at_runs
from tests.plots.artists import legend_texts


def contours(ax) -> list[ContourSet]:
    return [one for one in ax.collections if isinstance(one, ContourSet)]


def test_colours_and_hatching_are_over_compute_and_tokens_per_parameter(
    stored_fit: bs.ScalingFit,
) -> None:
    ax = plots.delta(stored_fit, prob=0.9)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("compute (FLOP)", "tokens per parameter")
    filled, hatched = contours(ax)
    assert hatched.hatches
    # Next to nothing is left out by the law that the runs were simulated with.
    assert np.abs(filled.levels).max() >= 1.0
    points = ax.collections[-1].get_offsets()
    runs = stored_fit.runs
    np.testing.assert_allclose(points[:, 0], runs.values("flops"))
    np.testing.assert_allclose(points[:, 1], runs.values("tokens") / runs.values("params"))
    [legend] = ax.figure.legends
    assert legend_texts(legend) == ["runs", "90 % ETI includes zero"]


def test_at_the_runs_it_is_what_parts_the_surface_from_the_law(stored_fit: bs.ScalingFit) -> None:
    runs = stored_fit.runs
    labels = {"corpus": runs.table["corpus"].to_xarray().rename({runs.table.index.name: "run"})}
    surface = stored_fit.surface_at(labels)
    inputs = {name: labels["corpus"].copy(data=runs.values(name)) for name in ("params", "tokens")}
    alone = surface.units["loss"] * surface.law.evaluate(
        {name: values / surface.units[name] for name, values in inputs.items()}, surface.theta
    )
    floor = surface.inside.floor
    per_cent = 100 * ((surface.loss(inputs) - floor) / (alone - floor) - 1)
    found = delta_at_runs(stored_fit)
    assert found.dims == ("chain", "draw", "run")
    np.testing.assert_allclose(
        found, per_cent.transpose("chain", "draw", "run"), rtol=1e-6, atol=1e-9
    )


def test_one_input_has_a_line_with_a_band(token_fit: bs.ScalingFit) -> None:
    ax = plots.delta(token_fit, prob=0.9)
    assert ax.get_xlabel() == "training tokens"
    assert legend_texts(ax.get_legend()) == ["delta, 90 % ETI", "runs"]


def test_a_law_that_was_fitted_alone_has_none(known_fit, sweep: bs.Runs) -> None:
    theta = {"E": 1.8, "A": 460.0, "B": 1900.0, "alpha": 0.345, "beta": 0.36}
    alone = known_fit(bs.laws.Chinchilla(), theta, sweep)
    with pytest.raises(BayesScalingError, match="no delta to draw"):
        plots.delta(alone)

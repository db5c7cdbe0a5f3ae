"""Where runs and targets lie, and how a run is made larger."""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.laws import as_law
from bayes_scaling.model.axes import (
    decades_beyond,
    grown,
    main_axis,
    run_axes,
    run_places,
    told_places,
)


def test_compute_and_ratio_follow_from_the_inputs() -> None:
    table = pd.DataFrame({"params": [1e8, 3e9], "tokens": [2e9, 4e10], "loss": [3.0, 2.5]})
    runs = bs.Runs.from_frame(table)
    axes = run_axes(as_law("Chinchilla"), runs)
    assert list(axes) == ["params", "tokens", "flops", "tokens_per_param"]
    assert 10 ** axes["flops"].to_numpy() == pytest.approx(runs.values("flops"))
    assert main_axis(as_law("Chinchilla")) == "flops"
    assert main_axis(bs.laws.PowerLaw("tokens")) == "tokens"


def test_targets_below_the_runs_are_beyond_them_too() -> None:
    runs = pd.DataFrame({"x": [1.0, 2.0], "y": [0.0, 0.0]})
    points = pd.DataFrame({"x": [0.0, 1.5, 4.0], "y": [0.0, 0.5, -0.25]})
    found = decades_beyond(points, runs.min(), runs.max())
    assert found["x"].tolist() == [1.0, 0.0, 2.0]
    assert found["y"].tolist() == [0.0, 0.5, 0.25]


def test_a_larger_run_has_that_much_more_compute_at_the_same_ratio() -> None:
    row = pd.DataFrame({"params": [1e9], "tokens": [2e10]})
    larger = grown(as_law("Chinchilla"), row, 2.0)
    assert larger["params"].item() == pytest.approx(1e10)
    assert larger["tokens"].item() == pytest.approx(2e11)


def test_unique_tokens_grow_with_tokens() -> None:
    law = as_law("DataConstrained")
    larger = grown(law, dict.fromkeys(law.inputs, 1.0), np.log10(4.0))
    assert larger == pytest.approx(dict.fromkeys(law.inputs, 2.0))


@pytest.mark.parametrize("ratio", [None, 20.0])
def test_what_is_nearly_constant_places_no_run(ratio: float | None) -> None:
    nearly = 1e9 * np.array([1.0, 1.003, 1.002, 1.001, 1.0, 1.004])
    tokens = np.array([1e9, 1e9, 4e9, 4e9, 2e10, 2e10])
    table = pd.DataFrame({"params": nearly, "tokens": tokens, "loss": np.linspace(3, 2, 6)})
    if ratio:
        table["params"] = tokens / ratio * nearly / 1e9
    law, runs = as_law("Chinchilla"), bs.Runs.from_frame(table)
    (u, v), exact = told_places(law, runs), run_places(law, runs)
    assert v is not None
    if ratio:
        assert np.ptp(v) < 1e-12
        np.testing.assert_array_equal(u, exact[0])
    else:
        np.testing.assert_allclose(u[::2], u[1::2], atol=1e-12)
        np.testing.assert_allclose(v - u, (v - u)[0], atol=1e-12)

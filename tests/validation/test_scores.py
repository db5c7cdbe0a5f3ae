"""Scores of predictive draws."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayes_scaling.validation.scores import score_draws, summarised


def test_crps_is_that_of_a_normal(rng: np.random.Generator) -> None:
    draws, observed = rng.standard_normal((40_000, 2)), np.array([0.0, 1.5])
    z = observed
    closed = z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi)
    assert score_draws(draws, observed)["crps"].to_numpy() == pytest.approx(closed, abs=0.01)


def test_a_draw_far_out_does_not_decide(rng: np.random.Generator) -> None:
    draws = rng.standard_normal((2000, 1))
    before = score_draws(draws, np.zeros(1))
    draws[draws.argmax()] = 1e30
    assert score_draws(draws, np.zeros(1))["crps"][0] == pytest.approx(before["crps"][0], rel=1e-3)


def test_calibrated_draws_cover_as_promised(rng: np.random.Generator) -> None:
    scores = score_draws(rng.standard_normal((4000, 3000)), rng.standard_normal(3000))
    table = summarised(scores.assign(method="model", log_score=0.0), "method")
    assert table["predictions"].item() == 3000
    for prob in (50, 80, 90, 95):
        # Five standard errors of a share of 3000.
        assert table[f"coverage_{prob}"].item() == pytest.approx(prob / 100, abs=0.045)
    # Five standard errors of a mean of 3000.
    assert table["bias"].item() == pytest.approx(0, abs=0.09)
    assert table["width"].item() == pytest.approx(2 * 1.645, rel=0.02)


def test_groups_keep_their_order() -> None:
    scores = score_draws(np.zeros((10, 2)), np.array([1.0, -1.0]))
    table = summarised(scores.assign(method=["z", "a"], log_score=[1.0, 2.0]), "method")
    assert list(table.index) == ["z", "a"]
    pd.testing.assert_series_equal(
        table["bias"], pd.Series({"z": -1.0, "a": 1.0}, name="bias"), check_names=False
    )

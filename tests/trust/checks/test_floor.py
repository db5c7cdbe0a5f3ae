"""The check of the floor, where what the forecast owes to it is known."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.trust.case import Case, make_case
from bayes_scaling.trust.checks.floor import PINNED, check_floor
from bayes_scaling.trust.checks.learning import check_learning
from bayes_scaling.validation.refits import Refitter

AT = pd.DataFrame({"params": [1e9], "tokens": [2e10]})
DRAWS = 4000
KnownFit = Callable[..., bs.ScalingFit]
Sweeps = Callable[..., bs.Runs]


def judged(fit: bs.ScalingFit) -> Case:
    return make_case(fit, AT, "quick", Refitter())


def chinchilla(known_fit: KnownFit, runs: bs.Runs, floor_sd: float, other_sd: float) -> Case:
    """A case in which floor and reducible loss are uncertain by so much, each by itself."""
    rng = np.random.default_rng(1)
    theta = {
        "E": 1.8 * np.exp(floor_sd * rng.standard_normal(DRAWS)),
        "A": 482.0 * np.exp(other_sd * rng.standard_normal(DRAWS)),
        "B": 2085.0, "alpha": 0.348, "beta": 0.366,
    }  # fmt: skip
    return judged(known_fit(bs.laws.Chinchilla(), theta, runs, DRAWS))


@pytest.mark.parametrize("floor_sd", [0.03, 0.2])
def test_a_forecast_that_is_all_floor_follows_it(
    known_fit: KnownFit, sweep: Sweeps, floor_sd: float
) -> None:
    found = check_floor(chinchilla(known_fit, sweep(), floor_sd, other_sd=0.0))
    # From the 10 % quantile of a normal to its 90 % one, of 5 % to 95 %.
    rows = found.table.loc[0]
    rest = rows["expected_loss"] - rows["floor"]
    assert np.ptp(rest) < 1e-6
    expected = 1.8 * np.exp(floor_sd * np.array([-1.28, 0.0, 1.28]))
    # The kernel is drawn a little towards where the floor more likely is.
    assert rows["floor"].to_numpy() == pytest.approx(expected, rel=0.2 * floor_sd)
    assert list(rows.index) == list(PINNED)
    assert set(found.by_point) == {"trust"}
    assert "7" in found.headline.rsplit(": ", 1)[1][:2]


def test_a_forecast_that_owes_little_to_the_floor_stays(known_fit: KnownFit, sweep: Sweeps) -> None:
    found = check_floor(chinchilla(known_fit, sweep(), floor_sd=0.001, other_sd=0.5))
    assert np.ptp(found.table.loc[0]["expected_loss"]) < 0.05


def test_the_weights_leave_hundreds_of_draws(known_fit: KnownFit, sweep: Sweeps) -> None:
    table = check_floor(chinchilla(known_fit, sweep(), 0.03, 0.1)).table
    # At the 10 % quantile of a normal: draws times its density there times the kernel's width.
    assert table.loc[(0, 0.1), "ess"] == pytest.approx(
        DRAWS * 0.175 * 0.25 * 2 * np.pi**0.5, rel=0.2
    )
    assert table["pareto_k"].max() < 0.5


def test_each_level_has_its_own_floor(stored_fit: bs.ScalingFit) -> None:
    both = pd.concat([AT.assign(corpus=one) for one in ("web", "books")])
    found = check_floor(make_case(stored_fit, both, "quick", Refitter()))
    middle = found.table["floor"].xs(0.5, level="quantile")
    floors = stored_fit.posterior["E"].median(("chain", "draw"))
    assert middle.tolist() == pytest.approx(floors.sel(corpus=["web", "books"]).values, rel=0.01)


def test_a_law_without_a_floor_or_with_a_known_one_is_not_asked(
    known_fit: KnownFit, sweep: Sweeps
) -> None:
    bare = bs.laws.PowerLaw("flops", floor=False)
    fit = known_fit(bare, {"A": np.linspace(9, 11, DRAWS), "alpha": 0.05}, sweep(), DRAWS)
    for case in (judged(fit), chinchilla(known_fit, sweep(), floor_sd=0.0, other_sd=0.1)):
        found = check_floor(case)
        assert set(found.by_point) == {"trust"}
        assert found.headline.startswith("It does not apply: ")


def test_an_accuracy_has_no_floor_in_nats(prior_fit: Callable[..., bs.ScalingFit]) -> None:
    flops = np.geomspace(1e18, 1e21, 8)
    table = pd.DataFrame({"flops": flops, "accuracy": np.linspace(0.3, 0.6, 8)})
    runs = bs.Runs.from_frame(table, response="accuracy")
    fit = prior_fit(bs.ScalingModel("saturating", noise=bs.noise.LogitNormal()), runs)
    case = make_case(fit, pd.DataFrame({"flops": [1e22]}), "quick", Refitter())
    assert "floors are of losses, and the response is accuracy" in check_floor(case).headline
    assert "nothing is added for how laws miss" in check_learning(case).headline

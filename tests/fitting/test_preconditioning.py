"""Coordinates of a law's parameters: of the sampler's numbers, and about the posterior."""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.fitting import preconditioning
from bayes_scaling.fitting.preconditioning import (
    Misfit,
    coordinates_of,
    of_pool,
    typical_acceptance,
    typical_warmup,
)
from bayes_scaling.fitting.rounds import WARMUP

TRUTH = {"E": 1.7, "A": 450.0, "B": 1900.0, "alpha": 0.34, "beta": 0.36}
PAPER = bs.Prior.between(1.5, 1.9, units="paper")
POOLED = bs.ScalingModel("chinchilla", [bs.Vary(name, by="corpus") for name in "EAB"])


def pool(levels: int, rows: int) -> bs.Runs:
    """A pool whose levels have floors that differ by twice, among them rows too few to centre."""
    rng = np.random.default_rng(3)
    names = [f"corpus {number}" for number in range(levels)]
    counts = [4, *[rows] * (levels - 1)]
    size = 10 ** rng.uniform(7.5, 9.5, sum(counts))
    data = 10 ** rng.uniform(9, 11, sum(counts))
    table = pd.DataFrame({"params": size, "tokens": data, "corpus": np.repeat(names, counts)})
    floors = dict(zip(names, np.linspace(1.2, 2.4, levels), strict=True))
    truth = {**TRUTH, "E": floors}
    return bs.datasets.simulate("chinchilla", table, truth, factors=["corpus"], seed=3)


@pytest.fixture(scope="module")
def runs() -> bs.Runs:
    return pool(levels=6, rows=12)


def test_few_runs_and_pools_with_priors_in_paper_units_have_no_coordinates(runs: bs.Runs) -> None:
    few = runs.where(corpus="corpus 1")
    assert coordinates_of(bs.ScalingModel("chinchilla"), few, None) is None
    assert coordinates_of(POOLED, runs, None) is not None
    converted = bs.ScalingModel("chinchilla", POOLED.vary, priors={"E": PAPER})
    assert coordinates_of(converted, runs, None) is None


def test_many_runs_without_levels_have_coordinates_about_their_mode(
    runs: bs.Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(preconditioning, "about_mode", asked.append)
    monkeypatch.setattr(preconditioning, "MANY", len(runs))
    coordinates_of(bs.ScalingModel("chinchilla"), runs, "density")
    assert asked == ["density"]


def test_warm_up_is_shorter_where_an_approximation_is_known(
    runs: bs.Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = bs.ScalingModel("chinchilla")
    assert typical_warmup(plain, runs) == WARMUP
    monkeypatch.setattr(preconditioning, "MANY", len(runs))
    assert typical_warmup(plain, runs) == 120
    assert typical_warmup(POOLED, runs) == WARMUP


def test_steps_are_long_where_no_chain_diverges_with_them() -> None:
    models = bs.ScalingModel("chinchilla"), POOLED, bs.ScalingModel(bs.laws.PowerLaw("tokens"))
    assert [typical_acceptance(one) for one in models] == [0.8, 0.9, 0.9]


def test_numbers_are_those_of_the_pymc_model(runs: bs.Runs) -> None:
    values = [value.name for value in POOLED.build(runs).value_vars]
    names = of_pool(POOLED, runs).names
    assert {name.rstrip("0123456789").rstrip("_") for name in names} <= {
        name.rstrip("_") for name in values
    }
    assert len(names) == 5 + 3 * 6


@pytest.mark.parametrize("surface", [bs.ScalingModel("chinchilla").surface, None])
def test_slopes_are_derivatives(runs: bs.Runs, surface: bs.Surface | None) -> None:
    misfit = Misfit(bs.ScalingModel("chinchilla", POOLED.vary, surface=surface), runs)
    place, slopes = misfit.start, misfit.slopes(misfit.start, 0.005)
    step = 1e-5
    for number in range(len(place)):
        moved = place + step * (np.arange(len(place)) == number)
        np.testing.assert_allclose(
            (misfit(moved, 0.005) - misfit(place, 0.005)) / step, slopes[:, number], atol=1e-5
        )


def test_levels_are_found_though_a_floor_lies_above_the_losses_of_others(runs: bs.Runs) -> None:
    """Three of their own standard deviations: the approximation is of one posterior."""
    found = of_pool(POOLED, runs)
    at = dict(zip(found.names, found.centre, strict=True))
    sd = dict(zip(found.names, np.sqrt(np.diag(found.spread @ found.spread.T)), strict=True))
    floors = np.log(np.linspace(1.2, 2.4, 6) / runs.reference["loss"])
    for level in range(1, 6):
        name = f"E_raw_corpus_{level}"
        assert abs(at[name] - floors[level]) < 3 * sd[name]
        assert sd[name] < 0.2


def test_a_step_where_powers_are_infinite_is_known_by_its_distances(runs: bs.Runs) -> None:
    misfit = Misfit(POOLED, runs)
    far = misfit.start.copy()
    far[misfit.names.index("beta_log__")] = np.log(1e4)
    assert not np.isfinite(misfit(far, 0.005)).all()

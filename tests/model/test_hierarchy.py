"""Offsets of levels: parametrisations that agree, new levels, and what a Vary refuses."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import bayes_scaling as bs
from bayes_scaling.errors import ModelError
from bayes_scaling.model.hierarchy import (
    CENTRED_FROM_RUNS,
    LINKS,
    Vary,
    at_levels,
    centred_weights,
    combine,
    offset,
)
from bayes_scaling.priors import Prior, Support

TYPICAL: dict[Support, float] = {"real": -0.4, "positive": 0.6, "unit": 0.3}


@pytest.mark.parametrize("support", TYPICAL)
@given(z=st.floats(-3, 3), spread=st.floats(0.01, 1.0))
def test_centred_and_non_centred_give_the_same_value(
    support: Support, z: float, spread: float
) -> None:
    typical = TYPICAL[support]
    centre = LINKS[support].forward(typical)
    from_standard = offset(z, spread, 0.0, centre)
    from_value = offset(centre + spread * z, spread, 1.0, centre)
    assert from_standard == pytest.approx(spread * z, abs=1e-12)
    assert from_value == pytest.approx(from_standard, abs=1e-12)
    value = combine(LINKS[support], typical, [from_value])
    assert LINKS[support].forward(value) == pytest.approx(centre + spread * z, abs=1e-9)


@pytest.mark.parametrize("centred", [0.0, 1.0])
def test_both_parametrisations_imply_the_same_spread_of_values(centred: float) -> None:
    rng = np.random.default_rng(5)
    spread, centre = 0.2, np.log(0.6)
    raw = rng.normal(centred * centre, spread**centred, size=20_000)
    values = combine(LINKS["positive"], 0.6, [offset(raw, spread, centred, centre)])
    # Standard errors with 20 000 draws: 0.0014 of the mean, 0.001 of the standard deviation.
    assert np.log(values).mean() == pytest.approx(centre, abs=0.006)
    assert np.log(values).std() == pytest.approx(spread, abs=0.004)


def test_offsets_of_several_factors_add_on_the_scale_of_the_parameter() -> None:
    assert combine(LINKS["real"], 1.0, [0.2, -0.5]) == pytest.approx(0.7)
    assert combine(LINKS["positive"], 2.0, [np.log(1.5), np.log(2.0)]) == pytest.approx(6.0)
    assert combine(LINKS["unit"], 0.5, [1.0, -1.0]) == pytest.approx(0.5)
    assert combine(LINKS["positive"], 2.0, []) == pytest.approx(2.0)


@pytest.mark.parametrize("support", TYPICAL)
@given(offsets=st.lists(st.floats(-20, 20), max_size=3))
def test_a_value_with_offsets_stays_in_the_support(support: Support, offsets: list[float]) -> None:
    value = combine(LINKS[support], TYPICAL[support], offsets)
    assert np.isfinite(value)
    assert support == "real" or value > 0
    assert support != "unit" or value <= 1


def test_levels_with_enough_runs_are_centred() -> None:
    counts = np.array([1, CENTRED_FROM_RUNS - 1, CENTRED_FROM_RUNS, 100])
    np.testing.assert_array_equal(centred_weights(counts), [0.0, 0.0, 1.0, 1.0])


CHAINS, DRAWS = 2, 3000


def posterior() -> tuple[xr.DataArray, list[tuple[Vary, xr.DataArray, xr.DataArray]]]:
    """Draws of a typical value, and of the offsets of two levels."""
    rng = np.random.default_rng(11)
    coords = {"chain": range(CHAINS), "draw": range(DRAWS)}
    typical = xr.DataArray(
        rng.lognormal(-0.5, 0.01, (CHAINS, DRAWS)), coords=coords, dims=("chain", "draw")
    )
    spread = xr.full_like(typical, 0.2)
    z = xr.DataArray(
        rng.normal(size=(CHAINS, DRAWS, 2)),
        coords={**coords, "corpus": ["c4", "pile"]},
        dims=("chain", "draw", "corpus"),
    )
    return typical, [(Vary("E", by="corpus"), spread, z)]


def labels(*names: str) -> dict[str, xr.DataArray]:
    return {"corpus": xr.DataArray(np.array(names, object), dims="point")}


@pytest.mark.parametrize("mode", ["typical", "draw"])
def test_known_levels_are_as_fitted_whatever_new_ones_get(mode: str) -> None:
    typical, varying = posterior()
    rng = np.random.default_rng(0) if mode == "draw" else None
    values = at_levels(LINKS["positive"], typical, varying, labels("pile", "c4", "pile"), rng)
    z = varying[0][2].sel(corpus=["pile", "c4", "pile"]).rename(corpus="point")
    expected = typical * np.exp(0.2 * z)
    np.testing.assert_allclose(
        values.transpose("chain", "draw", "point"),
        expected.transpose("chain", "draw", "point"),
        rtol=1e-12,
    )


def test_a_new_level_at_the_typical_value_has_no_offset() -> None:
    typical, varying = posterior()
    values = at_levels(LINKS["positive"], typical, varying, labels("c4", "wiki"), None)
    np.testing.assert_allclose(values.isel(point=1), typical, rtol=1e-12)
    assert not np.allclose(values.isel(point=0), typical)


def test_a_new_level_is_drawn_from_the_spread_between_levels() -> None:
    typical, varying = posterior()
    rng = np.random.default_rng(0)
    values = at_levels(LINKS["positive"], typical, varying, labels("wiki"), rng).isel(point=0)
    offsets = np.log(values / typical)
    # 6000 independent draws: standard errors are 0.0026 of the mean and 0.0018 of the spread.
    assert float(offsets.mean()) == pytest.approx(0.0, abs=0.011)
    assert float(offsets.std()) == pytest.approx(0.2, abs=0.008)


def test_one_new_level_has_one_draw_at_all_its_points_and_another_has_its_own() -> None:
    typical, varying = posterior()
    wanted = labels("wiki", "wiki", "books")
    values = at_levels(LINKS["positive"], typical, varying, wanted, np.random.default_rng(0))
    np.testing.assert_array_equal(values.isel(point=0), values.isel(point=1))
    logs = np.log(values / typical)
    correlation = np.corrcoef(logs.isel(point=0).values.ravel(), logs.isel(point=2).values.ravel())
    # Independent: the standard error with 6000 draws is 0.013.
    assert abs(correlation[0, 1]) < 0.055


def test_vary_says_the_names_that_the_posterior_has() -> None:
    vary = Vary("alpha", by="corpus")
    assert (vary.spread_name, vary.z_name, vary.raw_name) == (
        "alpha_sd_corpus",
        "alpha_z_corpus",
        "alpha_raw_corpus",
    )
    own = Vary("alpha", by="corpus", spread=Prior.between(0.05, 0.5))
    assert repr(own) == "Vary('alpha', by='corpus', spread=Prior.between(0.05, 0.5))"
    assert own != vary


@pytest.mark.parametrize("spread", [Prior.normal(0.0, 1.0), Prior.fixed_at(0.2)])
def test_a_spread_that_may_be_negative_is_refused(spread: Prior) -> None:
    with pytest.raises(ModelError, match=r"Vary\('E'\).*not on the positive.*Prior.between"):
        Vary("E", by="corpus", spread=spread)


@pytest.mark.parametrize(
    ("law", "parameter", "kind"),
    [("chinchilla", "E", "log"), ("nested", "floor", "logit"), ("saturating", "A", "logit")],
)
def test_levels_of_a_share_stay_below_one_and_those_of_a_floor_may_not(
    law: str, parameter: str, kind: str
) -> None:
    link = bs.ScalingModel(law).link(parameter)
    expected = np.log(0.9) if kind == "log" else np.log(0.9 / 0.1)
    assert link.forward(0.9) == pytest.approx(expected)

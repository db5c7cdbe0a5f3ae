"""From sampled variables to draws that can be read: levels, paper units, derived quantities."""

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.fitting.loss_surface import LossSurface
from bayes_scaling.fitting.posterior import parameters_at
from bayes_scaling.model.inputs import scales


def test_paper_units_are_those_of_the_law_draw_by_draw(stored_fit: bs.ScalingFit) -> None:
    draws, reference = stored_fit.posterior, stored_fit.runs.reference
    expected = draws["A_ref"] * reference["loss"] * reference["params"] ** draws["alpha"]
    xr.testing.assert_allclose(draws["A"], expected.transpose(*draws["A"].dims))
    np.testing.assert_allclose(draws["E"], draws["E_ref"] * reference["loss"])
    typical = draws["B_typical_ref"] * reference["loss"] * reference["tokens"] ** draws["beta"]
    xr.testing.assert_allclose(draws["B_typical"], typical)


def test_derived_quantities_are_of_each_draw(stored_fit: bs.ScalingFit) -> None:
    draws = stored_fit.posterior
    a = draws["beta"] / (draws["alpha"] + draws["beta"])
    xr.testing.assert_allclose(draws["a"], a)
    b = draws["alpha"] / (draws["alpha"] + draws["beta"])
    np.testing.assert_allclose(draws["a"] + b, 1.0)


@pytest.mark.parametrize("name", ["E", "A", "B"])
def test_standardised_offsets_reproduce_the_value_in_each_level(
    name: str, stored_fit: bs.ScalingFit
) -> None:
    draws = stored_fit.posterior
    assert f"{name}_raw_corpus" not in draws
    offsets = draws[f"{name}_sd_corpus"] * draws[f"{name}_z_corpus"]
    link = stored_fit.model.link(name).forward
    value = link(draws[f"{name}_typical_ref"]) + offsets
    expected = link(draws[f"{name}_ref"]).transpose(*value.dims)
    np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-12)


def runs_with(counts: dict[str, int], like: bs.Runs) -> bs.Runs:
    """The first few runs of each corpus."""
    table = like.table
    rows = [table.index[table["corpus"] == corpus][:count] for corpus, count in counts.items()]
    return like.where(run=[row for index in rows for row in index])


@pytest.mark.parametrize("counts", [{"books": 18, "web": 3}, {"books": 3, "web": 18}])
def test_levels_of_either_parametrisation_are_put_together_as_in_the_model(
    counts: dict[str, int], stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    """With few runs a level is sampled non-centred; the priors of its value are the same."""
    runs = runs_with(counts, stored_fit.runs)
    fit = prior_fit(stored_fit.model, runs, draws=500)
    for name in ("E", "A"):
        z = fit.posterior[f"{name}_z_corpus"]
        # Standard normal in each level: 1000 independent draws have standard errors of 0.032
        # of the mean and 0.022 of the standard deviation.
        np.testing.assert_allclose(z.mean(("chain", "draw")), 0, atol=0.13)
        np.testing.assert_allclose(z.std(("chain", "draw")), 1, atol=0.1)


def labels(*names: str) -> dict[str, xr.DataArray]:
    return {"corpus": xr.DataArray(np.array(names, object), dims="point")}


def test_parameters_at_known_levels_are_the_fitted_ones(stored_fit: bs.ScalingFit) -> None:
    theta = parameters_at(stored_fit.posterior, stored_fit.model, labels("web", "books", "web"))
    fitted = stored_fit.posterior["E_ref"].sel(corpus=["web", "books", "web"])
    np.testing.assert_array_equal(theta["E"].transpose("chain", "draw", "point"), fitted)
    assert theta["alpha"].dims == ("chain", "draw")


def test_parameters_at_new_levels(stored_fit: bs.ScalingFit) -> None:
    draws, model = stored_fit.posterior, stored_fit.model
    typical = parameters_at(draws, model, labels("wiki"), "typical")
    np.testing.assert_allclose(typical["E"].isel(point=0), draws["E_typical_ref"], rtol=1e-12)
    rng = np.random.default_rng(0)
    drawn = parameters_at(draws, model, labels("wiki", "web", "wiki"), "draw", rng)
    assert not np.allclose(drawn["E"].isel(point=0), draws["E_typical_ref"])
    np.testing.assert_array_equal(drawn["E"].isel(point=0), drawn["E"].isel(point=2))
    np.testing.assert_allclose(drawn["E"].isel(point=1), draws["E_ref"].sel(corpus="web"))
    offsets = {
        name: np.log(drawn[name].isel(point=0)) - np.log(draws[f"{name}_typical_ref"])
        for name in "EA"
    }
    standard = {name: offsets[name] / draws[f"{name}_sd_corpus"] for name in "EA"}
    # 400 independent draws: standard errors of 0.05 of the mean and 0.035 of the deviation.
    for z in standard.values():
        assert abs(float(z.mean())) < 0.2
        assert float(z.std()) == pytest.approx(1, abs=0.15)
    assert abs(np.corrcoef(standard["E"].values.ravel(), standard["A"].values.ravel())[0, 1]) < 0.2


def test_a_factor_that_is_left_out_keeps_its_dim(stored_fit: bs.ScalingFit) -> None:
    theta = parameters_at(stored_fit.posterior, stored_fit.model, {})
    assert "corpus" in theta["E"].dims


def test_the_law_alone_is_the_formula_in_paper_units(stored_fit: bs.ScalingFit) -> None:
    draws = stored_fit.posterior.isel(corpus=0)
    theta = {
        name: draws[stored_fit.model.reference_name(name)] for name in stored_fit.model.parameters
    }
    at = {"params": 7e10, "tokens": 1.4e12}
    units = scales(stored_fit.model.law, stored_fit.runs)
    ours = LossSurface(stored_fit.model.law, units, theta, None).loss(at)
    paper = {name: draws[name] for name in stored_fit.model.parameters}
    np.testing.assert_allclose(ours, bs.laws.Chinchilla.loss(**at, **paper), rtol=1e-12)


def test_a_law_without_paper_units_keeps_its_parameters(plain_law: type[bs.Law]) -> None:
    model, theta = bs.ScalingModel(plain_law), {"E": 0.5, "beta": 0.3}
    assert model.law.rescale({"loss": 3.0, "tokens": 1e9}, theta) == theta
    assert model.reference_name("E") == "E"

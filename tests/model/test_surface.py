"""The surface of a posterior: inside the runs, beyond them, its nodes and its directions."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytensor
import pytest
import xarray as xr
from pytensor.compile.builders import OpFromGraph
from pytensor.graph import ancestors, rewrite_graph

import bayes_scaling as bs
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting.loss_surface import LossSurface
from bayes_scaling.fitting.posterior import noise_at
from bayes_scaling.model.axes import run_places
from bayes_scaling.model.directions import MOST_SHOWN, LevelRotation, Rotation
from bayes_scaling.model.nodes import (
    COMPUTE_LENGTH,
    JITTER,
    RATIO_LENGTH,
    SHAPE_SHARE,
    Nodes,
    Placement,
    kernel,
    kernel_sum,
)
from bayes_scaling.model.reach import reach

RATIO = 20.0


def path(fit: bs.ScalingFit, decades: float = 4.0, count: int = 33) -> xr.Dataset:
    """Runs of growing compute at one ratio, from the smallest to far beyond the largest."""
    u, _ = run_places(fit.model.law, fit.runs)
    compute = 10 ** np.linspace(u.min(), u.max() + decades, count)
    table = pd.DataFrame({"params": (compute / RATIO) ** 0.5, "tokens": (compute * RATIO) ** 0.5})
    return xr.Dataset.from_dataframe(table.rename_axis("point"))


def on_path(fit: bs.ScalingFit, times: float = 1.0) -> dict[str, float]:
    """A run on that path, of a multiple of the compute of the largest run."""
    u, _ = run_places(fit.model.law, fit.runs)
    compute = times * 10 ** u.max()
    return {"params": (compute / RATIO) ** 0.5, "tokens": (compute * RATIO) ** 0.5}


NOTHING_LEFT_OUT = {"delta_z": 0.0, "delta_z_corpus": 0.0}


def surface_of(fit: bs.ScalingFit, corpus: str = "web", **changes: float) -> LossSurface:
    """The surface of one level, with some variables held at a value."""
    held = {name: xr.full_like(fit.posterior[name], value) for name, value in changes.items()}
    fit = replace(fit, posterior=fit.posterior.assign(held))
    return fit.surface_at({"corpus": xr.DataArray(corpus)})


def test_a_larger_run_on_the_same_path_is_not_worse_where_the_law_leaves_out_nothing(
    stored_fit: bs.ScalingFit,
) -> None:
    along = path(stored_fit, decades=12.0)
    # Misses of the fit, and such as it never has. Where next to nothing declines any more, on the
    # path of the runs at the edge from which larger ones are taken to have grown.
    extremes = (
        {"miss": -0.5, "miss_corpus": -0.5, "drift": 0.5},
        {"miss": -3.0, "miss_corpus": -3.0, "drift": 0.5, "edge_ratio": RATIO},
        {"miss": 2.0, "drift": -0.5},
    )
    for beyond in ({}, *extremes):
        loss = surface_of(stored_fit, **NOTHING_LEFT_OUT, **beyond).loss(along)
        assert float((loss / loss.shift(point=1)).max()) <= 1 + 1e-9


@pytest.mark.parametrize("grown", ["params", "tokens"])
@pytest.mark.parametrize("miss", [-0.4, 0.0, 0.4])
@pytest.mark.parametrize("drift", [-0.3, 0.0, 0.3])
def test_more_of_one_input_is_hardly_worse_where_the_law_leaves_out_nothing(
    grown: str, miss: float, drift: float, stored_fit: bs.ScalingFit
) -> None:
    held = {**NOTHING_LEFT_OUT, "miss": miss, "miss_corpus": miss / 3, "drift": drift}
    surface = surface_of(stored_fit, **held)
    times = xr.DataArray(np.geomspace(1, 1e9, 200), dims="point")
    for ratio in (0.05, 1.0, 20.0):
        start = on_path(stored_fit, 2.0)
        held = {"params": start["params"] / ratio**0.5, "tokens": start["tokens"] * ratio**0.5}
        loss = surface.loss({**held, grown: held[grown] * times})
        # A slower decline is felt the more the farther a run lies, also where nothing declines any
        # more, and a best ratio that moves makes less of the input in excess: over nine decades
        # of one input at most one per cent.
        assert float((loss.isel(point=-1) / loss.min("point")).max()) <= 1.01


def test_a_larger_run_on_the_same_path_is_hardly_ever_worse(stored_fit: bs.ScalingFit) -> None:
    surface = surface_of(stored_fit)
    largest = surface.loss(on_path(stored_fit))
    for times in (10, 30, 100):
        larger = surface.loss(on_path(stored_fit, times))
        assert float((larger > largest).mean()) <= 0.02


def test_no_draw_is_below_its_floor(stored_fit: bs.ScalingFit) -> None:
    for misses in ({}, {"miss": 3.0, "miss_corpus": 1.0}, {"miss": -9.0}):
        surface = surface_of(stored_fit, **misses)
        loss = surface.loss(path(stored_fit, decades=20.0))
        assert np.isfinite(loss).all()
        assert (loss >= surface.floor).all()
    own = surface_of(stored_fit, floor_drop=0.0)
    np.testing.assert_allclose(own.floor, stored_fit.posterior["E"].sel(corpus="web"))


def test_beyond_the_runs_the_decline_of_the_law_is_multiplied(stored_fit: bs.ScalingFit) -> None:
    """By hand: a law that leaves out nothing inside, ten times beyond the largest run."""
    held = {"miss_corpus": 0.0, "miss": 0.4, "drift": 0.0, "edge_ratio": RATIO, "floor_drop": 0.0}
    held |= NOTHING_LEFT_OUT
    surface = surface_of(stored_fit, **held)
    edge, far = on_path(stored_fit), on_path(stored_fit, 10)
    law = replace(surface, left_out=None)
    at_edge, at_far = (np.log(law.loss(one) - surface.floor) for one in (edge, far))
    expected = surface.floor + np.exp(at_edge + np.exp(0.4) * (at_far - at_edge))
    np.testing.assert_allclose(surface.loss(far), expected, rtol=1e-9)
    np.testing.assert_allclose(surface.inside.loss(far), law.loss(far), rtol=1e-9)


def test_what_of_the_floor_goes_on_declining_changes_how_long_and_not_how_fast(
    stored_fit: bs.ScalingFit,
) -> None:
    """By hand: the floor's excess over six tenths of the lowest losses, half of it."""
    held = {"miss_corpus": 0.0, "miss": 0.0, "drift": 0.0, "edge_ratio": RATIO} | NOTHING_LEFT_OUT
    kept, dropped = (surface_of(stored_fit, **held, floor_drop=drop) for drop in (0.0, 0.5))
    law, edge = replace(kept, left_out=None), on_path(stored_fit)
    np.testing.assert_allclose(dropped.loss(edge), law.loss(edge), rtol=1e-12)
    nearby = on_path(stored_fit, 1.001)
    slopes = [one.loss(nearby) - one.loss(edge) for one in (kept, dropped)]
    np.testing.assert_allclose(slopes[1], slopes[0], rtol=1e-3)
    lowest = np.maximum(kept.floor, stored_fit.runs.reference["loss"])
    given = 0.5 * (kept.floor - 0.6 * lowest).clip(0)
    np.testing.assert_allclose(dropped.floor, kept.floor - given, rtol=1e-12)
    share = (law.loss(edge) - kept.floor) / (law.loss(edge) - kept.floor + given)
    for times in (10, 1e4):
        far = on_path(stored_fit, times)
        ratio = (law.loss(far) - kept.floor) / (law.loss(edge) - kept.floor)
        expected = kept.floor - given + (law.loss(edge) - kept.floor + given) * ratio**share
        np.testing.assert_allclose(dropped.loss(far), expected, rtol=1e-9)
        assert (dropped.loss(far) < kept.loss(far)).all()
    np.testing.assert_allclose(dropped.inside.loss(far), law.loss(far), rtol=1e-9)


def test_beyond_a_level_its_own_miss_counts_and_beyond_all_runs_both(
    stored_fit: bs.ScalingFit,
) -> None:
    """By hand: a level whose runs end two decades below the others', at points on one path."""
    held = {"drift": 0.0, "edge_ratio": RATIO, "floor_drop": 0.0}
    surface = surface_of(stored_fit, **NOTHING_LEFT_OUT, **held)
    assert surface.left_out is not None
    top = surface.left_out.placement.top
    misses = [(top - 2.0, 0.2), (top, -0.5)]
    surface = replace(surface, left_out=replace(surface.left_out, misses=misses))
    law = replace(surface, left_out=None)
    own, between, edge, far = (
        np.log(law.loss(on_path(stored_fit, times)) - surface.floor)
        for times in (0.01, 0.1, 1.0, 10.0)
    )
    at = {
        0.1: own + np.exp(0.2) * (between - own),
        10.0: own + np.exp(0.2) * (edge - own) + np.exp(0.2 - 0.5) * (far - edge),
    }
    for times, expected in at.items():
        found = surface.loss(on_path(stored_fit, times))
        np.testing.assert_allclose(found, surface.floor + np.exp(expected), rtol=1e-9)
    # Points on both sides of an edge, together, are as those by themselves.
    both = surface.loss(path(stored_fit)).isel(point=[0, -1])
    for point, one in zip((0, -1), both.transpose("point", ...), strict=True):
        alone = surface.loss(path(stored_fit).isel(point=point))
        np.testing.assert_allclose(one, alone, rtol=1e-12)


def test_inside_the_runs_misses_change_nothing(stored_fit: bs.ScalingFit) -> None:
    surface = surface_of(stored_fit)
    at = {name: xr.DataArray(stored_fit.runs.values(name), dims="run") for name in surface.units}
    own = (stored_fit.runs.table["corpus"] == "web").to_numpy()
    loss, inside = surface.loss(at), surface.inside.loss(at)
    np.testing.assert_allclose(loss.isel(run=own), inside.isel(run=own), rtol=1e-12)


def test_plain_arrays_give_what_labelled_draws_do(stored_fit: bs.ScalingFit) -> None:
    surface = surface_of(stored_fit)
    along = path(stored_fit)
    plain = surface.map(lambda values: np.asarray(values)[..., None])
    found = plain.loss({name: along[name].to_numpy() for name in ("params", "tokens")})
    expected = surface.loss(along).transpose("chain", "draw", "point")
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_nodes_hold_a_function_that_changes_over_its_length(rng: np.random.Generator) -> None:
    """Between nodes closer than the length, the prior of the function is that of its kernel."""
    nodes = Nodes(np.linspace(0, 2, 5), 1.0)
    at = np.linspace(0, 2, 21)
    covariance = nodes.basis(at) @ nodes.basis(at).T
    np.testing.assert_allclose(covariance, kernel(at[:, None], at, 1.0), atol=2e-3)
    at_nodes = nodes.basis(nodes.at) @ nodes.basis(nodes.at).T
    np.testing.assert_allclose(at_nodes, kernel(nodes.at[:, None], nodes.at, 1.0), atol=2 * JITTER)
    z = rng.standard_normal(5)
    of_kernels = kernel_sum(nodes.kernels(at), nodes.factor @ z)
    np.testing.assert_allclose(of_kernels, nodes.basis(at) @ z, rtol=1e-9, atol=1e-12)


def test_the_size_of_delta_is_its_standard_deviation_at_the_runs(stored_fit: bs.ScalingFit) -> None:
    law, runs = stored_fit.model.law, stored_fit.runs
    u, v = run_places(law, runs)
    assert v is not None
    found = Placement.of(law, runs)
    covariance = found.basis(u, v) @ found.basis(u, v).T
    along, across = (
        kernel(x[:, None], x, length) for x, length in ((u, COMPUTE_LENGTH), (v, RATIO_LENGTH))
    )
    expected = SHAPE_SHARE * across + (1 - SHAPE_SHARE) * along * across
    inside = (v - found.centre > found.ratio.at[0]) & (v - found.centre < found.ratio.at[-1])  # type: ignore[union-attr]
    # Four nodes hold almost all of a function of tokens per parameter.
    np.testing.assert_allclose(covariance[inside][:, inside], expected[inside][:, inside], atol=0.1)
    # Far beyond the runs what depends on compute fades, and what does not stays.
    far = found.basis(np.array([found.top + 5]), np.array([found.centre]))
    assert float((far**2).sum()) == pytest.approx(SHAPE_SHARE, abs=0.02)


def test_the_gradient_of_the_density_makes_nothing_as_large_as_the_basis(
    stored_fit: bs.ScalingFit,
) -> None:
    """A graph within the graph would make the gradient of the basis too, which nothing reads."""
    model = stored_fit.model.build(stored_fit.runs)
    density = rewrite_graph(model.logp(), include=["canonicalize", "stabilize"])
    slopes = pytensor.grad(density, [model.rvs_to_values[one] for one in model.free_RVs])
    assert not [
        one for one in ancestors(slopes) if one.owner and isinstance(one.owner.op, OpFromGraph)
    ]


def test_directions_of_a_level_are_its_nodes_turned(stored_fit: bs.ScalingFit) -> None:
    law, runs = stored_fit.model.law, stored_fit.runs
    found = LevelRotation.of(law, runs, "corpus")
    basis = Placement.of(law, runs).level_basis(*run_places(law, runs))
    for level, turn in enumerate(found.turn):
        np.testing.assert_allclose(turn.T @ turn, np.eye(9), atol=1e-12)
        own = runs.codes("corpus") == level
        np.testing.assert_allclose(found.basis[own] @ turn.T, basis[own], atol=1e-12)
    assert (np.diff(found.strength) <= 0).all()


@pytest.mark.parametrize("rows", [36, 7])
def test_directions_are_the_nodes_turned(stored_fit: bs.ScalingFit, rows: int) -> None:
    law = stored_fit.model.law
    runs = stored_fit.runs.where(run=list(stored_fit.runs.table.index[:rows]))
    found, basis = Rotation.of(law, runs), Placement.of(law, runs).basis(*run_places(law, runs))
    np.testing.assert_allclose(found.turn.T @ found.turn, np.eye(len(found.turn)), atol=1e-12)
    np.testing.assert_allclose(found.basis @ found.turn.T, basis, atol=1e-12)
    assert found.shown.shape == (len(found.turn), rows)
    assert (np.diff(found.strength) <= 0).all()
    # Runs settle no more directions than they are.
    assert (found.strength[rows:] < 1e-9).all()


def test_sizes_a_fraction_of_a_percent_apart_settle_no_direction() -> None:
    table = pd.DataFrame({"tokens": np.geomspace(1e9, 2e10, 12).repeat(4)})
    table["params"] = np.tile([1e9, 1.001e9, 1.002e9, 1.003e9], 12)
    table["loss"] = 1.9 + 400 * table["tokens"] ** -0.3
    apart = bs.Runs.from_frame(table)
    one = bs.Runs.from_frame(table.assign(params=1e9))
    law = bs.laws.Chinchilla()
    found, alike = (Rotation.of(law, runs).strength for runs in (apart, one))
    np.testing.assert_allclose(found, alike, atol=1e-6)


def test_of_many_runs_some_say_where_directions_lie(rng: np.random.Generator) -> None:
    size, data = 10 ** rng.uniform(7.5, 9.5, 5000), 10 ** rng.uniform(9, 11, 5000)
    table = pd.DataFrame({"params": size, "tokens": data})
    truth = {"E": 1.7, "A": 450.0, "B": 1900.0, "alpha": 0.34, "beta": 0.36}
    runs = bs.datasets.simulate("chinchilla", table, truth, seed=1)
    found = Rotation.of(bs.laws.Chinchilla(), runs)
    assert found.shown.shape == (26, MOST_SHOWN)
    assert len(np.unique(found.chosen)) == MOST_SHOWN
    # A function along one direction is told to a few hundredths of its size.
    told = found.shown @ found.basis[found.chosen] / found.strength
    np.testing.assert_allclose(told, np.eye(26), atol=0.1)


def test_misses_and_drifts_have_the_sizes_that_are_given(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    sizes = {"miss_sd": bs.Prior.fixed_at(0.1), "drift_sd": bs.Prior.fixed_at(0.2)}
    # Of a law that leaves out next to nothing, runs show no drift.
    surface = bs.Surface(amplitude=bs.Prior.fixed_at(1e-6), miss_mean=0.3, **sizes)
    fit = prior_fit(bs.ScalingModel("chinchilla", surface=surface), stored_fit.runs, draws=500)
    draws = fit.posterior
    assert (draws["miss_sd"] == 0.1).all()
    assert (draws["drift_sd"] == 0.2).all()
    for z in ((draws["miss"] - 0.3) / 0.1, draws["drift"] / 0.2):
        # Evenly spaced quantiles of the normal: there is no Monte-Carlo error.
        np.testing.assert_allclose(np.quantile(z, [0.16, 0.5, 0.84]), [-0.994, 0, 0.994], atol=0.01)


def test_what_is_beyond_a_law_of_one_input_is_that_of_learning_curves() -> None:
    surface, law_of_one = bs.Surface(), bs.laws.PowerLaw("flops")
    curve, both = (surface.priors_beyond(law) for law in (law_of_one, bs.laws.Chinchilla()))
    assert surface.mean_miss(law_of_one) == 0 < surface.mean_miss(bs.laws.Chinchilla())
    assert curve["miss_sd"].range()[0] > both["miss_sd"].range()[1]
    assert set(curve) == {"miss_sd"}
    assert set(both) == {"miss_sd", "drift_sd", "floor_drop"}
    held = bs.Surface(floor_drop=bs.Prior.fixed_at(0))
    assert held.priors_beyond(law_of_one)["floor_drop"] == bs.Prior.fixed_at(0)
    own = bs.Surface(miss_sd=bs.Prior.between(0.1, 0.3), miss_mean=-0.2)
    assert own.mean_miss(bs.laws.Chinchilla()) == -0.2
    assert own.priors_beyond(bs.laws.Chinchilla())["miss_sd"] == bs.Prior.between(0.1, 0.3)


def test_reach_is_that_of_the_own_level(stored_fit: bs.ScalingFit) -> None:
    table = stored_fit.runs.table
    tops = table.assign(u=np.log10(table["params"] * table["tokens"])).groupby("corpus")["u"].max()
    where = xr.Dataset(
        {
            "params": ("point", [1e10, 1e10, 1e7]),
            "tokens": ("point", [1e12, 1e12, 1e8]),
            "corpus": ("point", np.array(["web", "books", "web"], object)),
        }
    )
    expected = [22 - tops["web"], 22 - tops["books"], 15 - tops["web"]]
    np.testing.assert_allclose(reach(stored_fit.model, stored_fit.runs, where), expected, atol=1e-6)


def test_beyond_the_largest_run_a_deviation_stays_and_makes_no_larger_run_worse(
    stored_fit: bs.ScalingFit, rng: np.random.Generator
) -> None:
    """However large it is, and wherever the largest run of the level lies."""
    draws = stored_fit.posterior
    weights = draws["delta_z_corpus"].copy(data=3 * rng.standard_normal((2, 200, 2, 9)))
    own = draws.assign(
        floor_drop=xr.zeros_like(draws["floor_drop"]),
        delta_z=xr.zeros_like(draws["delta_z"]),
        delta_z_corpus=weights,
        delta_sd_corpus=xr.full_like(draws["delta_sd_corpus"], 0.3),
    )
    surface = surface_of(replace(stored_fit, posterior=own))
    u, _ = run_places(stored_fit.model.law, stored_fit.runs)
    along = path(stored_fit, decades=12.0)
    beyond = along.sel(point=np.log10(along["params"] * along["tokens"]) >= u.max())
    loss = surface.loss(beyond)
    assert float((loss / loss.shift(point=1)).max()) <= 1 + 1e-9
    assert (surface.loss(along) >= surface.floor).all()
    shared = surface_of(stored_fit, **NOTHING_LEFT_OUT, floor_drop=0.0).loss(beyond)
    gap = np.log(loss - surface.floor) - np.log(shared - surface.floor)
    assert float(abs(gap).max()) > 0.3
    assert float((gap.max("point") - gap.min("point")).max()) < 1e-6


def test_a_new_level_deviates_as_much_as_levels_do(stored_fit: bs.ScalingFit) -> None:
    label = {"corpus": xr.DataArray("new")}
    draws = stored_fit.posterior
    sized = draws.assign(delta_sd_corpus=xr.full_like(draws["delta_sd_corpus"], 0.1))
    surface = replace(stored_fit, posterior=sized).surface_at
    left_out = surface(label, "draw", np.random.default_rng(1)).left_out
    assert left_out is not None
    assert left_out.deviation is not None
    u, v = run_places(stored_fit.model.law, stored_fit.runs)
    deviation = left_out.deviation.at(left_out.placement, float(u.mean()), float(np.mean(v)))
    # 400 draws tell a standard deviation to 4 %, and nodes hold almost all of a function.
    assert float(deviation.std()) == pytest.approx(0.1, rel=0.15)
    typical = surface(label, "typical").left_out
    assert typical is not None
    assert typical.deviation is not None
    assert float(abs(typical.deviation.at(typical.placement, 19.0, 1.0)).max()) == 0


def test_a_new_level_scatters_as_levels_do(stored_fit: bs.ScalingFit) -> None:
    where = xr.Dataset({"corpus": ("point", np.array(["web", "new"], object))})
    given = stored_fit.posterior, stored_fit.model, stored_fit.runs, where
    typical, drawn = (
        noise_at(*given, rng)[0]["noise_sd"] for rng in (None, np.random.default_rng(1))
    )
    draws = stored_fit.posterior
    np.testing.assert_allclose(typical.isel(point=1), draws["noise_sd"], rtol=1e-12)
    web = draws["noise_sd"] * np.exp(
        draws["noise_sd_sd_corpus"] * draws["noise_sd_z_corpus"].sel(corpus="web")
    )
    np.testing.assert_allclose(drawn.isel(point=0), web, rtol=1e-12)
    z = np.log(drawn.isel(point=1) / draws["noise_sd"]) / draws["noise_sd_sd_corpus"]
    # A standard error of 0.04 for 400 draws.
    assert float(z.std()) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("name", ["amplitude", "miss_sd", "drift_sd", "level_sd"])
@pytest.mark.parametrize("prior", [bs.Prior.normal(0, 1), bs.Prior.fixed_at(0.0)], ids=repr)
def test_a_size_that_may_not_be_positive_is_refused(name: str, prior: bs.Prior) -> None:
    with pytest.raises(ModelError, match=f"{name}=.*not positive.*surface=None"):
        bs.Surface(**{name: prior})  # type: ignore[arg-type]


@pytest.mark.parametrize("prior", [bs.Prior.normal(0, 1), bs.Prior.fixed_at(1.5)], ids=repr)
def test_a_share_of_the_floor_that_is_none_is_refused(prior: bs.Prior) -> None:
    with pytest.raises(ModelError, match=r"floor_drop=.*outside 0 to 1.*fixed_at\(0\)"):
        bs.Surface(floor_drop=prior)


def test_only_losses_of_one_stage_have_a_surface(stored_fit: bs.ScalingFit) -> None:
    assert bs.ScalingModel("chinchilla").has_surface(stored_fit.runs)
    assert not bs.ScalingModel("chinchilla", surface=None).has_surface(stored_fit.runs)
    frame = stored_fit.runs.table[["params", "loss"]].assign(loss=lambda t: t["loss"] / 10)
    shares = bs.Runs.from_frame(frame, response="accuracy")
    assert not bs.ScalingModel("LogLinear", noise=bs.noise.Normal()).has_surface(shares)


def test_a_surface_shows_what_is_not_the_default() -> None:
    assert "surface" not in repr(bs.ScalingModel("chinchilla"))
    assert "surface=None" in repr(bs.ScalingModel("chinchilla", surface=None))
    own = bs.ScalingModel("chinchilla", surface=bs.Surface(miss_mean=0.0))
    assert "miss_mean=0.0" in repr(own)


def test_levels_miss_by_a_quarter_of_what_all_do(stored_fit: bs.ScalingFit) -> None:
    draws = stored_fit.posterior
    for own in (draws["miss_corpus"] / draws["miss_sd"]).transpose("corpus", ...):
        # Every tenth of draws that are even: within three standard errors of independent ones.
        quantiles = np.quantile(own, [0.16, 0.5, 0.84])
        np.testing.assert_allclose(quantiles, [-0.249, 0, 0.249], atol=0.05)


def test_a_new_level_misses_as_those_fitted_do(stored_fit: bs.ScalingFit) -> None:
    label = {"corpus": xr.DataArray("new")}
    left_out = stored_fit.surface_at(label, "draw", np.random.default_rng(1)).left_out
    assert left_out is not None
    own, fitted = left_out.misses[0][1], stored_fit.posterior["miss_corpus"]
    # Of 400 draws each, heavy tails included, a standard deviation is known to some 10 %.
    assert float(own.std()) == pytest.approx(float(fitted.std()), rel=0.3)


def test_curves_are_taken_to_bend_otherwise_than_a_power_by_more() -> None:
    usual, given = bs.Surface(), bs.Surface(amplitude=bs.Prior.between(0.01, 0.1))
    sweep, curve = bs.laws.Chinchilla(), bs.laws.PowerLaw("tokens")
    assert usual.size(curve).range(0.9)[1] > 2 * usual.size(sweep).range(0.9)[1]
    assert given.size(curve) == given.size(sweep) == given.amplitude


def test_a_function_keeps_its_size_below_the_runs_and_between_nodes_far_apart() -> None:
    below = Nodes.between(-4.0, 0.0, 5, 1.0).basis(np.array([-4.0, -5.0, -7.0]))
    np.testing.assert_allclose((below**2).sum(axis=1), 1.0, atol=1e-4)
    between = Nodes.between(-10.0, 0.0, 5, 1.0).basis(np.array([-8.75, -1.25]))
    assert ((between**2).sum(axis=1) > 0.85).all()

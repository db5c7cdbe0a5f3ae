"""The specification and the PyMC model it builds: names, dims, densities, and what is refused."""

import pickle
from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
import pymc as pm
import pymc.dims as pmd
import pytest
import xarray as xr
from pymc.testing import assert_equivalent_model
from pytensor.xtensor import as_xtensor
from pytensor.xtensor.type import XTensorVariable
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.fitting.posterior import complete
from bayes_scaling.fitting.posterior import log_density as posterior_density
from bayes_scaling.fitting.posterior_surface import loss_surface
from bayes_scaling.fitting.tree import observed_data, run_data
from bayes_scaling.model.directions import LevelRotation, Rotation
from bayes_scaling.model.surface import MOST_DEVIATING
from bayes_scaling.noise.scales import MOST_DEGREES
from bayes_scaling.priors import TIE

FAST = {"mode": "FAST_COMPILE"}
POOLED = tuple(bs.Vary(name, by="corpus") for name in ("E", "A", "B"))


def sweep(corpora: dict[str, int], *, archs: int = 1, loss_scale: float = 1.0) -> bs.Runs:
    """Runs on the Chinchilla surface: `corpora` says how many of each corpus."""
    rng = np.random.default_rng(1)
    labels = np.repeat(list(corpora), list(corpora.values()))
    params = np.exp(rng.uniform(np.log(1e8), np.log(1e10), len(labels)))
    tokens = params * np.exp(rng.uniform(np.log(3), np.log(300), len(labels)))
    loss = bs.laws.Chinchilla.loss(params, tokens, 1.8172, 482.01, 2085.43, 0.3478, 0.3658)
    frame = pd.DataFrame(
        {
            "corpus": labels,
            "arch": [f"arch{number % archs}" for number in range(len(labels))],
            "params": params,
            "tokens": tokens,
            "loss": loss_scale * loss * np.exp(rng.normal(0, 0.01, len(labels))),
        }
    )
    return bs.Runs.from_frame(frame, factors=["corpus", "arch"])


RUNS = sweep({"c4": 12, "pile": 3}, archs=2)


def log_density(model: pm.Model) -> Callable[[dict[str, np.ndarray]], float]:
    compiled = model.compile_logp(**FAST)
    return lambda point: float(compiled(point))


def test_variables_dims_and_coordinates_of_the_plain_model() -> None:
    built = bs.ScalingModel("chinchilla", surface=None).build(RUNS)
    free = {"E_ref", "A_ref", "B_ref", "alpha", "beta", "noise_sd", "noise_df"}
    assert {variable.name for variable in built.free_RVs} == free
    assert [variable.name for variable in built.observed_RVs] == ["response"]
    assert built.named_vars_to_dims["response"] == ("run",)
    assert list(built.coords["run"]) == list(RUNS.table.index)
    assert {"corpus", "node", "direction"}.isdisjoint(built.coords)


def test_variables_dims_and_coordinates_of_a_pooled_model() -> None:
    vary = [bs.Vary("E", by="corpus"), bs.Vary("alpha", by="corpus"), bs.Vary("E", by="arch")]
    built = bs.ScalingModel("chinchilla", vary, surface=None).build(RUNS)
    dims = {variable.name: built.named_vars_to_dims[variable.name] for variable in built.free_RVs}
    assert dims == {
        "E_typical_ref": (),
        "A_ref": (),
        "B_ref": (),
        "alpha_typical": (),
        "beta": (),
        "E_sd_corpus": (),
        "E_raw_corpus": ("corpus",),
        "E_sd_arch": (),
        "E_raw_arch": ("arch",),
        "alpha_sd_corpus": (),
        "alpha_raw_corpus": ("corpus",),
        "noise_sd": (),
        "noise_df": (),
    }
    assert list(built.coords["corpus"]) == ["c4", "pile"]
    assert list(built.coords["arch"]) == ["arch0", "arch1"]


def test_variables_dims_and_coordinates_of_the_surface() -> None:
    law_alone = bs.ScalingModel("chinchilla", surface=None).build(RUNS)
    built = bs.ScalingModel("chinchilla").build(RUNS)
    added = {variable.name for variable in built.free_RVs}
    added -= {variable.name for variable in law_alone.free_RVs}
    assert added == {"delta_sd", "delta_raw"}
    assert [variable.name for variable in built.deterministics] == ["delta_weights"]
    for name in ("delta_raw", "delta_weights"):
        assert built.named_vars_to_dims[name] == ("direction",)
    # Six nodes of tokens per parameter alone, and five of compute by four of it.
    assert list(built.coords["direction"]) == list(built.coords["node"]) == list(range(26))


def test_levels_deviate_from_what_they_share() -> None:
    built = bs.ScalingModel("chinchilla", POOLED).build(RUNS)
    dims = {variable.name: built.named_vars_to_dims[variable.name] for variable in built.free_RVs}
    of_delta = {name: of for name, of in dims.items() if name.startswith("delta")}
    assert of_delta == {
        "delta_sd": (),
        "delta_raw": ("direction",),
        "delta_sd_corpus": (),
        "delta_raw_corpus": ("corpus", "level_direction"),
    }
    assert dims["noise_sd_sd_corpus"] == ()
    assert dims["noise_sd_raw_corpus"] == ("corpus",)
    # Along compute five nodes, and four along tokens per parameter.
    assert len(built.coords["level_node"]) == len(built.coords["level_direction"]) == 9


def test_levels_deviate_where_there_is_a_surface_and_a_scatter_to_learn() -> None:
    fixed = bs.noise.LogStudentT(sd=bs.Prior.fixed_at(0.01))
    for model, expected in (
        (bs.ScalingModel("chinchilla", POOLED, surface=None), set()),
        (bs.ScalingModel("chinchilla"), set()),
        (bs.ScalingModel("chinchilla", POOLED[:1], noise=fixed), {"delta_sd_corpus"}),
    ):
        assert {one.spread_name for one in model.deviations(RUNS)} == expected


def test_of_many_levels_none_deviates() -> None:
    def of(levels: int) -> bs.Runs:
        table = pd.concat([RUNS.table.assign(corpus=f"corpus {n}") for n in range(levels)])
        return bs.Runs.from_frame(table[["params", "tokens", "loss", "corpus"]], factors=["corpus"])

    model = bs.ScalingModel("chinchilla", POOLED)
    assert model.deviations(of(MOST_DEVIATING))
    assert not model.deviations(of(MOST_DEVIATING + 1))
    assert "level_node" not in model.coords(of(MOST_DEVIATING + 1))


def test_a_law_of_one_input_has_nodes_along_it_alone() -> None:
    built = bs.ScalingModel(bs.laws.PowerLaw("flops")).build(RUNS)
    assert len(built.coords["node"]) == 5


def by_hand(model: bs.ScalingModel, runs: bs.Runs) -> pm.Model:
    """The Chinchilla model, plain or with E pooled by corpus, as one would write it once.

    The weights of the surface's directions have their own prior.
    """
    with pm.Model(coords=model.coords(runs)) as written:
        data = {
            name: pmd.Data(
                name, values, dims=dims, shape=values.shape if "run" not in dims else None
            )
            for name, (dims, values) in model.data(runs).items()
        }
        pooled = bool(model.vary)

        def parameter(name: str) -> XTensorVariable:
            return pmd.LogNormal(name, mu=data[f"{name}_mu"], sigma=data[f"{name}_sigma"])

        name = "E_typical_ref" if pooled else "E_ref"
        E = pmd.Beta(name, alpha=data[f"{name}_alpha"], beta=data[f"{name}_beta"])
        A, B, alpha = parameter("A_ref"), parameter("B_ref"), parameter("alpha")
        tie = (pmd.math.log(alpha) - data["alpha_mu"]) / data["alpha_sigma"]
        beta = pmd.LogNormal(
            "beta",
            mu=data["beta_mu"] + TIE * data["beta_sigma"] * tie,
            sigma=data["beta_sigma"] * np.sqrt(1 - TIE**2),
        )
        if pooled:
            sd, centred, centre = parameter("E_sd_corpus"), data["corpus_centred"], pmd.math.log(E)
            raw = pmd.Normal(
                "E_raw_corpus", mu=centred * centre, sigma=sd**centred, dims=("corpus",)
            )
            E = pmd.math.exp(centre + sd ** (1 - centred) * (raw - centred * centre))
            E = E.isel(corpus=data["corpus_index"])
        sd, tails = parameter("noise_sd"), (data[f"noise_df_{name}"] for name in ("alpha", "beta"))
        df = pmd.InverseGamma("noise_df", *tails)
        deviates = pooled and model.surface is not None
        own = scatter_by_hand(parameter, data, sd) if deviates else sd
        size, tokens = data["params_log"], data["tokens_log"]
        reducible = A * pmd.math.exp(-alpha * size) + B * pmd.math.exp(-beta * tokens)
        expected = E + A * pmd.math.exp(-alpha * size) + B * pmd.math.exp(-beta * tokens)
        if model.surface is not None:
            expected = E + reducible * pmd.math.exp(delta_by_hand(model, runs, parameter))
        pmd.StudentT(
            "response",
            nu=pmd.math.minimum(df, MOST_DEGREES),
            mu=pmd.math.log(expected),
            sigma=own,
            observed=data["response_scaled"],
        )
    return written


def delta_by_hand(
    model: bs.ScalingModel, runs: bs.Runs, parameter: Callable[[str], XTensorVariable]
) -> XTensorVariable:
    """Delta from weights that have a normal prior of the size of delta."""
    basis = as_xtensor(Rotation.of(model.law, runs).basis, dims=("run", "direction"))
    weights = pmd.Normal("delta_weights", 0.0, parameter("delta_sd"), dims=("direction",))
    shared = (basis * weights).sum("direction")
    if not model.vary:
        return shared
    of_level = LevelRotation.of(model.law, runs, "corpus").basis
    dims = ("corpus", "level_direction")
    own = pmd.Normal("delta_weights_corpus", 0.0, parameter("delta_sd_corpus"), dims=dims)
    at_runs = own.isel(corpus=as_xtensor(runs.codes("corpus"), dims=("run",)))
    basis = as_xtensor(of_level, dims=("run", "level_direction"))
    return shared + (basis * at_runs).sum("level_direction")


def scatter_by_hand(
    parameter: Callable[[str], XTensorVariable],
    data: dict[str, XTensorVariable],
    sd: XTensorVariable,
) -> XTensorVariable:
    """Scatter of each run: levels differ from the typical one in the logarithm."""
    spread, centred = parameter("noise_sd_sd_corpus"), data["corpus_centred"]
    centre = pmd.math.log(sd)
    raw = pmd.Normal(
        "noise_sd_raw_corpus", mu=centred * centre, sigma=spread**centred, dims=("corpus",)
    )
    own = pmd.math.exp(centre + spread ** (1 - centred) * (raw - centred * centre))
    return own.isel(corpus=data["corpus_index"])


@pytest.mark.parametrize("vary", [(), (bs.Vary("E", by="corpus"),)], ids=["plain", "pooled"])
def test_the_model_is_the_one_written_by_hand(vary: tuple[bs.Vary, ...]) -> None:
    model = bs.ScalingModel("chinchilla", vary, surface=None)
    assert_equivalent_model(model.build(RUNS), by_hand(model, RUNS))


def test_the_equivalence_test_sees_a_difference() -> None:
    model = bs.ScalingModel("chinchilla", noise=bs.noise.LogNormal(), surface=None)
    other = bs.ScalingModel("chinchilla", surface=None)
    with pytest.raises(AssertionError, match="differ"):
        assert_equivalent_model(model.build(RUNS), by_hand(other, RUNS))


def weights_at(built: pm.Model, name: str) -> Callable[[dict[str, np.ndarray]], np.ndarray]:
    """Weights of directions as a function of a point of the model, dims (weight,)."""
    weights = built.replace_rvs_by_values([built[name]])[0].values.ravel()
    compiled = built.compile_fn(weights, inputs=built.value_vars, on_unused_input="ignore", **FAST)
    return lambda point: np.asarray(compiled(point))


@pytest.mark.parametrize("vary", [(), (bs.Vary("E", by="corpus"),)], ids=["plain", "pooled"])
def test_the_density_of_delta_is_that_of_weights_with_their_own_prior(
    vary: tuple[bs.Vary, ...], rng: np.random.Generator
) -> None:
    """Where directions are centred, for the sampler's sake, leaves the posterior what it is."""
    model = bs.ScalingModel("chinchilla", vary)
    built, written = model.build(RUNS), by_hand(model, RUNS)
    density, expected = log_density(built), log_density(written)
    names = {"delta_raw": "delta_weights"}
    names |= {"delta_raw_corpus": "delta_weights_corpus"} if vary else {}
    weights = {raw: weights_at(built, name) for raw, name in names.items()}
    for _ in range(5):
        start = built.initial_point()
        point = {name: at + rng.normal(0, 0.5, np.shape(at)) for name, at in start.items()}
        there, log_jacobian = dict(point), 0.0
        for raw, name in names.items():
            at = there.pop(raw)
            w, steps = weights[raw](point), np.eye(at.size).reshape(-1, *at.shape)
            moved = [weights[raw]({**point, raw: at + step}) - w for step in steps]
            sign, volume = np.linalg.slogdet(np.transpose(moved))
            assert sign == 1
            log_jacobian += volume
            there[name] = w.reshape(at.shape)
        assert density(point) == pytest.approx(expected(there) + log_jacobian, rel=1e-9)
        # Weights of their own, moved by a size, are elsewhere: the comparison sees it.
        for name in names.values():
            elsewhere = {**there, name: there[name] + 0.01}
            assert density(point) != pytest.approx(expected(elsewhere) + log_jacobian, rel=1e-5)


@pytest.mark.parametrize(
    "model",
    [
        bs.ScalingModel("chinchilla"),
        bs.ScalingModel("chinchilla", POOLED),
        bs.ScalingModel(bs.laws.PowerLaw("flops"), bs.Vary("E", by="corpus")),
    ],
    ids=["plain", "pooled", "one input"],
)
def test_the_surface_at_the_runs_is_that_of_the_model(model: bs.ScalingModel) -> None:
    """Nodes and directions, labelled draws and the graph, are the same function."""
    prior = model.prior_predictive(RUNS, draws=20, seed=1)["prior"].to_dataset()
    built = model.build(RUNS)
    theirs = likelihood(built, prior[[variable.name for variable in built.free_RVs]])
    posterior = complete(prior, model, RUNS)
    where = run_data(model, RUNS)
    surface = loss_surface(posterior, model, RUNS, {name: where[name] for name in model.factors})
    response = observed_data(RUNS)["loss"]
    ours = posterior_density(posterior, model, RUNS, response, surface.loss(where), where)
    ours = (ours + np.log(response)).transpose("chain", "draw", "run")
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def likelihood(built: pm.Model, sampled: xr.Dataset) -> xr.DataArray:
    """PyMC's own log density of each response."""
    with built:
        return pm.compute_log_likelihood(
            xr.DataTree.from_dict({"posterior": sampled}),
            extend_inferencedata=False,
            progressbar=False,
            compile_kwargs=FAST,
        )["response"]


def test_tied_exponents_have_their_own_ranges_and_go_together() -> None:
    model = bs.ScalingModel("chinchilla")
    prior = model.prior_predictive(RUNS, draws=4000, seed=2)["prior"]
    exponents = [prior[name].values.ravel() for name in ("alpha", "beta")]
    for drawn in exponents:
        # 4000 draws: the standard error of the probability is 0.005.
        assert np.mean((drawn > 0.2) & (drawn < 0.5)) == pytest.approx(0.9, abs=0.02)
        assert np.median(drawn) == pytest.approx(np.sqrt(0.1), rel=0.02)
    # The standard error of a correlation of 0.74 is 0.007.
    assert np.corrcoef(np.log(exponents))[0, 1] == pytest.approx(TIE, abs=0.03)


@pytest.mark.parametrize("name", ["alpha", "beta"])
def test_a_prior_of_the_users_unties_the_exponents(name: str) -> None:
    model = bs.ScalingModel("chinchilla", priors={name: bs.Prior.between(0.2, 0.5)})
    assert model.ties == {}
    prior = model.prior_predictive(RUNS, draws=1000, seed=2)["prior"]
    logs = [np.log(prior[one].values.ravel()) for one in ("alpha", "beta")]
    # The standard error of no correlation is 0.032.
    assert abs(np.corrcoef(logs)[0, 1]) < 0.13


def extreme(scale: float) -> bs.Runs:
    """Runs of which the last is `scale` times as large as the others."""
    table = RUNS.table.assign(flops=lambda t: 6 * t["params"] * t["tokens"])
    table.loc[table.index[-1], ["params", "tokens", "flops"]] *= [scale, scale, scale**2]
    return bs.Runs.from_frame(table, factors=["corpus", "arch"])


@pytest.mark.parametrize(
    "model",
    [
        bs.ScalingModel("chinchilla"),
        bs.ScalingModel("chinchilla", POOLED),
        bs.ScalingModel("chinchilla", noise=bs.noise.LogNormal()),
        bs.ScalingModel("chinchilla", priors={"A": bs.Prior.between(100, 1000, units="paper")}),
    ],
    ids=["plain", "pooled", "normal", "paper"],
)
def test_density_and_gradient_are_finite_at_the_start_whatever_the_inputs(
    model: bs.ScalingModel,
) -> None:
    built = model.build(RUNS)
    # Term by term: uncompiled, a sum has 32 terms at the most.
    terms, gradient = built.compile_logp(sum=False, **FAST), built.compile_dlogp(**FAST)
    values = []
    for runs in (RUNS, extreme(1e-30), extreme(1e30)):
        with built:
            pm.set_data({name: value for name, (_, value) in model.data(runs).items()})
        start = model.build(runs).initial_point()
        values.append(sum(float(np.sum(term)) for term in terms(start)))
        assert np.isfinite(gradient(start)).all()
    assert np.isfinite(values).all()
    assert len(set(values)) == 3


def unit_runs() -> bs.Runs:
    """Runs whose reference scales are one, so that reference units are paper units."""
    return RUNS.with_reference(params=1.0, tokens=1.0, loss=1.0)


# Plausible values in paper units.
PAPER = {"E": 1.75, "A": 420.0, "B": 1800.0, "alpha": 0.34, "beta": 0.36}
PAPER_PRIORS = {
    "E": bs.Prior.between(1.0, 2.5, units="paper"),
    "A": bs.Prior.between(100, 1000, units="paper"),
    "B": bs.Prior.between(300, 6000, units="paper"),
    "alpha": bs.Prior.between(0.2, 0.5, units="paper"),
    "beta": bs.Prior.between(0.2, 0.5, units="paper"),
}


def on_reference_scale(theta: dict[str, float], runs: bs.Runs) -> dict[str, float]:
    scales = {name: 1 / runs.reference[name] for name in ("loss", "params", "tokens")}
    return {**theta, **bs.laws.Chinchilla.paper_units(**scales, **theta)}


@pytest.mark.parametrize(
    "names", [["A"], ["E", "A", "B"], ["A", "alpha"], ["B", "beta", "E"], list(PAPER_PRIORS)]
)
def test_a_prior_in_paper_units_has_the_density_of_a_model_in_paper_units(names: list[str]) -> None:
    """On log parameters the change of units is a shift, so the densities differ by a constant."""
    # A share of the reference loss, as the default is, cannot be a loss of 1.75 where that is one.
    defaults = {**bs.laws.Chinchilla.priors, "E": bs.Prior.between(0.2, 0.95)}
    # Exponents with priors of their own are not tied.
    exponents = {name: defaults[name] for name in ("alpha", "beta")}
    own = {"E": defaults["E"]} | exponents
    priors = own | {name: PAPER_PRIORS[name] for name in names}
    # On runs with reference one, a model's default prior would mean something else: move it there.
    runs, unit = RUNS, unit_runs()
    scaled = {name for name in ("E", "A", "B") if name not in names}
    model = bs.ScalingModel("chinchilla", priors=priors, surface=None)
    as_one = own | {n: prior_on_reference(PAPER_PRIORS[n]) for n in names}
    there = bs.ScalingModel("chinchilla", priors=as_one, surface=None)
    density, expected = log_density(model.build(runs)), log_density(there.build(unit))
    differences = []
    for alpha, factor in ((0.34, 1.0), (0.30, 1.2), (0.40, 0.8)):
        theta = {**PAPER, "alpha": alpha, "A": PAPER["A"] * factor, "E": PAPER["E"] * factor**0.1}
        reference = on_reference_scale(theta, runs)
        noise = {"noise_sd_log__": np.log(0.01), "noise_df_log__": np.log(4.0)}
        here = {log_name(name): np.log(value) for name, value in reference.items()} | noise
        in_paper = {log_name(name): np.log(value) for name, value in theta.items()} | noise
        here_default = sum(
            defaults[name].log_density(value) + np.log(value)
            for name, value in reference.items()
            if name in scaled
        )
        elsewhere = sum(
            defaults[name].log_density(value) + np.log(value)
            for name, value in theta.items()
            if name in scaled
        )
        differences.append(density(here) - here_default - (expected(in_paper) - elsewhere))
    np.testing.assert_allclose(differences, 0, atol=1e-6)


def prior_on_reference(prior: bs.Prior) -> bs.Prior:
    return bs.Prior(prior.distribution, prior.numbers)


def log_name(name: str) -> str:
    return f"{name}_ref_log__" if name in ("E", "A", "B") else f"{name}_log__"


def test_a_fixed_exponent_is_not_sampled_and_has_its_value(
    prior_fit: Callable[..., bs.ScalingFit],
) -> None:
    model = bs.ScalingModel("chinchilla", priors={"alpha": bs.Prior.fixed_at(0.35)})
    assert "alpha" not in {variable.name for variable in model.build(RUNS).free_RVs}
    fit = prior_fit(model, RUNS)
    np.testing.assert_array_equal(fit.posterior["alpha"], 0.35)
    np.testing.assert_allclose(
        fit.posterior["A"],
        RUNS.reference["loss"] * fit.posterior["A_ref"] * RUNS.reference["params"] ** 0.35,
    )


@pytest.mark.parametrize("units_of_exponents", ["paper", "reference"])
@pytest.mark.parametrize(
    "fixed",
    [{"E": 1.69}, {"A": 482.01}, {"A": 482.01, "alpha": 0.3478}, {"B": 2085.0, "beta": 0.3658}],
    ids=lambda fixed: "+".join(fixed),
)
def test_a_parameter_fixed_in_paper_units_is_that_in_model_and_posterior(
    fixed: dict[str, float],
    units_of_exponents: Literal["paper", "reference"],
    prior_fit: Callable[..., bs.ScalingFit],
) -> None:
    units = dict.fromkeys(("alpha", "beta"), units_of_exponents)
    priors = {
        name: bs.Prior.fixed_at(value, units=units.get(name, "paper"))
        for name, value in fixed.items()
    }
    model = bs.ScalingModel("chinchilla", priors=priors, surface=None)
    fit = prior_fit(model, RUNS, draws=5)
    for name, value in fixed.items():
        np.testing.assert_allclose(fit.posterior[name], value, rtol=1e-9, err_msg=name)
    # The density of the model sees the same value: its likelihood is that of the posterior.
    built = model.build(RUNS)
    sampled = fit.posterior[[variable.name for variable in built.free_RVs]]
    theirs = likelihood(built, sampled)
    ours = fit.tree["log_likelihood"]["loss"] + np.log(fit.tree["observed_data"]["loss"])
    np.testing.assert_allclose(ours.transpose("chain", "draw", "run"), theirs, rtol=1e-8)


def test_a_fixed_scatter_can_be_read_like_a_sampled_one(
    prior_fit: Callable[..., bs.ScalingFit],
) -> None:
    noise = bs.noise.LogNormal(sd=bs.Prior.fixed_at(0.01))
    fit = prior_fit(bs.ScalingModel("chinchilla", noise=noise), RUNS)
    np.testing.assert_array_equal(fit.posterior["noise_sd"], 0.01)
    assert np.isnan(fit.summary().loc["noise_sd", "r_hat"])
    loss = bs.forecast(fit, 1e10, 1e12).draws["loss"]
    assert np.isfinite(loss).all()


def test_crossed_factors_add_their_offsets(prior_fit: Callable[..., bs.ScalingFit]) -> None:
    vary = [bs.Vary("A", by="corpus"), bs.Vary("A", by="arch")]
    model = bs.ScalingModel("chinchilla", vary, {"alpha": bs.Prior.fixed_at(0.35)})
    fit = prior_fit(model, RUNS)
    draws = fit.posterior
    assert set(draws["A"].dims) == {"chain", "draw", "corpus", "arch"}
    expected = np.log(draws["A_typical"])
    for factor in ("corpus", "arch"):
        expected = expected + draws[f"A_sd_{factor}"] * draws[f"A_z_{factor}"]
    np.testing.assert_allclose(
        np.log(draws["A"]).transpose(*expected.dims), expected, rtol=1e-9, atol=1e-12
    )


def structure(runs: bs.Runs = RUNS, law: object = "chinchilla", **parts: object) -> object:
    return bs.ScalingModel(law, **parts).structure(runs)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "same",
    [
        structure(RUNS.where(lambda table: table["params"] > 5e8)),
        structure(sweep({"c4": 4, "pile": 90}, archs=2)),
        structure(RUNS.with_reference(params=1.0)),
        structure(priors={"A": bs.Prior.between(0.3, 0.4)}),
        structure(noise=bs.noise.LogStudentT(sd=bs.Prior.between(0.1, 0.2))),
        structure(surface=bs.Surface(bs.Prior.between(0.01, 0.1), miss_mean=0.0)),
    ],
    ids=["rows", "counts", "scales", "prior", "noise prior", "surface"],
)
def test_numbers_do_not_change_the_structure(same: object) -> None:
    assert same == structure()
    assert hash(same) == hash(structure())


def test_numbers_of_a_pooled_model_do_not_change_its_structure() -> None:
    pooled = structure(vary=[bs.Vary("E", by="corpus")])
    own = bs.Vary("E", by="corpus", spread=bs.Prior.between(0.1, 0.2))
    assert structure(vary=[own]) == pooled
    # The parametrisation of levels is data too: fewer runs of a level change no structure.
    assert structure(sweep({"c4": 40, "pile": 40}), vary=[own]) == pooled


def test_what_the_compiled_code_depends_on_changes_the_structure() -> None:
    vary = [bs.Vary("E", by="corpus")]
    own_law = type("OtherChinchilla", (bs.laws.Chinchilla,), {"__module__": __name__})
    keys = [
        structure(),
        structure(noise=bs.noise.LogNormal()),
        structure(priors={"alpha": bs.Prior.beta(2, 2)}),
        structure(priors={"alpha": bs.Prior.fixed_at(0.3)}),
        structure(priors={"A": bs.Prior.between(1, 2, units="paper")}),
        structure(vary=vary),
        structure(vary=[bs.Vary("A", by="corpus")]),
        structure(vary=[bs.Vary("E", by="arch")]),
        structure(sweep({"c4": 9, "pile": 9, "wiki": 9}), vary=vary),
        structure(law=own_law),
        structure(surface=None),
        # A prior of an exponent unties the two.
        structure(priors={"alpha": bs.Prior.between(0.2, 0.5)}),
    ]
    assert len(set(keys)) == len(keys)


def test_describe_gives_every_sampled_variable_in_both_units() -> None:
    model = bs.ScalingModel("chinchilla", POOLED[:1], {"A": PAPER_PRIORS["A"]})
    table = model.describe(RUNS)
    assert list(table.index) == [
        "E_typical_ref", "A_ref", "B_ref", "alpha", "beta", "E_sd_corpus", "noise_sd", "noise_df",
        "delta_sd", "delta_sd_corpus", "noise_sd_sd_corpus", "miss_sd", "drift_sd", "floor_drop",
    ]  # fmt: skip
    assert table.loc["E_typical_ref", "varies_by"] == "corpus"
    assert table.loc["alpha", "varies_by"] == ""
    assert table.loc["A_ref", "units"] == "paper"
    assert table.loc["A_ref", ["paper_lower", "paper_upper"]].tolist() == pytest.approx([100, 1000])
    # The prior of E is of its share of the reference loss; by simulation, to a few per cent.
    share = stats.beta(6, 4).ppf([0.05, 0.95])
    low, high = table.loc["E_typical_ref", ["paper_lower", "paper_upper"]]
    assert low == pytest.approx(share[0] * RUNS.reference["loss"], rel=0.1)
    assert high == pytest.approx(share[1] * RUNS.reference["loss"], rel=0.1)


def test_prior_predictive_does_not_depend_on_the_unit_of_the_loss() -> None:
    in_nats, in_bits = sweep({"c4": 9}), sweep({"c4": 9}, loss_scale=1 / np.log(2))
    model = bs.ScalingModel("chinchilla")
    nats, bits = (model.prior_predictive(runs, draws=20, seed=3) for runs in (in_nats, in_bits))
    drawn = nats["prior_predictive"]["response"]
    assert drawn.sizes == {"chain": 1, "draw": 20, "run": 9}
    assert np.isfinite(drawn).all()
    np.testing.assert_allclose(drawn, bits["prior_predictive"]["response"], rtol=1e-9)


def test_repr_says_what_differs_from_the_defaults() -> None:
    assert repr(bs.ScalingModel("chinchilla")) == "ScalingModel(Chinchilla)"
    model = bs.ScalingModel("chinchilla", bs.Vary("E", by="corpus"), noise=bs.noise.LogNormal())
    assert "vary=[Vary('E', by='corpus')]" in repr(model)
    assert "noise=LogNormal(" in repr(model)


def test_a_model_is_a_value() -> None:
    assert bs.ScalingModel("chinchilla") == bs.ScalingModel(bs.laws.Chinchilla)
    assert bs.ScalingModel("chinchilla", POOLED) != bs.ScalingModel("chinchilla")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"priors": {"Alpha": bs.Prior.between(1, 2)}}, "'Alpha'.*no parameter.*mean 'alpha'"),
        ({"priors": {"E_ref": bs.Prior.between(1, 2)}}, "'E_ref'.*mean 'E'.*Parameters: E, A, B"),
        ({"priors": {"QQQ": bs.Prior.between(1, 2)}}, "change nothing. Parameters: E"),
        ({"priors": {"alpha": 0.3}}, "prior of alpha is 0.3.*no density.*between"),
        ({"priors": {"alpha": bs.Prior.normal(0, 1)}}, "allows negative alpha.*positive numbers"),
        (
            {"priors": {"A": bs.Prior("Gamma", (2.0, 1.0), "paper")}},
            "Gamma prior of A in paper units.*no exact form.*Prior.between",
        ),
        ({"vary": ["E"]}, r"vary holds 'E'.*bs.Vary\('E', by='corpus'\)"),
        ({"vary": [bs.Vary("e", by="corpus")]}, "vary names 'e'.*mean 'E'"),
        (
            {"vary": [bs.Vary("E", by="corpus"), bs.Vary("E", by="corpus")]},
            "E by corpus twice.*told apart.*Keep one",
        ),
        (
            {"vary": [bs.Vary("E", by="corpus")], "priors": {"E": bs.Prior.fixed_at(0.5)}},
            "E is fixed by its prior and cannot vary by corpus",
        ),
        ({"noise": "student"}, r"noise='student'.*bs.noise.LogStudentT\(\)"),
    ],
)
def test_a_specification_whose_parts_disagree_is_refused(
    parts: dict[str, object], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        bs.ScalingModel("chinchilla", **parts)  # type: ignore[arg-type]


def test_runs_that_the_model_cannot_be_fitted_to_are_refused() -> None:
    model = bs.ScalingModel("chinchilla")
    with pytest.raises(ModelError, match=r"DataFrame, in which nothing says.*Runs.from_frame"):
        model.build(RUNS.table)  # type: ignore[arg-type]
    with pytest.raises(RunsError, match=r"There is 1 run|there is 1 run"):
        model.build(RUNS.where(run=RUNS.table.index[0]))
    only = bs.Runs.from_frame(RUNS.table[["params", "loss"]])
    with pytest.raises(
        RunsError, match=r"no column for tokens.*Chinchilla needs.*tokens='column', or.*'PowerLaw'"
    ):
        model.describe(only)
    data = bs.Runs.from_frame(RUNS.table[["tokens", "loss"]])
    with pytest.raises(RunsError, match=r"tell the law its input: bs\.laws\.PowerLaw\('tokens'\)"):
        bs.ScalingModel("PowerLaw").build(data)
    rates = bs.Runs.from_frame(RUNS.table.assign(peak_lr=1e-3))
    with pytest.raises(RunsError, match=r"no column for learning_rate.*Near matches: 'peak_lr'"):
        bs.ScalingModel("TunedChinchilla").build(rates)
    pooled = bs.ScalingModel("chinchilla", bs.Vary("E", by="seed"))
    with pytest.raises(RunsError, match=r"'seed' is not a factor.*corpus, arch.*factors=\('seed'"):
        pooled.build(RUNS)
    accuracy = RUNS.table.assign(loss=0.5)
    shares = bs.Runs.from_frame(accuracy, response="accuracy")
    with pytest.raises(RunsError, match=r"is 'accuracy'.*Chinchilla describes loss.*LogLinear"):
        model.build(shares)


def test_a_parameter_that_units_shift_cannot_have_a_prior_in_paper_units() -> None:
    prior = bs.Prior.fixed_at(1.1, units="paper")
    with pytest.raises(ModelError, match=r"shifts d of RoutedExperts.*reference of 1"):
        bs.ScalingModel(bs.laws.RoutedExperts, priors={"d": prior})


@pytest.mark.parametrize(
    "name",
    [
        *("E", "alpha", "a", "E_ref", "noise_sd", "params_ref", "response"),
        *("node", "direction", "level_node", "miss", "drift", "delta_sd", "delta_z", "sd"),
    ],
)
def test_a_factor_that_is_called_like_a_variable_is_refused(name: str) -> None:
    runs = bs.Runs.from_frame(RUNS.table.rename(columns={"corpus": name}), factors=[name])
    with pytest.raises(RunsError, match=f"factor '{name}' is called like a variable.*Rename"):
        bs.ScalingModel("chinchilla", vary=bs.Vary("E", by=name)).build(runs)


TWO = {"tokenizer": ["bpe", "bpe", "unigram"], "Vocab Size": [50_257, 50_257, 32_000]}


@pytest.mark.parametrize("name", TWO)
def test_losses_per_token_of_several_tokenizers_are_refused(name: str) -> None:
    frame = pd.DataFrame({"N": [1e8, 1e9, 4e9], "D": [2e9, 9e9, 3e10], "loss": [3.5, 2.9, 2.6]})
    model, table = bs.ScalingModel("chinchilla"), frame.assign(**{name: TWO[name]})
    for factors in ((), (name,)):
        runs = bs.Runs.from_frame(table, factors=factors)
        with pytest.raises(RunsError, match=r"loss is per token.*do not compare.*bits_per_byte"):
            model.check(runs)
    model.check(runs.where(lambda table: table[name] == runs.table[name].iloc[0]))
    table = table.rename(columns={"loss": "bits_per_byte"})
    model.check(bs.Runs.from_frame(table, loss="bits_per_byte"))


def test_nothing_changes_what_a_model_assumes() -> None:
    model = bs.ScalingModel("chinchilla", POOLED, priors={"alpha": bs.Prior.between(0.2, 0.5)})
    for mapping in (model.priors, model.parameters):
        with pytest.raises(TypeError, match="item assignment"):
            mapping["alpha"] = bs.Prior.between(0.1, 0.2)  # type: ignore[index]
    again = pickle.loads(pickle.dumps(model))
    assert again == model
    assert {model: "known"}[again] == "known"


def test_levels_of_a_floor_differ_alike_whatever_its_prior() -> None:
    vary = bs.Vary("E", by="corpus")
    plain = bs.ScalingModel("chinchilla", vary)
    given = bs.ScalingModel("chinchilla", vary, priors={"E": bs.Prior.between(0.5, 0.9)})
    assert plain.spread(vary) == given.spread(vary) == bs.Prior.between(0.01, 0.2)

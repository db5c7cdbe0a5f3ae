"""Compiled models kept by structure, interrupts, and what a sampler is told."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import nutpie
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.display.progress import stages
from bayes_scaling.errors import BayesScalingError, IncompletePosteriorError
from bayes_scaling.fitting import sampling
from bayes_scaling.fitting.sampling import Settings, compiled
from bayes_scaling.model.directions import Rotation
from tests.fitting.test_incomplete import tree


@dataclass
class Sampler:
    """In place of nutpie's sampler in the background: its wait ends as told."""

    outcome: Any
    cancelled: int = 0

    def wait(self) -> xr.DataTree:
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome  # type: ignore[no-any-return]

    def cancel(self) -> None:
        self.cancelled += 1


@dataclass(frozen=True)
class Variable:
    name: str


@dataclass
class Density:
    """In place of nutpie's compiled model: keeps the data that it is given."""

    names: list[str]
    data: dict[str, np.ndarray] = field(default_factory=dict)
    user_data: np.ndarray = field(default_factory=lambda: np.zeros((), [("shared", np.int64)]))
    shared_data: dict[str, np.ndarray] = field(default_factory=dict)
    initial_point_func: Any = None
    n_dim: ClassVar[int] = 34
    coords: dict[str, list[str]] = field(default_factory=dict)

    @property
    def shared_var_keys(self) -> list[Variable]:
        return [Variable(name) for name in self.names]

    def with_data(self, **data: np.ndarray) -> "Density":
        self.data.update(data)
        return self


@dataclass
class Nutpie:
    """Counts compilations, records what is sampled, and returns draws of the right variables."""

    built: list[Any] = field(default_factory=list)
    densities: list[Density] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    sampler: Sampler | None = None

    def compile_pymc_model(self, model: Any, **options: Any) -> Density:
        self.built.append(model)
        names = [variable.name for variable in model.data_vars]
        density = Density([name for name in names if not name.startswith("ref")])
        density.coords["unconstrained_parameter"] = [
            f"{name}_{number}" if value.ndim else name
            for name, value in model.initial_point(0).items()
            for number in range(value.size)
        ]
        self.densities.append(density)
        return self.densities[-1]

    def sample(self, density: Density, rules: Any, *places: Any, **options: Any) -> Sampler:
        told = rules.as_dict()["settings"]
        asked = {name: told[f"num_{name}"] for name in ("draws", "tune", "chains")}
        self.asked.append({**asked, "seed": told["seed"], **told["adapt_options"]})
        if self.sampler is None:
            return Sampler(self._draws(self.asked[-1]))
        return self.sampler

    def _draws(self, options: dict[str, Any]) -> xr.DataTree:
        rng = np.random.default_rng(options["seed"])
        model = self.built[-1]
        shape = (options["chains"], options["draws"])
        posterior = {}
        for variable in (*model.free_RVs, *model.deterministics):
            dims = model.named_vars_to_dims[variable.name]
            sizes = tuple(len(model.coords[dim]) for dim in dims)
            values = rng.uniform(0.1, 0.5, (*shape, *sizes))
            posterior[variable.name] = (("chain", "draw", *dims), values)
        used = {dim for dims, _ in posterior.values() for dim in dims[2:]}
        coords = {dim: list(model.coords[dim]) for dim in used}
        stats = {
            "diverging": (("chain", "draw"), np.zeros(shape, bool)),
            "logp": (("chain", "draw"), np.zeros(shape)),
            "unconstrained_draw": (
                ("chain", "draw", "unconstrained_parameter"),
                rng.random((*shape, 3)),
            ),
        }
        return xr.DataTree.from_dict(
            {"posterior": xr.Dataset(posterior, coords), "sample_stats": xr.Dataset(stats)}
        )


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Nutpie:
    """A sampler that compiles nothing, in a process that has not compiled anything yet."""
    stand_in = Nutpie()
    monkeypatch.setattr(nutpie, "compile_pymc_model", stand_in.compile_pymc_model)
    monkeypatch.setattr(sampling, "_BackgroundSampler", stand_in.sample)
    monkeypatch.setattr(sampling, "_COMPILED", {})
    return stand_in


def quick(model: Any, runs: bs.Runs, **options: Any) -> bs.ScalingFit:
    return bs.fit(model, runs, draws=20, tune=5, chains=2, progress=False, **options)


def test_a_second_fit_of_the_same_structure_does_not_compile(
    fake: Nutpie, stored_fit: bs.ScalingFit
) -> None:
    runs = stored_fit.runs
    quick("chinchilla", runs)
    quick(bs.ScalingModel("chinchilla"), runs.where(corpus="web"))
    quick(bs.ScalingModel("chinchilla", priors={"A": bs.Prior.between(0.3, 0.4)}), runs)
    quick("chinchilla", runs.with_reference(params=1e9))
    assert len(fake.built) == 1
    quick(stored_fit.model, runs)
    quick(stored_fit.model, runs.where(lambda table: table["params"] > 1e8))
    quick(bs.ScalingModel("chinchilla", noise=bs.noise.LogNormal()), runs)
    assert len(fake.built) == 3


def test_a_second_fit_is_given_its_own_rows_and_prior_numbers(
    fake: Nutpie, stored_fit: bs.ScalingFit
) -> None:
    quick("chinchilla", stored_fit.runs)
    fewer = stored_fit.runs.where(corpus="web")
    model = bs.ScalingModel("chinchilla", priors={"A": bs.Prior.log_normal(-1.5, 0.25)})
    quick(model, fewer)
    data = fake.densities[0].data
    np.testing.assert_allclose(
        data["params_ref"], fewer.values("params") / fewer.reference["params"]
    )
    assert data["response_ref"].shape == (len(fewer),)
    assert (float(data["A_ref_mu"]), float(data["A_ref_sigma"])) == (-1.5, 0.25)
    found = Rotation.of(model.law, fewer)
    np.testing.assert_array_equal(data["delta_basis"], found.basis.T)
    np.testing.assert_array_equal(data["delta_strength"], found.strength)
    # nutpie refuses data that its compiled code does not read.
    assert set(data) == set(fake.densities[0].names)


def test_the_sampler_is_asked_for_what_the_settings_say(
    fake: Nutpie, stored_fit: bs.ScalingFit
) -> None:
    fit = quick("chinchilla", stored_fit.runs, seed=5, target_accept=0.9)
    asked = fake.asked[0]
    wanted = {"draws": 20, "tune": 5, "chains": 2, "seed": 5, "mass_matrix_update_freq": 20}
    assert {name: asked[name] for name in wanted} == wanted
    assert asked["step_size_settings"]["target_accept"] == 0.9
    # Of the low-rank adaptation only.
    assert "eigval_cutoff" in asked["mass_matrix_options"]
    assert fit.settings == Settings(20, 5, 2, 5, 0.9)


def test_what_is_sampled_for_longer_takes_smaller_steps() -> None:
    assert [Settings(thin=thin).acceptance for thin in (1, 4, 16)] == [0.9, 0.95, 0.975]
    lower = [Settings(thin=thin, target_accept=0.8).acceptance for thin in (1, 4, 16)]
    assert lower == [0.8, 0.95, 0.975]
    assert 0.8 < Settings(thin=2, target_accept=0.8).acceptance < 0.9


def test_many_levels_have_their_mass_matrix_renewed_less_often(
    fake: Nutpie, stored_fit: bs.ScalingFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Density, "n_dim", 300)
    quick("chinchilla", stored_fit.runs)
    assert fake.asked[0]["mass_matrix_update_freq"] == 300


def test_without_a_seed_one_is_chosen_and_kept(fake: Nutpie, stored_fit: bs.ScalingFit) -> None:
    seeds = {quick("chinchilla", stored_fit.runs).settings.seed for _ in range(3)}
    assert len(seeds) == 3
    assert seeds == {asked["seed"] for asked in fake.asked}


def test_an_interrupt_stops_the_sampler_and_keeps_nothing(
    fake: Nutpie, stored_fit: bs.ScalingFit
) -> None:
    fake.sampler = Sampler(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt, match="interrupted: the draws so far were thrown away"):
        quick("chinchilla", stored_fit.runs)
    assert fake.sampler.cancelled == 1
    # The compiled model is whole, and the next fit uses it.
    fake.sampler = None
    assert len(quick("chinchilla", stored_fit.runs).posterior["draw"]) == 20
    assert len(fake.built) == 1


def test_an_interrupt_while_compiling_keeps_nothing(
    fake: Nutpie, stored_fit: bs.ScalingFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(model: Any, **options: Any) -> Density:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(nutpie, "compile_pymc_model", interrupted)
        with pytest.raises(KeyboardInterrupt):
            quick("chinchilla", stored_fit.runs)
    assert sampling._COMPILED == {}
    # Nor is the lock held: this would wait for ever.
    quick("chinchilla", stored_fit.runs)
    assert len(fake.built) == 1


def test_a_sampler_that_fails_is_an_incomplete_posterior_with_its_reason(
    fake: Nutpie, stored_fit: bs.ScalingFit
) -> None:
    fake.sampler = Sampler(RuntimeError("all initialisation points failed"))
    with pytest.raises(
        IncompletePosteriorError, match=r"sampler stopped: all init.*no posterior.*extreme values"
    ) as caught:
        quick("chinchilla", stored_fit.runs)
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_incomplete_draws_are_refused_by_fit(fake: Nutpie, stored_fit: bs.ScalingFit) -> None:
    fake.sampler = Sampler(tree((2, 7)))
    with pytest.raises(IncompletePosteriorError, match="2 chains of 7 draws where 2 of 20"):
        quick("chinchilla", stored_fit.runs)


def test_progress_names_the_stages(
    fake: Nutpie, stored_fit: bs.ScalingFit, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        bs.fit("chinchilla", stored_fit.runs, draws=20, tune=5, chains=2, progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("compiling (once): started") == 1
    assert shown.err.count("sampling") >= 2
    bs.fit("chinchilla", stored_fit.runs, draws=20, tune=5, chains=2, progress=False)
    assert capsys.readouterr().err == ""


def test_compiled_models_are_shared_by_structure(fake: Nutpie, stored_fit: bs.ScalingFit) -> None:
    model, runs = bs.ScalingModel("chinchilla"), stored_fit.runs
    with stages(show=False) as hidden:
        assert compiled(model, runs, hidden) is compiled(model, runs, hidden)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"draws": 0}, "draws=0 is too few.*at least 4"),
        ({"draws": 10.5}, "draws=10.5 is too few or no whole number"),
        ({"tune": 0}, "tune=0 is too few"),
        ({"chains": 0}, "chains=0 is too few"),
        ({"seed": -1}, "seed=-1 is no whole number from 0"),
        ({"seed": 2**64}, "seed=18446744073709551616 is no whole number from 0"),
        ({"target_accept": 1.0}, "target_accept=1.0 is no acceptance rate.*such as 0.95"),
    ],
)
def test_settings_that_cannot_be_sampled_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**options)


def test_settings_are_refused_before_anything_is_compiled(
    fake: Nutpie, stored_fit: bs.ScalingFit
) -> None:
    with pytest.raises(ValueError, match="draws=2"):
        bs.fit("chinchilla", stored_fit.runs, draws=2, progress=False)
    with pytest.raises(BayesScalingError, match=r"is a DataFrame|are a DataFrame"):
        bs.fit("chinchilla", stored_fit.runs.table, progress=False)  # type: ignore[arg-type]
    assert fake.built == []

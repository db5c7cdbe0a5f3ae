"""Properties of every law of the package, found by enumeration; and the contract of a new one."""

import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from pytensor.xtensor import as_xtensor

import bayes_scaling as bs
from bayes_scaling.errors import ModelError, UnknownLawError
from bayes_scaling.laws import Law, as_law, find_law
from bayes_scaling.laws import law as _law
from bayes_scaling.laws.contract import arguments


def _shipped() -> Iterator[type[Law]]:
    for _, law in sorted(_law._REGISTRY.items()):
        # Laws of doctests and other tests are known too, but no names of a module here.
        package = law.__module__.rpartition(".")[0]
        if package == "bayes_scaling.laws" and hasattr(sys.modules[law.__module__], law.__name__):
            yield law


# Laws with options are tested with their defaults here, and with others in files of their own.
LAWS = [law() for law in _shipped()]
OF_LOSS = [law for law in LAWS if law.responses[0] == "loss"]
RISING = {
    "BoundedOverfitting": "a model too large for its unique data overfits",
    "Distillation": "the worse a teacher, the worse its student, and too good a one is worse, too",
    "OverTraining": "beyond some number of tokens per parameter compute is better spent on size",
    "ProductPowerLaw": "exponents have either sign, for times and scores as well as losses",
    "TunedChinchilla": "a learning rate above the best one costs loss",
    "RoutedExperts": "beyond some size more experts do harm",
}
FALLING = [law for law in OF_LOSS if law.name not in RISING]
TO_A_FLOOR = [
    *FALLING,
    bs.laws.OverTraining(),
    bs.laws.AdditivePowerLaw(("params", "tokens", "flops"), floor=False),
    bs.laws.PowerLaw(floor=False),
    bs.laws.DataConstrained(tied=True),
    bs.laws.BrokenPowerLaw(breaks=2),
]
WITH_OPTIMUM = [law for law in LAWS if law.optimum is not None]
WITH_DERIVED = [law for law in LAWS if law.derived is not None]


def parameters(law: Law) -> st.SearchStrategy[dict[str, float]]:
    """Parameters that the priors of the law find plausible."""
    within = {name: st.floats(*prior.range(0.98)) for name, prior in law.priors.items()}
    return st.fixed_dictionaries(within)


def inputs(law: Law) -> st.SearchStrategy[dict[str, float]]:
    """Inputs on the reference scale: a sweep lies within a factor of 1000 of its mean."""
    ranges = {n: (1.0, 1e3) if n in law.unscaled else (1e-3, 1e3) for n in law.inputs}
    return st.fixed_dictionaries({name: st.floats(*ends) for name, ends in ranges.items()})


@st.composite
def scales(draw: st.DrawFn, law: Law, low: float = 1e3, high: float = 1e13) -> dict[str, float]:
    """Reference scales as runs would have them for this law."""
    units = {law.same_unit.get(name, name): draw(st.floats(low, high)) for name in law.inputs}
    # Only a loss has a scale: accuracies and metrics are taken as they are.
    response = draw(st.floats(0.1, 10)) if "loss" in law.responses else 1.0
    units |= {"loss": response, **dict.fromkeys(law.unscaled, 1.0)}
    shared = {name: units[law.same_unit.get(name, name)] for name in law.inputs}
    stages = {name: draw(st.floats(0.1, 10)) for name in law.stages}
    return {"loss": response, **shared, **stages}


def per_law(laws: list[Law]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("law", laws, ids=repr)


def test_the_laws_are_found_and_exported() -> None:
    assert bs.laws.Chinchilla() in LAWS
    assert {law.name for law in LAWS} <= set(bs.laws.__all__)


@per_law(OF_LOSS)
@given(data=st.data())
def test_loss_is_positive_finite_and_above_the_floor(law: Law, data: st.DataObject) -> None:
    theta, at = data.draw(parameters(law)), data.draw(inputs(law))
    loss = law.evaluate(at, theta)
    assert np.isfinite(loss)
    assert loss > 0
    assert loss >= law.irreducible(theta)


@per_law(FALLING)
@given(data=st.data(), factor=st.floats(1.0, 1e6))
def test_loss_does_not_rise_with_any_input(law: Law, data: st.DataObject, factor: float) -> None:
    theta, at = data.draw(parameters(law)), data.draw(inputs(law))
    before = law.evaluate(at, theta)
    for name in law.inputs:
        after = law.evaluate({**at, name: factor * at[name]}, theta)
        assert after <= before * (1 + 1e-12), name


@per_law(TO_A_FLOOR)
@given(data=st.data())
def test_irreducible_is_the_limit_of_the_loss(law: Law, data: st.DataObject) -> None:
    theta, at = data.draw(parameters(law)), data.draw(inputs(law))
    excess = [
        law.evaluate({n: x if n == "tokens_per_param" else x * scale for n, x in at.items()}, theta)
        - law.irreducible(theta)
        for scale in (1.0, 1e50, 1e290)
    ]
    # The slowest exponents that the priors allow still leave less than this at 1e290.
    assert excess[2] <= 1e-4 * max(excess[0], 1.0)
    assert excess[1] <= excess[0]


def example(law: Law, seed: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Four draws of the parameters, five runs."""
    rng = np.random.default_rng(seed)
    theta = {name: prior.sample(4, rng) for name, prior in law.priors.items()}
    return theta, {name: np.exp(rng.uniform(-3, 3, 5)) for name in law.inputs}


@per_law(LAWS)
def test_value_is_the_same_on_floats_numpy_xarray_and_xtensor(law: Law) -> None:
    theta, at = example(law, 1)
    one_by_one = np.array(
        [
            [
                law.evaluate(
                    {name: float(values[run]) for name, values in at.items()},
                    {name: float(values[draw]) for name, values in theta.items()},
                )
                for run in range(5)
            ]
            for draw in range(4)
        ]
    )
    by_position = law.evaluate(at, {name: values[:, None] for name, values in theta.items()})
    np.testing.assert_allclose(by_position, one_by_one, rtol=1e-13)

    labelled = law.evaluate(
        {name: xr.DataArray(values, dims="run") for name, values in at.items()},
        {name: xr.DataArray(values, dims="draw") for name, values in theta.items()},
    )
    assert set(labelled.dims) == {"run", "draw"}
    np.testing.assert_allclose(labelled.transpose("draw", "run"), one_by_one, rtol=1e-13)

    symbolic = law.evaluate(
        {name: as_xtensor(values, dims=("run",)) for name, values in at.items()},
        {name: as_xtensor(values, dims=("draw",)) for name, values in theta.items()},
    )
    assert set(symbolic.dims) == {"run", "draw"}
    evaluated = symbolic.transpose("draw", "run").eval(mode="FAST_COMPILE")
    np.testing.assert_allclose(evaluated, one_by_one, rtol=1e-12)


@per_law(LAWS)
def test_levels_and_runs_meet_by_the_names_of_their_dims(law: Law) -> None:
    theta, at = example(law, 2)
    levels = {name: xr.DataArray(values, dims="corpus") for name, values in theta.items()}
    runs = {name: xr.DataArray(values, dims="run") for name, values in at.items()}
    of_runs = xr.DataArray([0, 3, 1, 1, 2], dims="run")
    pointwise = law.evaluate(runs, {n: v.isel(corpus=of_runs) for n, v in levels.items()})
    crossed = law.evaluate(runs, levels).isel(corpus=of_runs)
    assert pointwise.dims == ("run",)
    np.testing.assert_allclose(pointwise, crossed, rtol=1e-13)


@per_law(LAWS)
@given(data=st.data())
def test_change_of_units_there_and_back_is_the_start(law: Law, data: st.DataObject) -> None:
    theta, units = data.draw(parameters(law)), data.draw(scales(law))
    reciprocal = {name: 1 / scale for name, scale in units.items()}
    back = law.rescale(reciprocal, law.rescale(units, theta))
    assert back == pytest.approx(theta, rel=1e-9)


@per_law(LAWS)
@given(data=st.data())
def test_change_of_units_in_two_steps_is_one_step(law: Law, data: st.DataObject) -> None:
    theta = data.draw(parameters(law))
    first, second = (data.draw(scales(law, 1e-2, 1e6)) for _ in range(2))
    both = {name: first[name] * second[name] for name in first}
    assert law.rescale(second, law.rescale(first, theta)) == pytest.approx(
        law.rescale(both, theta), rel=1e-9
    )


@per_law([law for law in LAWS if law.paper_units is not None or law.scaled])
@given(data=st.data())
def test_value_is_the_same_in_reference_and_paper_units(law: Law, data: st.DataObject) -> None:
    theta, at = data.draw(parameters(law)), data.draw(inputs(law))
    units = data.draw(scales(law))
    on_reference = units["loss"] * law.evaluate(at, theta)
    in_paper = law.evaluate(
        {name: at[name] * units[name] for name in law.inputs}, law.rescale(units, theta)
    )
    assert in_paper == pytest.approx(on_reference, rel=1e-9)


@per_law(LAWS)
@given(data=st.data())
def test_only_the_parameters_said_to_have_a_unit_change_with_it(
    law: Law, data: st.DataObject
) -> None:
    theta, units = data.draw(parameters(law)), data.draw(scales(law))
    rescaled = law.rescale(units, theta)
    assert rescaled.keys() == theta.keys()
    changed = {name for name in theta if rescaled[name] != theta[name]}
    assert changed <= law.scaled <= law.priors.keys()


@per_law(WITH_OPTIMUM)
@given(data=st.data(), flops=st.floats(1e18, 1e27))
def test_no_other_split_of_the_compute_does_better_than_the_optimum(
    law: Law, data: st.DataObject, flops: float
) -> None:
    paper = law.rescale({"loss": 2.5, "params": 1e9, "tokens": 2e10}, data.draw(parameters(law)))
    used = {name: paper[name] for name in arguments(law.optimum) if name != "flops"}
    params, tokens = law.optimum(flops, **used)
    assert 6 * params * tokens == pytest.approx(flops, rel=1e-12)
    best = law.evaluate({"params": params, "tokens": tokens}, paper)
    others = params * np.exp(np.linspace(-5, 5, 101))
    losses = law.evaluate({"params": others, "tokens": flops / 6 / others}, paper)
    assert best <= losses.min() * (1 + 1e-12)


@per_law(WITH_DERIVED)
def test_derived_quantities_are_new_names_and_finite(law: Law) -> None:
    theta, _ = example(law, 3)
    quantities = law.derived(**{name: theta[name] for name in arguments(law.derived)})
    assert quantities
    assert not quantities.keys() & law.priors.keys()
    assert all(np.isfinite(values).all() for values in quantities.values())


@per_law(LAWS)
def test_a_law_is_found_by_name_and_says_where_it_comes_from(law: Law) -> None:
    assert find_law(law.name) is type(law)
    assert find_law(law.name.upper()) is type(law)
    assert as_law(law.name) == as_law(type(law)) == law
    assert hash(as_law(law.name)) == hash(law)
    assert law.name in repr(law)
    assert law.cite
    assert law.equation
    assert law.equation in law._repr_latex_()
    assert law.__doc__
    assert "References" in law.__doc__


def test_an_unknown_law_names_those_there_are() -> None:
    with pytest.raises(UnknownLawError, match=r"No law 'chinchila'.*Chinchilla.*defined or imp"):
        find_law("chinchila")
    with pytest.raises(ModelError, match=r"type int is no law.*formula.*bs.laws.Chinchilla"):
        as_law(42)  # type: ignore[arg-type]


PRIOR = bs.Prior.between(0.1, 0.8)


@pytest.fixture
def define(own_laws: None) -> Callable[..., type[Law]]:
    """Define a law with some parts other than they should be; None leaves one out."""
    return _define


def _define(**parts: Any) -> type[Law]:
    right = {
        "__module__": __name__,
        "inputs": ("tokens",),
        "priors": {"E": PRIOR, "beta": PRIOR},
        "loss": staticmethod(lambda tokens, E, beta: E + tokens**-beta),
    }
    kept = {name: part for name, part in {**right, **parts}.items() if part is not None}
    return type("Misfit", (Law,), kept)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"inputs": "tokens"}, r"Misfit.inputs is 'tokens'.*inputs = \('tokens',\)"),
        ({"priors": {"E": PRIOR, "beta": 0.3}}, "beta is not a Prior.*Prior.between"),
        (
            {"loss": staticmethod(lambda tokens, E, gamma: E)},
            r"loss\(tokens, E, gamma\).*missing \['beta'\], unknown \['gamma'\].*same name",
        ),
        ({"inputs": ("params",)}, r"missing \['params'\], unknown \['tokens'\]"),
        ({"derived": staticmethod(lambda gamma: {})}, r"derived\(gamma\).*unknown \['gamma'\]"),
        ({"optimum": staticmethod(lambda E: (E, E))}, r"optimum.*missing \['flops'\]"),
        (
            {"paper_units": staticmethod(lambda loss, E, gamma: {})},
            r"paper_units.*unknown \['gamma'\]",
        ),
    ],
)
def test_a_law_whose_parts_disagree_is_refused_when_it_is_defined(
    define: Callable[..., type[Law]], parts: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        define(**parts)


@pytest.mark.parametrize("part", ["inputs", "priors", "loss"])
def test_a_law_without_one_of_its_parts_is_refused_with_its_name(
    define: Callable[..., type[Law]], part: str
) -> None:
    with pytest.raises(ModelError, match=rf"Misfit.*{part}"):
        define(**{part: None})


def test_paper_units_are_given_what_they_name(define: Callable[..., type[Law]]) -> None:
    law = define(paper_units=staticmethod(lambda loss, E: {"E": loss * E}))()
    rescaled = law.rescale({"loss": 2.0, "tokens": 10.0}, {"E": 0.5, "beta": 0.3})
    assert rescaled == {"E": 1.0, "beta": 0.3}


def test_a_formula_that_takes_self_is_refused_when_the_law_is_defined(
    define: Callable[..., type[Law]],
) -> None:
    # Called on the instance that a model holds, it would take the inputs for self.
    with pytest.raises(ModelError, match="staticmethod"):
        define(loss=lambda tokens, E, beta: E + tokens**-beta)


def test_a_refused_law_is_not_known_by_name(define: Callable[..., type[Law]]) -> None:
    with pytest.raises(ModelError, match="Misfit"):
        define(inputs="tokens")
    with pytest.raises(UnknownLawError, match="No law 'misfit'"):
        find_law("misfit")


def test_a_law_sent_by_value_is_made_empty_and_filled_afterwards(own_laws: None) -> None:
    # So cloudpickle, and with it dask, makes a class of __main__ in another process.
    made: Any = types.new_class("Sent", (Law,), {}, lambda body: body.update(__module__="__main__"))
    made.inputs, made.priors = ("tokens",), {"E": PRIOR, "beta": PRIOR}
    made.loss = staticmethod(lambda tokens, E, beta: E + tokens**-beta)
    assert find_law("sent") is made
    assert as_law(made).evaluate({"tokens": 4.0}, {"E": 1.0, "beta": 0.5}) == 1.5

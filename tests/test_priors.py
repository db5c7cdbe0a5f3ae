"""Priors: their ranges, densities and draws, and what is refused."""

import numpy as np
import pymc as pm
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bayes_scaling.errors import ModelError
from bayes_scaling.laws import published_set
from bayes_scaling.priors import FAMILIES, Prior, floor, floors

EXAMPLES = {
    "Normal": Prior.normal(0.3, 1.2),
    "StudentT": Prior.student_t(4.0, 0.3, 1.2),
    "LogNormal": Prior.log_normal(-1.0, 0.5),
    "HalfNormal": Prior.half_normal(0.7),
    "Gamma": Prior.gamma(2.0, 0.1),
    "InverseGamma": Prior.inverse_gamma(2.0, 9.0),
    "Beta": Prior.beta(2.0, 5.0),
}


def test_every_family_has_an_example_here() -> None:
    assert EXAMPLES.keys() == FAMILIES.keys()


@given(
    low=st.floats(1e-6, 1e3),
    ratio=st.floats(1.01, 1e4),
    mass=st.floats(0.05, 0.99),
    distribution=st.sampled_from(["LogNormal", "Normal"]),
)
def test_between_has_the_mass_it_says(
    low: float, ratio: float, mass: float, distribution: str
) -> None:
    prior = Prior.between(low, low * ratio, mass=mass, distribution=distribution)
    assert prior.distribution == distribution
    np.testing.assert_allclose(prior.range(mass), (low, low * ratio), rtol=1e-6)


@pytest.mark.parametrize("name", EXAMPLES)
def test_density_is_that_of_pymc_under_the_same_argument_names(name: str) -> None:
    prior = EXAMPLES[name]
    values = np.array([0.05, 0.4, 0.93])
    # As arrays: PyTensor stores a bare Python float in single precision.
    arguments = {argument: np.array(number) for argument, number in prior.arguments.items()}
    theirs = pm.logp(getattr(pm, name).dist(**arguments), values)
    expected = theirs.eval(mode="FAST_COMPILE")
    np.testing.assert_allclose(prior.log_density(values), expected, rtol=1e-10)


@pytest.mark.parametrize("name", EXAMPLES)
def test_draws_follow_the_distribution_and_their_seed(name: str) -> None:
    prior = EXAMPLES[name]
    draws = prior.sample(2000, np.random.default_rng(3))
    inside = np.mean((draws > prior.range(0.5)[0]) & (draws < prior.range(0.5)[1]))
    # Binomial with 2000 draws: a standard error of 0.011, and four of them.
    assert inside == pytest.approx(0.5, abs=0.045)
    np.testing.assert_array_equal(draws, prior.sample(2000, np.random.default_rng(3)))


@pytest.mark.parametrize(
    ("name", "support"),
    [("Normal", "real"), ("LogNormal", "positive"), ("Gamma", "positive"), ("Beta", "unit")],
)
def test_support_is_where_the_draws_lie(name: str, support: str) -> None:
    prior = EXAMPLES[name]
    assert prior.support == support
    low, high = prior.range(1 - 1e-9)
    assert (low < 0) == (support == "real")
    assert (high <= 1) == (support == "unit")


def test_a_fixed_prior_is_its_value() -> None:
    prior = Prior.fixed_at(0.5)
    assert prior.fixed
    assert prior.range() == (0.5, 0.5)
    assert prior.arguments == {"value": 0.5}
    np.testing.assert_array_equal(prior.sample(3, np.random.default_rng(0)), [0.5] * 3)
    assert not EXAMPLES["Normal"].fixed


def test_priors_are_values() -> None:
    assert Prior.between(0.2, 0.6) == Prior.between(0.2, 0.6)
    assert Prior.between(0.2, 0.6) != Prior.between(0.2, 0.6, units="paper")
    assert len({Prior.gamma(2, 1), Prior.gamma(2, 1)}) == 1
    with pytest.raises(AttributeError):
        Prior.between(0.2, 0.6).units = "paper"  # type: ignore[misc]


def test_repr_says_range_distribution_and_units() -> None:
    assert repr(Prior.between(100, 1000, units="paper")) == (
        "Prior.between(100, 1000, units='paper')"
    )
    assert repr(Prior.normal(0, 1)) == "Prior.between(-1.645, 1.645, distribution='Normal')"
    assert repr(Prior.gamma(2, 0.1)) == "Prior(Gamma: alpha=2, beta=0.1)"
    assert repr(Prior.fixed_at(0.3)) == "Prior(Fixed: value=0.3)"


def test_median_of_a_log_normal_range_is_its_geometric_middle() -> None:
    prior = Prior.between(0.01, 1.0)
    assert stats.lognorm(prior.numbers[1], scale=np.exp(prior.numbers[0])).median() == (
        pytest.approx(0.1)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Uniform", (0.0, 1.0)), "no distribution 'Uniform'.*known density.*Use one of Normal"),
        (("Normal", (0.0,)), r"Normal got \(0.0,\). It takes 2 finite"),
        (("Normal", (0.0, np.nan)), "It takes 2 finite number"),
        (("Normal", (0.0, -1.0)), r"Normal with \{'sigma': -1.0\}.*positive"),
        (("Gamma", (0.0, 1.0)), r"Gamma with \{'alpha': 0.0\}"),
        (("Fixed", (np.inf,)), "It takes 1 finite"),
        (("Normal", (0.0, 1.0), "nats"), "units='nats'.*scale.*'reference' or 'paper'"),
    ],
)
def test_what_no_prior_can_be_is_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Prior(*arguments)


@pytest.mark.parametrize(
    ("low", "high", "options", "message"),
    [
        (0.6, 0.2, {}, r"between\(0.6, 0.2.*low < high.*Swap"),
        (0.2, 0.2, {}, "low < high"),
        (0.2, np.inf, {}, "low < high"),
        (0.2, 0.6, {"mass": 1.0}, r"mass within \(0, 1\)"),
        (0.0, 0.6, {}, "low end is not positive.*distribution='Normal'"),
        (0.2, 0.6, {"distribution": "Gamma"}, "distribution='Gamma'.*settle.*Prior.gamma"),
    ],
)
def test_between_refuses_what_is_no_range(
    low: float, high: float, options: dict, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        Prior.between(low, high, **options)


FLOORS_OF_SETS = {
    "massivetext, chinchilla tokenizer": ("hoffmann2022", "besiroglu2024"),
    "c4, gpt-2 tokenizer": ("muennighoff2023",),
    "c4, gpt-neox tokenizer": ("gadre2024-c4",),
}


def test_every_floor_is_that_of_published_sets() -> None:
    assert set(floors().index) == set(FLOORS_OF_SETS)
    for name, keys in FLOORS_OF_SETS.items():
        published = [published_set(key).parameters["E"] for key in keys]
        # Written to four digits.
        assert floors().loc[name, ["lowest", "highest"]].tolist() == pytest.approx(
            [min(published), max(published)], rel=5e-5
        )
        assert all(published_set(key).arxiv in floors().loc[name, "source"] for key in keys)


def test_a_floor_is_a_prior_in_nats_about_what_was_published() -> None:
    prior = floor("c4, gpt-2 tokenizer")
    assert prior.units == "paper"
    assert prior.range(0.9) == pytest.approx((0.85 * 1.8691, 1.15 * 1.8691))


def test_a_floor_of_another_tokenizer_is_not_given() -> None:
    with pytest.raises(
        ModelError, match=r"no floor of 'C4, GPT-2'.*Did you mean 'c4, gpt-2 tokenizer'.*own"
    ):
        floor("C4, GPT-2")

"""The nested law: Chinchilla's and Kaplan's within it, and the range between."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_scaling.datasets import isoflop_design
from bayes_scaling.laws import Chinchilla, KaplanJoint, Nested

BESIROGLU = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}
TABLE_2 = {"N_c": 6.4e13, "D_c": 1.8e13, "alpha_N": 0.076, "alpha_D": 0.103}
KAPLAN = {"E": 0.0, "A": 6.4e13**0.076, "B": 1.8e13**0.103, "alpha": 0.076, "beta": 0.103}

sizes, amounts = st.floats(1e6, 1e13), st.floats(1e8, 1e14)
shares = st.floats(0.01, 1.0)


def loss(params: float, tokens: float, **terms: float) -> float:
    """The law from the parameters of its formula."""
    return float(Nested.loss(params, tokens, **Nested.from_terms(**terms)))


@given(params=sizes, tokens=amounts)
def test_at_one_it_is_chinchilla(params: float, tokens: float) -> None:
    assert loss(params, tokens, q=1.0, **BESIROGLU) == pytest.approx(
        Chinchilla.loss(params, tokens, **BESIROGLU), rel=1e-11
    )


@given(params=sizes, tokens=amounts)
def test_without_a_floor_and_at_the_data_exponent_it_is_kaplan(
    params: float, tokens: float
) -> None:
    assert loss(params, tokens, q=0.103, **KAPLAN) == pytest.approx(
        KaplanJoint.loss(params, tokens, **TABLE_2), rel=1e-11
    )


@given(E=shares, A=shares, B=shares, q=st.floats(0.05, 3.0))
def test_value_is_the_formula_and_its_terms_are_found_again(
    E: float, A: float, B: float, q: float
) -> None:
    theta = Nested.from_terms(E, A, B, alpha=0.3, beta=0.4, q=q)
    assert theta.keys() == Nested.priors.keys()
    terms = (A * 2.0**-0.3) ** (1 / q) + (B * 3.0**-0.4) ** (1 / q)
    assert Nested.loss(2.0, 3.0, **theta) == pytest.approx(E + terms**q, rel=1e-9)
    found = Nested.derived(**theta)
    assert (found["E"], found["A"], found["B"]) == pytest.approx((E, A, B), rel=1e-9)
    assert found["a"] == pytest.approx(0.4 / 0.7)


def test_terms_in_paper_units_are_those_of_chinchilla() -> None:
    scales = {"loss": 2.6, "params": 1e9, "tokens": 2e10}
    terms = {"E": 0.7, "A": 0.1, "B": 0.2, "alpha": 0.35, "beta": 0.37}
    paper = Nested().rescale(scales, Nested.from_terms(q=1.0, **terms))
    expected = Chinchilla().rescale(scales, terms)
    found = Nested.derived(**paper)
    assert [found[name] for name in "EAB"] == pytest.approx([expected[name] for name in "EAB"])


def test_optimum_is_that_of_either_law() -> None:
    terms = {name: BESIROGLU[name] for name in ("A", "B", "alpha", "beta")}
    shared = {"alpha": 0.3478, "beta": 0.3658}
    assert Nested.optimum(5.76e23, 482.01 / 2085.43, q=1.0, **shared) == pytest.approx(
        Chinchilla.optimum(5.76e23, **terms)
    )
    shared = {"alpha": 0.076, "beta": 0.103}
    assert Nested.optimum(1e23, KAPLAN["A"] / KAPLAN["B"], q=0.103, **shared) == pytest.approx(
        KaplanJoint.optimum(1e23, **TABLE_2)
    )


def test_towards_zero_only_the_larger_term_counts_and_nothing_overflows() -> None:
    # Kept apart: the terms at one unit differ from those at the run.
    theta = {"level": 1.0, "floor": 0.5, "ratio": 1.0, "alpha": 0.3, "beta": 0.4}
    for q in (1e-2, 1e-4, 1e-8):
        excess = Nested.loss(1e9, 1e10, q=q, **theta) - 0.5
        assert excess == pytest.approx(0.5 * 1e9**-0.3 / 2**q, rel=1e-6)


@given(q=st.floats(0.02, 3.0), factor=st.floats(1.01, 3.0))
def test_loss_rises_with_q(q: float, factor: float) -> None:
    # Where the terms are as large as each other the excess is that term times 2^q.
    terms = {"E": 0.5, "A": 0.2, "B": 0.2, "alpha": 0.3, "beta": 0.3}
    assert loss(1.0, 1.0, q=q, **terms) == pytest.approx(0.5 + 0.2 * 2**q)
    assert loss(1.0, 2.0, q=q * factor, **terms) >= loss(1.0, 2.0, q=q, **terms) - 1e-12


def test_prior_of_q_covers_both_laws() -> None:
    draws = Nested.priors["q"].sample(20_000, np.random.default_rng(1))
    # Chinchilla's 1 and Kaplan's 0.1 both lie well within, with as much below as above.
    assert np.mean(draws < 0.103) == pytest.approx(0.16, abs=0.03)
    assert np.mean(draws > 1.0) == pytest.approx(0.15, abs=0.03)


def isoflop(rng: np.random.Generator) -> pd.DataFrame:
    return isoflop_design(np.geomspace(6e18, 3e21, 6), sizes_per_budget=8)


def grid(rng: np.random.Generator) -> pd.DataFrame:
    pairs = [(n, d) for n in np.geomspace(1e6, 1e9, 7) for d in np.geomspace(2e8, 2e10, 7)]
    return pd.DataFrame(pairs, columns=["params", "tokens"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "terms", "target"),
    [
        (isoflop, {**BESIROGLU, "q": 1.0}, {"params": 7e9, "tokens": 8.4e11}),
        (
            grid,
            {"E": 0.3, "A": 10.0, "alpha": 0.09, "B": 22.0, "beta": 0.12, "q": 0.12},
            {"params": 1e10, "tokens": 1e11},
        ),
    ],
    ids=["chinchilla", "near kaplan"],
)
def test_recovers_its_truth(recovers, design, terms, target) -> None:  # type: ignore[no-untyped-def]
    recovers(Nested(), design, Nested.from_terms(**terms), target)

import math
from functools import partial
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bayes_scaling as bs
from bayes_scaling.errors import ModelError, RunsError

TRUTH = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}
BY_CORPUS = {**TRUTH, "E": {"books": 1.7, "web": 1.9}}


@pytest.fixture
def design() -> pd.DataFrame:
    return bs.datasets.isoflop_design([1e19, 1e20], sizes_per_budget=3)


@pytest.fixture
def pooled_design(design: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([design.assign(corpus=name) for name in ("books", "web")], ignore_index=True)


# isoflop_design


@given(
    budget=st.floats(1e15, 1e27),
    sizes=st.integers(1, 12),
    low=st.floats(0.1, 100),
    factor=st.floats(1, 1e4),
)
def test_designs_spend_their_budget_over_the_whole_range(
    budget: float, sizes: int, low: float, factor: float
) -> None:
    made = bs.datasets.isoflop_design([budget], sizes, (low, low * factor))
    ratios = made["tokens"] / made["params"]
    assert np.allclose(6 * made["params"] * made["tokens"], budget, rtol=1e-12)
    assert (made["flops"] == budget).all()
    assert math.isclose(ratios.max(), low * factor, rel_tol=1e-9)
    assert sizes == 1 or math.isclose(ratios.min(), low, rel_tol=1e-9)
    steps = np.diff(np.log(made["params"]))
    assert np.allclose(steps, steps.mean() if steps.size else 0.0, atol=1e-9)
    assert (steps >= -1e-9).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"budgets": []}, r"budgets is empty.*Give positive numbers of FLOP"),
        ({"budgets": [1e20, -1.0]}, r"budgets holds -1"),
        ({"budgets": [math.nan]}, r"budgets holds nan"),
        ({"budgets": [1e20], "sizes_per_budget": 0}, r"sizes_per_budget is 0"),
        ({"budgets": [1e20], "sizes_per_budget": 2.5}, r"sizes_per_budget is 2\.5"),
        ({"budgets": [1e20], "tokens_per_param": (9, 3)}, r"\(9, 3\).*the smaller one first"),
        ({"budgets": [1e20], "tokens_per_param": (0, 3)}, r"\(0, 3\)"),
    ],
)
def test_designs_that_cannot_be(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(RunsError, match=message):
        bs.datasets.isoflop_design(**arguments)  # type: ignore[arg-type]


# simulate


def test_without_noise_losses_are_the_law(pooled_design: pd.DataFrame) -> None:
    runs = bs.datasets.simulate(
        "chinchilla", pooled_design, BY_CORPUS, noise_sd=0.0, factors=["corpus"]
    )
    floors = pooled_design["corpus"].map(BY_CORPUS["E"])
    law = bs.laws.Chinchilla
    inputs = pooled_design["params"], pooled_design["tokens"]
    expected = floors + law.loss(*inputs, **{**TRUTH, "E": 0.0})
    assert np.allclose(runs.values("loss"), expected, rtol=1e-12)
    assert runs.factors == ("corpus",)
    assert runs.levels("corpus") == ("books", "web")
    assert runs.inputs == ("params", "tokens", "flops")


def test_the_design_is_left_as_it_is_and_its_columns_are_kept(design: pd.DataFrame) -> None:
    given_design = design.assign(learning_rate=1e-3)
    before = given_design.copy()
    runs = bs.datasets.simulate(bs.laws.Chinchilla, given_design, TRUTH)
    pd.testing.assert_frame_equal(given_design, before)
    assert "learning_rate" in runs.table


def test_noise_has_the_scale_and_the_tails_asked_for() -> None:
    design = pd.DataFrame({"params": np.full(20_000, 1e9), "tokens": 2e10})

    def scatter(noise_df: float | None) -> np.ndarray:
        runs = bs.datasets.simulate(
            bs.laws.Chinchilla(), design, TRUTH, noise_sd=0.01, noise_df=noise_df
        )
        loss = runs.values("loss")
        return np.log(loss / bs.laws.Chinchilla.loss(1e9, 2e10, **TRUTH)) / 0.01

    normal, heavy = scatter(math.inf), scatter(2.0)
    # Standard error of a standard deviation from 20 000 normal draws is 0.005.
    assert abs(normal.std() - 1.0) < 0.025
    assert np.array_equal(normal, scatter(None))
    # P(|t| > 4) is 0.057 with 2 degrees of freedom, 6e-5 for a normal: 1140 and 1 expected.
    assert (np.abs(heavy) > 4).sum() > 900
    assert (np.abs(normal) > 4).sum() < 15


def test_the_seed_decides(design: pd.DataFrame) -> None:
    simulate = partial(bs.datasets.simulate, "chinchilla", design, TRUTH)
    same, other = simulate(seed=1).values("loss"), simulate(seed=2).values("loss")
    assert np.array_equal(simulate(seed=1).values("loss"), same)
    assert not np.allclose(same, other, rtol=1e-6)


def test_a_law_of_other_inputs(own_laws: None) -> None:
    class PowerInDepth(bs.Law):
        inputs = ("depth",)
        priors = MappingProxyType({"E": bs.Prior.between(0.2, 0.9), "b": bs.Prior.between(0.1, 1)})

        @staticmethod
        def loss(depth, E, b):  # type: ignore[no-untyped-def]
            return E + 1 / depth**b

    design = pd.DataFrame({"depth": [2.0, 4.0]})
    runs = bs.datasets.simulate(PowerInDepth, design, {"E": 1.0, "b": 1.0}, noise_sd=0)
    assert runs.inputs == ("depth",)
    assert runs.values("loss").tolist() == [1.5, 1.25]


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ({"E": 1.0}, r"no 'A', 'B', 'alpha', 'beta' \(it gives 'E'\).*Add a number"),
        ({**TRUTH, "gamma": 1.0}, r"'gamma', which Chinchilla does not have"),
        ({**TRUTH, "E": {"books": 1.7}}, r"E has no value for level 'web' of 'corpus'"),
        ({**TRUTH, "E": "low"}, r"E is 'low'.*number"),
        ({**TRUTH, "E": {"books": 1.7, "web": None}}, r"E in 'web' is None"),
        ({**TRUTH, "E": -9.0}, r"Chinchilla gives -7\.8111, .* in rows 0, 1.*units"),
        ({**TRUTH, "A": math.nan}, r"Chinchilla gives nan"),
    ],
)
def test_truths_that_are_not_complete(
    pooled_design: pd.DataFrame, truth: dict[str, float], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        bs.datasets.simulate("chinchilla", pooled_design, truth, factors=["corpus"])


def test_laws_of_something_else_than_a_loss(design: pd.DataFrame, own_laws: None) -> None:
    class Accuracy(bs.Law):
        inputs = ("params",)
        priors = MappingProxyType({"b": bs.Prior.between(0.1, 1)})
        responses = ("accuracy",)

        @staticmethod
        def loss(params, b):  # type: ignore[no-untyped-def]
            return 1 / (1 + params**-b)

    with pytest.raises(ModelError, match=r"Accuracy describes accuracy.*law of the loss"):
        bs.datasets.simulate(Accuracy, design, {"b": 0.3})


def test_a_truth_by_level_needs_a_factor(pooled_design: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match=r"E by level \('books', 'web'\), and no factor"):
        bs.datasets.simulate("chinchilla", pooled_design, BY_CORPUS)


def test_a_truth_by_level_that_fits_two_factors(pooled_design: pd.DataFrame) -> None:
    design = pooled_design.assign(other=pooled_design["corpus"])
    with pytest.raises(ModelError, match=r"fits the factors 'corpus', 'other' alike"):
        bs.datasets.simulate("chinchilla", design, BY_CORPUS, factors=["corpus", "other"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokens": None}, r"no column 'tokens' \(its columns are 'params', 'flops'\)"),
        ({"params": "big"}, r"params of the design is not a positive number in rows 0, 1.*'big'"),
        ({"params": 0.0}, r"not a positive number.*0\.0"),
    ],
)
def test_designs_that_lack_something(
    design: pd.DataFrame, change: dict[str, object], message: str
) -> None:
    [(name, value)] = change.items()
    changed = design.drop(columns=name) if value is None else design.assign(**{name: value})
    with pytest.raises(RunsError, match=message):
        bs.datasets.simulate("chinchilla", changed, TRUTH)


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        ({"noise_sd": -0.1}, r"noise_sd is -0\.1"),
        ({"noise_sd": math.nan}, r"noise_sd is nan"),
        ({"noise_df": 0.0}, r"noise_df is 0\.0.*or None"),
    ],
)
def test_noise_that_cannot_be(design: pd.DataFrame, noise: dict[str, float], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        bs.datasets.simulate("chinchilla", design, TRUTH, **noise)

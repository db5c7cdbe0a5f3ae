"""PassAtK: both forms against published coverage, closed forms and simulated problems."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import bayes_scaling as bs
from bayes_scaling.errors import ModelError
from bayes_scaling.laws import PassAtK

SAMPLES = np.geomspace(1, 1e5, 30)
POWER = {"pass_at_1": 0.159, "beta": 0.209}
BETA = {"pass_at_1": 0.1, "alpha": 0.3}
FORMS = pytest.mark.parametrize(
    ("law", "theta"), [(PassAtK(), POWER), (PassAtK("beta"), BETA)], ids=["power", "beta"]
)


def coverage(law: PassAtK, theta: dict[str, float], samples: float | np.ndarray) -> np.ndarray:
    return np.asarray(law.evaluate({"samples": samples}, theta))


def test_the_two_published_coverages_of_swe_bench_lite() -> None:
    # 15.9 % and 56 % as a secondary source quotes them, to the digits printed.
    beta = np.log(np.log(0.159) / np.log(0.56)) / np.log(250)
    theta = {"pass_at_1": 0.159, "beta": beta}
    assert coverage(PassAtK(), theta, 250.0) == pytest.approx(0.56, abs=1e-9)
    assert beta == pytest.approx(POWER["beta"], abs=5e-4)


def test_the_power_form_is_that_of_the_paper() -> None:
    a, b = np.log(0.159), -0.209
    np.testing.assert_allclose(coverage(PassAtK(), POWER, SAMPLES), np.exp(a * SAMPLES**b))


@pytest.mark.parametrize("samples", [1.0, 7.0, 300.0])
def test_the_beta_form_is_the_mean_over_problems(samples: float) -> None:
    a = BETA["alpha"]
    problems = stats.beta(a, a * (1 - 0.1) / 0.1)
    missed = integrate.quad(lambda p: problems.pdf(p) * (1 - p) ** samples, 0, 1)[0]
    # The density is unbounded at zero, where the quadrature loses digits.
    assert coverage(PassAtK("beta"), BETA, samples) == pytest.approx(1 - missed, rel=1e-5)


def test_the_share_not_solved_falls_as_a_power_in_the_end() -> None:
    missed = 1 - coverage(PassAtK("beta"), BETA, np.array([1e7, 1e8]))
    assert np.log10(missed[0] / missed[1]) == pytest.approx(0.3, rel=1e-4)


@FORMS
def test_coverage_starts_at_pass_at_1_and_rises_inside_the_unit_interval(law, theta) -> None:
    values = coverage(law, theta, SAMPLES)
    assert values[0] == pytest.approx(theta["pass_at_1"], rel=1e-12)
    assert (np.diff(values) > 0).all()
    assert values[-1] < 1


@FORMS
def test_coverage_tends_to_one(law, theta) -> None:
    assert coverage(law, theta, 1e9) == pytest.approx(1.0, abs=0.03)


def test_nothing_has_a_unit() -> None:
    assert PassAtK().scaled == frozenset()
    assert PassAtK().unscaled == ("samples",)


def test_another_form_is_refused() -> None:
    with pytest.raises(ModelError, match=r"form is 'sigmoid'.*Give 'power' or 'beta'"):
        PassAtK("sigmoid")  # type: ignore[arg-type]


def design(rng: np.random.Generator) -> pd.DataFrame:
    """Coverage at ten numbers of samples, from four repetitions of the benchmark."""
    return pd.DataFrame({"samples": np.tile(np.round(np.geomspace(1, 1000, 10)), 4)})


@pytest.mark.slow
@FORMS
def test_recovers_its_truth(recovers, law, theta) -> None:
    model = bs.ScalingModel(law, noise=bs.noise.LogitNormal())
    scatter, target = {"noise_sd": 0.1}, {"samples": 1e4}
    recovers(model, design, theta, target, noise=scatter, response="accuracy")


@pytest.mark.slow
def test_counts_of_solved_problems_are_fitted(rng: np.random.Generator) -> None:
    table = design(rng).assign(n_items=300)
    expected = coverage(PassAtK(), POWER, table["samples"].to_numpy())
    table["solved"] = rng.binomial(300, expected) / 300
    runs = bs.Runs.from_frame(
        table, loss="solved", inputs=["samples", "n_items"], response="accuracy"
    )
    fit = bs.fit(bs.ScalingModel(PassAtK(), noise=bs.noise.Binomial()), runs, seed=1)
    # Five standard errors wide: a test of the composition, not of one seed's luck.
    draws = fit.posterior["beta"]
    assert abs(float(draws.mean()) - POWER["beta"]) < 5 * float(draws.std())
    assert float(draws.std()) < 0.02
    assert fit.diagnostics.divergent <= 0.005

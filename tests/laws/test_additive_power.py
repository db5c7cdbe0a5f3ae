"""Sums of powers: their named forms, what each reduces to, and what the design must tell apart."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from bayes_scaling.datasets import isoflop_design
from bayes_scaling.errors import ModelError
from bayes_scaling.laws import AdditivePowerLaw, Chinchilla, PowerLaw

BESIROGLU = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}
NAMED = [
    AdditivePowerLaw.pre_training(),
    AdditivePowerLaw.post_training(),
    AdditivePowerLaw.inference_time(),
]


def test_with_parameters_and_tokens_it_is_chinchilla() -> None:
    names = {"E": "E", "A": "A_params", "B": "A_tokens"}
    names |= {"alpha": "alpha_params", "beta": "alpha_tokens"}
    theta = {names[name]: value for name, value in BESIROGLU.items()}
    law = AdditivePowerLaw()
    at = {"params": 7e9, "tokens": 1.4e12}
    assert law.priors.keys() == theta.keys()
    assert law.evaluate(at, theta) == pytest.approx(Chinchilla.loss(**at, **BESIROGLU), rel=1e-14)
    scales = {"loss": 2.6, "params": 1e9, "tokens": 2e10}
    paper = Chinchilla().rescale(scales, BESIROGLU)
    assert law.rescale(scales, theta) == {names[name]: paper[name] for name in names}


def test_with_one_column_it_is_the_power_law() -> None:
    law, single = AdditivePowerLaw(("steps",), floor=False), PowerLaw("steps", floor=False)
    assert law.evaluate({"steps": 1e4}, {"A_steps": 5.0, "alpha_steps": 0.2}) == single.evaluate(
        {"steps": 1e4}, {"A": 5.0, "alpha": 0.2}
    )


def test_named_forms_are_the_equations_they_are_named_after() -> None:
    numbers = {"E": 1.5, "A": 10.0, "alpha": 0.25}
    for law, columns in zip(
        NAMED,
        [
            ("params", "tokens", "flops"),
            ("params", "test_tokens"),
            ("params", "inference_tokens", "flops"),
        ],
        strict=True,
    ):
        assert law.inputs == columns
        theta = {name: numbers[name.split("_")[0]] for name in law.priors}
        at = {name: 10.0**power for power, name in enumerate(columns, start=4)}
        terms = [10.0 * value**-0.25 for value in at.values()]
        assert law.evaluate(at, theta) == pytest.approx(1.5 + sum(terms))
    assert AdditivePowerLaw.post_training("items").inputs == ("params", "items")
    assert "alpha_requests" in AdditivePowerLaw.inference_time("requests").priors


def test_only_signed_columns_may_have_negative_exponents() -> None:
    law = AdditivePowerLaw(("params", "tokens"), signed=("params",))
    assert law.priors["alpha_params"].support == "real"
    assert law.priors["alpha_tokens"].support == "positive"
    assert not any(
        prior.support == "real" for prior in AdditivePowerLaw.pre_training().priors.values()
    )


def test_time_grows_with_size_where_the_exponent_is_negative() -> None:
    law = AdditivePowerLaw.inference_time()
    theta = {"E": 0.02, "A_params": 2e-11, "alpha_params": -1.0}
    theta |= {"A_inference_tokens": 1e-5, "alpha_inference_tokens": -0.9}
    theta |= {"A_flops": 38.0, "alpha_flops": 0.1}
    at = {"params": np.geomspace(1e8, 1e12, 9), "inference_tokens": 1e3, "flops": 1e21}
    assert (np.diff(law.evaluate(at, theta)) > 0).all()


@pytest.mark.parametrize("law", NAMED, ids=repr)
def test_units_of_named_forms(law: AdditivePowerLaw) -> None:
    rng = np.random.default_rng(1)
    theta = {name: float(prior.sample(1, rng)[0]) for name, prior in law.priors.items()}
    scales = dict(zip(("loss", *law.inputs), rng.uniform(0.1, 1e6, 4), strict=False))
    at = dict(zip(law.inputs, rng.uniform(0.1, 10, 3), strict=False))
    paper = law.rescale(scales, theta)
    in_paper = law.evaluate({name: at[name] * scales[name] for name in at}, paper)
    assert in_paper == pytest.approx(scales["loss"] * law.evaluate(at, theta), rel=1e-12)
    assert law.rescale({name: 1 / scale for name, scale in scales.items()}, paper) == (
        pytest.approx(theta, rel=1e-12)
    )
    assert law.scaled == {"E"} | {f"A_{name}" for name in law.inputs}


def conditioning(table: pd.DataFrame) -> float:
    """Smallest singular value of the three log-derivative columns, over the largest."""
    theta = {"params": 0.34, "tokens": 0.28, "flops": 0.15}
    columns = [(table[name] / table[name].median()) ** -power for name, power in theta.items()]
    values = np.linalg.svd(np.column_stack(columns), compute_uv=False)
    return float(values[-1] / values[0])


def test_compute_is_collinear_in_logarithms_but_no_sum_of_the_other_powers() -> None:
    sweep = isoflop_design(np.geomspace(6e18, 3e21, 6), sizes_per_budget=8)
    logs = np.log(sweep[["params", "tokens", "flops"]]).to_numpy()
    assert np.linalg.matrix_rank(logs - logs.mean(axis=0)) == 2
    # Amplitudes at given exponents are identified on the plane, and all but lost along a path.
    path = isoflop_design(np.geomspace(6e18, 3e21, 48), sizes_per_budget=1)
    assert conditioning(sweep) > 3 * conditioning(path)


def test_signed_columns_must_be_inputs() -> None:
    with pytest.raises(
        ModelError, match=r"signed names 'steps', which is not an input \(params, tok"
    ):
        AdditivePowerLaw(signed=("steps",))
    with pytest.raises(ModelError, match=r"signed is 'params'.*Write a tuple"):
        AdditivePowerLaw(signed="params")  # type: ignore[arg-type]


def test_equation_has_one_term_for_each_column() -> None:
    assert AdditivePowerLaw.post_training().equation == (
        r"E + A_{N} N^{-\alpha_{N}} + "
        r"A_{\mathrm{test\,tokens}} \mathrm{test\,tokens}^{-\alpha_{\mathrm{test\,tokens}}}"
    )
    assert AdditivePowerLaw(("flops",), floor=False).equation == r"A_{C} C^{-\alpha_{C}}"


def isoflop(rng: np.random.Generator) -> pd.DataFrame:
    return isoflop_design(np.geomspace(6e18, 3e21, 6), sizes_per_budget=8)


def post_training(rng: np.random.Generator) -> pd.DataFrame:
    grid = [(n, d) for n in np.geomspace(1e8, 1e10, 7) for d in np.geomspace(1e5, 1e8, 7)]
    return pd.DataFrame(grid, columns=["params", "test_tokens"])


def inference_time(rng: np.random.Generator) -> pd.DataFrame:
    grid = [(n, d) for n in np.geomspace(1e8, 1e10, 5) for d in np.geomspace(1e2, 1e4, 5)] * 2
    table = pd.DataFrame(grid, columns=["params", "inference_tokens"])
    return table.assign(flops=np.exp(rng.uniform(np.log(1e20), np.log(1e23), len(table))))


# Parameters and tokens as Besiroglu et al. (2024) found them; the other truths are made up, for
# these forms have no published fits: each term is a visible part of the response.
RECOVERY = [
    pytest.param(
        AdditivePowerLaw(),
        isoflop,
        {"E": 1.8172, "A_params": 482.01, "alpha_params": 0.3478}
        | {"A_tokens": 2085.43, "alpha_tokens": 0.3658},
        {"params": 7e9, "tokens": 8.4e11},
        id="two columns",
    ),
    pytest.param(
        AdditivePowerLaw.pre_training(),
        isoflop,
        {"E": 1.69, "A_params": 406.4, "alpha_params": 0.34}
        | {"A_tokens": 410.7, "alpha_tokens": 0.28}
        | {"A_flops": 100.0, "alpha_flops": 0.15},
        {"params": 1.6e10, "tokens": 3.2e11, "flops": 3.072e22},
        id="pre-training",
    ),
    pytest.param(
        AdditivePowerLaw.post_training(),
        post_training,
        {"E": 0.15, "A_params": 60.0, "alpha_params": 0.3}
        | {"A_test_tokens": 20.0, "alpha_test_tokens": 0.35},
        {"params": 1e11, "test_tokens": 1e9},
        id="post-training",
    ),
    pytest.param(
        AdditivePowerLaw.inference_time(),
        inference_time,
        {"E": 0.02, "A_params": 2e-11, "alpha_params": -1.0}
        | {"A_inference_tokens": 1e-5, "alpha_inference_tokens": -0.9}
        | {"A_flops": 2e4, "alpha_flops": 0.3},
        {"params": 1e11, "inference_tokens": 2e4, "flops": 1e24},
        id="inference time",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("law", "design", "theta", "target"), RECOVERY)
def test_recovers_its_truth(
    recovers: Callable[..., None],
    law: AdditivePowerLaw,
    design: Callable[[np.random.Generator], pd.DataFrame],
    theta: dict[str, float],
    target: dict[str, float],
) -> None:
    recovers(law, design, theta, target)

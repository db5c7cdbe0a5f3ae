"""A law of the user's own, twelve lines as the documentation has them, through the whole package.

No annotations and no helper: this is what a user types.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError, ModelError

AS_TYPED = '''
class PowerInTokens(bs.Law):
    """Loss falls as a power of training tokens, towards a floor."""
    inputs = ("tokens",)
    priors = {"E": bs.Prior.between(0.2, 0.95), "B": bs.Prior.between(0.01, 2.0), "beta": bs.Prior.between(0.05, 0.8)}
    cite = "hestness2017deep"

    @staticmethod
    def loss(tokens, E, B, beta):
        return E + B * tokens**-beta
'''  # noqa: E501 - as the documentation has it


@pytest.fixture
def law(own_laws: None) -> type[bs.Law]:
    names = {"bs": bs, "__name__": __name__}
    exec(AS_TYPED, names)
    return names["PowerInTokens"]  # type: ignore[return-value]


@pytest.fixture
def fit(
    law: type[bs.Law], stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> bs.ScalingFit:
    return prior_fit(bs.ScalingModel(law), stored_fit.runs)


def test_it_is_known_by_name_and_evaluates(law: type[bs.Law]) -> None:
    assert bs.ScalingModel("PowerInTokens") == bs.ScalingModel(law)
    value = law().loss(tokens=np.array([1.0, 10.0]), E=0.5, B=0.5, beta=0.3)
    np.testing.assert_allclose(value, [1.0, 0.5 + 0.5 * 10**-0.3])


@pytest.mark.parametrize("name", ["Chinchilla", "powerlaw"])
def test_the_name_of_a_built_in_law_is_refused(name: str, own_laws: None) -> None:
    with pytest.raises(bs.errors.ModelError, match=f"{name} is the name of a built-in law"):
        exec(AS_TYPED.replace("PowerInTokens", name), {"bs": bs, "__name__": __name__})
    assert type(bs.laws.as_law("chinchilla")) is bs.laws.Chinchilla


def test_a_law_may_be_defined_anew(law: type[bs.Law]) -> None:
    names = {"bs": bs, "__name__": __name__}
    exec(AS_TYPED, names)
    assert bs.laws.find_law("PowerInTokens") is names["PowerInTokens"]


def test_it_builds_a_model_and_describes_itself(
    law: type[bs.Law], stored_fit: bs.ScalingFit
) -> None:
    model = bs.ScalingModel(law, vary=[bs.Vary("E", by="corpus")])
    built = model.build(stored_fit.runs)
    assert {"E_typical", "E_raw_corpus", "B", "beta"} <= {v.name for v in built.free_RVs}
    assert np.isfinite(built.compile_logp(mode="FAST_COMPILE")(built.initial_point()))
    assert {"E_typical", "B", "beta"} <= set(model.describe(stored_fit.runs).index)


def test_its_summary_has_its_own_names(fit: bs.ScalingFit) -> None:
    assert list(fit.summary().index) == ["E", "B", "beta", "noise_sd", "noise_df", "delta_sd"]


def test_it_forecasts_from_tokens_alone(fit: bs.ScalingFit) -> None:
    alone = replace(fit, model=replace(fit.model, surface=None))
    forecast = bs.forecast(alone, tokens=[1e11, 1e12])
    draws = fit.posterior
    scaled = 1e12 / fit.runs.reference["tokens"]
    expected = fit.runs.reference["loss"] * (draws["E"] + draws["B"] * scaled ** -draws["beta"])
    np.testing.assert_allclose(forecast.draws["expected_loss"].isel(point=1), expected, rtol=1e-12)
    assert forecast.table().index.tolist() == [1e11, 1e12]
    assert forecast.table().index.name == "tokens"
    # A floor called E is known to be one: whatever is left out, no loss lies below it.
    floor = fit.runs.reference["loss"] * draws["E"]
    np.testing.assert_allclose(fit.surface_at({}).floor, floor, rtol=1e-12)
    assert (bs.forecast(fit, tokens=[1e10, 1e15]).draws["expected_loss"] > floor).all()


def test_it_says_that_it_cannot_split_compute(fit: bs.ScalingFit) -> None:
    message = "PowerInTokens is a function of tokens.*Only a law of params and tokens"
    with pytest.raises(ModelError, match=message):
        bs.allocate(fit, 1e23)


def test_it_is_saved_and_loaded(fit: bs.ScalingFit, tmp_path: Path) -> None:
    loaded = bs.load_fit(fit.save(tmp_path / "own.nc"))
    assert loaded.model == fit.model
    assert loaded.posterior.equals(fit.posterior)


def test_it_asks_for_tokens(fit: bs.ScalingFit) -> None:
    with pytest.raises(BayesScalingError, match=r"No value for tokens.*PowerInTokens"):
        bs.forecast(fit, params=1e9)

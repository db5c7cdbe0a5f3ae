"""Citations of fits to loss curves and of forecasts of schedules."""

import re
from collections.abc import Callable

import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling import schedules
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.trust import TrustReport


@pytest.fixture
def fit(near_published: Callable[..., schedules.CurveFit]) -> schedules.CurveFit:
    return near_published()


def test_a_fit_says_its_parameters_curves_and_misses(fit: schedules.CurveFit) -> None:
    citation = bs.cite(fit)
    assert "the law has L0 = 2.6" in citation.sentence
    assert (
        "the law MultiPower (Luo et al., 2025) with a miss of the gain of each curve, wandering "
        "and normal scatter on log loss to 3 loss curves of up to 23917 steps"
    ) in citation.sentence
    assert citation.formulas == (f"${fit.law.formula}$",)
    assert "learning rates by the highest of them" in citation.methods
    assert "L0 ~ Prior(Beta" in citation.methods
    assert "noise_sd" not in citation.sentence
    assert set(citation.table["parameter"]) == set(fit.parameter_names)
    assert "luo2025multipower" in citation.bibtex


def test_a_forecast_is_cited_by_the_end_of_each_schedule(fit: schedules.CurveFit) -> None:
    asked = {
        name: schedules.cosine(3e-4, 3e-5, steps, 2160)
        for name, steps in {"half": 12_000, "long": 48_000}.items()
    }
    forecast = schedules.forecast(fit, asked, seed=1)
    citation = bs.cite(forecast)
    number = r"\d\.\d+ \[\d\.\d+, \d\.\d+\]"
    said = rf"the expected loss is {number} and that of a new run {number}"
    assert re.search(
        rf"[Aa]t schedule 'half' and step 11999, {said}; at schedule 'long' and step 47999, {said}",
        citation.sentence,
    )
    assert list(citation.table["step"]) == ["11999", "47999"]


def test_a_verdict_on_runs_is_refused(fit: schedules.CurveFit, stored_fit: bs.ScalingFit) -> None:
    empty = pd.DataFrame()
    trust = TrustReport("trust", [], empty, empty, 3.0, "quick", "flops", 1e21, stored_fit)
    with pytest.raises(BayesScalingError, match="a fit to curves has none"):
        bs.cite(fit, trust=trust)

"""assess() of an average: checks of each fit joined by weight."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError, ModelError
from bayes_scaling.trust import assessing
from bayes_scaling.trust.averages import QUARTER, by_weight
from bayes_scaling.trust.case import Case
from bayes_scaling.validation.verdict import VERDICTS, Finding, Verdict, worst

AT = pd.DataFrame({"params": [1e9, 1e12], "tokens": [2e10, 2e13], "corpus": ["web", "web"]})


@pytest.fixture
def doubting(monkeypatch: pytest.MonkeyPatch, stored_fit: bs.ScalingFit) -> bs.ScalingFit:
    """A fit that the only check distrusts at its first target."""
    bad = replace(stored_fit)

    def check(case: Case) -> Finding:
        first: Verdict = "do not trust" if case.fit is bad else "trust"
        found: list[Verdict] = ["trust"] * case.size
        return Finding([first, *found[1:]], f"Found {first}.", pd.DataFrame({"x": [1]}))

    checks = {"only": check, "reach": assessing.CHECKS["reach"]}
    monkeypatch.setattr(assessing, "CHECKS", checks)
    return bad


@pytest.mark.parametrize(("weight", "verdict"), [(0.2, "trust"), (0.3, "do not trust")])
def test_a_quarter_of_the_weight_must_doubt(
    stored_fit: bs.ScalingFit, doubting: bs.ScalingFit, weight: float, verdict: str
) -> None:
    fits = {"good": stored_fit, "bad": doubting}
    average = bs.average(fits, {"good": 1 - weight, "bad": weight})
    report = bs.assess(average, AT, progress=False)
    assert report["only"].verdict == verdict
    assert report["only"].by_point[1] == "trust"
    who = "good" if verdict == "trust" else "bad"
    assert report["only"].headline == f"{who}: Found {verdict}."
    assert report["only"].table["verdict"].to_dict() == {"good": "trust", "bad": "do not trust"}
    assert [check.check for check in report.checks] == ["only", "reach", "form"]


def test_fits_of_hardly_any_weight_are_not_judged(
    stored_fit: bs.ScalingFit, doubting: bs.ScalingFit
) -> None:
    average = bs.average({"good": stored_fit, "bad": doubting}, {"good": 0.96, "bad": 0.04})
    report = bs.assess(average, AT, progress=False)
    assert list(report["only"].table.index) == ["good"]


def test_a_forecast_of_the_average_brings_its_points(
    stored_fit: bs.ScalingFit, doubting: bs.ScalingFit
) -> None:
    average = bs.average({"good": stored_fit, "bad": doubting}, "equal")
    forecast = bs.forecast(average, params=[1e9], tokens=[2e10])
    report = bs.assess(average, forecast, progress=False)
    assert len(report.targets) == 2
    assert report.verdict == "do not trust"
    fewer = replace(stored_fit, runs=stored_fit.runs.where(lambda table: table["corpus"] == "web"))
    with pytest.raises(BayesScalingError, match="made from other fits"):
        bs.assess(average, replace(forecast, fit=fewer), progress=False)


@pytest.mark.parametrize(
    ("verdicts", "shares", "expected"),
    [
        (["do not trust", "trust"], [0.25, 0.75], "do not trust"),
        (["do not trust", "caution", "trust"], [0.2, 0.2, 0.6], "caution"),
        (["do not trust", "do not trust", "trust"], [0.15, 0.15, 0.7], "do not trust"),
        (["caution", "trust"], [0.1, 0.9], "trust"),
    ],
)
def test_doubts_add_up_by_weight(
    verdicts: list[Verdict], shares: list[float], expected: str
) -> None:
    assert by_weight(verdicts, shares) == expected


def test_every_check_runs_on_an_average(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    alike = prior_fit(bs.ScalingModel("KaplanJoint"), stored_fit.runs)
    average = bs.average({"a": stored_fit, "b": alike}, {"a": 0.8, "b": 0.2})
    report = bs.assess(average, AT, progress=False)
    assert not [one.headline for one in report.checks if "could not run" in one.headline]
    assert report["form"].table.loc["b", "way_to_end_0"] > 0
    assert "a: " in report["sampler"].headline


@pytest.mark.parametrize("ask", [bs.backtest, bs.calibrate])
def test_what_refits_one_model_refuses_an_average(
    stored_fit: bs.ScalingFit, ask: Callable[..., object]
) -> None:
    average = bs.average({"a": stored_fit, "b": stored_fit}, "equal")
    with pytest.raises(ModelError, match=r"ask it of one of the fits: average.fits\['a'\]"):
        ask(average, stored_fit.runs, progress=False)


weighed = st.lists(
    st.tuples(st.sampled_from(VERDICTS), st.integers(1, 100)), min_size=1, max_size=6
)


@given(weighed, st.data())
def test_a_worse_verdict_of_any_fit_never_betters_that_of_the_average(
    fits: list[tuple[Verdict, int]], data: st.DataObject
) -> None:
    verdicts, weights = zip(*fits, strict=True)
    shares = [weight / sum(weights) for weight in weights]
    found = by_weight(verdicts, shares)
    assert found in {"trust", *verdicts}
    number = data.draw(st.integers(0, len(fits) - 1))
    other = data.draw(st.sampled_from(VERDICTS))
    changed = [*verdicts[:number], worst([verdicts[number], other]), *verdicts[number + 1 :]]
    assert worst([by_weight(changed, shares), found]) == by_weight(changed, shares)
    # A fit of less than a quarter of the weight changes nothing by itself.
    if shares[number] < QUARTER and verdicts.count("trust") == len(verdicts):
        assert by_weight(changed, shares) == "trust"

"""assess() and its report, on the stored posterior."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.trust import TrustReport, assessing
from bayes_scaling.trust.case import Case
from bayes_scaling.validation.verdict import CannotJudge, Finding


@pytest.fixture(scope="module")
def report(stored_fit: bs.ScalingFit) -> TrustReport:
    at = pd.DataFrame({"params": [1e9, 7e11], "tokens": [2e10, 1.4e13], "corpus": "web"})
    return bs.assess(stored_fit, at, progress=False)


def test_every_check_has_a_sentence_with_a_number_and_its_cost(report: TrustReport) -> None:
    table = report.table()
    assert list(table.index) == [
        "sampler", "design", "learning", "predictive", "influence", "floor", "reach",
    ]  # fmt: skip
    assert table["headline"].str.contains(r"\d").all()
    assert table["headline"].str.endswith(".").all()
    assert (table["seconds"] > 0).all()
    assert table.attrs["verdict"] == report.verdict
    assert not any(result.table.empty for result in report.checks)


def test_targets_and_rungs_have_verdicts_of_their_own(report: TrustReport) -> None:
    near, far = report.targets["verdict"]
    # Of 400 draws the ends of an interval are known to some 7 % of its width, which may be a doubt.
    doubts = [check.check for check in report.checks if check.by_point[0] != "trust"]
    assert (near, doubts) in (("trust", []), ("caution", ["sampler"]))
    assert far == "do not trust"
    assert report.verdict == "do not trust"
    assert report.ladder["verdict"].iloc[0] != "do not trust"
    for rung, because in enumerate(report.ladder["because"], len(report.targets)):
        doubting = [check.check for check in report.checks if check.by_point[rung] != "trust"]
        assert because == ", ".join(doubting)
    assert "reach" in report.ladder["because"].iloc[-1]
    assert report.targets.loc[1, "flops"] == pytest.approx(6 * 7e11 * 1.4e13)


def test_it_prints_the_verdict_and_its_reasons(report: TrustReport) -> None:
    text = repr(report)
    assert text.startswith("TrustReport: do not trust (")
    assert report["reach"].headline in text
    assert f"Beyond the largest run (corpus {report.ladder['corpus'].iloc[0]!r}): 1x" in text
    assert "nothing was tested" in report["reach"].headline
    assert "<b>do not trust</b>" in report._repr_html_()
    with pytest.raises(KeyError, match=r"No check 'backtest' in a report of level 'quick'"):
        report["backtest"]


def test_a_forecast_brings_its_points(stored_fit: bs.ScalingFit) -> None:
    forecast = bs.forecast(stored_fit, params=[1e9], tokens=[2e10])
    found = bs.assess(stored_fit, forecast, progress=False)
    # One point for each corpus of the pooled model.
    assert len(found.targets) == 2


def test_where_trust_ends(stored_fit: bs.ScalingFit, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {name: assessing.CHECKS[name] for name in ("design", "reach")}
    monkeypatch.setattr(assessing, "CHECKS", kept)
    at = pd.DataFrame({"params": [1e9], "tokens": [2e10], "corpus": "web"})
    found = bs.assess(stored_fit, at, progress=False)
    assert found.verdict == "trust"
    assert 1 < found.trusted_to < 100
    assert found.reach.startswith(f"Trust ends at {found.trusted_to:.3g} times the largest run")
    ends = found.ladder["verdict"].tolist()
    assert ends[0] == "trust"
    assert ends[-1] != "trust"


@pytest.mark.parametrize(
    ("error", "headline"),
    [
        (CannotJudge("nothing to go by"), "Not judged: nothing to go by."),
        (ZeroDivisionError("oh"), "The check could not run: ZeroDivisionError: oh"),
    ],
)
def test_a_check_that_cannot_run_is_a_caution_with_the_reason(
    stored_fit: bs.ScalingFit, monkeypatch: pytest.MonkeyPatch, error: Exception, headline: str
) -> None:
    def fail(case: Case) -> Finding:
        raise error

    checks = {"design": assessing.CHECKS["design"], "new": fail}
    monkeypatch.setattr(assessing, "CHECKS", checks)
    at = pd.DataFrame({"params": [1e9], "tokens": [2e10], "corpus": "web"})
    found = bs.assess(stored_fit, at, progress=False)
    assert found["new"].verdict == "caution"
    assert found["new"].headline == headline
    assert found.verdict == "caution"


def test_wrong_questions_are_refused(stored_fit: bs.ScalingFit) -> None:
    with pytest.raises(ValueError, match="level='deep' does not say which checks"):
        bs.assess(stored_fit, pd.DataFrame({"params": [1e9]}), level="deep")  # type: ignore[arg-type]
    with pytest.raises(BayesScalingError, match="No value for tokens"):
        bs.assess(stored_fit, pd.DataFrame({"params": [1e9]}), progress=False)


@pytest.mark.parametrize(
    ("law", "response", "noise"),
    [
        ("DataConstrained", "loss", bs.noise.LogNormal()),
        ("ProductPowerLaw", "loss", bs.noise.LogStudentT(by="flops")),
        ("PowerLaw", "loss", bs.noise.Normal()),
        ("Saturating", "accuracy", bs.noise.Binomial()),
        ("LogLinear", "metric", bs.noise.StudentT()),
    ],
)
def test_every_check_runs_for_any_law_and_response(
    prior_fit: Callable[..., bs.ScalingFit],
    rng: np.random.Generator,
    law: str,
    response: Literal["loss", "accuracy", "metric"],
    noise: bs.noise.Noise,
) -> None:
    params, tokens = 10 ** rng.uniform(7, 9, 25), 10 ** rng.uniform(9, 11, 25)
    frame = pd.DataFrame({"params": params, "tokens": tokens, "n_items": 1000.0})
    frame["unique_tokens"] = tokens / 2
    frame["loss"] = rng.uniform(0.3, 0.8, 25)
    runs = bs.Runs.from_frame(frame, inputs=["unique_tokens", "n_items"], response=response)
    fit = prior_fit(bs.ScalingModel(law, noise=noise), runs)
    report = bs.assess(fit, frame.iloc[:2].drop(columns="loss"), progress=False)
    assert not [r.headline for r in report.checks if "could not run" in r.headline]
    # The draws are of the prior.
    assert report.verdict == "do not trust"

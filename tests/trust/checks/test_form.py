"""The check of the form: which rivals, which of them count, and what their answers mean."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.trust.case import Case
from bayes_scaling.trust.checks import form
from bayes_scaling.trust.checks.rivals import default_rivals, short_name
from bayes_scaling.validation.verdict import CannotJudge, Finding

Cases = Callable[..., Case]
Judge = Callable[..., tuple[Case, Finding]]
RIVAL = bs.ScalingModel("Nested")


@pytest.fixture
def rival(
    monkeypatch: pytest.MonkeyPatch,
    stand_in: Callable[..., object],
    floor_off: Callable[..., bs.ScalingFit],
) -> Callable[..., None]:
    """A rival that is the stored fit with its floor off, or a fit that failed."""

    def install(by: float = 0.0, fails: bool = False, plausible: bool = True) -> None:
        stand_in(floor_off(by), failing={"all runs"} if fails else ())
        if plausible:
            monkeypatch.setattr(form, "loo_difference", lambda *_: (0.0, 1.0))

    return install


@pytest.fixture
def judged(stored_case: Cases, rival: Callable[..., None]) -> Judge:
    """The case with one such rival, and what the check finds."""

    def judge(*by: float, **what: bool) -> tuple[Case, Finding]:
        rival(*by, **what)
        case = replace(stored_case(), rivals=[RIVAL])
        return case, form.check_form(case)

    return judge


@pytest.mark.parametrize(
    ("by", "inside", "beyond"),
    [
        (0.0, "trust", "trust"),
        (0.01, "trust", "trust"),
        (0.012, "trust", "trust"),
        (0.025, "do not trust", "caution"),
        (0.05, "do not trust", "do not trust"),
        (0.07, "do not trust", "do not trust"),
    ],
)
def test_a_rival_that_answers_quite_otherwise_is_a_doubt(
    judged: Judge, by: float, inside: str, beyond: str
) -> None:
    case, found = judged(by)
    threefold = case.asked + 1
    assert not case.inside[threefold]
    assert (found.by_point[0], found.by_point[threefold]) == (inside, beyond)
    row = found.table.loc["Nested"]
    assert row["counts"]
    # A floor off by a share raises the loss by that share of the floor.
    floor = float(case.fit.posterior["E"].sel(corpus="web").median())
    target = pd.DataFrame({"params": [1e9], "tokens": [2e10], "corpus": ["web"]})
    at = bs.forecast(case.fit, at=target).table(0.9)["loss"].iloc[0]
    # The floor of a draw goes with its loss, and the end of 400 draws is known to a tenth or so.
    assert row["way_to_end_0"] == pytest.approx(
        by * floor / (at["upper"] - at["median"]), rel=0.25, abs=1e-3
    )
    assert f"{row['way_to_end_0']:.2f} of the way" in found.headline


def test_far_beyond_the_runs_the_interval_is_wider_and_so_is_what_it_holds(judged: Judge) -> None:
    _, found = judged(0.03)
    assert found.by_point[0] == "do not trust"
    assert found.by_point[-1] != "do not trust"


def test_a_rival_that_the_runs_rule_out_does_not_count(judged: Judge) -> None:
    _, found = judged(0.05, plausible=False)
    assert set(found.by_point) == {"trust"}
    assert found.headline == "The runs rule out 1 rival (Nested)."
    row = found.table.loc["Nested"]
    assert row["elpd_difference"] < -4 * row["standard_error"]


def test_rivals_that_cannot_be_asked_leave_the_question_open(
    stored_case: Cases, judged: Judge
) -> None:
    case, found = judged(fails=True)
    assert "Nested: the fit failed: BayesScalingError: stuck" in found.headline
    # A doubt where laws differ: beyond the runs.
    assert [one == "trust" for one in found.by_point] == case.inside.tolist()
    assert {*found.by_point} == {"trust", "caution"}
    with pytest.raises(CannotJudge, match="no rival of Chinchilla is known"):
        form.check_form(replace(stored_case(), rivals=[]))


def test_rivals_of_one_name_are_all_asked(stored_case: Cases, rival: Callable[..., None]) -> None:
    rival(0.0)
    other = bs.ScalingModel("Nested", priors={"alpha": bs.Prior.between(0.2, 0.9)})
    found = form.check_form(replace(stored_case(), rivals=[RIVAL, other]))
    assert list(found.table.index) == ["Nested (1)", "Nested (2)"]


def test_rivals_that_are_given_are_asked_at_any_level(
    stored_fit: bs.ScalingFit, rival: Callable[..., None]
) -> None:
    rival(0.05)
    at = pd.DataFrame({"params": [1e9], "tokens": [2e10], "corpus": ["web"]})
    report = bs.assess(stored_fit, at, rivals=[RIVAL], progress=False)
    assert report["form"].verdict == "do not trust"
    assert report.level == "quick"


@pytest.mark.parametrize(
    ("law", "expected"),
    [
        ("Chinchilla", ["Nested", "LogNormal"]),
        ("Nested", ["Chinchilla", "LogNormal"]),
        ("KaplanJoint", ["Chinchilla", "LogNormal"]),
        (bs.laws.PowerLaw("flops"), ["PowerLaw(input='flops', floor=False)", "LogNormal"]),
        (bs.laws.BrokenPowerLaw("flops"), ["PowerLaw(input='flops', floor=True)", "LogNormal"]),
        (bs.laws.BoundedPowerLaw("flops"), ["PowerLaw(input='flops', floor=True)", "LogNormal"]),
        ("OverTraining", ["Chinchilla", "LogNormal"]),
    ],
)
def test_rivals_are_another_form_and_another_noise(
    stored_fit: bs.ScalingFit, law: object, expected: list[str]
) -> None:
    model = bs.ScalingModel(law)  # type: ignore[arg-type]
    rivals = default_rivals(replace(stored_fit, model=model))
    assert [short_name(rival, model) for rival in rivals] == expected


def test_a_rival_of_a_pooled_model_is_pooled(stored_fit: bs.ScalingFit) -> None:
    form_rival, noise_rival = default_rivals(stored_fit)
    assert noise_rival.vary == stored_fit.model.vary
    assert form_rival.factors == ("corpus",)
    assert {vary.parameter for vary in form_rival.vary} == form_rival.law.scaled
    by = bs.noise.LogStudentT(by="flops")
    model = bs.ScalingModel("Chinchilla", noise=by)
    [_, other] = default_rivals(replace(stored_fit, model=model))
    assert other.noise == bs.noise.LogNormal(by="flops")


def test_a_rival_of_the_law_alone_is_a_law_alone(law_alone: bs.ScalingFit) -> None:
    assert [rival.surface for rival in default_rivals(law_alone)] == [None, None]


def test_every_default_rival_has_a_finite_density_at_these_runs(stored_fit: bs.ScalingFit) -> None:
    rivals = default_rivals(stored_fit)
    assert len(rivals) == 2
    for model in rivals:
        built = model.build(stored_fit.runs)
        # Term by term: uncompiled, a sum has 32 terms at the most.
        terms = built.compile_logp(sum=False, mode="FAST_COMPILE")(built.initial_point())
        assert all(np.isfinite(term).all() for term in terms), model


def test_few_runs_must_speak_more_clearly(stored_case: Cases) -> None:
    case = stored_case()
    assert len(case.fit.runs) < 100
    assert form._clear(3.0, case) == 12.0
    assert form._clear(0.1, case) == 4.0


def test_a_fit_that_alone_is_judged_is_no_rival_of_itself(
    stored_fit: bs.ScalingFit, rival: Callable[..., None]
) -> None:
    rival(0.05)
    at = pd.DataFrame({"params": [1e9], "tokens": [2e10], "corpus": ["web"]})
    average = bs.average({"a": stored_fit, "b": replace(stored_fit)}, {"a": 0.97, "b": 0.03})
    asked = bs.assess(average, at, rivals=[RIVAL], progress=False)
    assert asked["form"].verdict == "do not trust"
    assert list(asked["form"].table.index) == ["Nested"]
    quick = bs.assess(average, at, progress=False)
    assert "form" not in [check.check for check in quick.checks]


def test_the_fits_of_an_average_are_each_others_rivals(stored_fit: bs.ScalingFit) -> None:
    floor = stored_fit.posterior["E_ref"] * 1.05
    other = replace(stored_fit, posterior=stored_fit.posterior.assign(E_ref=floor))
    at = pd.DataFrame({"params": [1e9], "tokens": [2e10], "corpus": ["web"]})
    verdicts = {}
    for share in (0.1, 0.4):
        fits = {"a": stored_fit, "b": other}
        average = bs.average(fits, {"a": 1 - share, "b": share})
        report = bs.assess(average, at, progress=False)
        verdicts[share] = report["form"].verdict
        assert set(report["form"].table.index) == {"a", "b"}
    # With a tenth of the weight the other lies at the end of the interval, with more within it.
    assert verdicts[0.4] == "trust"
    assert not np.isnan(report["form"].table["way_to_end_0"]).any()

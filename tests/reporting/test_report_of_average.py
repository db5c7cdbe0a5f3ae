"""The report of an average: every law with its weight, what is of one fit only, how to redo it."""

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.comparison import Comparison, FitAverage
from bayes_scaling.comparison.comparing import compare_by_loo
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.fitting.average import parts
from bayes_scaling.fitting.provenance import runs_csv, table_digest
from bayes_scaling.reporting.page.exploring import page
from bayes_scaling.reporting.sections.checking import alternatives, diagnostics, predictive
from bayes_scaling.reporting.sections.concluding import changes, limits
from bayes_scaling.reporting.sections.contents import Contents, Listing, Opening, Table
from bayes_scaling.reporting.sections.larger import larger_runs
from bayes_scaling.reporting.sections.opening import opening
from bayes_scaling.reporting.sections.reproducing import code, run_tables
from bayes_scaling.reporting.sections.sensitivity import sensitivity
from bayes_scaling.reporting.sections.subject import Subject
from tests.reporting.test_report import section, trust_of

PriorFit = Callable[..., bs.ScalingFit]
FIRST = Opening("What is it?", (), "not assessed", "Nobody has checked it.")
WEIGHTS = {"ours": 0.62, "kaplan": 0.35, "compute": 0.03}
TARGET = {"params": 1e10, "tokens": 2e11}


@pytest.fixture(scope="module")
def average(converged_fit: bs.ScalingFit, prior_fit: PriorFit) -> FitAverage:
    """Three laws, one of them of hardly any weight."""
    models = {
        "kaplan": bs.ScalingModel("KaplanJoint", noise=bs.noise.LogNormal()),
        "compute": bs.ScalingModel(bs.laws.PowerLaw("flops")),
    }
    fits = {name: prior_fit(model, converged_fit.runs, 1000) for name, model in models.items()}
    return FitAverage({"ours": converged_fit, **fits}, WEIGHTS, "stacked by future score")


@pytest.fixture(scope="module")
def written(average: FitAverage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report that is distrusted, in HTML."""
    return bs.report(
        average,
        tmp_path_factory.mktemp("average") / "report.html",
        forecast=bs.forecast(average, **TARGET),
        allocation=bs.allocate(average, flops=1e22),
        trust=trust_of(average.fits["ours"], "do not trust"),
        comparison=compare_by_loo(average.fits),
    )


@pytest.fixture
def found(
    stored_fit: bs.ScalingFit,
    floor_off: Callable[..., bs.ScalingFit],
    refitted_as: Callable[..., object],
) -> Comparison:
    """A comparison of two fits, one with its floor off; refits are the fits themselves."""
    fits = {"bad": floor_off(0.02), "good": stored_fit}
    # Two folds of the one, then those of the other.
    left = iter([fits["bad"], fits["bad"], fits["good"], fits["good"]])
    refitted_as(lambda *_: next(left))
    return bs.compare(fits, [1e19, 1e20], progress=False)


# What it says


@pytest.mark.slow
def test_a_distrusted_average_says_so_first_and_wherever_it_can_be_cited(written: Path) -> None:
    first = section(written, "opening")
    assert first.index("Do not trust. ") < first.index("90 % between")
    html = written.read_text("utf-8").partition('id="citation"')[2]
    sentences = re.findall(r"(?s)<li>(.*?)</li>", html.partition("</section>")[0])
    assert len(sentences) == 2
    assert all(one.startswith("Do not trust") for one in sentences)
    assert all("an average of" in one for one in sentences)


def test_an_average_that_has_not_converged_says_so_first(
    stored_fit: bs.ScalingFit, prior_fit: PriorFit
) -> None:
    other = prior_fit(bs.ScalingModel("KaplanJoint"), stored_fit.runs)
    subject = Subject(FitAverage({"a": stored_fit, "b": other}, {"a": 0.5, "b": 0.5}))
    said = opening(replace(subject, trust=None))
    assert (said.status, said.warns) == ("not converged", True)
    assert all(one.sentence.startswith("Not converged") for one in subject.citations)
    assert said.question == "What are the parameters of Chinchilla and KaplanJoint?"


@pytest.mark.slow
def test_each_law_has_its_equation_weight_and_priors(written: Path, average: FitAverage) -> None:
    html, text = unescape(written.read_text("utf-8")), section(written, "model")
    for part, (name, weight) in zip(parts(average), WEIGHTS.items(), strict=True):
        assert f"{name} ({part.fit.model.law.name}), weight {weight:.2f}" in text
        assert f'aria-label="{part.fit.model.law.formula}"' in html
    assert "alpha_N LogNormal" in text
    assert "floor or zero" in text
    assert text.count("Every prior with its 90 % range") == 2


@pytest.mark.slow
def test_diagnostics_and_posterior_are_of_each_law(written: Path) -> None:
    for anchor in ("diagnostics", "posterior"):
        text = section(written, anchor)
        assert all(name in text for name in ("N_c", "alpha_D", "beta"))
    assert "compute (PowerLaw), weight 0.03 Largest R-hat" in section(written, "diagnostics")
    for anchor in ("posterior", "predictive"):
        assert "are of the heaviest fit, ours (Chinchilla), weight 0.62" in section(written, anchor)


@pytest.mark.slow
def test_the_page_holds_the_mixture(average: FitAverage) -> None:
    made = page(average, {}, None, 0.9)
    along, across = (len(made.data[name]) for name in ("along", "across"))
    at = {"flops": 10 ** made.data["along"][along // 2], "ratio": 10 ** made.data["across"][2]}
    params = (at["flops"] / 6 / at["ratio"]) ** 0.5
    table = bs.forecast(average, params=params, tokens=at["ratio"] * params).table(0.9)
    held = made.data["losses"][0]["expected_loss"]
    assert np.shape(held["median"]) == (along, across)
    for end in ("median", "lower", "upper"):
        asked = table["expected_loss"][end].iloc[0]
        assert held[end][along // 2][2] == pytest.approx(asked, rel=1e-5)
    assert made.optimises
    assert not made.ranged


@pytest.mark.slow
def test_weights_comparison_and_what_each_would_say(written: Path, average: FitAverage) -> None:
    text = section(written, "alternatives")
    assert "weights stacked by future score" in text
    assert "loo log score" in text
    assert "from 20 runs, fewer than 100" in text
    for name in ("ours", "kaplan"):
        alone = bs.cite(bs.forecast(average.fits[name], **TARGET), prob=0.9).table.iloc[0]
        assert f"{name} 10B 200B 1.2e22 {alone['expected_loss']} {alone['loss']}" in text


@pytest.mark.slow
def test_checklists_speak_of_every_law(written: Path) -> None:
    text = section(written, "checklists")
    assert "ours: posterior density" not in text
    assert "under ours: LogStudentT(); kaplan: LogNormal() and the priors" in text
    assert "predicting: params, tokens" in text
    assert "Bayes factors or other weights of models see Other models" in text


def test_markdown_and_latex_have_the_same_headings(
    average: FitAverage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = Subject(average)
    contents = Contents(subject.title, FIRST, (), (diagnostics(subject),))
    monkeypatch.setattr("bayes_scaling.reporting.building.gathered", lambda _: contents)
    marks = {"md": "### kaplan (KaplanJoint), weight 0.35", "tex": r"\subsection*{kaplan (Kap"}
    for suffix, mark in marks.items():
        path = bs.report(average, tmp_path / f"r.{suffix}")
        assert mark in path.read_text("utf-8")


def test_a_real_assessment_shows_what_was_found_in_each_fit(
    average: FitAverage, converged_fit: bs.ScalingFit
) -> None:
    forecast = bs.forecast(average, **TARGET)
    trust = bs.assess(average, forecast, progress=False)
    subject = Subject(average, forecast, trust=trust)
    found = [*sensitivity(subject).blocks, *predictive(subject).blocks]
    tables = [one for one in found if isinstance(one, Table) and one.header[0] == "fit"]
    assert [len(table.rows) for table in tables] == [2, 2, 2, 2]
    assert {row[0] for row in tables[0].rows} == {"ours", "kaplan"}
    assert changes(subject).blocks


@pytest.mark.slow
def test_names_of_fits_are_text_in_every_format(
    converged_fit: bs.ScalingFit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["<script>alert(1)</script>\n# x", r"\end{document}"]
    mixed = FitAverage(dict.fromkeys(names, converged_fit), dict.fromkeys(names, 0.5))
    subject = Subject(mixed)
    sections = (diagnostics(subject), alternatives(subject), limits(subject))
    contents = Contents(subject.title, FIRST, sections)
    monkeypatch.setattr("bayes_scaling.reporting.building.gathered", lambda _: contents)
    text = {
        suffix: bs.report(mixed, tmp_path / f"r.{suffix}").read_text("utf-8")
        for suffix in ("html", "md", "tex")
    }
    assert "<script>alert" not in text["html"] + text["md"]
    assert "\n# x" not in text["md"]
    assert text["tex"].count(r"\end{document}") == 1


def test_a_fit_without_groups_is_shown_beside_a_pooled_one_for_each_group(
    stored_fit: bs.ScalingFit, prior_fit: PriorFit
) -> None:
    alike = prior_fit(bs.ScalingModel("Chinchilla"), stored_fit.runs)
    mixed = FitAverage({"alike": alike, "pooled": stored_fit}, {"alike": 0.6, "pooled": 0.4})
    subject = Subject(mixed, bs.forecast(mixed, **TARGET))
    weights, alone, *_ = alternatives(subject).blocks
    assert isinstance(weights, Table)
    assert isinstance(alone, Table)
    assert [row[-1] for row in weights.rows] == ["none", "E by corpus, A by corpus, B by corpus"]
    groups = [(row[0], row[alone.header.index("corpus")]) for row in alone.rows]
    assert groups == [(fit, one) for fit in ("alike", "pooled") for one in ("books", "web")]
    assert list(larger_runs(mixed, [3])) == ["params", "tokens", "corpus"]


# Comparisons


def test_a_comparison_of_two_kinds_is_shown_beside_one_fit(found: Comparison) -> None:
    table, notes = alternatives(Subject(found.fits["good"], comparison=found)).blocks
    assert isinstance(table, Table)
    assert table.header[:3] == ("fit", "future log score", "future difference")
    assert table.header[-2:] == ("loo flags", "diagnosis")
    assert [row[0] for row in table.rows] == ["good", "bad"]
    assert notes == Listing(found.notes)


# Redoing it


def test_the_code_makes_the_average_and_its_answers_again(
    average: FitAverage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forecast = bs.forecast(average, **TARGET)
    allocation = bs.allocate(average, flops=[1e21, 1e22])
    (tmp_path / "runs.csv").write_text(runs_csv(average.runs), encoding="utf-8", newline="\n")
    monkeypatch.chdir(tmp_path)
    known = {repr(part.fit.model): part.fit for part in parts(average)}

    def stub(model: bs.ScalingModel, runs: bs.Runs, **settings: float) -> bs.ScalingFit:
        assert settings["draws"] == 1000
        return replace(known[repr(model)], runs=runs)

    monkeypatch.setattr(bs, "fit", stub, False)
    names: dict = {}
    exec(code(average, forecast, allocation), names)
    assert names["fit"].weights == WEIGHTS
    assert table_digest(names["fit"].runs) == table_digest(average.runs)
    for name, result in (("forecast", forecast), ("allocation", allocation)):
        pd.testing.assert_frame_equal(names[name].table(), result.table())


def test_fits_that_read_other_columns_read_other_files(
    average: FitAverage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = average.runs.table[["flops", "loss"]]
    narrow = replace(average.fits["compute"], runs=bs.Runs(table, inputs=("flops",)))
    mixed = FitAverage({"a": average.fits["ours"], "b": narrow}, {"a": 0.6, "b": 0.4})
    for file, runs in run_tables(mixed).items():
        (tmp_path / file).write_text(runs_csv(runs), encoding="utf-8", newline="\n")
    monkeypatch.chdir(tmp_path)
    made: list[tuple[str, ...]] = []

    def stub(model: bs.ScalingModel, runs: bs.Runs, **settings: float) -> bs.ScalingFit:
        made.append(runs.inputs)
        return replace(mixed.fits["ab"[len(made) - 1]], runs=runs)

    monkeypatch.setattr(bs, "fit", stub, False)
    exec(code(mixed, None, None), {})
    assert made == [("params", "tokens", "flops"), ("flops",)]
    grown = larger_runs(mixed, [1, 4])
    assert set(grown) == {"params", "tokens", "flops"}
    assert (grown.iloc[1] / grown.iloc[0]).to_dict() == pytest.approx(
        {"params": 2, "tokens": 2, "flops": 4}
    )


@pytest.mark.slow
def test_a_fit_with_all_the_weight_is_reported_as_a_fit(converged_fit: bs.ScalingFit) -> None:
    alone = Subject(FitAverage({"a": converged_fit}, {"a": 1.0}))
    assert (alone.mixed, alone.main, alone.light) == (False, converged_fit, ())
    assert alone.title == "Chinchilla fitted to 20 runs"
    assert page(alone.fit, {}, None, None).fields == page(converged_fit, {}, None, None).fields
    assert code(alone.fit, None, None) == code(converged_fit, None, None)


# Mistakes


def test_results_of_other_fits_or_weights_are_refused(average: FitAverage) -> None:
    target = pd.DataFrame({name: [value] for name, value in TARGET.items()})
    equal = FitAverage(average.fits, dict.fromkeys(average.fits, 1 / 3))
    for made, reported in (
        (average.fits["ours"], average),
        (average, average.fits["ours"]),
        (equal, average),
        (average.fits["kaplan"], average.fits["ours"]),
    ):
        forecast = bs.forecast(made, at=target)
        with pytest.raises(BayesScalingError, match="forecast was made from another fit"):
            Subject(reported, forecast)


def test_what_is_no_fit_or_no_comparison_is_refused(average: FitAverage, tmp_path: Path) -> None:
    with pytest.raises(BayesScalingError, match="fit is of type dict, and a report is about"):
        bs.report(average.fits, tmp_path / "r.html")  # type: ignore[arg-type]
    with pytest.raises(BayesScalingError, match="type DataFrame and has no"):
        Subject(average, comparison=pd.DataFrame())  # type: ignore[arg-type]

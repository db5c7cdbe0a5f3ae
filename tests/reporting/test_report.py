"""Whole documents: what they say first, that they are complete, safe and can be redone."""

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Literal

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.fitting.provenance import table_digest
from bayes_scaling.reporting.gathering import gathered
from bayes_scaling.reporting.sections.checking import alternatives
from bayes_scaling.reporting.sections.checklist import BARG, MISFITTING, fields
from bayes_scaling.reporting.sections.concluding import REMEDIES
from bayes_scaling.reporting.sections.contents import Paragraph, Table
from bayes_scaling.reporting.sections.figures import drawn, encoded
from bayes_scaling.reporting.sections.known import checklists
from bayes_scaling.reporting.sections.opening import REASONS
from bayes_scaling.reporting.sections.subject import Subject
from bayes_scaling.trust import CheckResult, TrustReport
from bayes_scaling.trust.assessing import CHECKS
from bayes_scaling.units import parse_count
from tests.reporting.browser import Browser

HOSTILE = ("<script>window.owned=1</script>", r"\input{x}$\frac{1}{$ & 50%_#", "emoji 🚀|`x`")


def trust_of(fit: bs.ScalingFit, verdict: str, level: str = "quick") -> TrustReport:
    """A report with one check that decides."""
    found = CheckResult("reach", verdict, "It lies <far> beyond.", pd.DataFrame(), 0.0)  # type: ignore[arg-type]
    ladder = pd.DataFrame({"verdict": ["trust"], "because": [""]}, index=["1x"])
    targets = pd.DataFrame({"verdict": [verdict]})
    return TrustReport(verdict, [found], targets, ladder, 1.0, level, "flops", 1e21)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def hostile_fit(prior_fit: Callable[..., bs.ScalingFit]) -> bs.ScalingFit:
    """A pooled fit whose groups, runs, columns and law are named by an enemy."""
    params = np.geomspace(1e8, 1e10, 6)
    rows = [
        {"params": p, "tokens": 20 * p, "loss": 2 + p**-0.1, "<img src=x onerror=alert(1)>": name}
        for name in HOSTILE
        for p in params
    ]
    frame = pd.DataFrame(rows)
    frame.index = pd.Index([f"{HOSTILE[0]}{i}" for i in range(len(frame))], name="run")
    runs = bs.Runs.from_frame(frame, factors=["<img src=x onerror=alert(1)>"])
    model = bs.ScalingModel("chinchilla", vary=[bs.Vary("E", by="<img src=x onerror=alert(1)>")])
    return prior_fit(model, runs)


@pytest.fixture(scope="module")
def hostile(hostile_fit: bs.ScalingFit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its report in all three formats."""
    folder = tmp_path_factory.mktemp("hostile")
    forecast = bs.forecast(hostile_fit, params=1e11, tokens=2e12)
    subject = Subject(
        hostile_fit,
        forecast=forecast,
        trust=trust_of(hostile_fit, "do not trust"),
        facts={"optimiser": "</code><script>window.owned=2</script>", "seeds": "\\end{document}"},
    )
    monkeypatch = pytest.MonkeyPatch()
    contents = gathered(subject)  # once, for it is what takes the time
    monkeypatch.setattr("bayes_scaling.reporting.building.gathered", lambda _: contents)
    for suffix in ("html", "md", "tex"):
        bs.report(hostile_fit, folder / f"report.{suffix}", forecast=forecast)
    monkeypatch.undo()
    return folder


@pytest.fixture(scope="module")
def plain(converged_fit: bs.ScalingFit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with all that can be given, but no full assessment."""
    path = tmp_path_factory.mktemp("plain") / "report.html"
    return bs.report(
        converged_fit,
        path,
        forecast=bs.forecast(converged_fit, params=1e10, tokens=2e11),
        allocation=bs.allocate(converged_fit, flops=1e22),
        trust=trust_of(converged_fit, "do not trust"),
        facts={"optimiser": "AdamW"},
    )


def visible(path: Path) -> str:
    """Text that a reader of an HTML report sees, code left out."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"(?s)<(script|style|pre)\b.*?</\1>", " ", text.partition("<body>")[2])
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


def section(path: Path, anchor: str) -> str:
    text = path.read_text(encoding="utf-8")
    found = re.search(rf'(?s)<(section|header) id="{anchor}".*?</\1>', text)
    assert found is not None, anchor
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", found.group())).split())


# What it says first


def test_a_distrusted_report_says_so_first_and_wherever_it_can_be_cited(plain: Path) -> None:
    first = section(plain, "opening")
    assert first.index("Do not trust. It lies farther") < first.index("90 % between")
    title = plain.read_text(encoding="utf-8").partition("<title>")[2]
    assert title.startswith("Do not trust: Loss of a 10B model on 200B tokens: 1.")
    sentences = re.findall(
        r"(?s)<li>(.*?)</li>", plain.read_text("utf-8").partition('id="citation"')[2]
    )
    assert len(sentences[:2]) == 2
    assert all(sentence.startswith("Do not trust") for sentence in sentences[:2])


@pytest.mark.slow
@pytest.mark.parametrize(("suffix", "mark"), [("md", "# "), ("tex", "% ")])
def test_an_unconverged_report_says_so_in_its_first_line(
    hostile: Path, suffix: str, mark: str
) -> None:
    first, *rest = (hostile / f"report.{suffix}").read_text("utf-8").splitlines()
    assert first.startswith(f"{mark}Not converged: ")
    citing = [line for line in rest if "credible interval), by Bayesian fit" in line]
    assert citing
    assert all("Not converged" in line for line in citing)


@pytest.mark.slow
def test_an_unconverged_page_says_so_before_any_number(hostile: Path) -> None:
    first = section(hostile / "report.html", "opening")
    assert "<title>Not converged: " in (hostile / "report.html").read_text("utf-8")
    assert first.index("Not converged. The sampler's chains") < first.index("90 % between")


# What it holds


def test_sections_come_in_the_order_of_a_reader(plain: Path) -> None:
    html = plain.read_text("utf-8")
    anchors = re.findall(r'<(?:section|header) id="([a-z-]+)"', html)
    assert anchors == [
        *("opening", "changes", "explore", "answer", "checks", "data", "model", "diagnostics"),
        *("posterior", "predictive", "left-out", "sensitivity", "backtest", "alternatives"),
        *("limits", "citation", "reproduce", "checklists"),
    ]
    linked = re.findall(r'<li><a href="#([a-z-]+)"', html)
    assert linked == anchors


def test_every_field_of_both_checklists_is_filled_or_not_given(plain: Path) -> None:
    text = plain.read_text("utf-8").partition('id="checklists"')[2]
    rows = re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td></tr>", text)
    assert [unescape(asks) for _, asks, _ in rows] == [i.asks for i in (*BARG, *MISFITTING)]
    answers = {unescape(asks): answer for _, asks, answer in rows}
    assert all(answers.values())
    assert answers["Optimiser"] == "AdamW"
    assert answers["Tokeniser"] == "not given"
    assert answers["Validation on larger, held-out runs"] == "not given"


@pytest.mark.parametrize(
    ("response", "unit"),
    [("loss", "nats per token"), ("accuracy", "as a fraction"), ("metric", "its own unit")],
)
def test_the_checklist_names_the_unit_of_the_response(
    stored_fit: bs.ScalingFit, response: Literal["loss", "accuracy", "metric"], unit: str
) -> None:
    table = stored_fit.runs.table.assign(loss=np.linspace(0.3, 0.8, len(stored_fit.runs)))
    runs = bs.Runs.from_frame(table, factors=["corpus"], response=response)
    misfitting = checklists(Subject(replace(stored_fit, runs=runs))).blocks[1]
    assert isinstance(misfitting, Table)
    answer = next(row[2] for row in misfitting.rows if "units" in str(row[1]).lower())
    assert unit in str(answer)
    assert ("nats" in str(answer)) == (response == "loss")


def test_a_report_of_accuracies_speaks_of_no_other_response(
    accuracy_fit: bs.ScalingFit, tmp_path: Path
) -> None:
    forecast = bs.forecast(accuracy_fit, 7e10, 1.4e12)
    path = bs.report(accuracy_fit, tmp_path / "report.md", forecast=forecast)
    text = path.read_text("utf-8")
    assert "| expected accuracy | accuracy |" in text
    assert "![Accuracy of each run" in text
    assert "expected loss" not in text.lower()
    assert "Expect an accuracy between" in text
    assert "not drawn" not in text


def test_what_was_not_made_is_said_and_how_to_make_it(plain: Path) -> None:
    assert "A backtest: not given" in section(plain, "backtest")
    assert "level='full'" in section(plain, "backtest")
    assert "A comparison with other models: not given" in section(plain, "alternatives")


def test_the_model_has_its_equation_and_every_prior(
    plain: Path, converged_fit: bs.ScalingFit
) -> None:
    html = plain.read_text("utf-8")
    assert 'label="L = E + \\frac{A}{N^{\\alpha}} + \\frac{B}{D^{\\beta}}"' in unescape(html)
    text = section(plain, "model")
    assert all(variable in text for variable in converged_fit.model.top_level)


def test_the_answer_has_the_digits_that_the_draws_support(
    plain: Path, converged_fit: bs.ScalingFit
) -> None:
    forecast = bs.forecast(converged_fit, params=1e10, tokens=2e11)
    assert bs.cite(forecast, prob=0.9).table["loss"].iloc[0] in section(plain, "answer")


def test_the_near_optimal_range_is_written_in_one_way(plain: Path) -> None:
    found = re.search(r"any from (\S+) to (\S+) parameters", section(plain, "changes"))
    assert found is not None
    smallest, largest = found.groups()
    numbers = section(plain, "answer").split("Sizes within")[1]
    assert f" {smallest} [" in numbers
    assert f" {largest} [" in numbers


def test_the_conclusion_can_be_overturned_by_a_run_that_it_predicts(
    plain: Path, converged_fit: bs.ScalingFit
) -> None:
    text = section(plain, "changes")
    low, high = map(float, re.search(r"Expect a loss between ([\d.]+) and ([\d.]+)", text).groups())
    params, tokens = re.search(r"your largest: an? (\S+) model on (\S+) tokens", text).groups()
    run = {"params": parse_count(params), "tokens": parse_count(tokens)}
    top = converged_fit.runs.values("flops").max()
    assert 6 * run["params"] * run["tokens"] == pytest.approx(3 * top, rel=0.01)
    ends = bs.forecast(converged_fit, **run).table(0.9)["loss"].iloc[0]
    # The run and its ends are printed to three digits, and scatter is drawn with the same seed.
    assert (low, high) == pytest.approx((ends["lower"], ends["upper"]), abs=5.1e-3)
    assert f"To settle it: {REMEDIES['reach']}" in text


def test_every_check_has_its_doubt_and_what_would_settle_it() -> None:
    assert list(REMEDIES) == list(REASONS) == list(CHECKS)


def test_a_comparison_is_shown(converged_fit: bs.ScalingFit) -> None:
    class Comparison:
        def table(self) -> pd.DataFrame:
            return pd.DataFrame({"elpd": [-1.5]}, index=pd.Index(["Kaplan"], name="model"))

    shown = alternatives(Subject(converged_fit, comparison=Comparison())).blocks[0]
    assert isinstance(shown, Table)
    assert shown.header == ("model", "elpd")
    assert shown.rows == (("Kaplan", "-1.5"),)


def test_nothing_of_the_page_is_elsewhere(plain: Path) -> None:
    html = plain.read_text("utf-8")
    assert not re.findall(r'(?:src|href)="(?!data:|#)', html)
    assert "@import" not in html
    assert not re.findall(r"url\((?!#)", html)
    assert plain.stat().st_size < 5_000_000


def test_figures_leave_no_window_and_no_setting_behind(converged_fit: bs.ScalingFit) -> None:
    open_before, size = plt.get_fignums(), plt.rcParams["font.size"]
    with plt.style.context("dark_background"):
        shown = drawn("runs", "", "", lambda ax: bs.plots.residuals(converged_fit, ax=ax))
        image = encoded(shown.figure, "svg")
    assert plt.get_fignums() == open_before
    assert plt.rcParams["font.size"] == size
    assert shown.figure.get_facecolor() == (1, 1, 1, 1)
    assert image.startswith(b"<?xml")


@pytest.mark.parametrize("plot", [bs.plots.shrinkage, bs.plots.residuals, bs.plots.fit_curves])
def test_no_name_is_cut_off_in_a_figure(
    long_named_fit: bs.ScalingFit, plot: Callable[..., object]
) -> None:
    figure = drawn("runs", "", "", lambda ax: plot(long_named_fit, ax=ax)).figure
    figure.draw_without_rendering()
    assert figure.axes[0].get_position().width > 0.3
    texts = [*figure.axes[0].get_yticklabels(), *figure.legends[0].get_texts()]
    page = figure.bbox
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    assert all(box.x0 >= page.x0 and box.x1 <= page.x1 for box in boxes)
    assert all(box.y0 >= page.y0 - 1 for box in boxes)


def test_a_figure_that_cannot_be_drawn_says_why() -> None:
    def refused(ax: object) -> None:
        raise BayesScalingError("The law has many inputs.")

    shown = drawn("x", "", "Residuals.", refused)
    assert shown == Paragraph("Residuals. This figure is not drawn: The law has many inputs.")


def test_a_figure_that_fails_does_not_hide_the_rest() -> None:
    shown = drawn("x", "", "Residuals.", lambda ax: {}["rate"])
    assert shown == Paragraph("Residuals. This figure could not be drawn (KeyError: 'rate').", True)


@pytest.mark.slow
def test_figures_stand_beside_markdown(hostile: Path) -> None:
    text = (hostile / "report.md").read_text("utf-8")
    linked = re.findall(r"!\[.*?\]\((\S+?\.png)\)", text)
    assert len(linked) == 6
    assert all((hostile / name).stat().st_size > 1000 for name in linked)


# Safety


@pytest.mark.slow
def test_no_text_of_the_user_becomes_part_of_the_page(hostile: Path) -> None:
    html = (hostile / "report.html").read_text("utf-8")
    assert html.count("<script") == 2
    assert html.count("</script>") == 2
    assert "<img src=x" not in html
    assert all(name in unescape(html) for name in HOSTILE)


@pytest.mark.slow
def test_a_browser_runs_nothing_of_it_and_shows_the_names(hostile: Path, browser: Browser) -> None:
    browser.show(hostile / "report.html")
    assert browser.run("return window.owned === undefined")
    options = browser.run("return [...document.querySelectorAll('option')].map((o) => o.text)")
    assert sorted(options) == sorted(HOSTILE)
    assert HOSTILE[0] in browser.text("opening")


@pytest.mark.slow
def test_markdown_holds_no_tag_outside_of_code(hostile: Path) -> None:
    text = (hostile / "report.md").read_text("utf-8")
    prose = re.sub(r"(?ms)^(`{3,})\w*$.*?^\1$", "", text)
    assert "<script" not in prose
    assert "<img" not in prose
    assert "&lt;script&gt;" in prose


@pytest.mark.slow
def test_latex_holds_no_command_of_the_user(hostile: Path) -> None:
    text = (hostile / "report.tex").read_text("utf-8")
    assert r"\input" not in text
    assert text.count(r"\end{document}") == 1
    assert r"\textbackslash{}end\{document\}" in text
    assert "🚀" not in text
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")


# Redoing it


def test_the_digest_is_of_the_table_printed(plain: Path, converged_fit: bs.ScalingFit) -> None:
    csv = re.findall(
        r"(?s)<summary>The table of runs.*?<code>(.*?)</code>", plain.read_text("utf-8")
    )
    printed = hashlib.sha256(unescape(csv[0]).encode()).hexdigest()
    assert printed == table_digest(converged_fit.runs)
    assert printed in section(plain, "reproduce")


# Mistakes


def test_a_fact_without_a_field_is_refused_with_the_fields(
    converged_fit: bs.ScalingFit, tmp_path: Path
) -> None:
    with pytest.raises(BayesScalingError, match=r"'optimizer', which is no field.*optimiser"):
        bs.report(converged_fit, tmp_path / "r.html", facts={"optimizer": "AdamW"})
    with pytest.raises(BayesScalingError, match=r"'optimiser' is 3, and a report prints sentences"):
        bs.report(converged_fit, tmp_path / "r.html", facts={"optimiser": 3})  # type: ignore[dict-item]
    assert len(set(fields())) == len(fields())


@pytest.mark.parametrize(
    ("name", "message"),
    [("r.pdf", r"ends in '\.pdf'"), ("nowhere/r.html", r"not in a folder"), ("r", "ends in ''")],
)
def test_a_path_that_cannot_be_is_refused(
    converged_fit: bs.ScalingFit, tmp_path: Path, name: str, message: str
) -> None:
    with pytest.raises(BayesScalingError, match=message):
        bs.report(converged_fit, tmp_path / name)


def test_results_of_another_fit_are_refused(
    converged_fit: bs.ScalingFit, stored_fit: bs.ScalingFit, tmp_path: Path
) -> None:
    other = bs.forecast(stored_fit, params=1e9, tokens=2e10)
    with pytest.raises(BayesScalingError, match="forecast was made from another fit"):
        bs.report(converged_fit, tmp_path / "r.html", forecast=other)
    with pytest.raises(BayesScalingError, match=r"allocation is of type Forecast.*bs.allocate"):
        bs.report(converged_fit, tmp_path / "r.html", allocation=other)  # type: ignore[arg-type]


def test_a_failure_leaves_the_old_report(
    converged_fit: bs.ScalingFit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.html"
    path.write_text("old")

    def failing(*given: object) -> str:
        raise RuntimeError("no")

    monkeypatch.setattr("bayes_scaling.reporting.building.gathered", failing)
    with pytest.raises(RuntimeError):
        bs.report(converged_fit, path)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["r.html"]


# The real thing


@pytest.mark.slow
def test_a_report_on_the_chinchilla_runs(
    shared_data: Path, tmp_path: Path, browser: Browser
) -> None:
    fit = bs.fit("chinchilla", bs.read_runs(shared_data / "chinchilla.csv"), seed=1, progress=False)
    forecast = bs.forecast(fit, params=7e10, tokens=1.4e12)
    allocation = bs.allocate(fit, flops=5.88e23)
    trust = bs.assess(fit, forecast, level="full", progress=False)
    # The processor's time, 11 s of it where nothing else runs: that by the clock depends on what
    # else the machine does, and this one by half, where others share its cores.
    start = time.process_time()
    path = bs.report(
        fit, tmp_path / "r.html", forecast=forecast, allocation=allocation, trust=trust
    )
    assert time.process_time() - start < 20
    assert path.stat().st_size < 5_000_000
    assert "held-out runs" in section(path, "backtest")
    browser.show(path, "params=7e10&tokens=1.4e12")
    ends = forecast.table(0.9)["expected_loss"].iloc[0]
    found = browser.interval("explore-expected")
    # 400 of 4000 draws: the ends differ by about a tenth of the interval's width.
    tenth = (ends["upper"] - ends["lower"]) / 10
    assert found == pytest.approx(dict(ends[["median", "lower", "upper"]]), abs=tenth)

"""The first screen: the answer, readable on a phone, on a dark page and on paper."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.reporting.gathering import gathered
from bayes_scaling.reporting.sections.concluding import changes
from bayes_scaling.reporting.sections.contents import Contents, Listing, Paragraph
from bayes_scaling.reporting.sections.opening import REASONS, opening, times_beyond
from bayes_scaling.reporting.sections.subject import Subject
from bayes_scaling.trust import CheckResult, TrustReport
from tests.reporting.browser import Browser
from tests.reporting.test_report import trust_of

NUMBER = re.compile(r"(?<![\w.])[+-]?\d[\d,]*(\.\d+)?(e[+-]?\d+)?(?!\w*\()")
UNFOLD = "document.querySelectorAll('details').forEach((one) => (one.open = true))"
EDGES = (
    "return [...document.querySelectorAll(arguments[0])]"
    ".map((one) => one.getBoundingClientRect()[arguments[1]])"
)
HEIGHTS = (
    "return [...document.querySelectorAll('.evidence')]"
    ".map((one) => one.getBoundingClientRect().height)"
)
TEXTS = "[...document.querySelectorAll('figure svg[role=img] text')]"
BACKGROUNDS = (
    "return [...document.querySelectorAll('body, body *')]"
    ".map((one) => getComputedStyle(one).backgroundColor)"
)
SHEETS = (
    "return [...document.querySelectorAll('figure g[id$=figure_1] > g:first-child path')]"
    ".map((one) => getComputedStyle(one).fill)"
)
PROSE = ("changes", "checks", "diagnostics", "posterior", "predictive", "left-out", "sensitivity")


@pytest.fixture(scope="module")
def forecast(converged_fit: bs.ScalingFit) -> bs.Forecast:
    return bs.forecast(converged_fit, params=1e10, tokens=2e11)


@pytest.fixture(scope="module")
def contents(converged_fit: bs.ScalingFit, forecast: bs.Forecast) -> Contents:
    """A report with real checks."""
    trust = bs.assess(converged_fit, forecast, progress=False)
    return gathered(Subject(converged_fit, forecast, bs.allocate(converged_fit, 1e22), trust))


@pytest.fixture(scope="module")
def page(
    converged_fit: bs.ScalingFit,
    forecast: bs.Forecast,
    contents: Contents,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("bayes_scaling.reporting.building.gathered", lambda _: contents)
    path = tmp_path_factory.mktemp("opening") / "report.html"
    bs.report(converged_fit, path, forecast=forecast)
    monkeypatch.undo()
    return path


@pytest.fixture
def screen(browser: Browser) -> Iterator[Browser]:
    """The browser, in the light and on a screen again afterwards."""
    yield browser
    browser.media("screen", "light")


# What it says


def test_it_is_question_number_interval_verdict_and_picture(
    contents: Contents, forecast: bs.Forecast
) -> None:
    first = contents.opening
    assert first.question.startswith("What loss will a 10B model on 200B tokens reach?")
    loss, split = first.answers
    ends = bs.cite(forecast, prob=0.9).table["loss"].iloc[0]
    number, low, high = re.fullmatch(r"(\S+) \[(\S+), (\S+)\]", ends).groups()
    assert str(loss) == (
        f"Loss of a 10B model on 200B tokens: {number}, 90 % between {low} and {high}"
    )
    assert re.fullmatch(r"\S+B parameters on \S+B tokens", split.number)
    assert first.status in {"trust", "caution", "do not trust", "not converged", "not assessed"}
    assert first.reason.endswith(".")
    assert first.context[0] == "12 times beyond your largest run."
    assert first.picture.name == "forecast"


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (None, "Nobody has checked"),
        ("trust", "No check found a reason for doubt."),
        ("caution", "It lies farther beyond the runs than these runs could test."),
        ("do not trust", "It lies farther beyond the runs than these runs could test."),
    ],
)
def test_the_verdict_has_its_reason(
    converged_fit: bs.ScalingFit, verdict: str | None, reason: str
) -> None:
    trust = None if verdict is None else trust_of(converged_fit, verdict)
    first = opening(Subject(converged_fit, trust=trust))
    assert first.status == (verdict or "not assessed")
    assert first.reason.startswith(reason)
    assert first.warns == (verdict == "do not trust")


@pytest.mark.parametrize("only_few", [True, False])
def test_a_design_of_few_runs_is_said_to_have_few(
    converged_fit: bs.ScalingFit, only_few: bool
) -> None:
    table = pd.DataFrame()
    table.attrs["only_few"] = only_few
    trust = trust_of(converged_fit, "caution")
    trust = replace(trust, checks=[CheckResult("design", "caution", "", table, 0.0)])
    subject = Subject(converged_fit, trust=trust)
    [listing] = changes(subject).blocks
    assert isinstance(listing, Listing)
    said = [opening(subject).reason, listing.entries[0]]
    for text in said:
        assert text.startswith("These runs are too few") == only_few
    assert said[1].endswith("To settle it: more runs.") == only_few


def test_chains_that_have_not_converged_come_before_any_verdict(stored_fit: bs.ScalingFit) -> None:
    first = opening(Subject(stored_fit, trust=trust_of(stored_fit, "trust")))
    assert (first.status, first.warns) == ("not converged", True)
    assert first.title.startswith("Not converged: ")


def test_the_worst_doubt_is_named_first(converged_fit: bs.ScalingFit) -> None:
    found = [
        CheckResult(name, verdict, "", pd.DataFrame(), 0.0)
        for name, verdict in (("floor", "caution"), ("design", "caution"), ("form", "do not trust"))
    ]
    ladder = pd.DataFrame({"verdict": ["trust"], "because": [""]}, index=["1x"])
    trust = TrustReport("do not trust", found, pd.DataFrame(), ladder, 1.0, "full", "flops", 1e21)
    said = opening(Subject(converged_fit, trust=trust)).reason
    assert said.lower().startswith(f"{REASONS['form']}; {REASONS['floor']}, and 1 more".lower())


def test_no_sentence_has_more_than_three_numbers(contents: Contents) -> None:
    first = contents.opening
    said = [first.question, first.reason, *first.context, *map(str, first.answers[:1])]
    for section in (*contents.sections, *contents.evidence):
        if section.anchor in PROSE:
            said += [one.text for one in section.blocks if isinstance(one, Paragraph)]
            said += [
                text for one in section.blocks if isinstance(one, Listing) for text in one.entries
            ]
    sentences = [one for text in said for one in re.split(r"(?<=[.?!:;])\s", text)]
    assert len(sentences) > 20
    assert [one for one in sentences if len(NUMBER.findall(one.replace("90 %", ""))) > 3] == []


def test_numbers_are_written_for_people(contents: Contents) -> None:
    told = [str(block) for one in (*contents.sections, *contents.evidence) for block in one.blocks
            if one.anchor in PROSE]  # fmt: skip
    text = " ".join([*told, str(contents.opening.answers)])
    for wrong in ("e+", "p = 0.000", "oint 0", "target 1", "first target", "89 %"):
        assert wrong not in text, wrong


# What a reader sees


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_answer_is_on_the_first_screen(
    screen: Browser, page: Path, width: int, height: int
) -> None:
    screen.width(width)
    screen.show(page)
    assert max(screen.run(EDGES, "h1, .answer, .verdict", "bottom")) < height
    assert max(screen.run(EDGES, "#opening figure", "top")) < height - 100
    if width > 1000:
        assert max(screen.run(EDGES, "#opening figure svg", "bottom")) < height


@pytest.mark.parametrize("width", [360, 390, 1280])
def test_nothing_is_wider_than_the_screen(screen: Browser, page: Path, width: int) -> None:
    screen.width(width)
    screen.show(page)
    screen.run(UNFOLD)
    assert screen.run("return document.documentElement.scrollWidth") <= width
    widths = screen.run(EDGES, "figure svg", "width")
    assert len(widths) > 5
    assert max(widths) <= width - 32


def test_figures_have_the_font_of_the_page_and_are_readable_on_a_phone(
    screen: Browser, page: Path
) -> None:
    screen.width(390)
    screen.show(page)
    screen.run(UNFOLD)
    fonts = screen.run(
        f"return [...new Set({TEXTS}.map((one) => getComputedStyle(one).fontFamily))]"
    )
    assert fonts == [screen.run("return getComputedStyle(document.body).fontFamily")]
    upright = f"{TEXTS}.filter((one) => Math.abs(one.getScreenCTM().b) < 1e-6)"
    size = "parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a"
    assert min(screen.run(f"return {upright}.map((one) => {size})")) > 9.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_have_the_colours_of_the_page(screen: Browser, page: Path, scheme: str) -> None:
    screen.media("screen", scheme)
    screen.show(page)
    screen.run(UNFOLD)
    ink = screen.run("return getComputedStyle(document.body).color")
    assert set(screen.run(f"return {TEXTS}.map((one) => getComputedStyle(one).fill)")) == {ink}
    behind = screen.run(BACKGROUNDS)
    assert ("rgb(255, 255, 255)" in behind) == (scheme == "light")
    back = screen.run("return getComputedStyle(document.body).backgroundColor")
    assert set(screen.run(SHEETS)) == {back}


def test_evidence_is_folded_on_a_screen_and_open_on_paper(screen: Browser, page: Path) -> None:
    screen.show(page)
    folded = screen.run(HEIGHTS)
    assert len(folded) > 10
    assert max(folded) < 60
    screen.media("print", "light")
    assert min(screen.run(HEIGHTS)) > 80


def test_a_link_opens_the_evidence_that_it_leads_to(screen: Browser, page: Path) -> None:
    screen.show(page)
    screen.run("document.querySelector('nav a[href=\"#model\"]').click()")
    screen.until("document.getElementById('model').closest('details').open")


def test_contents_are_a_side_bar_or_a_menu(screen: Browser, page: Path) -> None:
    link = "document.querySelector('nav a[href=\"#model\"]')"
    place = f"{link}.getBoundingClientRect()"
    screen.width(1280)
    screen.show(page)
    assert screen.run(f"return {link}.checkVisibility()")
    left = screen.run("return document.querySelector('main').getBoundingClientRect().left")
    assert screen.run(f"return {place}.right") < left
    screen.width(390)
    screen.show(page)
    assert not screen.run(f"return {link}.checkVisibility()")
    screen.run("document.querySelector('nav summary').click()")
    assert screen.run(f"return {link}.checkVisibility()")


def test_the_page_opens_at_the_number_of_the_first_screen(
    screen: Browser, page: Path, contents: Contents
) -> None:
    screen.show(page)
    finding = contents.opening.answers[0]
    assert screen.text("explore-run") == f"{finding.number}, {finding.interval}"


def test_a_run_is_measured_from_the_runs_of_its_own_level(stored_fit: bs.ScalingFit) -> None:
    table = stored_fit.runs.table
    kept = (table["corpus"] != "web") | (table["flops"] < table["flops"].median())
    fit = replace(stored_fit, runs=stored_fit.runs.where(kept))
    asked = fit.runs.table.loc[[fit.runs.table["flops"].idxmax()], ["params", "tokens"]]
    for level, beyond in (("web", True), ("books", False)):
        subject = Subject(fit, bs.forecast(fit, at=asked.assign(corpus=level)))
        farther = times_beyond(subject)
        assert farther is not None
        assert farther > 2 if beyond else farther <= 1


def test_splits_are_those_of_the_group_that_the_forecast_is_of(stored_fit: bs.ScalingFit) -> None:
    plan = bs.allocate(stored_fit, [1e21, 1e22])
    forecast = bs.forecast(stored_fit, 1e10, 2e11, at={"corpus": "web"})
    asked = opening(Subject(stored_fit, forecast, plan)).answers
    assert [str(one).count("'web'") for one in asked] == [1, 1, 1]
    alone = opening(Subject(stored_fit, None, plan)).answers
    assert {"books", "web"} <= {re.findall(r"corpus '(\w+)'", str(one))[0] for one in alone}

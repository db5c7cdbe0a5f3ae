"""Web pages of runs: from the sources that know them to the notes and reports that name runs."""

import pickle
from dataclasses import replace
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.reporting.rendering import as_markdown
from bayes_scaling.reporting.sections.contents import Contents, Listing, Section, tabulated
from bayes_scaling.reporting.sections.describing import data
from bayes_scaling.reporting.sections.misfit import largest_misses
from bayes_scaling.reporting.sections.opening import opening
from bayes_scaling.reporting.sections.subject import Subject

PAGE = "https://wandb.ai/lab/sweep/runs/{}?a=1&b=2"


@pytest.fixture
def linked(converged_fit: bs.ScalingFit) -> bs.ScalingFit:
    """A fit whose first run is called a|b; one row was left out for its state."""
    table = converged_fit.runs.table.drop(columns="flops")
    names = ["a|b", *table.index[1:], "gone"]
    table = pd.concat([table, table.tail(1)]).set_axis(pd.Index(names), axis=0)
    table = table.assign(URL=[PAGE.format(i) for i in range(len(table))], state="finished")
    table.loc["gone", "state"] = "crashed"
    runs = bs.Runs.from_frame(table, states=("finished",))
    return replace(converged_fit, runs=runs)


def test_pages_of_runs_come_along_those_left_out_too(linked: bs.ScalingFit, tmp_path: Path) -> None:
    runs = linked.runs
    assert runs.urls["gone"] == PAGE.format(len(runs))
    assert "gone" not in runs.table.index
    assert dict(runs.where(run="a|b").urls) == dict(runs.urls)
    assert dict(pickle.loads(pickle.dumps(runs)).urls) == dict(runs.urls)
    assert dict(bs.load_fit(linked.save(tmp_path / "fit.nc")).runs.urls) == dict(runs.urls)
    assert f'<a href="{PAGE.format(len(runs))}">gone</a>' in unescape(runs._repr_html_())


def test_only_web_pages_are_linked() -> None:
    frame = pd.DataFrame({"N": [1e8, 1e9], "loss": [3.0, 2.5]}, index=["a", "b"])
    for cell in ("javascript:alert(1)", 'https://x.org/"onclick=', "https://x.org/a b", "x", None):
        assert not bs.Runs.from_frame(frame.assign(url=[cell, cell])).urls


@pytest.mark.slow
def test_reports_link_the_runs_that_they_name(linked: bs.ScalingFit, tmp_path: Path) -> None:
    html = bs.report(linked, tmp_path / "report.html").read_text(encoding="utf-8")
    text = unescape(html)
    assert f'<a href="{PAGE.format(len(linked.runs))}">gone</a>' in text
    assert html.count('<a href="https://') >= 6
    table = largest_misses(linked)
    assert table.header == ("run", "loss", "expected", "difference")
    assert len(table.rows) == 5


def test_markdown_links_names_that_have_to_be_escaped(
    linked: bs.ScalingFit, tmp_path: Path
) -> None:
    notes = next(block for block in data(Subject(linked)).blocks if isinstance(block, Listing))
    table = tabulated("Runs.", pd.DataFrame({"run": ["'a|b'"], "loss": [3.0]}))
    section = Section("data", "Data", (notes, table))
    first = opening(Subject(linked))
    contents = Contents("Runs", first, (section,), urls=linked.runs.urls)
    text = as_markdown(contents, tmp_path / "report.md")
    assert f"('[gone]({PAGE.format(len(linked.runs))})')" in text
    assert rf"| '[a\|b]({PAGE.format(0)})' |" in text

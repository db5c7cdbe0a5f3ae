from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import bayes_scaling as bs
from bayes_scaling.cli import app, reporting
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.reporting.rendering import is_report
from bayes_scaling.reporting.sections.subject import Subject

Call = Callable[..., Result]


@pytest.fixture
def call(stored_fit_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Report on the stored fit in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        given = ["report", str(stored_fit_path), "--no-progress", *arguments]
        return CliRunner().invoke(app.app, given)

    return run


@pytest.mark.slow
def test_a_budget_is_split_and_the_best_run_forecast(call: Call) -> None:
    result = call("--flops", "1e22", "-o", "r.html", "--question", "How large?")
    assert result.exit_code == 0, result.output
    assert result.stdout == "Written to r.html\n"
    text = Path("r.html").read_text("utf-8")
    assert "<h1>How large?</h1>" in text
    assert "Best model for 1e22 FLOP" in text
    assert "Loss of a" in text
    again = call("-o", "r.html", "--level", "none")
    assert again.exit_code == 0, again.output  # a report may be replaced
    assert "What are the parameters of Chinchilla" in Path("r.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "r.pdf"], "ends in '.pdf'"),
        (["-o", "nowhere/r.html"], "is not in a folder that can be written to"),
        (["-o", "notes.md"], "exists and is not a report of bayes_scaling"),
        (["--fact", "optimizer=AdamW"], "'optimizer', which is no field of the checklists"),
        (["--fact", "AdamW"], "is not a field and its text"),
        (["--params", "7B"], "No value for tokens"),
        (["--params", "big", "--tokens", "1T"], "'big' is not a positive count"),
        (["--prob", "2"], "--prob 2"),
    ],
)
def test_mistakes_are_said_and_nothing_is_written(
    call: Call, arguments: list[str], said: str
) -> None:
    Path("notes.md").write_text("mine")
    result = call(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert said in " ".join(result.stderr.split())
    assert [file.name for file in Path().iterdir()] == ["notes.md"]
    assert Path("notes.md").read_text() == "mine"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("r.html", marks=pytest.mark.slow),
        "r.md",
        pytest.param("r.tex", marks=pytest.mark.slow),
    ],
)
def test_a_report_may_be_replaced_in_every_format(
    converged_fit: bs.ScalingFit, tmp_path: Path, name: str
) -> None:
    assert is_report(bs.report(converged_fit, tmp_path / name))


@pytest.mark.parametrize("name", ["notes.md", "notes.html", "notes.tex"])
def test_what_speaks_of_reports_is_none(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("How to make a bayes_scaling report.\n")
    assert not is_report(path)


def test_figures_of_somebody_else_are_kept(call: Call) -> None:
    Path("r_figures").mkdir()
    Path("r_figures/posterior.png").write_bytes(b"mine")
    result = call("-o", "r.md")
    assert result.exit_code == 2, result.output
    assert "'r_figures', which holds other figures" in " ".join(result.stderr.split())
    assert Path("r_figures/posterior.png").read_bytes() == b"mine"


@pytest.mark.parametrize("name", [pytest.param("r.html", marks=pytest.mark.slow), "r.md"])
def test_a_report_that_cannot_be_written_says_so(
    converged_fit: bs.ScalingFit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def full(path: Path, *_: object, **__: object) -> int:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(BayesScalingError, match=f"{name}' cannot be written .*No space left"):
        bs.report(converged_fit, tmp_path / name)
    assert not [path for path in tmp_path.iterdir() if path.is_file()]


def test_what_is_forecast_is_what_the_budget_is_best_spent_on(stored_fit: bs.ScalingFit) -> None:
    """Of runs whose column of compute is twice 6ND too: a budget is spent at 6ND."""
    counted = stored_fit.runs.table.assign(flops=2 * stored_fit.runs.values("flops"))
    fit = replace(stored_fit, runs=bs.Runs.from_frame(counted, factors=["corpus"]))
    forecast, allocation = reporting._asked(fit, None, None, [1e22])
    assert forecast is not None
    assert allocation is not None
    np.testing.assert_allclose(6 * forecast.points["params"] * forecast.points["tokens"], 1e22)
    assert Subject(fit, forecast, allocation, None).allocation is allocation
    asked, split = reporting._asked(fit, [1e10], None, [1e22])
    assert asked is not None
    assert split is not None
    spent = np.unique(6 * asked.points["params"] * asked.points["tokens"])
    np.testing.assert_allclose(np.unique(split.draws["flops"]), spent)

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import bayes_scaling as bs
from bayes_scaling.cli import app, fitting, options, output, points, reporting, target
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.units import format_flops

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MPLBACKEND", raising=False)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app.app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Sixteen runs of two corpora, as a CSV file with names of somebody's own."""
    design = bs.datasets.isoflop_design([1e19, 1e20], 4)
    both = pd.concat([design.assign(corpus=name, ok=name == "web") for name in ("books", "web")])
    truth = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}
    runs = bs.datasets.simulate("chinchilla", both.reset_index(drop=True), truth)
    path = tmp_path / "sweep.csv"
    named = {"params": "my_params", "tokens": "tokens_b", "flops": "spent", "loss": "final"}
    runs.table.rename(columns=named).to_csv(path)
    return path


MAPPED = ("--params", "my_params", "--tokens", "tokens_b", "--loss", "final", "--no-progress")


def mistake(result: Result) -> str:
    """The text on standard error of a mistake; nothing may be on standard output."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return " ".join(result.stderr.split())


# The program


SAMPLERS = ("pymc", "pytensor", "numba", "nutpie", "arviz", "matplotlib")


def printed_without(modules: tuple[str, ...], *arguments: str) -> str:
    """Standard output of a command in a process of its own that imports none of the modules."""
    code = (
        f"import sys; sys.argv = ['bayes-scaling', *{arguments}]\n"
        "from bayes_scaling.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        f"print(sorted(set({modules}) & set(sys.modules)))"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.splitlines()[-1] == "[]"
    return finished.stdout


def test_help_is_quick_and_names_every_command() -> None:
    shown = printed_without((*SAMPLERS, "pandas", "xarray", "numpy", "scipy"), "--help")
    for command in ("demo", "fit", "forecast", "allocate", "needed", "next", "report", "laws"):
        assert f"\n  {command} " in shown


@pytest.mark.parametrize("arguments", [["laws"], ["laws", "--json"], ["fit", "--help"]])
def test_what_samples_nothing_waits_for_no_sampler(arguments: list[str]) -> None:
    printed_without(SAMPLERS, *arguments)


def test_the_version_is_that_of_the_package(call: Call) -> None:
    assert call("--version").stdout == f"bayes-scaling {bs.__version__}\n"


def test_errors_end_with_2_and_plain_text_in_a_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bayes_scaling", "forecast", "no.nc", "--params", "7B"]
    finished = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert finished.stderr.startswith("Error: There is no file 'no.nc'")
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize("said", ["Sampling was interrupted.", ""])
def test_an_interrupt_ends_with_130(said: str) -> None:
    interrupted = app.typer.Typer(cls=app.Commands, pretty_exceptions_enable=False)

    @interrupted.command()
    def stop() -> None:
        raise KeyboardInterrupt(*([said] if said else []))

    @interrupted.callback()
    def root() -> None:
        pass

    result = CliRunner().invoke(interrupted, ["stop"])
    assert result.exit_code == 130
    assert result.stderr.strip() == (said or "Interrupted.")


@pytest.mark.slow
def test_a_report_is_written_with_the_best_split_of_what_was_asked(
    call: Call, stored_fit_path: Path, tmp_path: Path
) -> None:
    written = ("--level", "none", "--no-progress", "--output", "answer.md")
    result = call("report", stored_fit_path, "--flops", 1e22, *written)
    assert result.exit_code == 0, result.output
    assert result.stdout == "Written to answer.md\n"
    assert "How is a budget of 1e22 FLOP best split" in (tmp_path / "answer.md").read_text()


@pytest.mark.parametrize("tokens", [[8e11], None])
def test_a_report_of_sizes_splits_the_compute_that_they_take(
    stored_fit: bs.ScalingFit, tokens: list[float] | None
) -> None:
    budgets = None if tokens else [1e22]
    forecast, allocation = reporting._asked(stored_fit, [4e9], tokens, budgets)
    assert forecast is not None
    assert allocation is not None
    spent = np.unique(forecast.draws["flops"])
    np.testing.assert_allclose(np.unique(allocation.draws["flops"]), spent)
    assert reporting._asked(stored_fit, None, None, None) == (None, None)


def test_a_path_that_the_system_refuses_is_no_traceback(
    call: Call, stored_fit_path: Path, table: Path
) -> None:
    name = "a" * 300
    assert "File name too long" in mistake(call("forecast", name, "--params", "7B"))
    assert "File name too long" in mistake(call("fit", f"{name}.csv", "--no-progress"))
    assert "File name too long" in mistake(call("fit", table, *MAPPED, "--output", name))
    said = mistake(call("report", stored_fit_path, "--no-progress", "-o", f"{name}.html"))
    assert "Check that the path exists, that you may read and write there" in said


def test_what_nobody_expected_keeps_its_traceback() -> None:
    broken = app.typer.Typer(cls=app.Commands, pretty_exceptions_enable=False)

    @broken.command()
    def fail() -> None:
        raise ValueError("a defect")

    @broken.callback()
    def root() -> None:
        pass

    with pytest.raises(ValueError, match="a defect"):
        CliRunner().invoke(broken, ["fail"], catch_exceptions=False)


def test_unknown_commands_and_missing_arguments(call: Call) -> None:
    assert "No such command 'allocte'" in mistake(call("allocte"))
    assert "Missing argument 'RUNS'" in mistake(call("fit"))
    assert "Missing option '--flops'" in mistake(call("allocate", "fit.nc"))


# laws


def test_laws_are_listed_with_what_they_read(call: Call) -> None:
    listed = json.loads(call("laws", "--json").stdout)["laws"]
    by_name = {law["name"]: law for law in listed}
    chinchilla = by_name["Chinchilla"]
    assert chinchilla["inputs"] == ["params", "tokens"]
    assert chinchilla["parameters"] == ["E", "A", "B", "alpha", "beta"]
    assert chinchilla["cite"] == "hoffmann2022training"
    text = call("laws").stdout
    assert max(map(len, text.splitlines())) <= 100
    unwrapped = text.replace("\n" + " " * 14, " ")
    for name, law in by_name.items():
        assert f"\n\n{name}\n" in f"\n\n{text}"
        assert f"parameters  {', '.join(law['parameters'])}\n" in unwrapped


# forecast


def test_the_forecast_is_that_of_the_package(
    call: Call, stored_fit: bs.ScalingFit, stored_fit_path: Path
) -> None:
    arguments = ("forecast", stored_fit_path, "--params", "70B", "--tokens", "1.4T", "--prob", 0.8)
    answer = json.loads(call(*arguments, "--json").stdout)
    expected = bs.forecast(stored_fit, 7e10, 1.4e12).table(0.8)
    assert answer["ci_prob"] == 0.8
    assert answer["ci_kind"] == "eti"
    assert answer["diagnosis"] == stored_fit.diagnostics.diagnosis
    assert answer["notes"] == list(bs.forecast(stored_fit, 7e10, 1.4e12).notes)
    assert [row["corpus"] for row in answer["forecast"]] == ["books", "web"]
    for row, (_, known) in zip(answer["forecast"], expected.iterrows(), strict=True):
        assert row["params"] == 7e10
        assert row["flops"] == pytest.approx(5.88e23)
        for name in ("expected_loss", "loss"):
            assert row[name] == pytest.approx(known[name].astype(float).to_dict(), rel=1e-12)

    result = call(*arguments)
    assert result.exit_code == 0
    assert result.stdout.startswith("Forecast: median and 80 % credible interval (ETI)\n\n")
    assert max(map(len, result.stdout.splitlines())) <= 100
    web = expected.xs("web", level="corpus")["loss"].iloc[0]
    row = next(line.split() for line in result.stdout.splitlines() if line.split()[:1] == ["loss"])
    books = expected.xs("books", level="corpus")["loss"].iloc[0]
    assert row[1:] == [f"{books[part]:.4g}" for part in ("median", "lower", "upper")]
    assert f"{web['median']:.4g}" in result.stdout
    assert "note: The chains have not converged" in result.stderr


def test_flops_give_the_third_number(call: Call, stored_fit_path: Path) -> None:
    arguments = ("--params", "70B", "--params", "7B", "--flops", "5.88e23", "--json")
    rows = json.loads(call("forecast", stored_fit_path, *arguments).stdout)["forecast"]
    assert [row["params"] for row in rows] == [7e10, 7e10, 7e9, 7e9]
    assert rows[0]["tokens"] == pytest.approx(1.4e12)


def test_probabilities_below_a_target(
    call: Call, stored_fit: bs.ScalingFit, stored_fit_path: Path
) -> None:
    arguments = ("forecast", stored_fit_path, "--params", "70B", "--tokens", "1.4T")
    answer = json.loads(call(*arguments, "--below", "1.85", "--json").stdout)
    known = bs.forecast(stored_fit, 7e10, 1.4e12).probability_below(1.85)
    shown = [row["probability_below"] for row in answer["forecast"]]
    assert [row["loss"] for row in shown] == known["loss"].tolist()
    assert 0 < shown[0]["expected_loss"] < 1
    assert "Probability of a loss below the target" in call(*arguments, "--below", "1.85").stdout
    assert "Probability" not in call(*arguments).stdout


def test_accuracies_are_called_so(call: Call, accuracy_fit: bs.ScalingFit, tmp_path: Path) -> None:
    accuracy_fit.save(tmp_path / "accuracies.nc")
    asked = ("--params", "70B", "--tokens", "1.4T", "--below", "0.5")
    shown = call("forecast", "accuracies.nc", *asked).stdout
    assert "Probability of an accuracy below the target" in shown
    assert "expected_accuracy" in shown
    assert "loss" not in shown


def test_a_table_of_points(call: Call, stored_fit_path: Path, tmp_path: Path) -> None:
    (tmp_path / "at.csv").write_text("params,tokens,corpus\n70B,1.4T,web\n7e9,2_000B,code\n")
    arguments = ("forecast", stored_fit_path, "--at", "at.csv")
    assert "corpus='code' was not fitted; the fit has books, web" in mistake(call(*arguments))
    answer = json.loads(call(*arguments, "--new-levels", "typical", "--json").stdout)
    rows = [(row["params"], row["tokens"], row["corpus"]) for row in answer["forecast"]]
    assert rows == [(7e10, 1.4e12, "web"), (7e9, 2e12, "code")]
    assert "Invalid value for '--new-levels'" in mistake(call(*arguments, "--new-levels", "guess"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), r"no run is given.*Give two of --params, --tokens and --flops"),
        (("--params", "7X", "--tokens", "1T"), r"--params: '7X' is not a positive count"),
        (("--params", "7B"), r"No value for tokens"),
        (("--params", "7B", "--tokens", "1T", "--prob", "0"), r"--prob 0: .*between 0 and 1"),
        (("--params", "7B", "--tokens", "1T", "--prob", "1"), r"--prob 1: "),
        (("--params", "7B", "--tokens", "1T", "--below", "nan"), r"--below nan: every loss"),
        (("--params", "7B", "--tokens", "1T", "--prob", "nan"), r"--prob nan: "),
        (("--at", "no.csv"), r"--at: 'no\.csv' does not exist.*params,tokens"),
    ],
)
def test_forecasts_that_cannot_be_made(
    call: Call, stored_fit_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    said = mistake(call("forecast", stored_fit_path, *arguments))
    assert re.search(message, said), said


@pytest.mark.slow
def test_the_verdict_is_that_of_the_package(
    call: Call, stored_fit: bs.ScalingFit, stored_fit_path: Path
) -> None:
    arguments = ("assess", stored_fit_path, "--params", "2B", "--tokens", "40B", "--no-progress")
    answer = json.loads(call(*arguments, "--json").stdout)
    expected = bs.assess(stored_fit, bs.forecast(stored_fit, 2e9, 4e10), progress=False)
    assert answer["verdict"] == expected.verdict
    assert [row["check"] for row in answer["checks"]] == [c.check for c in expected.checks]
    assert [row["verdict"] for row in answer["checks"]] == [c.verdict for c in expected.checks]
    printed = call(*arguments).stdout
    assert printed.startswith(f"{expected.verdict}: ")
    assert expected.checks[0].headline in " ".join(printed.split())
    assert max(map(len, printed.splitlines())) <= 100


def test_without_a_run_there_is_nothing_to_judge(call: Call, stored_fit_path: Path) -> None:
    assert "no run is given" in mistake(call("assess", stored_fit_path))


def test_the_share_of_an_interval_that_is_due_to_the_way_beyond_is_told(
    call: Call, stored_fit_path: Path
) -> None:
    said = "comes from extrapolation: losses of public sweeps fell faster or slower"
    far = call("forecast", stored_fit_path, "--params", "70B", "--tokens", "1.4T").stdout
    assert said in " ".join(far.split())
    assert re.search(r"At up to [\d,]+ times the compute of the largest run", " ".join(far.split()))
    near = call("forecast", stored_fit_path, "--params", "1e9", "--tokens", "2e10").stdout
    assert said not in " ".join(near.split())


def test_a_table_of_points_has_the_names_of_a_table_of_runs(tmp_path: Path) -> None:
    (tmp_path / "at.csv").write_text("params (B),D,corpus\n7,1.4T,web\n13B,2.8T,web\n")
    read = points.read_points(tmp_path / "at.csv")
    assert read[["params", "tokens"]].iloc[0].tolist() == [7e9, 1.4e12]
    assert read["params"].tolist() == [7e9, 13e9]
    assert read["corpus"].tolist() == ["web", "web"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "--at: .*is empty: it holds nothing"),
        ("params,tokens\n", "it holds a header and no rows"),
        ("params,tokens\n7B,1T\n-1,1T\n", "params in row 2: '-1' is not a positive count"),
        ("params,tokens\n,1T\n", "params in row 1: '' is not a positive count"),
        ("params,params,tokens\n7B,8B,1T\n", "'params'.*It is not clear which one is meant"),
        ("params,tokens\n7B,1T,3,4\n", "line 2 has 4 cells"),
        ("params,tokens\n7B,1T\n7B,1T,3\n", "line 3 has 3 cells"),
    ],
)
def test_tables_of_points_that_cannot_be_read(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "at.csv"
    path.write_text(content)
    with pytest.raises(BayesScalingError, match=message):
        points.read_points(path)


@pytest.mark.parametrize("command", [["forecast", "--params", "7B"], ["allocate", "--flops", 1e24]])
def test_files_that_are_no_fit(call: Call, tmp_path: Path, command: list[str]) -> None:
    name, *rest = command
    (tmp_path / "text.nc").write_text("hello")
    (tmp_path / "folder").mkdir()
    assert "'text.nc' is not a fit of bayes_scaling" in mistake(call(name, "text.nc", *rest))
    assert "There is no file 'none.nc'" in mistake(call(name, "none.nc", *rest))
    assert "There is no file 'folder'" in mistake(call(name, "folder", *rest))


# allocate


def test_the_allocation_is_that_of_the_package(
    call: Call, stored_fit: bs.ScalingFit, stored_fit_path: Path
) -> None:
    budgets = ("--flops", "5.76e23", "--flops", "1e25")
    answer = json.loads(call("allocate", stored_fit_path, *budgets, "--json").stdout)
    plan = bs.allocate(stored_fit, [5.76e23, 1e25])
    keys = [(row["flops"], row["corpus"]) for row in answer["allocation"]]
    assert keys == list(plan.table().index)
    assert answer["ci_prob"] == pytest.approx(0.9)
    for row, (_, known), (_, growth) in zip(
        answer["allocation"], plan.table().iterrows(), plan.growth().iterrows(), strict=True
    ):
        tokens_per_param = known["tokens_per_param"].astype(float).to_dict()
        assert row["tokens_per_param"] == pytest.approx(tokens_per_param)
        tenfold = growth["params_per_tenfold"].astype(float).to_dict()
        assert row["params_per_tenfold"] == pytest.approx(tenfold)

    result = call("allocate", stored_fit_path, *budgets)
    assert result.exit_code == 0
    assert "Allocation: median and 90 % credible interval (ETI)" in result.stdout
    assert "tokens_per_tenfold" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert "--flops: '0' is not a positive count" in mistake(
        call("allocate", stored_fit_path, "--flops", "0")
    )


def test_near_optimal_sizes_and_the_regret_of_plans(
    call: Call, stored_fit: bs.ScalingFit, stored_fit_path: Path
) -> None:
    asked = ("--flops", "5.76e23", "--within", "1%", "--waste", "0.1", "--plan", "40B:2.4T")
    result = call("allocate", stored_fit_path, *asked, "--rules", "--json")
    answer = json.loads(result.stdout)
    assert list(answer)[-4:] == [
        "allocation",
        "near_optimal_in_loss",
        "near_optimal_in_compute",
        "regret",
    ]
    known = bs.near_optimal(stored_fit, 5.76e23, 0.1, of="compute").table()
    row = answer["near_optimal_in_compute"][1]
    assert row["corpus"] == "web"
    assert row["largest_params"]["median"] == pytest.approx(
        known["largest_params", "median"].iloc[1]
    )
    assert [row["plan"] for row in answer["regret"][:3:2]] == [
        "40B:2.4T",
        "20 tokens per parameter",
    ]
    waste = bs.regret(stored_fit, {"ours": (4e10, 2.4e12)}).table()["compute_share", "median"]
    assert answer["regret"][0]["compute_share"]["median"] == pytest.approx(waste.iloc[0])

    text = call("allocate", stored_fit_path, *asked, "--rules").stdout
    assert "Sizes within 1 % of the least loss: median and 90 % credible" in text
    assert "Sizes that waste at most 10 % of the compute" in text
    rule = r"Kaplan et al\. \(2020\) +params_per_tenfold +5\.5\n +tokens_per_tenfold +1\.8\n"
    assert re.search(rule, text)
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    ("options", "found", "said"),
    [
        (("--max-params", "10B"), "10B", "of draws the best size is the largest within"),
        (("--max-tokens", "100B"), "100B", "is the smallest within"),
        (("--tokens-per-param", "20"), "69.3B", "Split at 20 tokens per parameter"),
        (("--sizes", "1B,10B"), "10B", "is the largest of the menu"),
    ],
)
def test_constraints_of_allocate(
    call: Call, stored_fit_path: Path, options: tuple[str, ...], found: str, said: str
) -> None:
    result = call("allocate", stored_fit_path, "--flops", "5.76e23", *options)
    assert result.exit_code == 0
    assert f" {found} " in result.stdout
    assert said in " ".join(result.stderr.split())
    assert "Growth" not in result.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--within", "150%"), "--within '150%' is not a share between 0 and 1"),
        (("--waste", "much"), "--waste 'much' is not a share"),
        (("--plan", "40B"), "--plan '40B' is not params and tokens with ':'"),
        (("--plan", "40B:many"), "--plan: 'many' is not a positive count"),
        (("--sizes", ""), "--sizes: '' is not a positive count"),
        (("--sizes", "1B,,3B"), "--sizes: '' is not a positive count"),
        (("--max-params", "big"), "--max-params: 'big' is not a positive count"),
        (("--input", "25B"), "--input '25B' is not a name and a number with '='"),
        (("--input", "unique=25B"), r"unknown ['unique']"),
        (("--input", "params=1B"), "unknown ['params']. Its loss needs"),
        (("--max-params", "1B", "--max-tokens", "1B"), "cannot be spent within Constraints"),
        (("--sizes", "1B", "--within", "1%"), "leaves single sizes and no range"),
    ],
)
def test_options_of_allocate_that_make_no_sense(
    call: Call, stored_fit_path: Path, options: tuple[str, ...], message: str
) -> None:
    said = mistake(call("allocate", stored_fit_path, "--flops", "5.76e23", *options))
    assert message in said


# needed


def test_what_a_loss_needs_is_that_of_the_package(
    call: Call, stored_fit: bs.ScalingFit, stored_fit_path: Path
) -> None:
    asked = ("needed", stored_fit_path, "--loss", "1.85", "--loss", "2.4", "--prob", 0.8)
    answer = json.loads(call(*asked, "--json").stdout)
    found = bs.needed(stored_fit, [1.85, 2.4])
    known = found.table(0.8)
    assert (answer["of"], answer["ci_prob"]) == ("flops", 0.8)
    assert answer["notes"] == list(found.notes)
    assert [(row["loss"], row["corpus"]) for row in answer["needed"]] == list(known.index)
    assert [row["flops"]["median"] for row in answer["needed"]] == pytest.approx(
        known["flops", "median"].tolist()
    )
    assert [row["unreachable"] for row in answer["needed"]] == pytest.approx(
        found.unreachable().tolist()
    )
    web = answer["needed"][1]
    # More than the tail above the interval, so that its end is infinite.
    assert web["unreachable"] > 0.1
    assert (web["corpus"], web["flops"]["upper"]) == ("web", None)

    result = call(*asked)
    assert result.exit_code == 0
    assert "Needed flops: median and 80 % credible interval (ETI)" in result.stdout
    assert "Probability that no amount suffices" in result.stdout
    least = format_flops(known["flops", "median"].iloc[0])
    assert re.search(rf"^1\.85 +books +flops +{least} ", result.stdout, re.MULTILINE)
    assert "whose floor is above it" in " ".join(result.stderr.split())


def test_a_loss_is_no_count(call: Call, stored_fit_path: Path) -> None:
    assert "--loss: '1.95B' is no loss" in mistake(
        call("needed", stored_fit_path, "--loss", "1.95B")
    )


def test_tokens_needed_at_a_size(
    call: Call, stored_fit: bs.ScalingFit, stored_fit_path: Path
) -> None:
    asked = ("--loss", "2.2", "--of", "tokens", "--input", "params=7B", "--json")
    rows = json.loads(call("needed", stored_fit_path, *asked).stdout)["needed"]
    known = bs.needed(stored_fit, 2.2, of="tokens", at=pd.DataFrame({"params": [7e9]})).table()
    assert [row["tokens"]["upper"] for row in rows] == pytest.approx(
        known["tokens", "upper"].tolist()
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--of", "tokens"), "--input gives nothing, and the amount of tokens by Chinchilla"),
        (("--input", "params=7B"), "depends on no other input. Give no --input."),
        (("--of", "params", "--input", "token=1T"), "gives token, and the amount of params"),
        (("--of", "steps"), "no amount of steps changes its loss"),
        (("--loss", "low"), "--loss: 'low' is no loss"),
        (("--prob", "2"), "--prob 2: the probability of an interval"),
    ],
)
def test_options_of_needed_that_make_no_sense(
    call: Call, stored_fit_path: Path, options: tuple[str, ...], message: str
) -> None:
    assert message in mistake(call("needed", stored_fit_path, "--loss", "2.2", *options))


# next


@pytest.fixture
def menu(tmp_path: Path) -> Path:
    """Six runs that could be made, written as people write counts."""
    path = tmp_path / "menu.csv"
    rows = ["1B,20B,web", "1B,20B,books", "3B,60B,web", "5B,15B,web", "400M,80B,web", "2B,66B,web"]
    path.write_text("\n".join(["params,tokens,corpus", *rows]))
    return path


BATCH = ("--candidates", "menu.csv", "--budget", "1e21", "--goal-at", "corpus=web")


@pytest.mark.parametrize(
    ("asked", "goal"),
    [
        (
            ("--goal-params", "70B", "--goal-tokens", "1.4T"),
            bs.Goal.loss(params=7e10, tokens=1.4e12, at={"corpus": "web"}),
        ),
        (("--goal-optimum", "5.76e23"), bs.Goal.optimum(5.76e23, at={"corpus": "web"})),
        (("--goal-parameter", "a"), bs.Goal.parameter("a", at={"corpus": "web"})),
    ],
)
def test_the_next_runs_are_those_of_the_package(
    call: Call,
    stored_fit: bs.ScalingFit,
    stored_fit_path: Path,
    menu: Path,
    asked: tuple[str, ...],
    goal: bs.Goal,
) -> None:
    answer = json.loads(call("next", stored_fit_path, *BATCH, *asked, "--json").stdout)
    plan = bs.next_runs(stored_fit, points.read_points(menu), 1e21, goal)
    assert [row["run"] for row in answer["runs"]] == ["(now)", *plan.chosen.index]
    assert [row["width"] for row in answer["runs"]] == pytest.approx(list(plan.table()["width"]))
    assert answer["runs"][0]["params"] is None
    assert answer["goal"] == repr(goal)
    assert answer["cost"] == pytest.approx(plan.cost)
    assert answer["notes"] == list(plan.notes)

    result = call("next", stored_fit_path, *BATCH, *asked)
    assert result.exit_code == 0
    assert "is expected to shrink from" in " ".join(result.stdout.split())
    assert "Expected 90 % credible interval (ETI) after each run" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert "note: The chains have not converged" in result.stderr
    assert (
        len(
            json.loads(call("next", stored_fit_path, *BATCH, *asked, "--most", 1, "--json").stdout)[
                "runs"
            ]
        )
        == 2
    )


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ((), "next: 0 goals are given.*--goal-params 70B"),
        (("--goal-optimum", "1e24", "--goal-parameter", "a"), "next: 2 goals are given"),
        (("--goal-params", "70B"), "No value for tokens"),
        (("--goal-params", "70X", "--goal-tokens", "1T"), "--goal-params: '70X' is not"),
        (("--goal-parameter", "zeta"), "'zeta' is no quantity of this fit"),
        (("--goal-parameter", "a", "--goal-at", "web"), "--goal-at 'web' is not a column"),
        (("--goal-optimum", "1e24", "--goal-at", "depth=big"), "--goal-at depth: 'big' is not"),
        (
            ("--goal-parameter", "a", "--candidates", "no.csv"),
            "--candidates: 'no.csv' does not exist",
        ),
        (("--goal-parameter", "a", "--budget", "1e10"), "1e10 affords none of the 6 candidates"),
        (("--goal-parameter", "a", "--budget", "much"), "--budget: 'much' is not"),
    ],
)
def test_next_runs_that_cannot_be_chosen(
    call: Call, stored_fit_path: Path, menu: Path, asked: tuple[str, ...], message: str
) -> None:
    said = mistake(call("next", stored_fit_path, *BATCH, *asked))
    assert re.search(message, said), said


# fit: everything up to sampling


@pytest.mark.parametrize(
    ("name", "noise"),
    [
        ("student-t", bs.noise.LogStudentT()),
        ("normal", bs.noise.LogNormal()),
        ("one-sided", bs.noise.LogExGaussian()),
    ],
)
def test_scatter_is_chosen_by_its_name(name: Any, noise: bs.noise.Noise) -> None:
    model = fitting._model("chinchilla", [], [], name)
    assert model.noise == noise


@pytest.mark.parametrize(
    ("name", "response", "noise"),
    [
        (None, "loss", bs.noise.LogStudentT()),
        (None, "accuracy", bs.noise.LogitNormal()),
        (None, "metric", bs.noise.StudentT()),
        ("student-t", "accuracy", bs.noise.StudentT()),
        ("normal", "metric", bs.noise.Normal()),
    ],
)
def test_scatter_is_that_of_the_response(name: Any, response: Any, noise: bs.noise.Noise) -> None:
    assert fitting._model("LogLinear", [], [], name, response).noise == noise


@pytest.mark.parametrize(
    ("text", "arguments", "law"),
    [
        ("D,loss\n1e9,3.1\n4e9,2.8\n", ("PowerLaw",), bs.laws.PowerLaw("tokens")),
        ("C,loss\n1e19,3.1\n4e19,2.8\n", ("BrokenPowerLaw",), bs.laws.BrokenPowerLaw("flops")),
        ("hours,loss\n3,3.1\n9,2.8\n", ("PowerLaw:hours",), bs.laws.PowerLaw("hours")),
        ("N,D,loss\n1e8,1e9,3.1\n4e8,4e9,2.8\n", ("PowerLaw:flops",), bs.laws.PowerLaw("flops")),
        ("N,D,loss\n1e8,1e9,3.1\n4e8,4e9,2.8\n", ("PowerLaw",), bs.laws.PowerLaw("params")),
        (
            "C,accuracy\n1e19,0.31\n4e19,0.38\n",
            ("LogLinear", "--response", "accuracy"),
            bs.laws.LogLinear("flops"),
        ),
    ],
)
def test_a_law_of_one_input_is_of_the_only_one_or_of_that_named(
    call: Call, tmp_path: Path, monkeypatch: Any, text: str, arguments: tuple[str, ...], law: bs.Law
) -> None:
    def stopped(model: bs.ScalingModel, runs: bs.Runs, **others: object) -> None:
        model.check(runs)
        assert model.law == law
        raise BayesScalingError("All was read.")

    monkeypatch.setattr("bayes_scaling.fitting.scaling_fit.fit", stopped)
    (tmp_path / "t.csv").write_text(text)
    said = mistake(call("fit", "t.csv", "--no-progress", "--law", *arguments))
    assert said == "Error: All was read."


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (
            "D,loss\n1e9,3.1\n4e9,2.8\n",
            (),
            "as in --params column, or fit a law of tokens alone, such as 'PowerLaw': "
            r"--law PowerLaw:tokens\.$",
        ),
        (
            "D,loss\n1e9,3.1\n4e9,2.8\n",
            ("--law", "PowerLaw:params"),
            r"or tell the law its input: --law PowerLaw:tokens\.$",
        ),
        ("D,loss\n1e9,3.1\n", ("--law", "Chinchilla:tokens"), "only laws of one input are told"),
        (
            "N,D,accuracy\n1e8,1e9,0.3\n4e8,4e9,0.4\n",
            ("--response", "accuracy"),
            r"made for it \(.*LogLinear, .*PassAtK, .*TaskError.*\), or say .* with --response\.$",
        ),
        (
            "N,D,lr,loss\n1e8,1e9,1,3.1\n4e8,4e9,2,2.8\n",
            ("--law", "TunedChinchilla"),
            "Near matches: 'lr'",
        ),
        ("N,D,loss\n1e8,1e9,3\n", ("--state", "done"), "Leave --state out."),
        (
            "N,D,loss,state\n1e8,1e9,3,killed\n",
            ("--state", "finished"),
            "Pass --state killed if they are meant.",
        ),
        ("D,N,loss\n1,1e8,3\n2,1e8,2\n", ("--curves", "t.csv"), r"there is 1 run \(t\)\."),
    ],
)
def test_mistakes_are_told_in_options(
    call: Call, tmp_path: Path, text: str, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "t.csv").write_text(text)
    said = mistake(call("fit", "t.csv", "--no-progress", *arguments))
    assert re.search(message, said), said


def test_a_file_of_curves_is_read_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "curves.csv"
    rows = [f"{run},{step},1e8,{5 - step / 10}" for run in "ab" for step in range(1, 21)]
    for names, said in (("hyper_id", " and --run hyper_id, which"), ("run", ", which")):
        path.write_text("\n".join([f"{names},step,N,loss", *rows]))
        (note,) = (note for note in fitting.read_table(path, None).notes if "curves" in note)
        assert f"with --curves (which may name this file){said}" in output.in_options(note)
    path.write_text(path.read_text().replace("run", "hyper_id"))
    assert len(fitting.read_table(path, path, run="hyper_id")) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--law", "chinchila"), r"No law 'chinchila'.*Laws known here: .*Chinchilla"),
        (("--loss", "finale"), r"no column 'finale'.*Near matches: 'final'"),
        (("--input", "lr"), r"no column 'lr'.*as in --input lr=its_column \(likewise --factor\)"),
        (("--input", "lr="), r"--input 'lr=' is not a name and its column"),
        (("--response", "speed"), r"Invalid value for '--response'"),
        (("--vary", "Ecorpus"), r"--vary 'Ecorpus' is not .* Write for instance --vary E:corpus"),
        (("--vary", ":corpus"), r"--vary ':corpus' is not"),
        (("--vary", "F:corpus"), r"vary names 'F', which is no parameter of Chinchilla"),
        (("--vary", "E:corpora"), r"no column 'corpora'.*Near matches: 'corpus'"),
        (("--prior", "alpha"), r"--prior 'alpha' is not a parameter and its range"),
        (("--prior", "alpha=low:high"), r"'low:high' is not two numbers.*alpha=0\.2:0\.5"),
        (("--prior", "alpha=0.2"), r"'0\.2' is not two numbers"),
        (("--prior", "alpha=0.2:nan"), r"'0\.2:nan' is not two numbers"),
        (("--prior", "alpha=1:2:3"), r"'1:2:3' is not two numbers"),
        (("--prior", "alpha=0.5:0.2"), r"needs low < high"),
        (("--prior", "E=1:2", "--prior", "E=1:3"), r"--prior names E more than once"),
        (("--noise", "gauss"), r"Invalid value for '--noise'.*student-t"),
        (("--missing", "ignore"), r"Invalid value for '--missing'"),
        (("--draws", "1"), r"draws=1 is too few"),
        (("--draws", "many"), r"Invalid value for '--draws'"),
        (("--seed", "-1"), r"Invalid value for '--seed'"),
        (("--seed", "99999999999999999999"), r"seed=9+ is no whole number from 0 to 2\*\*63"),
        (("--prob", "2"), r"--prob 2: the probability of an interval lies between 0 and 1"),
        (("--where", "corpus"), r"--where 'corpus' is not a column and a value"),
        (("--where", "corpus=wep"), r"no run has corpus = 'wep'.*'books', 'web'"),
        (("--where", "corpse=web"), r"no column 'corpse'"),
        (("--where", "my_params=7"), r"no run has params = 7"),
        (("--where", "ok=maybe"), r"no run has ok = 'maybe'"),
        (("--output", "sweep.csv"), r"is the table of runs"),
        (("--output", "sweep.csv", "--overwrite"), r"is the table of runs"),
        (("--output", "."), r"--output '\.' is a folder"),
        (("--output", "none/fit.nc"), r"'none/fit\.nc' is not in a folder"),
        (("--output", "other.txt"), r"'other\.txt' exists and is not a fit.*--overwrite"),
    ],
)
def test_options_of_fit_that_make_no_sense(
    call: Call, table: Path, arguments: tuple[str, ...], message: str
) -> None:
    (table.parent / "other.txt").write_text("precious")
    said = mistake(call("fit", table, *MAPPED, *arguments))
    assert re.search(message, said), said
    assert (table.parent / "other.txt").read_text() == "precious"
    assert not list(table.parent.glob("*.nc"))


def test_files_that_hold_no_runs(call: Call, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "one.csv").write_text("N,D,loss\n1e8,2e9,3.5\n")
    (tmp_path / "folder").mkdir()
    fit = ("fit", "--no-progress")
    assert "'none.csv' does not exist" in mistake(call(*fit, "none.csv"))
    assert "'empty.csv' is empty" in mistake(call(*fit, "empty.csv"))
    assert "'folder'" in mistake(call(*fit, "folder"))
    assert "there is 1 run" in mistake(call(*fit, "one.csv"))
    (tmp_path / "score.csv").write_text("N,D,ppl\n1e8,2e9,33.1\n")
    assert "'ppl' is a perplexity, the exponential of a loss, by its name" in mistake(
        call(*fit, "score.csv")
    )
    (tmp_path / "chart.csv").write_text("Step,a - loss,b - loss\n1,4,3.5\n2,3,2\n")
    assert "is the export of a chart" in mistake(call(*fit, "chart.csv"))


def test_curves_and_charts_give_the_losses_of_a_table(tmp_path: Path) -> None:
    table, curves, chart = (tmp_path / name for name in ("runs.csv", "curves.csv", "chart.csv"))
    rows = ["Name,State,N,D", "007,finished,1e8,1e9", "b,finished,2e8,4e9", "c,crashed,4e8,8e9"]
    table.write_text("\n".join(rows))
    losses = ["007,1,4", "007,2,3", "b,1,3.5", "b,2,NaN", "c,1,3", "c,2,2"]
    curves.write_text("\n".join(["Name,Step,loss", *losses]))
    chart.write_text("Step,007 - loss,b - loss,c - loss\n1,4,3.5,3\n2,3,NaN,2\n")
    for source in (curves, chart):
        runs = fitting.read_table(table, source, loss="loss")
        assert dict(runs.table["loss"]) == {"007": 3.0}
        assert any("having diverged" in note and "'b'" in note for note in runs.notes)
        assert any("1 crashed ('c')" in note for note in runs.notes)
    every = fitting.read_table(table, curves, states="any")
    assert dict(every.table["loss"]) == {"007": 3.0, "c": 2.0}


def test_what_is_typed_becomes_values() -> None:
    assert options.vary_terms(["E:corpus", "B : size"]) == [
        bs.Vary("E", by="corpus"),
        bs.Vary("B", by="size"),
    ]
    assert options.priors(["alpha=0.2:0.5", "E=1.5:2:paper"]) == {
        "alpha": bs.Prior.between(0.2, 0.5),
        "E": bs.Prior.between(1.5, 2, units="paper"),
    }
    assert options.count("--params", "70B") == 7e10


def test_columns_may_have_another_name() -> None:
    assert options.columns("--input", ["lr", "unique_tokens=U"]) == {
        "lr": "lr",
        "unique_tokens": "U",
    }
    assert options.columns("--factor", None) == {}


def test_conditions_have_the_kind_of_their_column() -> None:
    frame = pd.DataFrame(
        {
            "N": [1e8, 1e9, 2e9],
            "loss": [3.0, 2.5, 2.4],
            "corpus": ["1", "2", "3"],
            "kept": [True, False, True],
            "seed": [1, 2, 3],
            "note": ["a", "b", "c"],
        }
    )
    runs = bs.Runs.from_frame(frame, factors=["corpus"])

    def kept(*texts: str) -> list[str]:
        return list(runs.where(**options.conditions(runs, texts)).table["note"])

    assert kept() == ["a", "b", "c"]
    assert kept("kept=False") == ["b"]
    assert kept("kept=true") == ["a", "c"]
    assert kept("seed=2") == ["b"]
    assert kept("corpus=1", "corpus=3") == ["a", "c"]
    assert kept("note=c", "kept=True") == ["c"]
    assert kept("run=1") == ["b"]
    assert kept("N=1e9") == ["b"]


def test_columns_of_a_law_are_found_without_options() -> None:
    assert fitting._columns_read(bs.laws.Chinchilla()) == []

    class Repeated:
        inputs = ("params", "tokens", "epochs", "depth")

    assert fitting._columns_read(Repeated()) == ["unique_tokens", "depth"]  # type: ignore[arg-type]


def test_a_fit_may_be_replaced_and_other_files_only_on_request(
    tmp_path: Path, stored_fit_path: Path
) -> None:
    table, other = tmp_path / "runs.csv", tmp_path / "other.txt"
    table.write_text("N,D,loss\n")
    other.write_text("precious")
    beside = tmp_path / "runs.fit.nc"
    assert target.fit_path(table, None, overwrite=False) == beside
    beside.write_bytes(stored_fit_path.read_bytes())
    assert target.fit_path(table, None, overwrite=False) == beside
    assert target.fit_path(table, other, overwrite=True) == other
    with pytest.raises(BayesScalingError, match=r"not a fit of bayes_scaling.*--overwrite"):
        target.fit_path(table, other, overwrite=False)


def test_a_fit_that_cannot_be_saved_where_it_should_is_not_lost(
    stored_fit: bs.ScalingFit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spare = tmp_path / "spare"
    monkeypatch.setattr(target, "mkdtemp", lambda prefix: spare.mkdir() or spare)
    with pytest.raises(BayesScalingError, match=r"gone/x.nc.*is not lost.*spare/x.nc.*Move it"):
        target.saved_fit(stored_fit, tmp_path / "gone" / "x.nc")
    assert bs.load_fit(spare / "x.nc").model == stored_fit.model


def test_notes_of_a_fit_are_printed_once(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stored_fit: bs.ScalingFit
) -> None:
    runs = replace(stored_fit.runs, remarks=("Mind the gap.",))
    fitted = replace(stored_fit, runs=runs)
    monkeypatch.setattr("bayes_scaling.fitting.scaling_fit.fit", lambda *_, **__: fitted)
    (tmp_path / "t.csv").write_text("N,D,loss\n1e8,1e9,3.1\n4e8,4e9,2.8\n")
    result = call("fit", "t.csv", "--no-progress")
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("note: Mind the gap.") == 1
    assert "note:" not in result.stdout
    assert f"Runs: {len(runs)} runs" in result.stdout


@pytest.mark.slow
def test_a_fit_from_table_to_file(call: Call, table: Path) -> None:
    small = ("--vary", "E:corpus", "--prior", "alpha=0.2:0.6", "--seed", 1, "--prob", 0.8)
    quick = ("--draws", 500, "--tune", 500, "--chains", 2)
    result = call("fit", table, *MAPPED, *small, *quick)
    assert result.exit_code == 0, result.stderr
    saved = table.with_name("sweep.fit.nc")
    assert f"Saved to {saved}" in " ".join(result.stderr.split())
    assert max(map(len, result.stdout.splitlines())) <= 100
    fitted = bs.load_fit(saved)
    assert fitted.model.vary == (bs.Vary("E", by="corpus"),)
    assert fitted.settings.seed == 1
    assert f"Chinchilla fitted to {len(fitted.runs)} runs: median and 80 %" in result.stdout
    row = fitted.summary(0.8).loc["alpha"]
    assert f"{row['median']:.4g}" in result.stdout
    assert result.stdout.endswith(f"\n\n{fitted.runs.overview.columns}\n\n")
    assert re.search(r"tokens .* column 'tokens_b'\n", result.stdout)

    again = call("fit", table, *MAPPED, *small, *quick, "--json", "--where", "ok=True")
    answer: dict[str, Any] = json.loads(again.stdout)
    assert answer["runs"] == 8
    assert answer["fit"] == str(saved)
    assert answer["ci_prob"] == 0.8
    by_name = {row["parameter"]: row for row in answer["parameters"]}
    replaced = bs.load_fit(saved).summary(0.8)
    assert list(by_name) == list(replaced.index)
    assert np.isclose(by_name["alpha"]["median"], replaced.loc["alpha", "median"], rtol=1e-12)


# demo


def test_a_demo_that_cannot_write_does_not_sample(call: Call, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    said = mistake(call("demo", "--folder", "taken", "--no-progress"))
    assert "'taken' cannot be written to" in said
    (tmp_path / "bayes-scaling-demo").mkdir()
    (tmp_path / "bayes-scaling-demo" / "fit.nc").write_text("mine")
    assert "has 'fit.nc', which the demo did not write" in mistake(call("demo", "--no-progress"))
    assert (tmp_path / "bayes-scaling-demo" / "fit.nc").read_text() == "mine"


@pytest.mark.slow
def test_the_demo_from_start_to_end(call: Call, tmp_path: Path) -> None:
    result = call("demo", "--no-progress")
    assert result.exit_code == 0, result.stderr
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert "intervals hold the truth" in result.stdout
    fitted = bs.load_fit(tmp_path / "bayes-scaling-demo" / "fit.nc")
    assert fitted.diagnostics.diagnosis == "ok"
    assert (tmp_path / "bayes-scaling-demo" / "forecast.png").is_file()

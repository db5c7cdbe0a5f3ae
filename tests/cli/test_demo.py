import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.cli.demo import folder as demo_folder
from bayes_scaling.cli.demo import running, text, truth
from bayes_scaling.errors import BayesScalingError

# The stored fit has the structure of the demo's: E, A and B by corpus, books and web.


@pytest.fixture(scope="module")
def result(stored_fit: bs.ScalingFit) -> running.DemoResult:
    return running.answer(stored_fit)


# Truth


def test_the_truth_has_the_published_answers() -> None:
    # Besiroglu et al. (2024) and Hoffmann's equation 4, to the digits published.
    optimum = truth.true_optimum("web", 5.76e23)
    assert math.isclose(optimum["params"], 7.225e10, rel_tol=0.005)
    assert math.isclose(optimum["tokens_per_param"], 18.39, rel_tol=0.005)
    assert math.isclose(optimum["expected_loss"], 1.9744, rel_tol=1e-4)
    assert math.isclose(6 * optimum["params"] * optimum["tokens"], 5.76e23, rel_tol=1e-12)
    assert math.isclose(optimum["params_exponent"], 0.5126, abs_tol=1e-4)


@pytest.mark.parametrize("corpus", truth.CORPORA)
def test_no_other_split_of_the_budget_is_better(corpus: str) -> None:
    optimum = truth.true_optimum(corpus, truth.BUDGET)
    sizes = optimum["params"] * np.geomspace(0.5, 2, 201)
    losses = [truth.true_loss(corpus, n, truth.BUDGET / 6 / n) for n in sizes]
    assert min(losses) == losses[100] == pytest.approx(optimum["expected_loss"], rel=1e-12)


def test_the_sweep_comes_from_the_truth() -> None:
    runs = truth.demo_runs(3)
    expected = [
        truth.true_loss(row.corpus, row.params, row.tokens) for row in runs.table.itertuples()
    ]
    scatter = np.log(runs.values("loss") / expected) / truth.NOISE["noise_sd"]
    # The median of |t| with 4 degrees of freedom is 0.741; four standard errors are 0.29.
    assert abs(np.median(np.abs(scatter)) - 0.741) < 0.29
    assert runs.notes == ()
    assert truth.demo_model().factors == ("corpus",)


def test_the_target_lies_beyond_the_sweep() -> None:
    flops = truth.demo_runs(1).values("flops")
    assert 100 * flops.max() < 6 * truth.PARAMS * truth.TOKENS


# Texts


def test_the_introduction_says_what_is_true_and_that_it_is_simulated() -> None:
    runs = truth.demo_runs(1)
    said = " ".join(text.introduction(runs).split())
    assert f"A simulated sweep, so that the truth is known: {len(runs)} runs" in said
    assert "Besiroglu et al. (2024)" in said
    for name, value in truth.PUBLISHED.items():
        assert f"{name} = {value:g}" in said
    assert "'books': E x 0.95, A x 1.1, B x 0.8" in said


def test_the_posterior_stands_beside_the_truth(stored_fit: bs.ScalingFit) -> None:
    table = text.posterior_table(stored_fit, 0.5)
    summary = stored_fit.summary(0.5)
    assert list(table.columns) == ["truth", "median", "lower", "upper", "inside"]
    assert table.loc["E[web]", "truth"] == 1.8172
    assert table.loc["E[books]", "truth"] == pytest.approx(0.95 * 1.8172)
    assert set(table.index) == {
        *("E[books]", "E[web]", "A[books]", "A[web]", "B[books]", "B[web]"),
        *("alpha", "beta", "a", "noise_sd", "noise_df"),
    }
    for name, row in table.iterrows():
        assert row["median"] == summary.loc[name, "median"]
        inside = summary.loc[name, "lower"] <= row["truth"] <= summary.loc[name, "upper"]
        assert row["inside"] == ("yes" if inside else "no")
    assert {"yes", "no"} == set(table["inside"])


def test_the_forecast_stands_beside_the_truth(result: running.DemoResult) -> None:
    table = text.forecast_table(result.forecast, 0.8)
    assert table.index.names == ["corpus", "quantity"]
    assert table.loc[("web", "expected_loss"), "truth"] == pytest.approx(1.9739, abs=1e-4)
    assert table.loc[("web", "loss"), "inside"] == ""
    drawn = result.forecast.draws["expected_loss"].values
    corpora = list(result.forecast.draws["corpus"].values)
    median = np.median(drawn[..., corpora.index("books")])
    assert table.loc[("books", "expected_loss"), "median"] == pytest.approx(median)


def test_the_allocation_stands_beside_the_truth(result: running.DemoResult) -> None:
    table = text.allocation_table(result.plan, 0.8)
    for corpus in truth.CORPORA:
        known = truth.true_optimum(corpus, truth.BUDGET)
        assert table.loc[corpus, "truth"].to_dict() == pytest.approx(known)
    assert table.loc[("web", "params_per_tenfold"), "lower"] > 1


def test_the_results_are_readable_in_a_terminal(result: running.DemoResult) -> None:
    said = text.results_text(result.fit, result.forecast, result.plan, 0.8)
    assert max(map(len, said.splitlines())) <= 100
    for part in ("Posterior against truth", "Forecast at 70B parameters and 1.4T tokens"):
        assert part in said
    assert "Allocation of 5.76e23 FLOP: median and 80 % credible interval (ETI)" in said
    lines = [line.split() for line in said.splitlines()]
    assert ["alpha", "0.3478"] in [line[:2] for line in lines]
    assert "note: The chains have not converged" in said
    tables = (
        text.posterior_table(result.fit, 0.8),
        text.forecast_table(result.forecast, 0.8),
        text.allocation_table(result.plan, 0.8),
    )
    held = sum((table["inside"] == "yes").sum() for table in tables)
    assert f"{held} of 29 intervals hold the truth" in said
    assert "about 80 % should" in " ".join(said.split())


def test_what_was_written_is_named_and_can_be_used(tmp_path: Path) -> None:
    said = text.written_text(tmp_path, ["runs.csv", "fit.nc"])
    assert "runs.csv, fit.nc" in " ".join(said.split())
    assert f"bayes-scaling forecast {tmp_path / 'fit.nc'} --params" in said


# Files


def test_files_are_written_and_may_be_written_again(
    result: running.DemoResult, tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "demo"
    demo_folder.prepare_folder(folder, running.FILES)
    running.write_demo(result, folder, progress=False)
    demo_folder.prepare_folder(folder, running.FILES)
    assert {path.name for path in folder.iterdir()} == {*running.FILES, demo_folder.MANIFEST}
    for name in running.FIGURES:
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
        assert (folder / name).stat().st_size > 10_000
    again = bs.load_fit(folder / "fit.nc")
    assert again.summary(0.8).equals(result.fit.summary(0.8))
    runs = bs.read_runs(folder / "runs.csv", factors=["corpus"])
    assert np.array_equal(runs.values("loss"), result.fit.runs.values("loss"))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    demo_folder.prepare_folder(tmp_path, ["a.txt"])
    (tmp_path / "a.txt").write_text("from the demo")
    demo_folder.record(tmp_path, "a.txt")
    return tmp_path


def test_other_files_are_left_alone(written: Path) -> None:
    (written / "mine.txt").write_text("mine")
    demo_folder.prepare_folder(written, ["a.txt", "b.txt"])
    assert (written / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["a.txt", "b.txt", demo_folder.MANIFEST])
def test_files_of_others_are_not_overwritten(written: Path, name: str) -> None:
    (written / name).write_text("mine")
    with pytest.raises(BayesScalingError, match=rf"'{name}'.*did not write.*--folder"):
        demo_folder.prepare_folder(written, ["a.txt", "b.txt"])
    assert (written / name).read_text() == "mine"


def test_a_folder_in_place_of_a_file(written: Path) -> None:
    (written / "b.txt").mkdir()
    with pytest.raises(BayesScalingError, match=r"'b\.txt', which the demo did not write"):
        demo_folder.prepare_folder(written, ["a.txt", "b.txt"])


def test_the_manifest_has_the_checksums(written: Path) -> None:
    entries = json.loads((written / demo_folder.MANIFEST).read_text())["sha256"]
    assert list(entries) == ["a.txt"]
    assert len(entries["a.txt"]) == 64


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(BayesScalingError, match=r"taken' cannot be written to.*Choose another"):
        demo_folder.prepare_folder(tmp_path / "taken", [])


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="every folder is open to root")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BayesScalingError, match=r"no permission"):
        demo_folder.prepare_folder(tmp_path, [])

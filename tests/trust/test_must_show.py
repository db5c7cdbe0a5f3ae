"""Verdicts on real and simulated sweeps, and backtests on executors: these sample."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from tests.conftest import TRUTH

pytestmark = pytest.mark.slow

Sweeps = Callable[..., bs.Runs]


def fitted(law: object, runs: bs.Runs) -> bs.ScalingFit:
    return bs.fit(law, runs, seed=1, progress=False)  # type: ignore[arg-type]


def at(flops: float, tokens_per_param: float = 20.0) -> pd.DataFrame:
    params = np.sqrt(flops / 6 / tokens_per_param)
    return pd.DataFrame({"params": [params], "tokens": [tokens_per_param * params]})


def with_typo(runs: bs.Runs) -> tuple[bs.Runs, str]:
    """Swap the first two decimals of the loss where these differ most."""
    table = runs.table
    digits = (table["loss"] * 100).astype(int)
    swapped = digits // 100 * 100 + digits % 10 * 10 + digits // 10 % 10
    name = (swapped - digits).abs().idxmax()
    table.loc[name, "loss"] = swapped[name] / 100
    return bs.Runs.from_frame(table[["params", "tokens", "loss"]]), str(name)


@pytest.mark.parametrize("level", ["quick", "full"])
def test_a_mistyped_loss_is_named(sweep: Sweeps, level: str) -> None:
    runs, name = with_typo(sweep(seed=4))
    report = bs.assess(fitted("Chinchilla", runs), at(3e21), level=level, progress=False)  # type: ignore[arg-type]
    assert report.verdict == "do not trust"
    assert report["influence"].verdict == "do not trust"
    assert report["influence"].headline.startswith(f"Row {name!r} cannot come from")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_well_specified_sweeps_are_trusted_at_three_times(sweep: Sweeps, seed: int) -> None:
    fit = fitted("Chinchilla", sweep(seed=seed))
    near = bs.assess(fit, at(3e21), progress=False)
    assert near.verdict == "trust", near
    assert 3 <= near.trusted_to < 32
    assert bs.assess(fit, at(3e24), progress=False).verdict != "trust"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_hundred_well_made_runs_are_trusted_at_ten_times(seed: int) -> None:
    """Over two decades of compute, with 0.3 % of scatter."""
    design = bs.datasets.isoflop_design(np.geomspace(1e19, 1e21, 10), 10)
    runs = bs.datasets.simulate(
        "Chinchilla", design, TRUTH, noise_sd=0.003, noise_df=None, seed=seed
    )
    assert len(runs) == 100
    report = bs.assess(fitted("Chinchilla", runs), at(1e22), progress=False)
    assert report.verdict == "trust", report
    assert report.trusted_to == pytest.approx(10)
    # Farther out is another verdict, and farther yet one more.
    assert report.ladder["verdict"].tolist() == ["trust", "trust", "caution", "do not trust"]


def test_full_reports_trust_most_well_specified_sweeps(sweep: Sweeps) -> None:
    """A backtest of a few dozen runs misses by chance now and then: one caution in four passes."""
    fits = [fitted("Chinchilla", sweep(seed=seed)) for seed in (1, 2, 3, 4)]
    reports = [bs.assess(fit, at(3e21), level="full", progress=False) for fit in fits]
    verdicts = [report.verdict for report in reports]
    assert verdicts.count("trust") >= 3, verdicts
    assert "do not trust" not in verdicts
    covered = [report["backtest"].table.loc["model", "coverage_90"] for report in reports]
    assert np.mean(covered) >= 0.8
    # One false doubt is expected in a hundred reports.
    assert [report["calibration"].verdict for report in reports].count("trust") >= 3


def test_a_scatter_that_the_prior_will_not_have_misses_the_truth(sweep: Sweeps) -> None:
    """Runs scatter by 0.5 %, the prior says 0.01 %: intervals are far narrower than their error."""
    noise = bs.noise.LogNormal(sd=bs.Prior.between(0.0001, 0.00012))
    fit = fitted(bs.ScalingModel("Chinchilla", noise=noise), sweep())
    report = bs.assess(fit, at(3e21), level="full", progress=False)
    assert report["calibration"].verdict == "do not trust", report["calibration"].headline


def test_ranks_are_uniform_where_truths_come_from_the_prior(sweep: Sweeps) -> None:
    # Even of a prior that is wrong for the real runs: it is right for those of its own truths.
    model = bs.ScalingModel("Chinchilla", priors={"alpha": bs.Prior.between(0.58, 0.62)})
    found = bs.calibrate(model, sweep(), simulations=60, progress=False)
    table = found.table()
    assert (found.refits["status"] == "done").sum() >= 40
    # Ten quantities, of which the worst is looked at: p-values of a hundredth are no surprise.
    assert table["p_value"].min() > 0.001
    # 40 sweeps know a coverage of 90 % to 0.05; four of those below is one in thousands.
    assert table["coverage_90"].min() > 0.7
    # Such runs teach most of what there is to know of the floor, nothing of a known exponent.
    assert table.loc["E", "shrink"] > 0.5 > table.loc["alpha", "shrink"]


def test_one_ratio_does_not_answer_for_another(on_path: Sweeps) -> None:
    fit = fitted("Chinchilla", on_path(20.0))
    report = bs.assess(fit, at(1e20, tokens_per_param=100.0), progress=False)
    assert report.verdict == "do not trust"
    assert "tokens_per_param" in report["reach"].headline


@pytest.mark.parametrize("level", ["quick", "full"])
def test_three_runs_are_not_trusted(sweep: Sweeps, level: str) -> None:
    fit = fitted("Chinchilla", sweep(budgets=3, sizes=1))
    report = bs.assess(fit, at(1e20), level=level, progress=False)  # type: ignore[arg-type]
    assert report.verdict == "do not trust"
    assert "3 different runs" in report["design"].headline
    if level == "full":
        assert report["backtest"].verdict == "caution"
        assert "3 runs with no usable cut-off" in report["backtest"].headline


@pytest.mark.parametrize("floor", [True, False])
@pytest.mark.parametrize("level", ["quick", "full"])
def test_a_broken_curve_is_not_a_power_law(shared_data: Path, floor: bool, level: str) -> None:
    table = pd.read_csv(shared_data / "addition_broken_curve.csv")
    table["examples"] = table["x"].astype(float)
    train = table[table["split"] == "train"]
    runs = bs.Runs.from_frame(
        train, inputs=["examples"], loss="y", params=False, tokens=False, flops=False
    )
    fit = fitted(bs.laws.PowerLaw("examples", floor=floor), runs)
    test = table.loc[table["split"] == "test", ["examples"]]
    report = bs.assess(fit, test, level=level, progress=False)  # type: ignore[arg-type]
    assert report.verdict == "do not trust"
    assert report["predictive"].verdict == "do not trust"


def test_one_token_count_does_not_answer_for_another(shared_data: Path) -> None:
    table = pd.read_csv(shared_data / "routed_lm.csv")
    runs = bs.Runs.from_frame(table, run="run", flops=False)
    report = bs.assess(fitted("Chinchilla", runs), target(1e9, 5e11), progress=False)
    assert report.verdict == "do not trust"
    assert report["reach"].verdict == "do not trust"
    assert "tokens" in report["reach"].headline


def target(params: float, tokens: float) -> pd.DataFrame:
    return pd.DataFrame({"params": [params], "tokens": [tokens]})


@pytest.mark.parametrize("level", ["quick", "full"])
def test_interpolation_in_the_chinchilla_runs_is_trusted(shared_data: Path, level: str) -> None:
    table = pd.read_csv(shared_data / "chinchilla.csv")
    runs = bs.Runs.from_frame(table[~table["dropped_in_replication"]], run="run")
    report = bs.assess(fitted("Chinchilla", runs), target(1e9, 2e10), level=level, progress=False)  # type: ignore[arg-type]
    assert report.verdict == "trust", report
    # The largest runs do not vouch for what lies far beyond them.
    assert report.ladder["verdict"].iloc[-1] != "trust"


@pytest.fixture(params=["threads", "processes"])
def executor(request: pytest.FixtureRequest) -> Executor:
    if request.param == "threads":
        return ThreadPoolExecutor(2)
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


def test_an_executor_gives_what_one_process_gives(sweep: Sweeps, executor: Executor) -> None:
    model, runs = bs.ScalingModel("Chinchilla"), sweep()
    cutoffs = [1e19, 1e20]
    here = bs.backtest(model, runs, cutoffs, baselines=False, progress=False)
    with executor:
        there = bs.backtest(
            model, runs, cutoffs, baselines=False, executor=executor, progress=False
        )
    assert there.folds["status"].tolist() == ["done", "done"]
    # Draws differ between processes in their last digits, and from there on; answers do not.
    np.testing.assert_allclose(here.predictions["median"], there.predictions["median"], atol=0.003)

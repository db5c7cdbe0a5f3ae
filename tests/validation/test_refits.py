"""Refits on executors, failures and interrupts; the fits themselves are stood in for."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.validation.refits import KILLED, Refitter

MODEL = bs.ScalingModel("Chinchilla")


@pytest.fixture
def subsets(sweep: Callable[..., bs.Runs]) -> dict[str, bs.Runs]:
    runs = sweep()
    number = np.arange(len(runs))
    return {f"{count}": runs.where(number < count) for count in (10, 15, 20, 25)}


def fitted(model: bs.ScalingModel, runs: bs.Runs, settings: Settings, progress: bool) -> Any:
    """Words for a fit; the subset of 15 runs fails."""
    if len(runs) == 15:
        raise BayesScalingError("the sampler stopped")
    return f"fit of {len(runs)} with {settings.draws} draws"


@pytest.mark.parametrize("threads", [0, 2])
def test_a_failing_refit_does_not_sink_the_others(
    subsets: dict[str, bs.Runs], threads: int
) -> None:
    with ThreadPoolExecutor(threads) if threads else nullcontext() as executor:
        found = Refitter(executor, fit=fitted).refit(MODEL, subsets)
    assert list(found) == ["10", "15", "20", "25"]
    failed = found.pop("15")
    assert failed.fit is None
    assert failed.failure == "BayesScalingError: the sampler stopped"
    assert {one.fit for one in found.values()} == {
        f"fit of {count} with 500 draws" for count in found
    }


def interrupted_at(count: int) -> Callable[..., Any]:
    def fit(model: bs.ScalingModel, runs: bs.Runs, settings: Settings, progress: bool) -> Any:
        if len(runs) == count:
            raise KeyboardInterrupt
        return "done"

    return fit


def test_an_interrupt_keeps_what_is_finished(subsets: dict[str, bs.Runs]) -> None:
    found = Refitter(fit=interrupted_at(20)).refit(MODEL, subsets)
    assert [one.fit is not None for one in found.values()] == [True, True, False, False]
    assert found["25"].failure == "interrupted before it was finished"


def test_an_interrupt_before_anything_is_finished_is_one(subsets: dict[str, bs.Runs]) -> None:
    with pytest.raises(KeyboardInterrupt):
        Refitter(fit=interrupted_at(10)).refit(MODEL, subsets)


class Cancelling(Executor):
    """An executor that was stopped from elsewhere after its first refit."""

    def __init__(self) -> None:
        self.count = 0

    def submit(self, refit: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.count += 1
        if self.count == 1:
            future.set_result(refit(*arguments))
        else:
            future.cancel()
            future.set_running_or_notify_cancel()
        return future


def test_refits_that_an_executor_cancels_do_not_sink_the_others(
    subsets: dict[str, bs.Runs],
) -> None:
    found = Refitter(Cancelling(), fit=fitted).refit(MODEL, subsets)
    assert [one.fit is not None for one in found.values()] == [True, False, False, False]
    assert found["25"].failure == "cancelled by its executor before it was finished"


def killed_at(count: int, only_once: Path | None = None) -> Callable[..., Any]:
    def fit(model: bs.ScalingModel, runs: bs.Runs, settings: Settings, progress: bool) -> Any:
        if len(runs) == count and not (only_once and only_once.exists()):
            if only_once:
                only_once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return f"fit of {len(runs)}"

    return fit


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("times", ["once", "always"])
def test_a_killed_process_loses_no_refit_but_the_one_that_kills_it(
    times: str, subsets: dict[str, bs.Runs], tmp_path: Path
) -> None:
    only_once = tmp_path / "killed" if times == "once" else None
    # Forked workers need not import the package.
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as executor:
        found = Refitter(executor, fit=killed_at(15, only_once)).refit(MODEL, subsets)
    assert list(found) == ["10", "15", "20", "25"]
    fits = {name: one.fit for name, one in found.items()}
    killed = None if times == "always" else "fit of 15"
    assert fits == {"10": "fit of 10", "15": killed, "20": "fit of 20", "25": "fit of 25"}
    failures = {name: one.failure for name, one in found.items() if one.failure}
    assert failures == ({"15": KILLED} if times == "always" else {})


def test_each_refit_has_a_seed_of_its_own(subsets: dict[str, bs.Runs]) -> None:
    def seed(model: bs.ScalingModel, runs: bs.Runs, settings: Settings, progress: bool) -> Any:
        return settings.seed

    found = Refitter(settings=Settings(seed=7), fit=seed).refit(MODEL, subsets)
    assert [one.fit for one in found.values()] == [7, 8, 9, 10]


def test_progress_counts_refits(
    subsets: dict[str, bs.Runs], capsys: pytest.CaptureFixture[str]
) -> None:
    Refitter(progress=True, fit=fitted).refit(MODEL, subsets)
    shown = capsys.readouterr().err
    assert "refits" in shown
    assert "4/4, 1 failed" in shown


def test_seconds_are_measured(subsets: dict[str, bs.Runs]) -> None:
    slow: Any = lambda *_, **__: time.sleep(0.01)  # noqa: E731
    found = Refitter(fit=slow).refit(MODEL, subsets)
    assert all(one.seconds >= 0.01 for one in found.values())


# A notebook has no file that a worker could import its classes from; nor has this.
NOTEBOOK = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

import bayes_scaling as bs
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.validation.refits import Refitter


class PowerInTokens(bs.Law):
    inputs = ("tokens",)
    priors = {"E": bs.Prior.between(0.2, 0.95), "B": bs.Prior.between(0.01, 2.0)}

    @staticmethod
    def loss(tokens, E, B):
        return E + B * tokens**-0.3


runs = bs.load_fit(Path(sys.argv[1])).runs
subsets = {str(n): runs.where(np.arange(len(runs)) < n) for n in (1, 20, 30)}
few = Settings(draws=20, tune=50, chains=1)
with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
    found = Refitter(executor, settings=few).refit(bs.ScalingModel(PowerInTokens), subsets)
assert found["1"].failure.startswith("RunsError: Runs: there is 1 run"), found["1"].failure
for n in (20, 30):
    assert found[str(n)].failure == "", found[str(n)].failure
    assert type(found[str(n)].fit.model.law) is PowerInTokens
    assert len(found[str(n)].fit.runs) == n
"""


@pytest.mark.slow
def test_a_law_of_a_notebook_is_refitted_by_spawned_workers(
    stored_fit_path: Path, repository: Path
) -> None:
    found = subprocess.run(
        [sys.executable, "-c", NOTEBOOK, str(stored_fit_path)],
        cwd=repository, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr


def test_work_is_sent_as_bytes_that_hold_a_law_without_a_name(
    subsets: dict[str, bs.Runs], plain_law: type[bs.Law]
) -> None:
    with ThreadPoolExecutor(1) as executor:
        sent: list[Any] = []
        submit = executor.submit

        def spy(function: Any, *arguments: Any) -> Future[Any]:
            sent.extend(arguments)
            return submit(function, *arguments)

        executor.submit = spy  # type: ignore[method-assign,assignment]
        found = Refitter(executor, fit=fitted).refit(bs.ScalingModel(plain_law), subsets)
    assert {type(one) for one in sent} == {bytes}
    assert str(found["20"].fit) == "fit of 20 with 500 draws"

"""Refits on executors, failures and interrupts; the fits themselves are stood in for."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.validation import refits as _refits
from bayes_scaling.validation.refits import Refitter, refit_all

MODEL = bs.ScalingModel("Chinchilla")


@pytest.fixture
def subsets(sweep: Callable[..., bs.Runs]) -> dict[str, bs.Runs]:
    runs = sweep()
    number = np.arange(len(runs))
    return {f"{count}": runs.where(number < count) for count in (10, 15, 20, 25)}


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the subsets for which a fit was asked; the one of 15 runs fails."""
    sizes: list[int] = []

    def fit(model: bs.ScalingModel, runs: bs.Runs, settings: Settings, progress: bool) -> str:
        sizes.append(len(runs))
        if len(runs) == 15:
            raise bs.BayesScalingError("the sampler stopped")
        return f"fit of {len(runs)} with {settings.draws} draws"

    monkeypatch.setattr(_refits, "fit_as", fit)
    return sizes


@pytest.mark.parametrize("threads", [0, 2])
def test_a_failing_refit_does_not_sink_the_others(
    subsets: dict[str, bs.Runs], fitted: list[int], threads: int
) -> None:
    if threads:
        with ThreadPoolExecutor(threads) as executor:
            found = refit_all(MODEL, subsets, Refitter(executor))
    else:
        found = refit_all(MODEL, subsets, Refitter())
    assert sorted(fitted) == [10, 15, 20, 25]
    assert list(found) == ["10", "15", "20", "25"]
    assert found["15"].fit is None
    assert found["15"].failure == "BayesScalingError: the sampler stopped"
    assert str(found["20"].fit) == "fit of 20 with 500 draws"


def interrupted_at(count: int) -> Callable[..., str]:
    def fit(model: bs.ScalingModel, runs: bs.Runs, settings: Settings, progress: bool) -> str:
        if len(runs) == count:
            raise KeyboardInterrupt
        return "done"

    return fit


def test_an_interrupt_keeps_what_is_finished(
    subsets: dict[str, bs.Runs], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_refits, "fit_as", interrupted_at(20))
    found = refit_all(MODEL, subsets, Refitter())
    assert [one.fit is not None for one in found.values()] == [True, True, False, False]
    assert found["25"].failure == "interrupted before it was finished"


def test_an_interrupt_before_anything_is_finished_is_one(
    subsets: dict[str, bs.Runs], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_refits, "fit_as", interrupted_at(10))
    with pytest.raises(KeyboardInterrupt):
        refit_all(MODEL, subsets, Refitter())


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
    subsets: dict[str, bs.Runs], fitted: list[int]
) -> None:
    found = refit_all(MODEL, subsets, Refitter(Cancelling()))
    assert [one.fit is not None for one in found.values()] == [True, False, False, False]
    assert found["25"].failure == "cancelled by its executor before it was finished"


def killed_at(count: int, only_once: Path | None = None) -> Callable[..., str]:
    def fit(model: bs.ScalingModel, runs: bs.Runs, settings: Settings, progress: bool) -> str:
        if len(runs) == count and not (only_once and only_once.exists()):
            if only_once:
                only_once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return f"fit of {len(runs)}"

    return fit


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("times", ["once", "always"])
def test_a_killed_process_loses_no_refit_but_the_one_that_kills_it(
    times: str, subsets: dict[str, bs.Runs], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_once = tmp_path / "killed" if times == "once" else None
    monkeypatch.setattr(_refits, "fit_as", killed_at(15, only_once))
    # Forked workers have the stand-in for the fit.
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as executor:
        found = refit_all(MODEL, subsets, Refitter(executor))
    assert list(found) == ["10", "15", "20", "25"]
    fits = {name: one.fit for name, one in found.items()}
    killed = None if times == "always" else "fit of 15"
    assert fits == {"10": "fit of 10", "15": killed, "20": "fit of 20", "25": "fit of 25"}
    failures = {name: one.failure for name, one in found.items() if one.failure}
    assert failures == ({"15": _refits.KILLED} if times == "always" else {})


def test_each_refit_has_a_seed_of_its_own(
    subsets: dict[str, bs.Runs], monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[int] = []
    monkeypatch.setattr(
        _refits, "fit_as", lambda _, __, settings, **___: seeds.append(settings.seed)
    )
    refit_all(MODEL, subsets, Refitter(settings=Settings(seed=7)))
    assert seeds == [7, 8, 9, 10]


def test_progress_counts_refits(
    subsets: dict[str, bs.Runs], fitted: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    refit_all(MODEL, subsets, Refitter(progress=True))
    shown = capsys.readouterr().err
    assert "refits" in shown
    assert "4/4, 1 failed" in shown
    assert len(fitted) == 4


def test_seconds_are_measured(subsets: dict[str, bs.Runs], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_refits, "fit_as", lambda *_, **__: time.sleep(0.01))
    assert all(one.seconds >= 0.01 for one in refit_all(MODEL, subsets, Refitter()).values())


# A notebook has no file that a worker could import its classes from; nor has this.
NOTEBOOK = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

import bayes_scaling as bs
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.validation.refits import Refitter, refit_all


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
    found = refit_all(bs.ScalingModel(PowerInTokens), subsets, Refitter(executor, settings=few))
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
    subsets: dict[str, bs.Runs], fitted: list[int], own_laws: None
) -> None:
    class Local(bs.Law):
        inputs = ("tokens",)
        priors = {"E": bs.Prior.between(0.2, 0.95)}  # noqa: RUF012

        @staticmethod
        def loss(tokens, E):  # type: ignore[no-untyped-def]
            return E * tokens**-0.3

    with ThreadPoolExecutor(1) as executor:
        sent: list[Any] = []
        submit = executor.submit

        def spy(function: Any, *arguments: Any) -> Future[Any]:
            sent.extend(arguments)
            return submit(function, *arguments)

        executor.submit = spy  # type: ignore[method-assign,assignment]
        found = refit_all(bs.ScalingModel(Local), subsets, Refitter(executor))
    assert {type(one) for one in sent} == {bytes}
    assert str(found["20"].fit) == "fit of 20 with 500 draws"

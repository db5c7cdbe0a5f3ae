"""Refits: one model fitted to many subsets of runs, here or on an executor.

Each process compiles the structure once. A refit that fails is an outcome like another, an
interrupt keeps what is finished, and what a killed process took with it is refitted once more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, suppress
from dataclasses import dataclass, replace

import cloudpickle

from bayes_scaling.display.progress import stages
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.fitting.scaling_fit import ScalingFit, fit_as
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.runs import Runs

REFIT = Settings(draws=500, tune=500, chains=4, seed=1)
"""Sampling of a refit: 2000 draws settle the ends of a 95 % interval to a few percent of its width.
"""

KILLED = (
    "its process was killed, and again when it was refitted by itself; most often memory runs out: "
    "give fewer workers or fewer draws"
)
"""Failure of a refit whose process was killed twice."""


type Work = tuple[Callable[..., ScalingFit], ScalingModel, Runs, Settings]
"""Arguments of :func:`attempted`."""

type Outcomes = Generator[tuple[str, Outcome]]


@dataclass(frozen=True, eq=False)
class Outcome:
    """One refit: the fit, or why there is none."""

    fit: ScalingFit | None
    failure: str
    seconds: float


@dataclass(frozen=True)
class Refitter:
    """Refits of a model on subsets of runs: executor, display of progress, and settings.

    `fit` makes each of them, as :func:`fit_as` does; it is sent to an executor with the work.
    """

    executor: Executor | None = None
    progress: bool = False
    settings: Settings = REFIT
    fit: Callable[..., ScalingFit] = fit_as

    def refit(self, model: ScalingModel, subsets: Mapping[str, Runs]) -> dict[str, Outcome]:
        """One outcome for each subset, in their order.

        Raises
        ------
        KeyboardInterrupt
            If no refit had finished; later, an interrupt makes the rest outcomes that failed.
        """
        done: dict[str, Outcome] = {}
        # Each refit has a seed of its own, so that what chance does to the sampler averages out.
        work = {
            name: (self.fit, model, runs, replace(self.settings, seed=self.settings.seed + number))
            for number, (name, runs) in enumerate(subsets.items())
        }
        with stages(self.progress) as shown:
            shown.start("refits", len(work))
            try:
                with closing(self._outcomes(work)) as outcomes:
                    for name, outcome in outcomes:
                        done[name] = outcome
                        shown.advance(len(done), _counted(done, len(work)))
            except KeyboardInterrupt:
                if not done:
                    raise
        interrupted = Outcome(None, "interrupted before it was finished", 0.0)
        return {name: done.get(name, interrupted) for name in work}

    def _outcomes(self, work: Mapping[str, Work]) -> Outcomes:
        """Outcomes as they are finished, here or on the executor."""
        if self.executor is None:
            return ((name, attempted(*one)) for name, one in work.items())
        return _on_executor(self.executor, work)


def attempted(
    fit: Callable[..., ScalingFit], model: ScalingModel, runs: Runs, settings: Settings
) -> Outcome:
    """Fit a subset; an error becomes a failed outcome."""
    start = time.perf_counter()
    try:
        fitted = fit(model, runs, settings, progress=False)
    except Exception as error:  # whatever sinks one refit must not sink the others
        return Outcome(None, _reason(error), time.perf_counter() - start)
    return Outcome(fitted, "", time.perf_counter() - start)


def attempted_there(sent: bytes) -> bytes:
    """Fit a subset in a worker process; work and outcome travel by cloudpickle.

    Plain pickle sends a class by its name, and what a notebook defines has none elsewhere.
    """
    done: bytes = cloudpickle.dumps(attempted(*cloudpickle.loads(sent)))
    return done


def _on_executor(executor: Executor, work: Mapping[str, Work]) -> Outcomes:
    """Outcomes of the workers; refits lost with a killed one are tried once more, one by one."""
    waiting = {name: cloudpickle.dumps(one) for name, one in work.items()}
    futures: dict[Future[bytes], str] = {}
    try:
        with suppress(BrokenProcessPool):  # A pool of processes is broken by the first one killed.
            futures |= {executor.submit(attempted_there, one): n for n, one in waiting.items()}
        for future in as_completed(futures):
            if not _killed(future):
                del waiting[futures[future]]
                yield futures[future], _outcome(future)
    finally:
        for future in futures:
            future.cancel()
    while waiting:
        with _one_worker_like(executor) as worker:
            for name in list(waiting):
                future = worker.submit(attempted_there, waiting.pop(name))
                yield name, _outcome(future)
                if _killed(future):
                    break


def _one_worker_like(executor: Executor) -> Executor:
    """A single process started as those of the executor are, where that is known."""
    return ProcessPoolExecutor(1, mp_context=getattr(executor, "_mp_context", None))


def _killed(future: Future[bytes]) -> bool:
    """True for finished work whose process, or another one of its pool, was killed."""
    return not future.cancelled() and isinstance(future.exception(), BrokenProcessPool)


def _outcome(future: Future[bytes]) -> Outcome:
    if future.cancelled():
        return Outcome(None, "cancelled by its executor before it was finished", 0.0)
    error = future.exception()
    if isinstance(error, BrokenProcessPool):
        return Outcome(None, KILLED, 0.0)
    if error is not None:
        return Outcome(None, _reason(error), 0.0)
    sent: Outcome = cloudpickle.loads(future.result())
    return sent


def _counted(done: Mapping[str, Outcome], asked: int) -> str:
    failed = sum(one.fit is None for one in done.values())
    return f"{len(done)}/{asked}" + (f", {failed} failed" if failed else "")


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"

"""Refits on a dask cluster: a real scheduler with two worker processes."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, as_completed
from typing import Any

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.validation import refits as _refits
from bayes_scaling.validation.refits import Refitter

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.slow

Sweeps = Callable[..., bs.Runs]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as connected,
    ):
        yield connected


@pytest.fixture
def executor(client: Any) -> Executor:
    chosen: Executor = client.get_executor()
    return chosen


@pytest.fixture
def own_law(own_laws: None) -> type[bs.Law]:
    """A law that workers cannot import, like one of a notebook."""

    class PowerInTokens(bs.Law):
        """Loss falls as a power of training tokens, towards a floor."""

        __module__ = "__main__"
        inputs = ("tokens",)
        priors = {  # noqa: RUF012
            "E": bs.Prior.between(0.2, 0.95),
            "B": bs.Prior.between(0.01, 2.0),
            "beta": bs.Prior.between(0.05, 0.8),
        }

        @staticmethod
        def loss(tokens, E, B, beta):  # type: ignore[no-untyped-def]
            return E + B * tokens**-beta

    return PowerInTokens


def compiled_structures() -> int:
    from bayes_scaling.fitting import sampling

    return len(sampling._COMPILED)


# Workers cannot import a test, so this goes to them by value.
compiled_structures.__module__ = "__main__"


def test_each_worker_compiles_a_structure_once(
    client: Any, executor: Executor, own_law: type[bs.Law], sweep: Sweeps
) -> None:
    before = client.run(compiled_structures)
    model = bs.ScalingModel(own_law)
    tested = bs.backtest(model, sweep(), executor=executor, baselines=False, progress=False)
    assert not tested.folds["status"].str.contains("Error").any()
    found = bs.calibrate(model, sweep(), simulations=8, executor=executor, progress=False)
    assert found.refits["r_hat"].notna().all()
    after = client.run(compiled_structures)
    # A worker may have had no refit before the other had done them all.
    assert {after[worker] - before[worker] for worker in before} in ({1}, {0, 1})


def test_a_refit_that_fails_there_does_not_sink_the_others(
    executor: Executor, sweep: Sweeps
) -> None:
    runs = sweep()
    # A single run is refused, which is found out by the worker.
    subsets = {str(count): runs.where(np.arange(len(runs)) < count) for count in (1, 30)}
    model = bs.ScalingModel(bs.laws.PowerLaw("tokens"))
    found = Refitter(executor).refit(model, subsets)
    assert found["1"].failure.startswith("RunsError: Runs: there is 1 run")
    assert found["30"].fit is not None
    assert found["30"].fit.posterior.sizes["draw"] == 500


def test_an_interrupt_keeps_what_is_finished_and_stops_the_rest(
    client: Any, executor: Executor, sweep: Sweeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_and_interrupt(futures: dict[Future[object], str]) -> Iterator[Future[object]]:
        yield next(as_completed(futures))
        raise KeyboardInterrupt

    monkeypatch.setattr(_refits, "as_completed", one_and_interrupt)
    runs = sweep()
    subsets = {str(number): runs.where(np.arange(len(runs)) != number) for number in range(12)}
    found = Refitter(executor).refit(bs.ScalingModel(bs.laws.PowerLaw("tokens")), subsets)
    done = [name for name, outcome in found.items() if outcome.fit is not None]
    assert len(done) == 1
    others = {outcome.failure for name, outcome in found.items() if name not in done}
    assert others == {"interrupted before it was finished"}
    # What had not begun is taken off the scheduler, which hears of it a moment later; a worker
    # finishes the refit it is at.
    waited = time.monotonic() + 5
    while (left := tasks_of(client)) > 2 and time.monotonic() < waited:
        time.sleep(0.2)
    assert left <= 2


def tasks_of(client: Any) -> int:
    return int(client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)))

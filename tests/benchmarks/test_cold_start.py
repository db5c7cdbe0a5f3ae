"""Waiting time of somebody who types a command: new processes, without caches and with them.

Each command runs twice in a process of its own, with compiled code kept in a folder that was empty.
Seconds of work are printed beside those that passed, which a busy machine stretches:
``pytest tests/benchmarks/test_cold_start.py -m benchmark -s``.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayes_scaling.fitting.compiling import compile_model
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.runs import read_runs

pytestmark = pytest.mark.benchmark

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def table(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 240 runs of Chinchilla that its replication keeps."""
    runs = pd.read_csv(shared_data / "chinchilla.csv")
    path = tmp_path_factory.mktemp("runs") / "chinchilla.csv"
    runs[~runs["dropped_in_replication"]].to_csv(path, index=False)
    return path


def seconds(caches: Path, *arguments: object) -> float:
    """Seconds of a command from the shell, with the caches of this folder."""
    path = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    flags = f"base_compiledir={caches}"
    environment = {**os.environ, "PYTENSOR_FLAGS": flags, "PYTHONPATH": path}
    command = [sys.executable, "-m", "bayes_scaling", *map(str, arguments)]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True, cwd=caches)
    passed, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"\n{arguments[0]}: {passed:.1f} s passed, {worked:.1f} s of work", end="")
    return passed


def test_help_is_there_in_half_a_second(tmp_path: Path) -> None:
    assert min(seconds(tmp_path, "--help") for _ in range(3)) <= 0.5


def test_a_second_process_saves_a_posterior_in_10_seconds(table: Path, tmp_path: Path) -> None:
    first, second = (seconds(tmp_path, "fit", table, "--seed", 1) for _ in range(2))
    assert first <= 20
    assert second <= 10


def test_the_demo_takes_40_seconds_and_then_20(tmp_path: Path) -> None:
    first, second = (seconds(tmp_path, "demo") for _ in range(2))
    assert first <= 40
    assert second <= 20


def test_compiling_again_takes_a_fifth_of_nutpies_own(table: Path) -> None:
    import nutpie

    runs = read_runs(table)
    took = {}
    for name, how in (("ours", compile_model), ("nutpie's", nutpie.compile_pymc_model)):
        how(ScalingModel("chinchilla").build(runs))
        start = time.process_time()
        compiled = how(ScalingModel("chinchilla").build(runs))
        took[name] = time.process_time() - start
        assert np.isfinite(compiled.initial_point_func(1)).all()
    print(f"\ncompiling again: {took['ours']:.1f} s of work, nutpie's own {took["nutpie's"]:.1f} s")
    assert took["ours"] <= took["nutpie's"] / 5

"""Time that large tables take to read, in seconds of one processor, and how much memory."""

import gc
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.runs import Runs

pytestmark = pytest.mark.slow

ROWS, CHECKPOINTS = 100_000, 2_000_000


def seconds(read: Callable[[], Runs], expected: int) -> float:
    """Time of the faster of two readings; what other tests have left in memory is not searched."""
    gc.freeze()
    try:
        return min(once(read, expected) for _ in range(2))
    finally:
        gc.unfreeze()


def once(read: Callable[[], Runs], expected: int) -> float:
    start = time.process_time()
    assert len(read()) == expected
    return time.process_time() - start


def test_a_table_of_many_runs(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "N": 10 ** rng.uniform(7, 11, ROWS),
            "D": 10 ** rng.uniform(8, 13, ROWS),
            "loss": rng.random(ROWS) + 2,
            "corpus": rng.choice(["c4", "pile"], ROWS),
        }
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    # Measured: 0.5 s and 0.2 s.
    assert seconds(lambda: bs.read_runs(tmp_path / "t.csv", factors=("corpus",)), ROWS) < 1
    assert seconds(lambda: Runs.from_frame(frame, factors=("corpus",)), ROWS) < 1


def test_many_checkpoints(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    step = np.arange(CHECKPOINTS)
    frame = pd.DataFrame(
        {
            "run": pd.Series(step % 300).map("run-{}".format),
            "tokens": step * 1e5,
            "N": 1e8 * (1 + step % 300),
            "loss": 2 + rng.random(CHECKPOINTS).round(6),
        }
    )
    frame.to_csv(tmp_path / "c.csv", index=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Measured: 1.1 s, 1.7 s with "smoothed", and some 60 MB.
    assert seconds(lambda: Runs.from_curves(tmp_path / "c.csv"), 300) < 3
    assert seconds(lambda: Runs.from_curves(tmp_path / "c.csv", final="smoothed"), 300) < 3
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 500

"""Loss curves for the tests of how they become runs."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def curves(rng: np.random.Generator) -> pd.DataFrame:
    """Six runs of different lengths, their checkpoints shuffled; loss is blank in half the rows."""
    checkpoints = 100
    sizes = np.geomspace(1e8, 1e9, 6)
    lengths = np.geomspace(2e10, 2e9, 6)
    parts = []
    for position, (size, length) in enumerate(zip(sizes, lengths, strict=True)):
        seen = np.linspace(0, length, 2 * checkpoints + 1)[1:]
        loss = 1.7 + 400 / size**0.34 + 410 / seen**0.28
        loss += rng.normal(0, 0.01, seen.size)
        loss[::2] = np.nan
        part = {
            "run": f"run-{position}",
            "step": np.arange(1, seen.size + 1),
            "tokens": seen,
            "N": size,
            "val/loss": loss,
            "lr": 0.5 * (1.1 + 0.9 * np.cos(np.pi * seen / length)),
            "corpus": "c4" if position % 2 else "pile",
        }
        parts.append(pd.DataFrame(part))
    shuffled = pd.concat(parts).iloc[rng.permutation(len(sizes) * 2 * checkpoints)]
    return shuffled.reset_index(drop=True)

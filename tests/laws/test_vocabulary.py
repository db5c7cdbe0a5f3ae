"""The law of vocabularies: the optimum that its paper prints, and recovery of negative losses."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.laws import Vocabulary, published_set

TAO = published_set("tao2024")


@pytest.mark.parametrize(("params", "width", "vocabulary"), [(70e9, 8192, 216e3)])
def test_best_vocabulary_is_the_printed_one(params: float, width: int, vocabulary: float) -> None:
    """Of Llama 2 with 70B parameters at the compute that the authors take to be best for it."""
    flops = (params / np.exp(-2.4846510161625193)) ** 2
    sizes = np.geomspace(1e4, 1e6, 20_001)
    tokens = flops / 6 / (params + width * sizes)
    losses = TAO.loss(non_vocab_params=params, vocab_params=width * sizes, tokens=tokens)
    # Printed to three digits.
    assert sizes[np.argmin(losses)] == pytest.approx(vocabulary, rel=0.015)


def test_vocabulary_grows_slower_than_the_rest() -> None:
    """The printed exponent of vocabulary parameters in those of the rest is 0.83."""
    best = []
    for params in (3e9, 300e9):
        flops = (params / np.exp(-2.4846510161625193)) ** 2
        inside = np.geomspace(1e6, 1e11, 50_001)
        tokens = flops / 6 / (params + inside)
        losses = TAO.loss(non_vocab_params=params, vocab_params=inside, tokens=tokens)
        best.append(inside[np.argmin(losses)])
    assert np.log(best[1] / best[0]) / np.log(100) == pytest.approx(0.83, abs=0.04)


def test_losses_are_negative_and_fall_to_the_level() -> None:
    near = TAO.loss(non_vocab_params=1e9, vocab_params=1e8, tokens=2e10)
    far = TAO.loss(non_vocab_params=1e30, vocab_params=1e30, tokens=1e30)
    assert far < near < 0
    assert far == pytest.approx(TAO.law.irreducible(TAO.parameters), rel=1e-6)


def sweep(rng: np.random.Generator) -> pd.DataFrame:
    cells = product(np.geomspace(3.3e7, 1.13e9, 6), np.geomspace(4e3, 96e3, 4), (1e9, 5e9, 2.5e10))
    table = pd.DataFrame(list(cells), columns=["non_vocab_params", "size", "tokens"])
    table["vocab_params"] = table["size"] * 3.2 * table["non_vocab_params"] ** 0.32
    return table.drop(columns="size")


@pytest.mark.slow
def test_recovers_its_truth(recovers: Callable[..., None]) -> None:
    model = bs.ScalingModel(Vocabulary(), noise=bs.noise.StudentT())
    target = {"non_vocab_params": 3e9, "vocab_params": 1.1e8, "tokens": 1e11}
    noise = {"noise_sd": 0.02, "noise_df": 4.0}
    recovers(model, sweep, TAO.parameters, target, noise=noise, response="metric")

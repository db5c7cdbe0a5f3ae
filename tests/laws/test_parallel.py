"""The parallel scaling law of Chen et al. (2025) with its published constants.

The losses that those were fitted to are not among the data of these tests: what is tested is that
the law with these constants has the properties that the paper reports.
"""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import optimize

from bayes_scaling.laws import Parallel, PowerLaw

STACK = {"E": 0.6912, "A": 1.1306e7, "alpha": 0.1894, "k": 0.3935}
PILE = {"E": 1.2888, "A": 1.9735e8, "alpha": 0.1963, "k": 0.3345}
# The sizes of the paper's sweep, 0.5B to 4.4B, and its numbers of streams.
SIZES, STREAMS = (
    axis.ravel()
    for axis in np.meshgrid([0.54e9, 0.69e9, 1.1e9, 1.6e9, 2.8e9, 4.4e9], [1.0, 2.0, 4.0, 8.0])
)


def test_one_stream_is_a_power_of_parameters() -> None:
    power = PowerLaw("params").evaluate(
        {"params": SIZES}, {"E": 1.2888, "A": 1.9735e8**0.1963, "alpha": 0.1963}
    )
    np.testing.assert_allclose(Parallel.loss(SIZES, 1.0, **PILE), power, rtol=1e-12)


@pytest.mark.parametrize("theta", [STACK, PILE], ids=["stack", "pile"])
def test_streams_are_worth_a_logarithm_of_parameters(theta: dict[str, float]) -> None:
    for streams in (2.0, 8.0):
        worth = 1 + theta["k"] * np.log(streams)
        many = Parallel.loss(1.6e9, streams, **theta)
        assert many == pytest.approx(Parallel.loss(worth * 1.6e9, 1.0, **theta), rel=1e-12)


@pytest.mark.parametrize("theta", [STACK, PILE], ids=["stack", "pile"])
def test_least_squares_on_the_papers_design_finds_the_constants(theta: dict[str, float]) -> None:
    losses = Parallel.loss(SIZES, STREAMS, **theta)

    def residuals(log_theta: np.ndarray) -> np.ndarray:
        guess = dict(zip(theta, np.exp(log_theta), strict=True))
        return np.log(Parallel.loss(SIZES, STREAMS, **guess) / losses)

    start = np.log([1.0, 5e7, 0.25, 0.5])
    found = optimize.least_squares(residuals, start, x_scale="jac", xtol=1e-15, ftol=1e-15)
    assert dict(zip(theta, np.exp(found.x), strict=True)) == pytest.approx(theta, rel=0.02)


def test_less_than_one_stream_counts_as_one() -> None:
    assert Parallel.loss(1e9, 0.05, **{**PILE, "k": 2.0}) == Parallel.loss(1e9, 1.0, **PILE)


@pytest.mark.slow
def test_recovers_its_truth(recovers: Callable[..., None], crossed: Callable[..., object]) -> None:
    design = crossed(streams=[1.0, 2.0, 4.0, 8.0], params=np.geomspace(1e7, 4.4e9, 12))
    recovers(Parallel(), design, PILE, {"params": 4.4e10, "streams": 8.0})

"""The power with a shift: its limits, and recovery where runs lie on both sides of it."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from bayes_scaling.laws import PowerLaw, ShiftedPowerLaw

PLAIN = {"E": 1.5, "A": 40.0, "alpha": 0.22}
THETA = {**PLAIN, "s": 3e7}


def test_far_above_the_shift_it_is_the_power_law() -> None:
    plain = PowerLaw("tokens").evaluate({"tokens": 1e15}, PLAIN)
    assert ShiftedPowerLaw().evaluate({"tokens": 1e15}, THETA) == pytest.approx(plain, rel=1e-8)


def test_far_below_the_shift_it_is_flat() -> None:
    few = ShiftedPowerLaw().evaluate({"tokens": np.array([1.0, 1e3])}, THETA)
    np.testing.assert_allclose(few, 1.5 + 40.0 * 3e7**-0.22, rtol=1e-4)


def test_the_law_of_transfer() -> None:
    """Hernandez et al.: data transferred, k D_F^0.18 N^0.38, count as if they were one's own."""
    own, transferred = 3e6, 1.9e4 * 3e6**0.18 * 4e7**0.38
    shifted = ShiftedPowerLaw().evaluate({"tokens": own}, {**THETA, "s": transferred})
    effective = PowerLaw("tokens").evaluate({"tokens": own + transferred}, PLAIN)
    assert shifted == pytest.approx(effective, rel=1e-14)


def curve(rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame({"tokens": np.geomspace(1e6, 3e9, 24)})


@pytest.mark.slow
def test_recovers_its_truth(recovers: Callable[..., None]) -> None:
    noise = {"noise_sd": 0.003, "noise_df": 4.0}
    recovers(ShiftedPowerLaw(), curve, THETA, {"tokens": 3e10}, noise=noise)

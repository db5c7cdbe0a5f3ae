"""Critical batch size and minimal steps against Kaplan et al. (2020), sections 5 and 6."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_scaling.accounting import (
    compute_exponent,
    critical_batch_size,
    minimal_flops,
    minimal_steps,
    tokens_for_steps,
)

amounts = st.floats(1e-3, 1e12)


def test_critical_batch_doubles_as_the_loss_falls_by_thirteen_per_cent() -> None:
    # The paper says "doubles"; its own exponent gives 1.94.
    for loss in (2.0, 4.0):
        ratio = critical_batch_size(0.87 * loss) / critical_batch_size(loss)
        assert ratio == pytest.approx(1.94, abs=0.005)


def test_critical_batch_at_one_nat_is_the_published_scale() -> None:
    assert critical_batch_size(1.0) == 2e8
    assert critical_batch_size(3.0, scale=1e8, exponent=0.5) == pytest.approx(1e8 / 9)


def test_exponent_of_the_loss_in_minimal_compute() -> None:
    # The paper prints 0.054 (equation 6.4); from its own rounded exponents it is 0.0520.
    assert compute_exponent(alpha_N=0.076, alpha_S=0.76, alpha_B=0.21) == pytest.approx(
        0.0520, abs=5e-5
    )


@given(steps=amounts, batch_size=amounts, critical=amounts)
def test_steps_and_compute_saved_are_one_trade_off(
    steps: float, batch_size: float, critical: float
) -> None:
    # Equations 5.4 and 5.5 are equation 5.1 at the point where D = B S and D_min = B_crit S_min.
    least_steps = minimal_steps(steps, batch_size, critical)
    least_flops = minimal_flops(6e9 * batch_size * steps, batch_size, critical)
    assert least_flops == pytest.approx(6e9 * critical * least_steps, rel=1e-9)
    assert least_steps / steps + least_flops / (6e9 * batch_size * steps) == pytest.approx(1)


@given(excess=st.floats(1e-3, 1e3), least_steps=amounts, least_tokens=amounts)
def test_trade_off_of_steps_and_tokens(
    excess: float, least_steps: float, least_tokens: float
) -> None:
    steps = least_steps * (1 + excess)
    tokens = tokens_for_steps(steps, least_steps, least_tokens)
    product = (steps / least_steps - 1) * (tokens / least_tokens - 1)
    # 1 + excess loses digits where excess is small.
    assert product == pytest.approx(1, rel=1e-9)


def test_limits_of_small_and_large_batches() -> None:
    assert minimal_steps(1e5, 1e12, 1e6) == pytest.approx(1e5, rel=1e-5)
    assert minimal_flops(1e20, 1.0, 1e6) == pytest.approx(1e20, rel=1e-5)


def test_columns_of_runs_are_converted_at_once() -> None:
    loss = np.array([3.5, 3.0, 2.5])
    critical = critical_batch_size(loss)
    assert (np.diff(critical) > 0).all()
    converted = minimal_steps(np.full(3, 1e5), 5e5, critical)
    np.testing.assert_allclose(converted, [minimal_steps(1e5, 5e5, one) for one in critical])

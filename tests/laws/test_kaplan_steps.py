"""The learning-curve law of Kaplan et al. (2020) against its table 3 and appendix B."""

from collections.abc import Callable

import numpy as np
import pytest

from bayes_scaling.accounting import critical_batch_size
from bayes_scaling.laws import KaplanSteps

TABLE_3 = {"N_c": 6.5e13, "S_c": 2.1e3, "alpha_N": 0.077, "alpha_S": 0.76}


def test_value_is_equation_1_6() -> None:
    assert KaplanSteps.loss(6.5e13, 2.1e3, **TABLE_3) == pytest.approx(2.0)
    assert KaplanSteps.loss(1e9, 1e5, **TABLE_3) == pytest.approx(
        (6.5e13 / 1e9) ** 0.077 + (2.1e3 / 1e5) ** 0.76
    )


def test_unlimited_steps_leave_the_loss_of_the_size() -> None:
    assert KaplanSteps.loss(1e9, np.inf, **TABLE_3) == pytest.approx((6.5e13 / 1e9) ** 0.077)


def stopped_at(share: float, loss: float) -> tuple[float, float]:
    """Size and steps with `loss`, stopped at a share above that size's converged loss."""
    converged = loss / (1 + share)
    params = 6.5e13 * converged ** (-1 / 0.077)
    steps = 2.1e3 * (share * converged) ** (-1 / 0.76)
    assert KaplanSteps.loss(params, steps, **TABLE_3) == pytest.approx(loss)
    return params, steps


@pytest.mark.parametrize("loss", [2.2, 3.0])
def test_stopping_early_against_late_as_in_appendix_b(loss: float) -> None:
    (params, steps), (late_params, late_steps) = (stopped_at(f, loss) for f in (0.10, 0.02))
    assert params / late_params == pytest.approx(2.67, abs=0.005)
    assert steps / late_steps == pytest.approx(0.133, abs=5e-4)
    # The batch size is the same, for it depends on the loss: compute goes as size times steps.
    compute = [
        n * s * critical_batch_size(loss)
        for n, s in zip((params, late_params), (steps, late_steps), strict=True)
    ]
    assert compute[0] / compute[1] == pytest.approx(0.354, abs=1e-3)


def test_most_efficient_stop_is_a_tenth_above_convergence() -> None:
    # Appendix B.2: L_eff = (1 + alpha_N / alpha_S) L(N, infinity).
    shares = np.linspace(0.01, 0.5, 981)
    compute = [np.prod(stopped_at(share, 2.5)) for share in shares]
    assert shares[np.argmin(compute)] == pytest.approx(0.077 / 0.76, abs=5e-4)


@pytest.mark.slow
def test_recovers_its_truth(recovers: Callable[..., None], crossed: Callable[..., object]) -> None:
    design = crossed(params=np.geomspace(1e6, 1e9, 7), steps=np.geomspace(2e3, 1e5, 6))
    recovers(KaplanSteps(), design, TABLE_3, {"params": 5e9, "steps": 2e5})

"""Laws of the loss curve: the published formula, its constants, and what must hold of both."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_scaling import schedules
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.reporting.citing.bibliography import BIBLIOGRAPHY
from bayes_scaling.schedules.laws import CurveScales
from bayes_scaling.schedules.sums import schedule_sums

LAWS = [schedules.MultiPower(), schedules.Annealing()]
PARAMETERS = {
    "MultiPower": schedules.MultiPower().published["100M"],
    "Annealing": {"L0": 2.6, "A": 0.6, "alpha": 0.45, "C": 0.4},
}
each_law = pytest.mark.parametrize("law", LAWS, ids=repr)


def parameters(law: schedules.CurveLaw) -> Mapping[str, float]:
    return PARAMETERS[type(law).__name__]


def multi_power_sum(rates: np.ndarray, step: int, theta: Mapping[str, float]) -> float:
    """The published sum over every step, one by one."""
    total, change = np.cumsum(rates), np.diff(rates, prepend=0.0)[: step + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        area = total[step] - np.append(0.0, total[:step])
        inner = theta["C"] * rates[: step + 1] ** -theta["gamma"] * area
        gain = np.where(area > 0, 1 - (1 + inner) ** -theta["beta"], 0.0)
    forward = theta["L0"] + theta["A"] * total[step] ** -theta["alpha"]
    return forward + theta["B"] * float(change @ gain)


def annealing_sum(rates: np.ndarray, step: int, theta: Mapping[str, float]) -> float:
    momentum, area = 0.0, 0.0
    for before, now in pairwise(rates[: step + 1]):
        momentum = 0.999 * momentum + before - now
        area += momentum
    return theta["L0"] + theta["A"] * rates[: step + 1].sum() ** -theta["alpha"] - theta["C"] * area


@each_law
def test_sums_are_those_over_every_step(
    law: schedules.CurveLaw, paper_schedules: Mapping[str, np.ndarray]
) -> None:
    one_by_one = multi_power_sum if isinstance(law, schedules.MultiPower) else annealing_sum
    to_zero = {"to zero": schedules.linear(3e-4, 0.0, 9000, 1000)}
    for name, rates in {**paper_schedules, **to_zero}.items():
        steps = np.array([2200, 8001, 8100, len(rates) - 1])
        steps = steps[steps < len(rates)]
        expected = [one_by_one(rates, step, parameters(law)) for step in steps]
        found = law.loss(rates, parameters(law), steps)
        # A twentieth of what the laws themselves miss, 0.1 to 0.2 % of the loss.
        np.testing.assert_allclose(found, expected, rtol=6e-5, err_msg=name)


@pytest.mark.parametrize(("size", "published"), [("25M", 0.00110), ("100M", 0.00142)])
def test_published_constants_reproduce_the_curves_as_well_as_published(
    shared_data: Path, paper_schedules: Mapping[str, np.ndarray], size: str, published: float
) -> None:
    table = pd.read_csv(shared_data / "schedule_curves.csv")
    law, errors = schedules.MultiPower(), {}
    for name, of_run in table[table["size"] == size].groupby("schedule"):
        loss = law.loss(paper_schedules[str(name)], law.published[size], of_run["step"])
        errors[name] = float(np.mean(np.abs(loss / of_run["loss"] - 1)))
    tested = set(errors) - {"cosine_24000", "constant_24000", "wsdcon_9"}
    assert np.mean([errors[name] for name in tested]) == pytest.approx(published, abs=5e-5)


@each_law
def test_it_is_cited(law: schedules.CurveLaw) -> None:
    assert BIBLIOGRAPHY[law.cite].fields["eprint"] in (type(law).__doc__ or "")


@each_law
# Where a decay pays: after many steps, and over a part of them.
@given(st.integers(8000, 20_000), st.floats(0.1, 0.3), st.floats(2e-4, 5e-4))
def test_properties(law: schedules.CurveLaw, steps: int, share: float, peak: float) -> None:
    theta = parameters(law)
    warmup, over = steps // 10, max(1, int(share * steps))
    flat = schedules.constant(peak, 2 * steps, warmup)
    down = schedules.decayed(flat, at=steps, over=over)

    def end(rates: np.ndarray) -> float:
        return float(law.loss(rates, theta, [len(rates) - 1])[0])

    undecayed = end(flat[: len(down)])
    assert end(down) < undecayed  # A finished run is below one that is not.
    assert end(flat) < undecayed  # A longer run is better,
    later = schedules.decayed(flat, at=2 * steps - over, over=over)
    assert end(later) < end(down)  # and so is one that decays later.
    along = law.loss(down, theta, np.arange(max(1, warmup), len(down), 400))
    assert along.min() > theta["L0"]


@each_law
def test_changing_units_changes_no_loss(
    law: schedules.CurveLaw, paper_schedules: Mapping[str, np.ndarray]
) -> None:
    scales = CurveScales(loss=2.5, total=3.0, rate=2e-4)
    theta = {name: prior.range()[0] for name, prior in law.priors.items()}
    paper = {**theta, **law.paper_units(scales, theta)}
    sums = schedule_sums(paper_schedules["cosine_24000"], [3000, 23_999])
    inside = schedules.curves.scaled(sums, scales)
    expected = scales.loss * law.expected(inside, theta)
    np.testing.assert_allclose(law.expected(sums, paper), expected, rtol=1e-10)


@pytest.mark.parametrize("size", schedules.MultiPower().published)
def test_published_constants_are_within_the_priors(simulated: schedules.Curves, size: str) -> None:
    law = schedules.MultiPower()
    published = law.published[size]
    curves = schedules.simulate(law, published, simulated.schedules)
    scales = curves.scales(curves.points(30))
    inverse = CurveScales(1 / scales.loss, 1 / scales.total, 1 / scales.rate)
    reference = {**published, **law.paper_units(inverse, published)}
    for name, prior in law.priors.items():
        low, high = prior.range(0.95)
        assert low < reference[name] < high, name


def test_parameters_must_be_those_of_the_law() -> None:
    with pytest.raises(ModelError, match="the law has L0, A, alpha, B, C, beta, gamma"):
        schedules.MultiPower().loss(np.ones(5), {"L0": 1.0}, [3])
    with pytest.raises(ModelError, match=r"decay=1.5 cannot be the share"):
        schedules.Annealing(decay=1.5)


@pytest.mark.parametrize(
    ("steps", "message"),
    [([5], "whose last is step 4"), ([-1], "-1 to"), ([0], "been positive yet")],
)
def test_steps_must_be_of_the_schedule(steps: list[int], message: str) -> None:
    with pytest.raises(RunsError, match=message):
        schedule_sums(schedules.constant(1.0, 5, warmup=2), steps)


@each_law
def test_a_run_without_warm_up_is_one_with_next_to_none(law: schedules.CurveLaw) -> None:
    """The first learning rate is a rise like any other, and no loss goes below `L0`."""
    theta, last = parameters(law), [239_999]
    for peak in (3e-4, 3e-3):
        without, with_one = (
            law.loss(schedules.cosine(peak, 0.0, 240_000, warmup), theta, last).item()
            for warmup in (0, 1)
        )
        assert without == pytest.approx(with_one, rel=1e-5)
        assert without > theta["L0"]

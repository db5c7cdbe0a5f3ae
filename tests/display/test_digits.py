"""Numbers for publication never show more than their Monte-Carlo error supports."""

import math
import re

import arviz as az
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from bayes_scaling.display.digits import (
    estimate,
    interval_numbers,
    label_writer,
    last_place,
    monte_carlo_error,
    number_writer,
)
from bayes_scaling.display.intervals import intervals
from bayes_scaling.units import parse_count


def chains(values: np.ndarray) -> xr.DataArray:
    return xr.DataArray(values, dims=("chain", "draw"))


def written(name: str, draws: xr.DataArray, prob: float = 0.9) -> list[str]:
    ends = intervals(draws, prob)
    text = estimate(name, draws, float(ends["median"]), float(ends["lower"]), float(ends["upper"]))
    match = re.fullmatch(r"(\S+) \[(\S+), (\S+)\]", text)
    assert match
    return list(match.groups())


def place_of(text: str) -> int:
    """Power of ten of the last digit shown; of a whole number that of its last digit not zero."""
    number, exponent = (*text.split("e"), "0")[:2]
    shift = {"K": 3, "M": 6, "B": 9, "T": 12}.get(number[-1], 0)
    digits = number.rstrip("KMBT")
    decimals = len(digits.split(".")[1]) if "." in digits else 0
    trailing = len(digits) - len(digits.rstrip("0")) if "." not in digits else 0
    return int(exponent) + shift - decimals + trailing


@pytest.mark.parametrize("name", ["expected_loss", "params", "flops", "A"])
@given(
    scale=st.floats(-4, 12),
    spread=st.floats(-4, -0.5),
    size=st.integers(20, 400),
    seed=st.integers(0, 99),
)
def test_no_digit_is_finer_than_the_monte_carlo_error(
    name: str, scale: float, spread: float, size: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    draws = chains(10**scale * (1 + 10**spread * rng.normal(size=(2, size))))
    ends = intervals(draws, 0.9)
    for text, end in zip(written(name, draws), ("median", "lower", "upper"), strict=True):
        value = float(ends[end])
        error = monte_carlo_error(draws, value)
        rounded = parse_count(text) if not text.startswith(("0", "-")) else float(text)
        place = last_place(error, float(ends["upper"] - ends["lower"]), value)
        # The second digit of a wide interval may be known nearly.
        wide = 0 < 2 * float(ends["lower"]) < float(ends["upper"])
        if rounded and round(value, -place):
            assert 10.0 ** place_of(text) >= (0.4 if wide else 1.0) * error * (1 - 1e-9)
        assert abs(rounded - value) <= 0.5000001 * 10**place


def test_more_draws_show_more_digits(rng: np.random.Generator) -> None:
    few, many = (chains(2 + rng.normal(size=(4, size))) for size in (5, 50_000))
    assert place_of(written("loss", few)[0]) > place_of(written("loss", many)[0])


def test_slow_chains_show_fewer_digits_than_independent_draws(rng: np.random.Generator) -> None:
    steps = rng.normal(size=(4, 1000))
    slow = np.zeros_like(steps)
    for place in range(1, steps.shape[1]):
        slow[:, place] = 0.99 * slow[:, place - 1] + math.sqrt(1 - 0.99**2) * steps[:, place]
    assert monte_carlo_error(chains(slow), 0.0) > 3 * monte_carlo_error(chains(steps), 0.0)


def test_the_error_is_that_of_arviz_at_the_quantile(rng: np.random.Generator) -> None:
    draws = rng.normal(size=(4, 5000))
    lower = float(np.quantile(draws, 0.05))
    expected = float(az.mcse(draws, method="quantile", prob=0.05))
    assert monte_carlo_error(chains(draws), lower) == pytest.approx(expected, rel=0.1)
    assert monte_carlo_error(chains(draws), lower) > monte_carlo_error(chains(draws), 0.0)


def test_the_width_limits_what_many_draws_would_support() -> None:
    assert last_place(error=1e-9, width=0.05, value=1.97) == -3


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("A", 482.0123, "482"), ("params", 9.1287e9, "9.13B"), ("flops", np.inf, "inf")],
)
def test_numbers_without_uncertainty_have_no_interval(name: str, value: float, text: str) -> None:
    draws = chains(np.full((2, 50), value))
    assert estimate(name, draws, value, value, value) == text
    assert monte_carlo_error(draws, value) == 0


def test_a_few_draws_have_the_error_of_a_single_one(rng: np.random.Generator) -> None:
    draws = chains(rng.normal(size=(1, 3)))
    assert monte_carlo_error(draws, 0.0) == pytest.approx(float(draws.std()))


def test_missing_and_infinite_draws_are_left_out_of_the_error(rng: np.random.Generator) -> None:
    values = rng.normal(10, 1, size=(2, 500))
    values[0, :50], values[1, :20] = np.nan, np.inf
    assert 0.02 < monte_carlo_error(chains(values), 10.0) < 0.2


def test_infinite_and_missing_numbers_are_said() -> None:
    draws = chains(np.concatenate([np.linspace(1e21, 2e21, 60), np.full(40, np.inf)])[np.newaxis])
    assert estimate("flops", draws, 1.8e21, 1.1e21, np.inf).endswith("e21, inf]")
    assert estimate("loss", draws, np.nan, np.nan, np.nan) == "nan [nan, nan]"


@pytest.mark.parametrize(
    ("name", "value", "place", "text"),
    [
        ("params", 7.128e10, 9, "71B"),
        ("params", 7.128e10, 11, "100B"),
        ("params", 9.996e9, 8, "10.0B"),
        ("tokens", 1.3468e12, 10, "1.35T"),
        ("tokens", 350.4, 0, "350"),
        ("flops", 5.761e23, 22, "5.8e23"),
        ("flops", 9.99e23, 22, "1.00e24"),
        ("loss", 1.9741, -2, "1.97"),
        ("loss", 1.995, -2, "2.00"),
        ("A", 482.01, 1, "480"),
        ("A", 4.8201e7, 6, "4.8e7"),
        ("noise", 0.000412, -5, "4.1e-4"),
        ("difference", -0.0004, -2, "0.00"),
        ("difference", -0.24, -2, "-0.24"),
        ("params", 2e16, 15, "2.0e16"),
    ],
)
def test_numbers_are_written_by_what_they_are(
    name: str, value: float, place: int, text: str
) -> None:
    assert number_writer(name)(value, place) == text


def test_what_was_asked_for_is_written_as_counts() -> None:
    assert [label_writer(name)(7e10) for name in ("params", "flops", "k")] == [
        "70B",
        "7e10",
        "7e10",
    ]
    assert [label_writer("k")(value) for value in (1e4, 2.2, 1e-4, 0.0)] == [
        "10000",
        "2.2",
        "1e-4",
        "0",
    ]


@pytest.mark.parametrize("name", ["params", "flops"])
def test_a_count_whose_interval_spans_decades_is_not_zero(name: str) -> None:
    rng = np.random.default_rng(3)
    draws = 1e11 * 10 ** (2.5 * rng.standard_normal((4, 500)))
    numbers = written(name, chains(draws))
    known = np.quantile(draws, [0.5, 0.05, 0.95])
    found = [parse_count(number) for number in numbers]
    # One digit at least: a number is off by half its leading unit at the most.
    np.testing.assert_allclose(found, known, rtol=0.5)


def test_ends_that_are_far_apart_have_two_digits_where_they_are_nearly_known() -> None:
    rng = np.random.default_rng(3)
    known = chains(34e9 * np.exp(0.65 * rng.standard_normal((4, 200))))
    # The median is known to 2B and the upper end to 8B.
    assert all(re.fullmatch(r"\d\dB|1\d0B", text) for text in written("params", known))
    unknown = chains(34e9 * np.exp(0.65 * rng.standard_normal((4, 5))))
    assert any(re.fullmatch(r"\d0B|\d00B", text) for text in written("params", unknown))


def test_parameters_named_after_columns_are_no_counts() -> None:
    assert number_writer("A_tokens")(1041.0, 1) == "1040"
    assert number_writer("alpha_flops")(0.153, -3) == "0.153"
    assert number_writer("unique_tokens")(1041.0, 1) == "1.04K"


def test_no_end_of_a_positive_interval_is_written_as_zero() -> None:
    draws = chains(np.exp(np.random.default_rng(1).normal(7, 1.5, (4, 1000))))
    median, lower, upper = (float(x) for x in np.quantile(draws, [0.5, 0.05, 0.95]))
    for text in interval_numbers("A", draws, (median, lower, upper)):
        assert float(text) > 0

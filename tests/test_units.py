import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from bayes_scaling.units import (
    FLOPS_PER_PARAM_TOKEN,
    PF_DAY,
    bits_per_byte,
    compute,
    format_count,
    format_flops,
    nats_to_bits,
    parse_count,
)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (7e10, "70B"),
        (1.4e12, "1.4T"),
        (5.7e7, "57M"),
        (350, "350"),
        (1500, "1.5K"),
        (1e16, "1e+16"),
        (1, "1"),
        (7.0, "7"),
        (70.56e9, "70.6B"),
        (123_456, "123K"),
        (0, "0"),
        (0.25, "0.25"),
        (-7e10, "-70B"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_format_count(count: float, text: str) -> None:
    assert format_count(count) == text


def test_format_count_changes_suffix_after_rounding() -> None:
    assert format_count(999_600) == "1M"
    assert format_count(999_400) == "999K"
    assert format_count(9.999e14) == "1e+15"


@pytest.mark.parametrize(
    ("flops", "text"),
    [(5.76e23, "5.76e23"), (1e25, "1e25"), (9.999e22, "1e23"), (0.0, "0"), (3e-2, "3e-2")],
)
def test_format_flops(flops: float, text: str) -> None:
    assert format_flops(flops) == text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("70B", 7e10),
        ("70b", 7e10),
        (" 57M ", 5.7e7),
        ("1.4T", 1.4e12),
        ("1.1T", 1.1e12),
        (".5K", 500.0),
        ("350", 350.0),
        ("1_000_000", 1e6),
        ("5.76e23", 5.76e23),
        ("1e+25", 1e25),
        ("2E3K", 2e6),
    ],
)
def test_parse_count(text: str, count: float) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize(
    "text", ["", "B", "seventy", "-7B", "0", "0B", "7 B", "7BB", "7G", "1e400", "nan", "inf", "1,5"]
)
def test_parse_count_refuses_and_shows_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=rf"^'{text}' is not a positive count\. .*Write 70B"):
        parse_count(text)


@given(st.floats(min_value=1.0, max_value=1e30))
def test_parse_count_reads_what_format_count_prints(count: float) -> None:
    assert parse_count(format_count(count)) == pytest.approx(count, rel=0.0051)


@given(st.floats(min_value=1e-30, max_value=1e30))
def test_format_flops_keeps_three_digits(flops: float) -> None:
    assert float(format_flops(flops)) == pytest.approx(flops, rel=0.0051)


def test_compute_is_6nd_by_position_and_by_name() -> None:
    assert FLOPS_PER_PARAM_TOKEN == 6
    params, tokens = np.array([1e9, 7e10]), np.array([2e10, 1.4e12])
    np.testing.assert_allclose(compute(params, tokens), [1.2e20, 5.88e23])
    grid = compute(xr.DataArray(params, dims="params"), xr.DataArray(tokens, dims="tokens"))
    assert grid.dims == ("params", "tokens")
    assert grid.values[1, 0] == pytest.approx(6 * 7e10 * 2e10)


def test_pf_day_is_a_day_of_a_petaflop_per_second() -> None:
    assert pytest.approx(1e15 * 24 * 60 * 60) == PF_DAY


def test_nats_to_bits() -> None:
    np.testing.assert_allclose(nats_to_bits(np.log([2.0, 8.0])), [1.0, 3.0])


def test_bits_per_byte() -> None:
    assert bits_per_byte(np.log(2.0) * 4.0, 4.0) == pytest.approx(1.0)
    assert bits_per_byte(1.0, 4.0) == pytest.approx(nats_to_bits(1.0) / 4.0)


@pytest.mark.parametrize("length", [0.0, -1.0, float("nan"), float("inf")])
def test_bits_per_byte_refuses_impossible_lengths(length: float) -> None:
    with pytest.raises(ValueError, match=rf"bytes_per_token is {length}.*divides the loss.*Give"):
        bits_per_byte(2.0, length)

"""Rounding to the digits that Monte-Carlo error and width of a posterior support.

Owns rounding for publication. Other tables are for reading on, and keep their full precision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import arviz as az
import numpy as np
import xarray as xr

from bayes_scaling.units import format_count, format_flops

DIGITS_OF_WIDTH = 2
"""Significant digits of an interval's width that its ends are written to."""

WIDE = 2.0
"""Upper over lower end from which numbers have two significant digits, nearly known."""

NEARLY = 0.4
"""Unit of a digit over the Monte-Carlo error from which it is nearly known."""

DIGITS_AT_MOST = 4
"""Significant digits of a number whose draws say nothing of its error."""

_LARGE, _SMALL = 1e6, 1e-3
_SUFFIXES = ((12, "T"), (9, "B"), (6, "M"), (3, "K"), (0, ""))


def estimate(name: str, draws: xr.DataArray, median: float, lower: float, upper: float) -> str:
    """Write a median with its credible interval.

    Parameters
    ----------
    name : str
        The quantity, which says how it is written: counts with K, M, B or T, compute in
        e-notation.
    draws : xarray.DataArray, dims (chain, draw)
        Those that are not finite are left out of the Monte-Carlo error.
    median, lower, upper : float
        Of these draws.

    Returns
    -------
    str
        Such as ``1.97 [1.95, 2.00]``. Each number ends at a digit whose unit is no smaller than
        its own Monte-Carlo standard error: another run of the sampler would typically change it
        by one at most. An end of the interval may so have fewer digits than the median. Where the
        upper end is more than twice the lower, the second digit is written if another run would
        change it by two or three. Without any uncertainty, as of a ratio that was asked for, it is
        the number alone.
    """
    return interval_text(interval_numbers(name, draws, (median, lower, upper)))


def interval_text(numbers: Sequence[str]) -> str:
    """Median and ends in one piece, ``1.97 [1.95, 2.00]``."""
    number, *ends = numbers
    return f"{number} [{', '.join(ends)}]" if ends else number


def interval_numbers(
    name: str, draws: xr.DataArray, values: tuple[float, float, float]
) -> tuple[str, ...]:
    """Median and ends of an interval as :func:`estimate` writes them; one number if all are alike.

    `values` are the median and the lower and upper end.
    """
    median, lower, upper = values
    if lower == median == upper:
        return (label_writer(name)(median),)
    writer, width = number_writer(name), upper - lower
    errors = [monte_carlo_error(draws, value) for value in values]
    places = [last_place(error, width, value) for error, value in zip(errors, values, strict=True)]
    if lower > 0:
        places = [_not_zero(value, place) for value, place in zip(values, places, strict=True)]
    if 0 < WIDE * lower < upper:
        places = list(map(_two_digits, values, places, errors))
    return tuple(writer(value, place) for value, place in zip(values, places, strict=True))


def monte_carlo_error(draws: xr.DataArray, value: float) -> float:
    """Monte-Carlo standard error of the quantile of `draws` that lies at `value`.

    The median and the ends of any credible interval are such quantiles. Where ArviZ finds no
    error, as with a few draws only, it is the standard deviation: that of a single draw.

    Examples
    --------
    >>> draws = np.random.default_rng(1).normal(size=(4, 1000))
    >>> median = monte_carlo_error(xr.DataArray(draws, dims=("chain", "draw")), 0.0)
    >>> 0.015 < median < 0.025
    True
    """
    values = draws.transpose("chain", "draw").values
    finite = np.isfinite(values)
    if not finite.all():
        values = values[finite][np.newaxis]
    if not np.isfinite(value) or not values.size or np.ptp(values) == 0:
        return 0.0
    rank = (np.mean(values < value) + np.mean(values <= value)) / 2
    inside = 0.5 / values.size
    error = float(az.mcse(values, method="quantile", prob=np.clip(rank, inside, 1 - inside)))
    return error if np.isfinite(error) else float(np.std(values))


def last_place(error: float, width: float, value: float) -> int:
    """Power of ten of the last digit that is written.

    Its unit is no smaller than the Monte-Carlo standard error, and the width of the interval is
    written to two digits at most. ArviZ's own rounding shows the first uncertain digit as well.

    Examples
    --------
    >>> last_place(0.0015, 0.05, 1.97), last_place(1e-9, 0.05, 1.97), last_place(0.0, 0.0, 482.0)
    (-2, -3, -1)
    """
    places = []
    if error > 0:
        places.append(math.ceil(math.log10(error)))
    if 0 < width < math.inf:
        places.append(math.floor(math.log10(width)) + 1 - DIGITS_OF_WIDTH)
    if not places and value and math.isfinite(value):
        places.append(math.floor(math.log10(abs(value))) + 1 - DIGITS_AT_MOST)
    return max(places, default=0)


def number_writer(name: str) -> Callable[[float, int], str]:
    """The function that writes a quantity of that name, given the place of its last digit.

    Examples
    --------
    >>> number_writer("params")(7.1283e10, 9), number_writer("flops")(5.7621e23, 22)
    ('71B', '5.8e23')
    >>> number_writer("expected_loss")(1.97412, -2), number_writer("A")(482.01, 1)
    ('1.97', '480')
    """
    if is_compute(name):
        return _scientific
    return _count if is_count(name) else _plain


def label_writer(name: str) -> Callable[[float], str]:
    """The function that writes an exact number of that name, such as a size asked for."""
    if is_compute(name):
        return format_flops
    return format_count if is_count(name) else short_number


def is_count(name: str) -> bool:
    """True for a count of parameters, tokens or steps; not for a law's amplitude or exponent."""
    return name.endswith(("params", "tokens", "steps")) and not _is_of_law(name)


def is_compute(name: str) -> bool:
    """True for compute in FLOP."""
    return name.endswith("flops") and not _is_of_law(name)


def _is_of_law(name: str) -> bool:
    """True for a parameter that is named after the column of its power, such as ``A_tokens``."""
    return name.startswith(("A_", "a_", "alpha_"))


def short_number(value: float) -> str:
    """A number to four digits, short whole ones such as steps in full.

    >>> short_number(24000), short_number(1.96912), short_number(1e-5)
    ('24000', '1.969', '1e-5')
    """
    if abs(value) < _LARGE and float(value).is_integer():
        return f"{value:.0f}"
    rounded = float(f"{value:.4g}")
    if rounded and not _SMALL <= abs(rounded) < _LARGE:
        return format_flops(rounded)
    return f"{rounded:g}"


def _plain(value: float, place: int) -> str:
    rounded = _rounded(value, place)
    if rounded and math.isfinite(rounded) and not _SMALL <= abs(rounded) < _LARGE:
        return _scientific(value, place)
    return f"{rounded:.{max(0, -place)}f}"


def _scientific(value: float, place: int) -> str:
    rounded = _rounded(value, place)
    if not rounded or not math.isfinite(rounded):
        return f"{rounded:g}"
    exponent = _exponent(rounded)
    mantissa = rounded / 10.0**exponent
    return f"{mantissa:.{max(0, exponent - place)}f}e{exponent}"


def _count(value: float, place: int) -> str:
    rounded = _rounded(value, place)
    if not 1 <= abs(rounded) < 1e15:
        return _scientific(value, place)
    power, suffix = next(entry for entry in _SUFFIXES if _exponent(rounded) >= entry[0])
    return f"{rounded / 10.0**power:.{max(0, power - place)}f}{suffix}"


def _rounded(value: float, place: int) -> float:
    # Adding zero turns a negative zero into zero.
    return round(float(value), -place) + 0.0 if math.isfinite(value) else value


def _not_zero(value: float, place: int) -> int:
    """Place of the last digit, no higher than the first of a number that would be written as zero.

    The interval of a positive number may span decades, and does not reach down to zero.
    """
    return place if _rounded(value, place) or not value else _exponent(value)


def _two_digits(value: float, place: int, error: float) -> int:
    """Place of the last digit: of the second if it is known nearly, and no other is written."""
    if not value or not math.isfinite(value):
        return place
    second = _exponent(value) - 1
    return second if second < place and 10.0**second >= NEARLY * error else place


def _exponent(value: float) -> int:
    return int(f"{abs(value):.12e}".split("e")[1])

"""Units: counts, FLOP and nats, and how they are printed and read.

Owns the conversions between parameters, tokens and compute, between nats and bits, and the short
forms of counts (``70B``). The whole package works in parameters and tokens as plain counts,
compute in FLOP and loss in nats per token; nothing else multiplies by 6 or divides by ln 2.
"""

import math
import re
from collections.abc import Sequence

from bayes_scaling.ops import Term

FLOPS_PER_PARAM_TOKEN = 6
"""FLOP that training spends on one parameter and one token: 2 forward and 4 backward."""

ROUNDING = 1e-9
"""Share by which a size may lie above a limit that it is meant to be at."""

PF_DAY = 8.64e19
"""FLOP in one petaFLOP/s-day: 1e15 FLOP per second for 86 400 seconds."""

_POWERS = {"T": 12, "B": 9, "M": 6, "K": 3, "": 0}
_SUFFIXES = tuple((suffix, 10.0**power) for suffix, power in _POWERS.items())
# Numbers with commas, by what these part. Those that may part either look like decimals too.
_PARTED = {
    "either": re.compile(r"[+-]?[1-9]\d{0,2},\d{3}[KMBT]?", re.IGNORECASE),
    "thousands": re.compile(
        r"[+-]?[1-9]\d{0,2}((,\d{3}){2,}(\.\d*)?|,\d{3}\.\d*)[KMBT]?", re.IGNORECASE
    ),
    "decimals": re.compile(r"[+-]?\d+,\d+(e[+-]?\d+)?[KMBT]?", re.IGNORECASE),
}
_COUNT = re.compile(r"([0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?([KMBT]?)", re.IGNORECASE)


def compute(params: Term, tokens: Term) -> Term:
    """Training compute of a dense transformer, 6ND.

    Parameters
    ----------
    params : float, numpy.ndarray or xarray.DataArray
        Parameters of the model, as a count.
    tokens : float, numpy.ndarray or xarray.DataArray
        Training tokens, as a count.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray
        Compute in FLOP, broadcast as the arguments broadcast.

    References
    ----------
    Kaplan et al., "Scaling Laws for Neural Language Models", arXiv:2001.08361, section 2.1.

    Examples
    --------
    >>> f"{compute(70e9, 1.4e12):.3g}"
    '5.88e+23'
    """
    return FLOPS_PER_PARAM_TOKEN * params * tokens


def nats_to_bits(nats: Term) -> Term:
    """Convert an amount of information from nats to bits.

    Examples
    --------
    >>> round(nats_to_bits(2.0), 3)
    2.885
    """
    return nats / math.log(2.0)


def bits_per_byte(nats_per_token: Term, bytes_per_token: float) -> Term:
    """Convert a loss in nats per token to bits per byte of text.

    Parameters
    ----------
    nats_per_token : float, numpy.ndarray or xarray.DataArray
        Cross-entropy loss, in nats per token.
    bytes_per_token : float
        Mean length of a token in bytes of UTF-8 text, of this tokenizer on this corpus.

    Returns
    -------
    float, numpy.ndarray or xarray.DataArray
        The loss in bits per byte: comparable between tokenizers, as nats per token are not.

    Raises
    ------
    ValueError
        If `bytes_per_token` is not a positive finite number.

    Examples
    --------
    >>> round(bits_per_byte(2.0, 4.2), 3)
    0.687
    """
    if not (math.isfinite(bytes_per_token) and bytes_per_token > 0):
        raise ValueError(
            f"bits_per_byte: bytes_per_token is {bytes_per_token!r}. It divides the loss, so it "
            "must be positive and finite. Give the mean bytes per token of your tokenizer, "
            "about 4 for English."
        )
    return nats_to_bits(nats_per_token) / bytes_per_token


def format_count(count: float) -> str:
    """Print a count to three significant digits with K, M, B or T.

    Parameters
    ----------
    count : float
        Parameters or tokens.

    Returns
    -------
    str
        Such as ``70B``. Counts of 1e15 and more, and below 1, are in e-notation.

    Examples
    --------
    >>> [format_count(count) for count in (350, 1500, 5.7e7, 7e10, 1.4e12, 1e16)]
    ['350', '1.5K', '57M', '70B', '1.4T', '1e+16']
    """
    rounded = float(f"{count:.3g}")
    size = abs(rounded)
    if not 1.0 <= size < 1e15:
        return f"{rounded:g}"
    suffix, scale = next(entry for entry in _SUFFIXES if size >= entry[1])
    return f"{rounded / scale:.3g}{suffix}"


def format_flops(flops: float) -> str:
    """Print compute to three significant digits, in the short e-notation of papers.

    Examples
    --------
    >>> format_flops(5.76e23), format_flops(1e25), format_flops(0.0)
    ('5.76e23', '1e25', '0')
    """
    if not math.isfinite(flops) or flops == 0:
        return f"{flops:g}"
    mantissa, exponent = f"{flops:.2e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def parted_by_comma(text: str) -> str:
    """Name what the comma of a number parts: thousands, decimals, either, or nothing known.

    Examples
    --------
    >>> parted_by_comma("1,033,824"), parted_by_comma("4,49"), parted_by_comma("1,033")
    ('thousands', 'decimals', 'either')
    >>> parted_by_comma("7")
    ''
    """
    return next((what for what, known in _PARTED.items() if known.fullmatch(text.strip())), "")


def without_commas(texts: Sequence[str]) -> list[str]:
    """Write numbers of one column without commas between thousands or before decimals.

    Parameters
    ----------
    texts : sequence of str
        Numbers with commas. They are read in one way, and only if one of them can be read in no
        other; else they stay as they are.

    Returns
    -------
    list of str

    Examples
    --------
    >>> without_commas(["1,033,824", "7,000"]), without_commas(["4,4987", "3,512"])
    (['1033824', '7000'], ['4.4987', '3.512'])
    >>> without_commas(["7,000"])
    ['7,000']
    """
    found = {parted_by_comma(text) for text in texts}
    for known, replacement in (("thousands", ""), ("decimals", ".")):
        if known in found and found <= {known, "either"}:
            return [text.replace(",", replacement) for text in texts]
    return list(texts)


def parse_count(text: str) -> float:
    """Parse a count as people write it: ``70B``, ``1.4e12``, ``1_000_000``, ``1,000,000``.

    Parameters
    ----------
    text : str
        A positive number, with optional underscores, exponent and one of K, M, B, T
        (thousands, millions, billions, trillions; upper or lower case). Commas part thousands,
        where they cannot stand for the decimal point.

    Returns
    -------
    float
        The count; also good for compute, as in ``5.76e23``.

    Raises
    ------
    ValueError
        If `text` is not such a number, or is zero, or too large for a float.

    Examples
    --------
    >>> parse_count("70B"), parse_count("1.4e12"), parse_count("1_500"), parse_count("1,033,824")
    (70000000000.0, 1400000000000.0, 1500.0, 1033824.0)
    """
    plain = text.strip()
    if "," in plain and parted_by_comma(plain) == "thousands":
        plain = plain.replace(",", "")
    match = _COUNT.fullmatch(plain)
    if match is not None:
        digits, exponent, suffix = match.groups()
        # One decimal string rather than a product: "1.1T" is then exactly 1.1e12.
        power = int((exponent or "e0")[1:]) + _POWERS[suffix.upper()]
        count = float(f"{digits.replace('_', '')}e{power}")
        if 0 < count < math.inf:
            return count
    raise ValueError(
        f"{text!r} is not a positive count. Parameters, tokens and FLOP are read as one number "
        "with an optional K, M, B or T. Write 70B, 1.4T, 5.76e23 or 1_000_000."
    )

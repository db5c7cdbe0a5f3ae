"""Plans, inputs and percentages, read from the text of options."""

from __future__ import annotations

from collections.abc import Sequence

from bayes_scaling.cli import options
from bayes_scaling.errors import BayesScalingError


def counts(option: str, text: str, sign: str) -> tuple[float, ...]:
    """Read counts with a sign between them.

    Examples
    --------
    >>> counts("--sizes", "1B,3B", ",")
    (1000000000.0, 3000000000.0)
    """
    return tuple(options.count(option, part) for part in text.split(sign))


def fraction(option: str, text: str | None) -> float | None:
    """Read a percentage or a fraction, or None.

    Examples
    --------
    >>> fraction("--within", "1%"), fraction("--within", "0.01")
    (0.01, 0.01)
    """
    if text is None:
        return None
    try:
        value = float(text.strip().removesuffix("%")) / (100 if "%" in text else 1)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise BayesScalingError(
            f"{option} {text!r} is not a share between 0 and 1, so it bounds nothing. Write a "
            f"percentage such as {option} 1%."
        )
    return value


def values(option: str, texts: Sequence[str]) -> dict[str, float]:
    """Read inputs such as ``unique_tokens=25B``.

    Examples
    --------
    >>> values("--input", ["unique_tokens=25B"])
    {'unique_tokens': 25000000000.0}
    """
    what = "a name and a number"
    named = (options.split(option, text, "=", "unique_tokens=25B", what) for text in texts)
    return {name: options.count(option, text) for name, text in named}


def pairs(option: str, texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Read runs such as ``40B:2.4T``, named as they are typed.

    Examples
    --------
    >>> pairs("--plan", ["40B:2.4T"])
    {'40B:2.4T': (40000000000.0, 2400000000000.0)}
    """
    found = {text: counts(option, text, ":") for text in texts}
    for text, both in found.items():
        if len(both) != 2:
            raise BayesScalingError(
                f"{option} {text!r} is not params and tokens with ':' between them, which make a "
                f"run. Write for instance {option} 40B:2.4T."
            )
    return {text: (params, tokens) for text, (params, tokens) in found.items()}

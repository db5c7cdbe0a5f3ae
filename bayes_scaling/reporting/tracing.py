"""Tracing: a formula written in Python, run once on symbols, becomes the body of a JavaScript one.

A law is operators and NumPy functions on whatever it is given; given symbols, each operation writes
one line. Names never reach the code, only positions: no text of the user can be a part of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FUNCTIONS = {
    "add": "({0} + {1})",
    "subtract": "({0} - {1})",
    "multiply": "({0} * {1})",
    "divide": "({0} / {1})",
    "power": "Math.pow({0}, {1})",
    "float_power": "Math.pow({0}, {1})",
    "negative": "(-{0})",
    "positive": "{0}",
    "absolute": "Math.abs({0})",
    "square": "({0} * {0})",
    "reciprocal": "(1 / {0})",
    "exp": "Math.exp({0})",
    "exp2": "Math.pow(2, {0})",
    "expm1": "Math.expm1({0})",
    "log": "Math.log({0})",
    "log2": "Math.log2({0})",
    "log10": "Math.log10({0})",
    "log1p": "Math.log1p({0})",
    "sqrt": "Math.sqrt({0})",
    "cbrt": "Math.cbrt({0})",
    "tanh": "Math.tanh({0})",
    "maximum": "Math.max({0}, {1})",
    "minimum": "Math.min({0}, {1})",
    "logaddexp": "logaddexp({0}, {1})",
    "expit": "(1 / (1 + Math.exp(-{0})))",
    "gammaln": "gammaln({0})",
    "greater": "({0} > {1})",
    "greater_equal": "({0} >= {1})",
    "less": "({0} < {1})",
    "less_equal": "({0} <= {1})",
    "equal": "({0} === {1})",
    "not_equal": "({0} !== {1})",
    "where": "({0} ? {1} : {2})",
}
"""JavaScript of each NumPy or SciPy function that a formula may call, by that function's name."""


class Untraceable(Exception):
    """A formula does something for which there is no JavaScript; the message says what."""


@dataclass
class Tape:
    """The lines written so far; a line that was written before is not written again."""

    lines: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, terms: Sequence[Any]) -> Symbol:
        """The symbol that stands for a function of some terms."""
        if name not in FUNCTIONS:
            raise Untraceable(f"it calls {name}")
        text = FUNCTIONS[name].format(*(_operand(term) for term in terms))
        variable = self.lines.setdefault(text, f"t{len(self.lines)}")
        return Symbol(self, variable)

    def code(self, result: Any) -> str:
        """The body of a function that returns `result`."""
        lines = [f"const {variable} = {text};" for text, variable in self.lines.items()]
        return "\n".join([*lines, f"return {_operand(result)};"])


def _operand(term: Any) -> str:
    if isinstance(term, Symbol):
        return term.text
    if isinstance(term, np.ndarray) and term.ndim == 0:
        term = term.item()
    if isinstance(term, bool | np.bool_):
        return "true" if term else "false"
    if not isinstance(term, int | float | np.number):
        raise Untraceable(f"it uses {type(term).__name__}, which is no number")
    number = float(term)
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else f"({'-' if number < 0 else ''}Infinity)"
    return f"({number!r})" if number < 0 else repr(number)


def _method(name: str, reflected: bool = False) -> Callable[..., Symbol]:
    def operate(self: Symbol, *others: Any) -> Symbol:
        return self.tape.write(name, (*others, self) if reflected else (self, *others))

    return operate


@dataclass(frozen=True, eq=False)
class Symbol:
    """A number that is not known yet."""

    tape: Tape
    text: str

    __add__, __radd__ = _method("add"), _method("add", reflected=True)
    __sub__, __rsub__ = _method("subtract"), _method("subtract", reflected=True)
    __mul__, __rmul__ = _method("multiply"), _method("multiply", reflected=True)
    __truediv__, __rtruediv__ = _method("divide"), _method("divide", reflected=True)
    __pow__, __rpow__ = _method("power"), _method("power", reflected=True)
    __neg__, __pos__, __abs__ = _method("negative"), _method("positive"), _method("absolute")
    __gt__, __ge__ = _method("greater"), _method("greater_equal")
    __lt__, __le__ = _method("less"), _method("less_equal")
    __eq__, __ne__ = _method("equal"), _method("not_equal")  # type: ignore[assignment]

    def __array_ufunc__(
        self, function: np.ufunc, method: str, *terms: Any, **options: object
    ) -> Symbol:
        """What NumPy and SciPy functions call when one of their arguments is a symbol."""
        if method != "__call__" or options:
            raise Untraceable(f"it calls {function.__name__} in a way that has no JavaScript")
        return self.tape.write(function.__name__, terms)

    def __array_function__(
        self, function: Callable[..., Any], _types: object, terms: Sequence[Any], options: object
    ) -> Symbol:
        """The same for NumPy functions that are no ufunc, such as ``where``."""
        if options:
            raise Untraceable(f"it calls {function.__name__} in a way that has no JavaScript")
        return self.tape.write(function.__name__, terms)

    def __bool__(self) -> bool:
        raise Untraceable("it decides by the value of a term")

    def __float__(self) -> float:
        raise Untraceable("it needs the value of a term as a number")


def traced(formula: Callable[..., Any], *sizes: int) -> str:
    """The body of a JavaScript function that computes what `formula` does.

    Parameters
    ----------
    formula : callable
        Takes lists of symbols, one list for each of `sizes`, and gives one symbol or number.
    sizes : int
        Lengths of the lists; in JavaScript these are the arrays ``a0``, ``a1`` and so on.

    Raises
    ------
    Untraceable
        The formula does something that has no JavaScript.

    Examples
    --------
    >>> print(traced(lambda inputs, theta: theta[0] + inputs[0] ** -theta[1], 1, 2))
    const t0 = (-a1[1]);
    const t1 = Math.pow(a0[0], t0);
    const t2 = (a1[0] + t1);
    return t2;
    """
    tape = Tape()
    symbols = [
        [Symbol(tape, f"a{place}[{number}]") for number in range(size)]
        for place, size in enumerate(sizes)
    ]
    try:
        return tape.code(formula(*symbols))
    except Untraceable:
        raise
    except Exception as error:  # a formula may fail in any way on what is no number
        raise Untraceable(f"{type(error).__name__}: {error}") from error

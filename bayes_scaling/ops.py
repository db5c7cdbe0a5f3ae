"""Operations: the mathematics that a law may call beyond ``+ - * / **``.

Each function takes floats, NumPy arrays, ``xarray.DataArray`` and PyTensor xtensor variables (those
of ``pymc.dims``) and gives back the same kind, so that a formula is written once: evaluated on
NumPy for a sketch, on xarray for posterior draws, and inside PyMC for the model. Labelled arguments
broadcast by the names of their dimensions. Owns no formula of any law.
"""

import math
from functools import partial, reduce
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

if TYPE_CHECKING:
    from pytensor.xtensor.type import XTensorVariable

type Term = float | npt.NDArray[np.float64] | xr.DataArray | XTensorVariable
"""Value of an input or parameter of a law."""

type Condition = bool | npt.NDArray[np.bool_] | xr.DataArray | XTensorVariable
"""Result of comparing two terms."""


def exp(x: Term) -> Term:
    """Exponential, ``e**x``.

    Examples
    --------
    >>> float(exp(0.0))
    1.0
    """
    return _apply("exp", x)


def expm1(x: Term) -> Term:
    """``exp(x) - 1``, precise near zero.

    Examples
    --------
    >>> float(expm1(1e-12)) < 1.000001e-12
    True
    """
    return _apply("expm1", x)


def log(x: Term) -> Term:
    """Natural logarithm.

    Examples
    --------
    >>> float(log(1.0))
    0.0
    """
    return _apply("log", x)


def log10(x: Term) -> Term:
    """Decimal logarithm.

    Examples
    --------
    >>> float(log10(1000.0)) == float(log(1000.0)) / math.log(10)
    True
    """
    return _apply("log", x) / math.log(10)


def log1p(x: Term) -> Term:
    """``log(1 + x)``, precise near zero.

    Examples
    --------
    >>> float(log1p(1e-20))
    1e-20
    """
    return _apply("log1p", x)


def sqrt(x: Term) -> Term:
    """Square root.

    Examples
    --------
    >>> float(sqrt(9.0))
    3.0
    """
    return _apply("sqrt", x)


def tanh(x: Term) -> Term:
    """Hyperbolic tangent.

    Examples
    --------
    >>> float(tanh(0.0))
    0.0
    """
    return _apply("tanh", x)


def sigmoid(x: Term) -> Term:
    """Logistic function, ``1 / (1 + exp(-x))``, without overflow at either end.

    Examples
    --------
    >>> float(sigmoid(0.0)), float(sigmoid(-1000.0))
    (0.5, 0.0)
    """
    if _is_symbolic(x):
        return _apply("sigmoid", x)
    return _apply("exp", -_apply("logaddexp", 0.0, -x))


def gammaln(x: Term) -> Term:
    """Logarithm of the gamma function of a positive term.

    Examples
    --------
    >>> round(float(gammaln(5.0)), 6) == round(float(log(24.0)), 6)
    True
    """
    if _is_symbolic(x):
        return _apply("gammaln", x)
    from scipy import special

    result: Term = special.gammaln(x)
    return result


def maximum(first: Term, second: Term, *rest: Term) -> Term:
    """Largest of two or more terms, element by element.

    Examples
    --------
    >>> float(maximum(1.0, 3.0, 2.0))
    3.0
    """
    return reduce(partial(_apply, "maximum"), (second, *rest), first)


def minimum(first: Term, second: Term, *rest: Term) -> Term:
    """Smallest of two or more terms, element by element.

    Examples
    --------
    >>> float(minimum(1.0, 3.0, 2.0))
    1.0
    """
    return reduce(partial(_apply, "minimum"), (second, *rest), first)


def logaddexp(first: Term, second: Term, *rest: Term) -> Term:
    """Log of the sum of the exponentials of two or more terms, without overflow.

    Notes
    -----
    Symbolic terms must not both be minus infinity: their difference is not a number.

    Examples
    --------
    >>> float(logaddexp(-1000.0, -1000.0)) == -1000.0 + float(log(2.0))
    True
    """
    return reduce(_logaddexp, (second, *rest), first)


def where(condition: Condition, if_true: Term, if_false: Term) -> Term:
    """One of two terms, element by element, as `condition` says.

    Both terms are evaluated, and so is the gradient of both: keep each finite where the other is
    chosen.

    Examples
    --------
    >>> where(np.array([True, False]), 1.0, 2.0).tolist()
    [1.0, 2.0]
    """
    terms = (condition, if_true, if_false)
    if not _is_symbolic(*terms) and any(isinstance(term, xr.DataArray) for term in terms):
        chosen: Term = xr.apply_ufunc(np.where, *terms, join="exact", dask="allowed")
        return chosen
    return _apply("where", *terms)


def _is_symbolic(*terms: Term | Condition) -> bool:
    # By name, so that a law on NumPy or xarray never pays for importing PyTensor.
    return any(type(term).__module__.startswith("pytensor") for term in terms)


def _apply(name: str, *terms: Term | Condition) -> Term:
    if _is_symbolic(*terms):
        from pymc.dims import math as namespace
    else:
        namespace = np
    result: Term = getattr(namespace, name)(*terms)
    return result


def _logaddexp(first: Term, second: Term) -> Term:
    if not _is_symbolic(first, second):
        return _apply("logaddexp", first, second)
    from pymc import dims as pmd

    # xarray would take a variable that follows its operator for an object without dims.
    left, right = pmd.as_xtensor(first), pmd.as_xtensor(second)
    # Each branch is exact where it is chosen; max + log1p(exp(-abs(difference))) would have the
    # wrong gradient where the terms are equal.
    return where(
        left > right,
        left + pmd.math.softplus(right - left),
        right + pmd.math.softplus(left - right),
    )

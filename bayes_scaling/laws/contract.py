"""The contract of a law, checked when its class is defined."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from bayes_scaling.errors import ModelError
from bayes_scaling.priors import Prior


def check_contract(cls: Any) -> None:
    """Refuse a class whose methods, inputs and priors do not agree; the error names both sides."""
    _check_parts(cls)
    names = (*cls.inputs, *cls.priors)
    _check_arguments(cls, "loss", required=names, allowed=names)
    if cls.paper_units is not None:
        scaled = ("loss", *names)
        _check_arguments(cls, "paper_units", required=(), allowed=scaled)
    if cls.derived is not None:
        _check_arguments(cls, "derived", required=(), allowed=tuple(cls.priors))
    if cls.optimum is not None:
        _check_arguments(cls, "optimum", required=("flops",), allowed=("flops", *cls.priors))


def _check_parts(cls: Any) -> None:
    missing = [part for part in ("inputs", "priors", "loss") if not hasattr(cls, part)]
    if missing:
        raise ModelError(
            f"{cls.__name__} has no {' and no '.join(missing)}, and a law is a formula of its "
            "inputs with a prior for each parameter. Give the class inputs = (...), "
            "priors = {...} and a static method loss."
        )
    if isinstance(cls.inputs, str) or not all(isinstance(name, str) for name in cls.inputs):
        raise ModelError(
            f"{cls.__name__}.inputs is {cls.inputs!r}: it must be a tuple of column names. "
            f"Write inputs = ({cls.inputs!r},)."
        )
    wrong = [name for name, prior in cls.priors.items() if not isinstance(prior, Prior)]
    if wrong:
        raise ModelError(
            f"{cls.__name__}.priors: {', '.join(wrong)} is not a Prior, so it cannot be sampled. "
            "Write for instance Prior.between(0.1, 0.8)."
        )


def _check_arguments(
    cls: Any, method: str, *, required: tuple[str, ...], allowed: tuple[str, ...]
) -> None:
    if not isinstance(inspect.getattr_static(cls, method), staticmethod):
        raise ModelError(
            f"{cls.__name__}.{method} is not a static method, so it would be called with the law "
            f"as its first argument. Write @staticmethod above def {method}(...)."
        )
    found = arguments(getattr(cls, method))
    missing = [name for name in required if name not in found]
    unknown = [name for name in found if name not in allowed]
    if missing or unknown:
        raise ModelError(
            f"{cls.__name__}.{method}({', '.join(found)}) does not fit its inputs "
            f"({', '.join(cls.inputs)}) and priors ({', '.join(cls.priors)}): "
            f"missing {missing or 'none'}, unknown {unknown or 'none'}. "
            "Every argument must be an input or have a prior, under the same name."
        )


def check_option(law: Any, option: str, allowed: tuple[str, ...], why: str) -> None:
    """Refuse a value of a law's option that is not among those allowed, for a reason.

    Raises
    ------
    ModelError
    """
    value = getattr(law, option)
    if value not in allowed:
        raise ModelError(
            f"{law.name}: {option} is {value!r}. {why} Give {' or '.join(map(repr, allowed))}."
        )


def arguments(function: Callable[..., Any]) -> tuple[str, ...]:
    """Names of the arguments of a law's static method."""
    return tuple(inspect.signature(function).parameters)


def quantities(
    function: Callable[..., dict[str, Any]] | None, known: Mapping[str, Any]
) -> dict[str, Any]:
    """Quantities returned by a law's method, called with those known values that it names."""
    if function is None:
        return {}
    return function(**{name: known[name] for name in arguments(function) if name in known})

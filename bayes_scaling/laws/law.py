"""The base of every scaling law: formula, priors of its parameters, and paper.

Owns the contract between a law and everything above it, checked when the class is defined.
Laws know nothing of runs, noise or PyMC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from html import escape
from inspect import getdoc
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from bayes_scaling.display.html import html_formula, html_table
from bayes_scaling.display.wording import meant
from bayes_scaling.errors import ModelError, UnknownLawError
from bayes_scaling.laws.contract import check_contract, quantities
from bayes_scaling.priors import Prior

SPLIT = frozenset({"params", "tokens", "flops", "tokens_per_param"})
"""Inputs that follow from params and tokens."""

_REGISTRY: dict[str, type[Law]] = {}

_OF_ANY_CLASS = frozenset({"__module__", "__dict__", "__weakref__", "__doc__"})
"""Attributes of a class that was made without a body."""


class Law:
    r"""A formula for the loss, to be subclassed: twelve lines make a law.

    A subclass gives `inputs`, `priors`, `cite` and a static method ``loss`` whose arguments are
    the inputs followed by the parameters. It is called with NumPy arrays, xarray draws and
    PyTensor variables alike, so it uses operators and :mod:`bayes_scaling.ops` only.

    Attributes
    ----------
    inputs : tuple of str
        Columns of the runs that the law reads, such as ``("params", "tokens")``.
    priors : mapping of str to Prior
        One prior for each parameter, on the reference scale: the law sees inputs divided by their
        geometric mean over the runs, and its value is multiplied by a low loss of theirs, the 5 %
        quantile.
    cite : str
        BibTeX key of the paper.
    responses : tuple of str
        What the law can describe: ``"loss"`` (positive), ``"accuracy"`` (within [0, 1]) or
        ``"metric"`` (any number).
    positive : bool
        True for a law of a metric that is positive at any inputs: it may have the noise of a loss.
    same_unit : mapping of str to str
        Inputs that are compared with another one inside the law, or with its ``"loss"``, and so
        share its reference scale.
    unscaled : tuple of str
        Inputs that the law takes as they are, such as a number of experts.
    ties : mapping of str to str
        Parameters, each with the one whose logarithm it goes with before any run is seen: the
        exponents of size and data of published fits are alike. A prior of the user's unties it.
    equation : str
        The formula in LaTeX, shown in Jupyter.
    paper_units : static method, optional
        ``paper_units(loss, …)`` returns, by name, those parameters that depend on units, converted
        to units of one from the scales of the loss and of inputs that it names as arguments,
        beside parameters. It must be a group action: with reciprocal scales it converts back.
    derived : static method, optional
        Further quantities, by name, from parameters in paper units that it names as arguments.
    optimum : static method, optional
        ``optimum(flops, …)`` returns the ``params`` and ``tokens`` with 6ND = flops that have the
        least loss, from parameters in paper units that it names as arguments.

    Raises
    ------
    ModelError
        When the class is defined and its parts do not agree.

    Examples
    --------
    >>> class PowerInTokens(Law):
    ...     inputs = ("tokens",)
    ...     priors = {
    ...         "E": Prior.between(0.2, 0.95),
    ...         "B": Prior.between(0.01, 2.0),
    ...         "beta": Prior.between(0.05, 0.8),
    ...     }
    ...     cite = "hestness2017deep"
    ...
    ...     @staticmethod
    ...     def loss(tokens, E, B, beta):
    ...         return E + B * tokens**-beta
    >>> round(PowerInTokens().loss(tokens=10.0, E=0.5, B=0.5, beta=0.3), 4)
    0.7506
    """

    cite: ClassVar[str] = ""
    responses: ClassVar[tuple[str, ...]] = ("loss",)
    positive: ClassVar[bool] = False
    same_unit: ClassVar[Mapping[str, str]] = MappingProxyType({})
    unscaled: ClassVar[tuple[str, ...]] = ()
    ties: ClassVar[Mapping[str, str]] = MappingProxyType({})
    loss: ClassVar[Callable[..., Any]]
    paper_units: ClassVar[Callable[..., dict[str, Any]] | None] = None
    derived: ClassVar[Callable[..., dict[str, Any]] | None] = None
    optimum: ClassVar[Callable[..., tuple[Any, Any]] | None] = None

    if TYPE_CHECKING:  # A law with options gives these as properties.

        @property
        def inputs(self) -> tuple[str, ...]:
            """Columns of the runs that the law reads."""

        @property
        def priors(self) -> Mapping[str, Prior]:
            """Prior of each parameter on the reference scale."""

        @property
        def equation(self) -> str:
            """The formula in LaTeX."""
    else:
        equation = ""

    def __init_subclass__(cls, *, abstract: bool = False) -> None:
        super().__init_subclass__()
        if abstract:
            return
        # A law of __main__ or a notebook is sent to other processes by value, and made there as
        # an empty class that is filled afterwards: it was checked where it was defined.
        _check_name(cls)
        empty = not set(vars(cls)) - _OF_ANY_CLASS
        if not empty and not isinstance(getattr(cls, "priors", None), property):
            check_contract(cls)
        _REGISTRY[cls.__name__.lower()] = cls

    @property
    def name(self) -> str:
        """The law's name: that of its class."""
        return type(self).__name__

    @property
    def splits_compute(self) -> bool:
        """True for a law of two of :data:`SPLIT`, which decides how compute is best split."""
        return len(SPLIT & set(self.inputs)) > 1

    @property
    def formula(self) -> str:
        """The equation with its left side in LaTeX; empty for a law that gives no equation."""
        response = self.responses[0]
        left = "L" if response == "loss" else rf"\mathrm{{{response}}}"
        return f"{left} = {self.equation}" if self.equation else ""

    def evaluate(self, inputs: Mapping[str, Any], theta: Mapping[str, Any]) -> Any:
        """The law's value at `inputs`, with parameters `theta`; all in one system of units.

        A law whose parameters depend on its options overrides this instead of giving ``loss``.
        """
        return self.loss(**inputs, **theta)

    def rescale(self, scales: Mapping[str, Any], theta: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters after loss and inputs are multiplied by `scales`.

        With the reference scales of the runs it takes parameters from the reference scale to
        paper units; with their reciprocals it takes them back.
        """
        return {**theta, **quantities(self.paper_units, {**scales, **theta})}

    def irreducible(self, theta: Mapping[str, Any]) -> Any:
        """The part of the law that no scale reduces: its parameter `E`, or nothing."""
        return theta.get("E", 0.0)

    @property
    def stages(self) -> tuple[str, ...]:
        """Columns of the runs that are observed on the way to the response, such as a loss."""
        return ()

    def evaluate_stages(
        self,
        inputs: Mapping[str, Any],  # noqa: ARG002 - most laws have one stage only
        theta: Mapping[str, Any],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Expected value of each of :attr:`stages`, in one system of units with the response."""
        return {}

    @cached_property
    def scaled(self) -> frozenset[str]:
        """Parameters whose value depends on the units of loss and inputs."""
        theta = {name: 0.5 + 0.01 * number for number, name in enumerate(self.priors)}
        rescaled = self.rescale(self._other_units, theta)
        return frozenset(name for name in self.priors if rescaled[name] != theta[name])

    def multiplied(self, parameter: str) -> bool:
        """True if a change of units multiplies a parameter, rather than shifting it."""
        one, two = (
            self.rescale(self._other_units, {**dict.fromkeys(self.priors, 0.5), parameter: value})[
                parameter
            ]
            for value in (1.0, 2.0)
        )
        return bool(abs(two - 2 * one) <= 1e-9 * abs(two))

    @property
    def _other_units(self) -> dict[str, float]:
        """Scales that are all different, so that no two changes of unit cancel."""
        names = ("loss", *self.inputs, *self.stages)
        return {name: 2.0 + number / 7 for number, name in enumerate(names)}

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{self.name}()"

    def _repr_html_(self) -> str:
        about = (getdoc(type(self)) or "").partition("\n\n")[0]
        cited = f" [{self.cite}]" if self.cite else ""
        priors = html_table(("parameter", "prior"), ((n, repr(p)) for n, p in self.priors.items()))
        head = f"<p><b>{escape(repr(self))}</b> {escape(about)}{escape(cited)}</p>"
        return head + html_formula(self.formula) + priors

    def _repr_latex_(self) -> str:
        return f"${self.formula}$" if self.equation else self.name


def find_law(name: str) -> type[Law]:
    """The law class of that name, built in or the user's; upper and lower case are alike.

    Raises
    ------
    UnknownLawError
        No class of that name has been defined.
    """
    try:
        return _REGISTRY[name.lower()]
    except KeyError:
        known = ", ".join(sorted(law.__name__ for law in _REGISTRY.values()))
        raise UnknownLawError(
            f"No law {name!r} is defined, so nothing says what its parameters mean."
            f"{meant(name, (law.__name__ for law in _REGISTRY.values()))} "
            f"Laws known here: {known}. A law of your own must be defined or imported first."
        ) from None


def laws_of(response: str) -> list[str]:
    """Names of the laws known here that describe a response with their default options.

    >>> "PowerLaw" in laws_of("loss"), "PowerLaw" in laws_of("accuracy")
    (True, False)
    """
    found = []
    for law in _REGISTRY.values():
        with suppress(TypeError, ModelError):  # of a law of the user's without defaults
            found += [law.__name__] if response in law().responses else []
    return sorted(found)


def as_law(law: Law | type[Law] | str) -> Law:
    """A law from itself, its class or its name."""
    if isinstance(law, str):
        law = find_law(law)
    if isinstance(law, type) and issubclass(law, Law):
        return law()
    if isinstance(law, Law):
        return law
    raise ModelError(
        f"A value of type {type(law).__name__} is no law: a model needs a formula with priors. "
        "Give a law such as bs.laws.Chinchilla, its name, or a subclass of bs.Law. Runs come "
        "after it, as in bs.fit('Chinchilla', runs)."
    )


def _check_name(cls: type[Law]) -> None:
    built_in = f"{__package__}."
    known = _REGISTRY.get(cls.__name__.lower())
    if known and known.__module__.startswith(built_in) and not cls.__module__.startswith(built_in):
        raise ModelError(
            f"{cls.__name__} is the name of a built-in law, and saved fits find their law by its "
            "name. They would be read with another formula. Give your law a name of its own."
        )

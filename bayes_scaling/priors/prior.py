"""Priors as frozen values: a named distribution with numbers, nothing sampled yet.

Owns the table of distributions that a prior may have, and what each is called in PyMC and in SciPy.
Knows nothing of laws, runs or groups.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from scipy import stats

from bayes_scaling.display.html import AsCode
from bayes_scaling.display.wording import per_cent
from bayes_scaling.errors import ModelError

Support = Literal["real", "positive", "unit"]
Units = Literal["reference", "paper"]

PRIOR_MASS = 0.9
"""Probability inside the range by which priors are given and shown."""


TIE = 0.74
"""Correlation of the logarithms of tied exponents: with 90 % of each in 0.2 to 0.5, the logarithm
of their ratio has a standard deviation of 0.2."""


@dataclass(frozen=True)
class Family:
    """A distribution: its arguments (PyMC's names), its support, its SciPy twin."""

    arguments: tuple[str, ...]
    support: Support
    frozen: Callable[..., Any]


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "Normal": Family(("mu", "sigma"), "real", lambda mu, sigma: stats.norm(mu, sigma)),
        "StudentT": Family(
            ("nu", "mu", "sigma"), "real", lambda nu, mu, sigma: stats.t(nu, mu, sigma)
        ),
        "LogNormal": Family(
            ("mu", "sigma"), "positive", lambda mu, sigma: stats.lognorm(sigma, scale=np.exp(mu))
        ),
        "HalfNormal": Family(("sigma",), "positive", lambda sigma: stats.halfnorm(scale=sigma)),
        "Gamma": Family(
            ("alpha", "beta"), "positive", lambda alpha, beta: stats.gamma(alpha, scale=1 / beta)
        ),
        "InverseGamma": Family(
            ("alpha", "beta"), "positive", lambda alpha, beta: stats.invgamma(alpha, scale=beta)
        ),
        "Beta": Family(("alpha", "beta"), "unit", lambda alpha, beta: stats.beta(alpha, beta)),
    }
)


@dataclass(frozen=True)
class Prior(AsCode):
    """Belief about one parameter before the runs are seen.

    Made by one of the class methods: :meth:`between` for most uses, or the distribution by name.

    Parameters
    ----------
    distribution : str
        A key of ``FAMILIES``, or ``"Fixed"``.
    numbers : tuple of float
        Its arguments, in the order of ``FAMILIES[distribution].arguments``.
    units : {"reference", "paper"}
        Whether the numbers are of the parameter on the reference scale of the runs (loss divided
        by their low 5 % quantile, inputs by their geometric mean), or in the units of the paper.

    Raises
    ------
    ModelError
        Unknown distribution, wrong number of arguments, or a number that cannot be one.
    """

    distribution: str
    numbers: tuple[float, ...]
    units: Units = "reference"

    def __post_init__(self) -> None:
        if self.distribution not in {*FAMILIES, "Fixed"}:
            raise ModelError(
                f"Prior: no distribution {self.distribution!r}. A prior must have a known density "
                f"and support. Use one of {', '.join(FAMILIES)} or Fixed."
            )
        if self.units not in ("reference", "paper"):
            raise ModelError(
                f"Prior: units={self.units!r}. The numbers of a prior mean nothing without their "
                "scale. Use 'reference' or 'paper'."
            )
        expected = 1 if self.fixed else len(FAMILIES[self.distribution].arguments)
        if len(self.numbers) != expected or not np.all(np.isfinite(self.numbers)):
            raise ModelError(
                f"Prior: {self.distribution} got {self.numbers}. It takes {expected} finite "
                "number(s). Check the arguments."
            )
        location = {"mu"} if not self.fixed else {"value"}
        object.__setattr__(self, "numbers", tuple(float(number) for number in self.numbers))
        bad = {k: v for k, v in self.arguments.items() if k not in location and v <= 0}
        if bad:
            raise ModelError(
                f"Prior: {self.distribution} with {bad}. Scales and shapes of a distribution are "
                "positive. Give positive numbers."
            )

    @classmethod
    def between(
        cls,
        low: float,
        high: float,
        *,
        mass: float = PRIOR_MASS,
        distribution: Literal["LogNormal", "Normal"] = "LogNormal",
        units: Units = "reference",
    ) -> Prior:
        """The prior with probability `mass` between `low` and `high`, as much below as above.

        Examples
        --------
        >>> Prior.between(0.2, 0.6)
        Prior.between(0.2, 0.6)
        >>> Prior.between(-1, 1, distribution="Normal")
        Prior.between(-1, 1, distribution='Normal')
        """
        if distribution not in ("LogNormal", "Normal"):
            raise ModelError(
                f"Prior.between: distribution={distribution!r}. Two numbers settle a LogNormal or "
                "a Normal only. Name the distribution's own arguments: Prior.gamma(...)."
            )
        if not (np.isfinite(low) and np.isfinite(high) and low < high and 0 < mass < 1):
            raise ModelError(
                f"Prior.between({low}, {high}, mass={mass}): a range needs low < high and a mass "
                "within (0, 1), or no distribution fits it. Swap or widen the ends."
            )
        if distribution == "LogNormal" and low <= 0:
            raise ModelError(
                f"Prior.between({low}, {high}): the low end is not positive, and a LogNormal has "
                "no mass there. Give a positive low end, or distribution='Normal' if the "
                "parameter may be negative."
            )
        if distribution == "LogNormal":
            low, high = np.log(low), np.log(high)
        sigma = (high - low) / 2 / stats.norm.ppf(0.5 + mass / 2)
        return cls(distribution, (float((low + high) / 2), float(sigma)), units)

    @classmethod
    def normal(cls, mu: float, sigma: float, *, units: Units = "reference") -> Prior:
        """Normal with mean `mu` and standard deviation `sigma`."""
        return cls("Normal", (mu, sigma), units)

    @classmethod
    def log_normal(cls, mu: float, sigma: float, *, units: Units = "reference") -> Prior:
        """Log-normal: the logarithm is normal with mean `mu`, standard deviation `sigma`."""
        return cls("LogNormal", (mu, sigma), units)

    @classmethod
    def half_normal(cls, sigma: float) -> Prior:
        """Half-normal with scale `sigma`."""
        return cls("HalfNormal", (sigma,))

    @classmethod
    def gamma(cls, alpha: float, beta: float) -> Prior:
        """Gamma with shape `alpha` and rate `beta`."""
        return cls("Gamma", (alpha, beta))

    @classmethod
    def inverse_gamma(cls, alpha: float, beta: float) -> Prior:
        """Inverse gamma with shape `alpha` and scale `beta`: next to none far below the scale."""
        return cls("InverseGamma", (alpha, beta))

    @classmethod
    def beta(cls, alpha: float, beta: float) -> Prior:
        """Beta on (0, 1)."""
        return cls("Beta", (alpha, beta))

    @classmethod
    def student_t(cls, nu: float, mu: float, sigma: float) -> Prior:
        """Student-t with `nu` degrees of freedom."""
        return cls("StudentT", (nu, mu, sigma))

    @classmethod
    def fixed_at(cls, value: float, *, units: Units = "reference") -> Prior:
        """A parameter known to be `value`: it is not sampled."""
        return cls("Fixed", (value,), units)

    @property
    def fixed(self) -> bool:
        """True if the parameter is held at a value."""
        return self.distribution == "Fixed"

    @property
    def arguments(self) -> dict[str, float]:
        """The numbers by PyMC's argument names."""
        names = ("value",) if self.fixed else FAMILIES[self.distribution].arguments
        return dict(zip(names, self.numbers, strict=True))

    @property
    def support(self) -> Support:
        """Values that the parameter can take; a fixed one is real."""
        return "real" if self.fixed else FAMILIES[self.distribution].support

    def range(self, mass: float = PRIOR_MASS) -> tuple[float, float]:
        """Ends of the equal-tailed interval of probability `mass`.

        Examples
        --------
        >>> low, high = Prior.half_normal(1.0).range()
        >>> round(low, 3), round(high, 3)
        (0.063, 1.96)
        """
        if self.fixed:
            return self.numbers[0], self.numbers[0]
        low, high = self._frozen().interval(mass)
        return float(low), float(high)

    def sample(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """`size` independent draws."""
        if self.fixed:
            return np.full(size, self.numbers[0])
        return np.asarray(self._frozen().rvs(size, random_state=rng))

    def log_density(self, values: Any) -> Any:
        """Logarithm of the prior density at `values`, elementwise."""
        return self._frozen().logpdf(values)

    def _frozen(self) -> Any:
        return FAMILIES[self.distribution].frozen(*self.numbers)

    def _repr_html_(self) -> str:
        low, high = self.range()
        where = f"{per_cent(PRIOR_MASS)} within {low:.4g} to {high:.4g}, {self.units} scale"
        return f"{super()._repr_html_()} {self.distribution}, {where}"

    def __repr__(self) -> str:
        units = "" if self.units == "reference" else ", units='paper'"
        if self.distribution in ("LogNormal", "Normal"):
            low, high = (f"{end:.4g}" for end in self.range())
            kind = "" if self.distribution == "LogNormal" else ", distribution='Normal'"
            return f"Prior.between({low}, {high}{kind}{units})"
        numbers = ", ".join(f"{name}={number:.4g}" for name, number in self.arguments.items())
        return f"Prior({self.distribution}: {numbers}{units})"


def tied_log_density(prior: Prior, values: Any, other: Prior, other_values: Any) -> Any:
    """Log density of a log-normal parameter, given the one that it is tied to.

    Examples
    --------
    >>> alpha = Prior.between(0.2, 0.5)
    >>> alike, apart = (tied_log_density(alpha, x, alpha, 0.4) for x in (0.4, 0.25))
    >>> bool(alike > apart)
    True
    """
    (mu, sigma), (other_mu, other_sigma) = prior.numbers, other.numbers
    centre = mu + TIE * sigma * (np.log(other_values) - other_mu) / other_sigma
    spread = sigma * np.sqrt(1 - TIE**2)
    return -0.5 * ((np.log(values) - centre) / spread) ** 2 - np.log(
        values * spread * np.sqrt(2 * np.pi)
    )

"""Coverage: the share of problems that at least one of k samples solves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bayes_scaling import ops
from bayes_scaling.laws.contract import check_option
from bayes_scaling.laws.law import Law
from bayes_scaling.priors import Prior


@dataclass(frozen=True)
class PassAtK(Law):
    r"""Coverage against the number of samples (Brown et al., 2024; Schaeffer et al., 2025).

    .. math::
        \text{power:} \quad c(k) &= p_1^{\,k^{-\beta}} = \exp(a k^b), \quad
        a = \ln p_1, \; b = -\beta \\
        \text{beta:} \quad c(k) &= \mathrm{E}\left[1 - (1 - p)^k\right]
        = 1 - \frac{B(\alpha, b + k)}{B(\alpha, b)}, \quad b = \alpha (1 - p_1) / p_1

    `k` is the number of samples (column ``samples``, one or more) and :math:`p_1`, ``pass_at_1``,
    the coverage of a single one. In the power form `beta` says how fast the logarithm of coverage
    shrinks with samples. In the beta form each problem has a chance `p` of its own, with a beta
    distribution over problems; `alpha` is its shape at zero, where the hard problems are, and the
    share not solved falls as :math:`k^{-\alpha}` in the end. Both rise with `k`, from `pass_at_1`
    to one, and stay inside (0, 1).

    Both assume that samples are independent and that a verifier finds the right one. Problems
    without any chance put a ceiling on coverage that neither form has. Coverages at several `k`
    estimated from the same samples are not independent, which makes intervals too narrow.

    Parameters
    ----------
    form : {"power", "beta"}
        The empirical form of Brown et al., or the distribution over problems that Schaeffer et al.
        found behind it.

    Raises
    ------
    ModelError
        Another form.

    References
    ----------
    Brown et al. (2024), Large Language Monkeys, arXiv:2407.21787. Schaeffer et al. (2025), How Do
    Large Language Monkeys Get Their Power (Laws)?, arXiv:2502.17578.

    Examples
    --------
    SWE-bench Lite: 15.9 % with one sample and 56 % with 250 is a `beta` of 0.21.

    >>> law = PassAtK()
    >>> theta = {"pass_at_1": 0.159, "beta": 0.209}
    >>> [round(float(law.evaluate({"samples": k}, theta)), 2) for k in (1, 10, 250)]
    [0.16, 0.32, 0.56]
    """

    form: Literal["power", "beta"] = "power"

    cite = "brown2024monkeys"
    inputs = ("samples",)
    unscaled = ("samples",)
    responses = ("accuracy",)

    def __post_init__(self) -> None:
        check_option(self, "form", ("power", "beta"), "The parameters differ between forms.")

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Coverage of one sample, small rather than large, and a slow to fast exponent."""
        exponent = (
            {"beta": Prior.between(0.05, 1.0)}
            if self.form == "power"
            else {"alpha": Prior.between(0.05, 2.0)}
        )
        return {"pass_at_1": Prior.beta(0.5, 1.5), **exponent}

    @property
    def equation(self) -> str:
        """The formula in LaTeX."""
        if self.form == "power":
            return r"p_1^{\,k^{-\beta}}"
        return r"1 - \frac{B(\alpha, b + k)}{B(\alpha, b)}, \quad b = \alpha (1 - p_1) / p_1"

    def evaluate(self, inputs: Mapping[str, Any], theta: Mapping[str, Any]) -> Any:
        """Expected coverage with `samples` samples of each problem."""
        samples, single = inputs["samples"], theta["pass_at_1"]
        if self.form == "power":
            return ops.exp(ops.log(single) * samples ** -theta["beta"])
        hard = theta["alpha"]
        easy = hard * (1 - single) / single
        return -ops.expm1(_gamma_ratio(easy + samples, hard) - _gamma_ratio(easy, hard))

    def rescale(self, scales: Mapping[str, Any], theta: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """The parameters unchanged: coverage and samples have no unit."""
        return dict(theta)


def _gamma_ratio(x: Any, shift: Any) -> Any:
    """Logarithm of Gamma(x) / Gamma(x + shift)."""
    return ops.gammaln(x) - ops.gammaln(x + shift)

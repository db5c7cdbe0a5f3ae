"""A sigmoid in log compute, the form in which post-training performance saturates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bayes_scaling import ops
from bayes_scaling.laws.column_names import symbol
from bayes_scaling.laws.contract import check_option
from bayes_scaling.laws.one_input_law import OneInputLaw
from bayes_scaling.priors import Prior


@dataclass(frozen=True)
class Saturating(OneInputLaw):
    r"""Performance between a start and a ceiling, a sigmoid in log compute (Khatri et al., 2025).

    .. math:: R(C) = R_0 + \frac{A - R_0}{1 + (C_{mid} / C)^B}

    `R_0` is the performance before any of the compute, `A` the one that unlimited compute
    approaches, `C_mid` the compute (unit of the input) at which half of the gain is made, and `B`
    how steep the rise is: in the first half the gain grows as :math:`C^B`. Start and ceiling
    are free of each other, so a response that falls (an error rate) has `A` below `R_0`.

    It assumes one rise on one recipe; the paper leaves out the first 1500 GPU-hours of a run,
    where it does not hold yet. Runs that all lie before the bend do not tell `A`, `C_mid` and `B`
    apart: the posterior of `A` is then its prior. An accuracy lies between `R_0` and `A`, so
    inside (0, 1), and can have bounded noise. A metric has priors for a response of the order of
    one, to which runs bring one on another scale; choose it with ``runs.with_reference(loss=...)``.

    Parameters
    ----------
    input : str
        The column: ``"flops"`` or any other of the runs, such as GPU-hours.
    response : {"accuracy", "metric"}
        What is described: accuracies within [0, 1], or any number.

    Raises
    ------
    ModelError
        A name that cannot be a column, or another response.

    References
    ----------
    Khatri et al. (2025), The Art of Scaling Reinforcement Learning Compute for LLMs,
    arXiv:2510.13786, equation 1.

    Examples
    --------
    With the paper's ceiling of 0.61, half of the gain is made at `C_mid` and all of it far beyond:

    >>> law = Saturating("gpu_hours")
    >>> theta = {"R_0": 0.3, "A": 0.61, "C_mid": 4e3, "B": 1.5}
    >>> [round(float(law.evaluate({"gpu_hours": c}, theta)), 3) for c in (4.0, 4e3, 4e9)]
    [0.3, 0.455, 0.61]
    """

    input: str = "flops"
    response: Literal["accuracy", "metric"] = "accuracy"

    cite = "khatri2025scalerl"

    def __post_init__(self) -> None:
        super().__post_init__()
        why = "The priors of start and ceiling depend on it."
        check_option(self, "response", ("accuracy", "metric"), why)

    @property
    def responses(self) -> tuple[str, ...]:  # type: ignore[override]
        """The response chosen."""
        return (self.response,)

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Start and ceiling on the scale of the response; the middle roughly within the runs."""
        ends = {"R_0": Prior.beta(1.0, 3.0), "A": Prior.beta(3.0, 1.5)}
        if self.response == "metric":
            ends = dict.fromkeys(("R_0", "A"), Prior.between(-2.0, 2.0, distribution="Normal"))
        return {**ends, "C_mid": Prior.between(0.03, 30.0), "B": Prior.between(0.3, 4.0)}

    @property
    def equation(self) -> str:
        """The formula in LaTeX."""
        x = symbol(self.input)
        return rf"R_0 + \frac{{A - R_0}}{{1 + ({x}_{{mid}} / {x})^B}}"

    @staticmethod
    def loss(x, R_0, A, C_mid, B):
        """Expected performance at `x` of the input."""
        return R_0 + (A - R_0) * ops.sigmoid(B * (ops.log(x) - ops.log(C_mid)))

    @staticmethod
    def paper_units(loss, x, R_0, A, C_mid):
        """`R_0`, `A` and `C_mid` for input and response in units of one."""
        return {"R_0": loss * R_0, "A": loss * A, "C_mid": x * C_mid}

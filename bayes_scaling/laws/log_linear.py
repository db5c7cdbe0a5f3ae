"""A response that is linear in the logarithm of one input, or whose logit is."""

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
class LogLinear(OneInputLaw):
    r"""Accuracy linear in the logarithm of an input (after Ruan et al., 2024).

    .. math:: y = a + b \log_{10} x \qquad \text{or} \qquad
              \mathrm{logit}\, y = a + b \log_{10} x

    `b` is the gain for ten times the input and `a` the level at one unit of it; on the reference
    scale, where it is sampled, `a` is the level at the reference input. Accuracies of vision
    transformers and of CLIP models are often drawn so, over their middle range.

    A straight line leaves the range of an accuracy at both ends. With ``link="identity"`` use
    noise on the response itself (:class:`bayes_scaling.noise.Normal` or ``StudentT``), and expect
    forecasts beyond 0 and 1 far out: they say that the law no longer holds. Noise that is defined
    between 0 and 1 only (``LogitNormal``, ``Binomial``) needs ``link="logit"``, the form of Ruan
    et al., whose value never leaves the range. The default priors are for a response of the order
    of one, to which runs bring a metric on another scale. Where what varies is small beside its
    level (Elo ratings), give priors, or a scale of your own: ``runs.with_reference(loss=...)``.

    Parameters
    ----------
    input : str
        The column: ``"params"``, ``"flops"`` or any other of the runs.
    link : {"identity", "logit"}
        Whether the response or its logit is linear. The logit is for accuracies only.

    Raises
    ------
    ModelError
        A name that cannot be a column, or another link.

    References
    ----------
    Ruan, Maddison and Hashimoto (2024), Observational Scaling Laws and the Predictability of
    Language Model Performance, arXiv:2405.10938, equations 3 and 4.

    Examples
    --------
    A gain of 5 points for every tenfold, from 60 % at ten million parameters:

    >>> law = LogLinear("params")
    >>> [round(float(law.evaluate({"params": n}, {"a": 0.25, "b": 0.05})), 2) for n in (1e7, 1e9)]
    [0.6, 0.7]
    >>> LogLinear("flops", link="logit").responses
    ('accuracy',)
    """

    input: str = "params"
    link: Literal["identity", "logit"] = "identity"

    cite = "ruan2024observational"

    def __post_init__(self) -> None:
        super().__post_init__()
        why = "It says what is linear in the logarithm of the input."
        check_option(self, "link", ("identity", "logit"), why)

    @property
    def responses(self) -> tuple[str, ...]:  # type: ignore[override]
        """Accuracies and, without the logit, any number."""
        return ("accuracy",) if self.link == "logit" else ("accuracy", "metric")

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Level at the reference input, and gain for ten times the input, of either sign."""
        if self.link == "logit":
            return {
                "a": Prior.between(-3.0, 3.0, distribution="Normal"),
                "b": Prior.between(-2.0, 2.0, distribution="Normal"),
            }
        return {
            "a": Prior.between(-0.5, 1.5, distribution="Normal"),
            "b": Prior.between(-0.5, 0.5, distribution="Normal"),
        }

    @property
    def equation(self) -> str:
        """The formula in LaTeX."""
        line = rf"a + b \log_{{10}} {symbol(self.input)}"
        return rf"\mathrm{{logit}}^{{-1}}\left({line}\right)" if self.link == "logit" else line

    def loss(self, x, a, b):
        """Expected response at `x` of the input."""
        line = a + b * ops.log10(x)
        return ops.sigmoid(line) if self.link == "logit" else line

    def paper_units(self, loss, x, a, b):
        """Both parameters for input and response in units of one.

        A logit has no unit: the scale of the response, which is one for accuracies, is not used.
        """
        unit = 1.0 if self.link == "logit" else loss
        return {"a": unit * (a - b * ops.log10(x)), "b": unit * b}

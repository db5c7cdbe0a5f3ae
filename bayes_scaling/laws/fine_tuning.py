"""The multiplicative fine-tuning law of Zhang et al. (2024)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bayes_scaling.errors import ModelError
from bayes_scaling.laws.column_names import checked_columns, symbol
from bayes_scaling.laws.law import Law
from bayes_scaling.priors import Prior

DATA = "finetuning_tokens"
"""Column of the amount of fine-tuning data."""


@dataclass(frozen=True)
class FineTuning(Law):
    r"""Loss after fine-tuning, a product of powers of scale and data (Zhang et al., 2024).

    .. math:: L(X, D_f) = E + A\,X^{-\alpha} D_f^{-\beta}

    `X` is the factor that was scaled before fine-tuning: parameters, pre-training tokens, or the
    size of an adapter. `D_f` is the fine-tuning data, column ``finetuning_tokens`` (tokens, or
    examples if all runs count them so). `E` is the loss left (nats per token); `A`, `alpha` and
    `beta` say how the reducible loss falls. The product means that data help the more, in loss,
    the smaller the model. The paper prefers it to a sum. Its exponents belong to one task and one
    method of tuning: pool over tasks, or fit each by itself.

    Parameters
    ----------
    scaled_column : str
        Column of the runs that is `X`.

    Raises
    ------
    ModelError
        `scaled_column` is the fine-tuning data itself, or no name of a column.

    References
    ----------
    Zhang et al. (2024), When Scaling Meets LLM Finetuning, arXiv:2402.17193, equation 1.

    Examples
    --------
    With the exponents of the paper's form, twice the model leaves the same share of the reducible
    loss at any amount of data:

    >>> law = FineTuning()
    >>> theta = {"E": 0.0, "A": 1.0, "alpha": 0.2, "beta": 0.1}
    >>> shares = [
    ...     law.evaluate({"params": 2e9, "finetuning_tokens": tokens}, theta)
    ...     / law.evaluate({"params": 1e9, "finetuning_tokens": tokens}, theta)
    ...     for tokens in (1e6, 1e8)
    ... ]
    >>> [round(share, 4) for share in shares]
    [0.8706, 0.8706]
    """

    scaled_column: str = "params"

    cite = "zhang2024when"

    def __post_init__(self) -> None:
        checked_columns("FineTuning", "scaled_column", (self.scaled_column,))
        if self.scaled_column == DATA:
            raise ModelError(
                f"FineTuning: scaled_column is {DATA!r}, which the law reads already. Two powers "
                "of the same column cannot be told apart. Name what was scaled before fine-tuning, "
                "such as 'params'."
            )

    @property
    def inputs(self) -> tuple[str, ...]:
        """The scaled column and the fine-tuning data."""
        return (self.scaled_column, DATA)

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Weak priors; the exponent of data may be small where the base model does the work."""
        return {
            "E": Prior.between(0.1, 0.95),
            "A": Prior.between(0.02, 1.0),
            "alpha": Prior.between(0.02, 0.8),
            "beta": Prior.between(0.02, 0.8),
        }

    @property
    def equation(self) -> str:
        """The formula in LaTeX."""
        return rf"E + A\,{symbol(self.scaled_column)}^{{-\alpha}} D_f^{{-\beta}}"

    def evaluate(self, inputs: Mapping[str, Any], theta: Mapping[str, Any]) -> Any:
        """Expected loss after fine-tuning on `finetuning_tokens`."""
        scale, data = inputs[self.scaled_column], inputs[DATA]
        return theta["E"] + theta["A"] * scale ** -theta["alpha"] * data ** -theta["beta"]

    def rescale(self, scales: Mapping[str, Any], theta: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters after loss and inputs are multiplied by `scales`."""
        powers = scales[self.scaled_column] ** theta["alpha"] * scales[DATA] ** theta["beta"]
        loss = scales["loss"]
        return {**theta, "E": loss * theta["E"], "A": loss * theta["A"] * powers}

"""A floor plus a power of each input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from bayes_scaling.errors import ModelError
from bayes_scaling.laws.column_names import checked_columns, symbol
from bayes_scaling.laws.law import Law
from bayes_scaling.laws.shared_priors import EXPONENT, FLOOR, WIDE_EXPONENT, WIDE_FLOOR
from bayes_scaling.priors import Prior


@dataclass(frozen=True)
class AdditivePowerLaw(Law):
    r"""Loss as a floor plus a power of each input (after Rosenfeld et al., 2020).

    .. math:: L(x) = E + \sum_i A_i x_i^{-\alpha_i}

    `E` is the loss left when every input is unlimited, ``A_<column>`` the loss owed to one unit
    of that column, ``alpha_<column>`` its exponent. An exponent below zero, where the law allows
    it, is a quantity that grows with the column.

    It assumes that each input limits the runs by itself: no term depends on another input.
    Two cases are known to be weakly identified, and give wide posteriors rather than wrong ones:

    * **Compute beside size and data** (:meth:`pre_training`). With C = 6ND the logarithm of the
      third column is the sum of the other two. The third term is still another function, for
      :math:`C^{-b_3}` falls in `N` and `D` at once, where the other terms do not; but along any
      one path through the plane, such as a fixed number of tokens per parameter, three powers of
      the same quantity remain, and no amount of runs tells them apart. Only a sweep that varies
      `N` and `D` independently and widely does, and the exponents then lean on their priors.
    * **An exponent near zero** (signed columns): its term is a constant, the same as the floor.

    Parameters
    ----------
    inputs : tuple of str
        The columns.
    floor : bool
        Whether there is an `E`.
    signed : tuple of str
        Those columns whose exponent may have either sign. Its prior is then normal about zero.

    Raises
    ------
    ModelError
        Names that cannot be columns, or a signed column that is not an input.

    References
    ----------
    Rosenfeld et al. (2020), A Constructive Prediction of the Generalization Error Across Scales,
    arXiv:1909.12673. Hoffmann et al. (2022), arXiv:2203.15556, equation 2: two columns.

    Examples
    --------
    With parameters and tokens it is the law of Hoffmann et al.; their fit puts a model of 70B
    parameters on 1.4T tokens at 1.94 nats:

    >>> law = AdditivePowerLaw(("params", "tokens"))
    >>> theta = {"E": 1.69, "A_params": 406.4, "alpha_params": 0.34}
    >>> theta |= {"A_tokens": 410.7, "alpha_tokens": 0.28}
    >>> round(law.evaluate({"params": 70e9, "tokens": 1.4e12}, theta), 2)
    1.94
    >>> AdditivePowerLaw.inference_time().signed
    ('params', 'inference_tokens', 'flops')
    """

    inputs: tuple[str, ...] = ("params", "tokens")
    floor: bool = True
    signed: tuple[str, ...] = ()

    cite = "rosenfeld2020constructive"

    def __post_init__(self) -> None:
        columns = checked_columns("AdditivePowerLaw", "inputs", self.inputs)
        signed = checked_columns("AdditivePowerLaw", "signed", self.signed) if self.signed else ()
        unknown = [name for name in signed if name not in columns]
        if unknown:
            raise ModelError(
                f"AdditivePowerLaw: signed names {unknown[0]!r}, which is not an input "
                f"({', '.join(columns)}), so it would change nothing. Add it to inputs or drop it."
            )
        object.__setattr__(self, "inputs", columns)
        object.__setattr__(self, "signed", signed)

    @classmethod
    def pre_training(cls) -> Self:
        """L(N, D, C) = L0 + a N^-b1 + g D^-b2 + d C^-b3: loss before any fine-tuning.

        `E` is L0; ``A_params, A_tokens, A_flops`` are a, g, d; ``alpha_*`` are b1, b2, b3. Read
        above what C = 6ND leaves identified.
        """
        return cls(("params", "tokens", "flops"))

    @classmethod
    def post_training(cls, test_column: str = "test_tokens") -> Self:
        """E(N, D_test) = E0 + m N^-t1 + n D_test^-t2: error after post-training.

        `E` is E0; ``A_params`` and ``A_<test_column>`` are m and n; ``alpha_*`` are t1 and t2.
        """
        return cls(("params", test_column))

    @classmethod
    def inference_time(cls, inference_column: str = "inference_tokens") -> Self:
        """T(N, D_inf, C) = T0 + x N^-p1 + y D_inf^-p2 + k C^-p3, exponents of either sign.

        `E` is T0; ``A_params``, ``A_<inference_column>``, ``A_flops`` are x, y, k; ``alpha_*``
        are p1, p2, p3. Time that grows with model size has a negative p1: the data decide.
        """
        columns = ("params", inference_column, "flops")
        return cls(columns, signed=columns)

    @property
    def priors(self) -> Mapping[str, Prior]:
        """`E` and each term as shares of the reference loss.

        Of size and data above a floor: the priors of :class:`Chinchilla`, from published fits. Of
        other columns: exponents as in learning curves of any kind (Alabdulmohsin et al., 2022,
        arXiv:2209.06640).
        """
        # Of a time or the like, next to nothing may be fixed.
        floor = Prior.beta(1.0, 1.0) if self.signed else FLOOR if self._of_text else WIDE_FLOOR
        terms = {"E": floor} if self.floor else {}
        for column in self.inputs:
            terms[f"A_{column}"] = Prior.between(0.01, 1.0)
            terms[f"alpha_{column}"] = (
                # Time per token is proportional to size: an exponent of -1 is ordinary.
                Prior.between(-1.5, 1.5, distribution="Normal")
                if column in self.signed
                else EXPONENT
                if self._of_text
                else WIDE_EXPONENT
            )
        return terms

    @property
    def ties(self) -> Mapping[str, str]:  # type: ignore[override]
        """The exponents of size and data, where these are all."""
        return {"alpha_tokens": "alpha_params"} if self._of_text else {}

    @property
    def _of_text(self) -> bool:
        """True for the law of Hoffmann et al., whose parameters papers have published."""
        return set(self.inputs) == {"params", "tokens"} and self.floor and not self.signed

    @property
    def equation(self) -> str:
        """The formula in LaTeX."""
        terms = [
            rf"A_{{{symbol(name)}}} {symbol(name)}^{{-\alpha_{{{symbol(name)}}}}}"
            for name in self.inputs
        ]
        return " + ".join(["E", *terms] if self.floor else terms)

    def evaluate(self, inputs: Mapping[str, Any], theta: Mapping[str, Any]) -> Any:
        """Expected loss at `inputs`."""
        terms = [
            theta[f"A_{name}"] * inputs[name] ** -theta[f"alpha_{name}"] for name in self.inputs
        ]
        return sum(terms[1:], theta["E"] + terms[0] if self.floor else terms[0])

    def rescale(self, scales: Mapping[str, Any], theta: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters after loss and inputs are multiplied by `scales`."""
        loss = scales["loss"]
        floor = {"E": loss * theta["E"]} if self.floor else {}
        terms = {
            f"A_{name}": loss * theta[f"A_{name}"] * scales[name] ** theta[f"alpha_{name}"]
            for name in self.inputs
        }
        return {**theta, **floor, **terms}

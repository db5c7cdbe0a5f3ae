"""The law of Busbridge et al. (2025): loss of a student that learns from a teacher."""

from __future__ import annotations

from typing import Any

from bayes_scaling import ops
from bayes_scaling.laws.chinchilla import Chinchilla
from bayes_scaling.laws.law import Law
from bayes_scaling.laws.shared_priors import WIDE_EXPONENT
from bayes_scaling.priors import Prior


class Distillation(Law):
    r"""Loss of a student by its size, its tokens and its teacher (Busbridge et al., 2025).

    .. math::
        L_S &= L_T + L_T^{-c_0} \left(1 + \left(\frac{L_T}{\tilde{L}_S d_1}\right)^{1/f_1}
        \right)^{-c_1 f_1} \left(\frac{A'}{N^{\alpha'}} + \frac{B'}{D^{\beta'}}\right)^{\gamma'} \\
        \tilde{L}_S &= E + \left(\frac{A}{N^{\alpha}} + \frac{B}{D^{\beta}}\right)^{\gamma}

    `N` are the student's parameters, `D` the tokens of distillation, :math:`L_T` the loss of its
    teacher (column ``teacher_loss``, of the same tokenizer and text as that of the student);
    :math:`\tilde{L}_S` is what the student would reach without a teacher. A student may end above
    or below its teacher. Better teachers help until they are better than :math:`d_1` times what the
    student can learn alone, and then harm: the capacity gap.

    Distilled runs say little of :math:`\tilde{L}_S`: fit runs without a teacher first, with
    :class:`Nested`, whose law it is, and pin its parameters, as in
    ``priors={"E": bs.Prior.fixed_at(1.22, units="paper"), ...}``. Far from the gap `c1`, `d1` and
    `f1` are told only together, and the authors' interval of `c1` is that of their start.

    It assumes pure distillation at temperature one. A student with endless tokens ends at its
    teacher's loss, however small it is, unless the teacher is the best one for it: for teachers far
    from that the law is known to fail. It says nothing of what training the teacher costs.

    References
    ----------
    Busbridge et al. (2025), Distillation Scaling Laws, arXiv:2502.08606, equations 1 and 8, table
    6.

    Examples
    --------
    A student of 546M parameters on twenty times as many tokens would reach 2.515 alone:

    >>> alone = {"E": 1.22, "A": 3355.0, "B": 18186.0}
    >>> alone |= {"alpha": 0.408, "beta": 0.431, "gamma": 0.452}
    >>> taught = {"A_prime": 2243.0, "B_prime": 24181.0, "c0": 2.549, "c1": 522.6, "f1": 0.09}
    >>> taught |= {"alpha_prime": 0.321, "beta_prime": 0.637, "gamma_prime": 0.764, "d1": 1.315}
    >>> loss = Distillation.loss(546e6, 20 * 546e6, teacher_loss=2.4, **alone, **taught)
    >>> round(float(loss), 3)
    2.475
    """

    inputs = ("params", "tokens", "teacher_loss")
    same_unit = {"teacher_loss": "loss"}
    priors = {
        **Chinchilla.priors,
        "gamma": Prior.between(0.3, 1.5),
        "A_prime": Prior.between(0.003, 1.0),
        # Of what the teacher says the tokens limit less than the size of the student.
        "B_prime": Prior.between(1e-5, 0.5),
        "alpha_prime": WIDE_EXPONENT,
        "beta_prime": WIDE_EXPONENT,
        "gamma_prime": Prior.between(0.3, 1.5),
        "c0": Prior.between(0.5, 5.0),
        "c1": Prior.between(3.0, 1000.0),
        "f1": Prior.between(0.03, 0.5),
        "d1": Prior.between(0.8, 2.0),
    }
    cite = "busbridge2025distillation"
    equation = (
        r"L_T + L_T^{-c_0} \left(1 + \left(\frac{L_T}{\tilde{L}_S d_1}\right)^{1/f_1}"
        r"\right)^{-c_1 f_1} \left(\frac{A'}{N^{\alpha'}} + \frac{B'}{D^{\beta'}}\right)^{\gamma'}"
    )

    @staticmethod
    def loss(
        params, tokens, teacher_loss,
        E, A, B, alpha, beta, gamma,
        A_prime, B_prime, alpha_prime, beta_prime, gamma_prime,
        c0, c1, f1, d1,
    ):  # fmt: skip
        """Expected loss of a student of `params` parameters after `tokens` of its teacher."""
        alone = E + (A * params**-alpha + B * tokens**-beta) ** gamma
        apart = (A_prime * params**-alpha_prime + B_prime * tokens**-beta_prime) ** gamma_prime
        # In logarithms, for the power 1 / f1 leaves the range of floats.
        ratio = ops.log(teacher_loss) - ops.log(alone) - ops.log(d1)
        gap = -c1 * f1 * ops.logaddexp(ratio / f1, ratio * 0)
        return teacher_loss + ops.exp(gap - c0 * ops.log(teacher_loss)) * apart

    @staticmethod
    def paper_units(
        loss, params, tokens,
        E, A, B, alpha, beta, gamma,
        A_prime, B_prime, alpha_prime, beta_prime, gamma_prime, c0,
    ):  # fmt: skip
        """`E`, and the two pairs of amplitudes, for inputs and loss in units of one."""
        alone, apart = loss ** (1 / gamma), loss ** ((1 + c0) / gamma_prime)
        return {
            "E": loss * E,
            "A": alone * A * params**alpha,
            "B": alone * B * tokens**beta,
            "A_prime": apart * A_prime * params**alpha_prime,
            "B_prime": apart * B_prime * tokens**beta_prime,
        }

    def irreducible(self, theta: Any) -> Any:  # noqa: ARG002
        """Nothing: what is left depends on the teacher."""
        return 0.0

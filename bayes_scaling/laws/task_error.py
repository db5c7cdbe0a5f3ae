"""Downstream error as an exponential of the loss (Gadre et al., 2024)."""

from __future__ import annotations

from dataclasses import dataclass

from bayes_scaling import ops
from bayes_scaling.laws.task_law import TaskLaw
from bayes_scaling.priors import Prior


@dataclass(frozen=True)
class TaskError(TaskLaw):
    r"""Mean top-1 error that falls exponentially below its ceiling as the loss falls.

    .. math:: \mathrm{Err}(L) = \epsilon - k\,e^{-\gamma L}

    `epsilon` is the error of a model that has learned nothing, `gamma` (per nat) how fast the
    error responds to the loss, and `k` how far it falls. It assumes that tasks improve smoothly
    with loss; single tasks with a threshold do not, averages over many do.

    Parameters
    ----------
    through : Law, optional
        Law of the loss; both steps are then one model.
    column : str
        Column of the runs with the loss.

    References
    ----------
    Gadre et al. (2024), arXiv:2403.08540, equation 5.

    Examples
    --------
    The published constants of RedPajama, at a loss of 2.5 nats per token:

    >>> law = TaskError(column="loss_c4")
    >>> fitted = {"epsilon": 0.8570, "k": 2.206, "gamma": 0.7146}
    >>> float(law.evaluate({"loss_c4": 2.5}, fitted).round(4))
    0.4874
    """

    task_priors = {
        "epsilon": Prior.between(0.5, 1.2),
        "k": Prior.between(0.3, 30.0),
        "gamma": Prior.between(0.5, 6.0),
    }
    cite = "gadre2024language"
    equation = r"\epsilon - k\,e^{-\gamma L}"
    responses = ("accuracy", "metric")

    @staticmethod
    def metric(loss, epsilon, k, gamma):
        """The error at a loss."""
        return epsilon - k * ops.exp(-gamma * loss)

    @staticmethod
    def metric_units(metric, loss, epsilon, k, gamma):
        """`epsilon`, `k` and `gamma` for error and loss in units of one."""
        return {"epsilon": metric * epsilon, "k": metric * k, "gamma": gamma / loss}

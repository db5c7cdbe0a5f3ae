"""Downstream accuracy as a sigmoid of the loss between chance and a ceiling."""

from __future__ import annotations

from dataclasses import dataclass

from bayes_scaling import ops
from bayes_scaling.errors import ModelError
from bayes_scaling.laws.task_law import TaskLaw
from bayes_scaling.priors import Prior


@dataclass(frozen=True)
class TaskAccuracy(TaskLaw):
    r"""Accuracy that rises as a sigmoid from chance to a ceiling as the loss falls.

    .. math:: \mathrm{Acc}(L) = c + (1 - c)\,\frac{r}{1 + e^{k (L / L_0 - 1)}}

    `reach` r is the share of the way from chance c to 1 that the task can be solved, `midpoint` L0
    the loss (in its unit) half-way up, and `steepness` k that of the rise in relative loss. It
    assumes one mechanism behind all items of the task; runs that are all at chance say nothing of
    the midpoint, and the posterior is then as wide as the prior.

    Parameters
    ----------
    through : Law, optional
        Law of the loss; both steps are then one model.
    column : str
        Column of the runs with the loss.
    chance : float
        Accuracy c of guessing, such as 0.25 for four choices.

    References
    ----------
    Bhagia et al. (2024), arXiv:2412.04403 (the OLMo ladder writes Acc = a / (1 + exp(-k (L - L0)))
    + b, where b is c, a is (1 - c) r and its k is -k / L0); Llama team (2024), arXiv:2407.21783.

    Examples
    --------
    >>> law = TaskAccuracy(column="bpb", chance=0.25)
    >>> shape = {"reach": 0.8, "midpoint": 0.8, "steepness": 8.0}
    >>> float(law.evaluate({"bpb": 0.8}, shape).round(4))
    0.55
    """

    task_priors = {
        "reach": Prior.beta(4.0, 1.0),
        "midpoint": Prior.between(0.4, 1.6),
        "steepness": Prior.between(2.0, 30.0),
    }
    cite = "bhagia2024establishing"
    equation = r"c + (1 - c) \frac{r}{1 + e^{k (L / L_0 - 1)}}"
    responses = ("accuracy",)

    chance: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.chance < 1:
            raise ModelError(
                f"TaskAccuracy: chance={self.chance} cannot be the accuracy of guessing, where the "
                "sigmoid starts. Give a number from 0 up to 1, such as 0.25 for four choices."
            )

    def metric(self, loss, reach, midpoint, steepness):
        """The accuracy at a loss."""
        rise = ops.sigmoid(steepness * (1 - loss / midpoint))
        return self.chance + (1 - self.chance) * reach * rise

    @staticmethod
    def metric_units(loss, midpoint):
        """The midpoint for a loss in units of one; accuracies have no unit."""
        return {"midpoint": loss * midpoint}

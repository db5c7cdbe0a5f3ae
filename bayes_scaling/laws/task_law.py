"""Base of laws of a downstream metric by a loss, measured or predicted by another law.

Owns the composition: with a law of the loss, both steps are one model, the measured loss is
observed on the way, and the uncertainty of both reaches the metric.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bayes_scaling.errors import ModelError
from bayes_scaling.laws.contract import quantities
from bayes_scaling.laws.law import Law
from bayes_scaling.priors import Prior


@dataclass(frozen=True)
class TaskLaw(Law, ABC, abstract=True):
    """A metric as a function of a loss.

    A subclass gives ``metric(loss, …)``, and ``metric_units(metric, loss, …)``, which returns by
    name the parameters that have a unit, for these scales of metric and loss.

    Parameters
    ----------
    through : Law, optional
        Law of the loss. The inputs are then those of this law, and the loss is observed on the
        way; without it the loss is the only input.
    column : str
        Column of the runs with the loss that the metric depends on.
    """

    task_priors: ClassVar[Mapping[str, Prior]]
    metric: ClassVar[Callable[..., Any]]
    metric_units: ClassVar[Callable[..., dict[str, Any]]]

    through: Law | None = None
    column: str = "task_loss"

    def __post_init__(self) -> None:
        if self.through is None:
            return
        if not isinstance(self.through, Law) or self.through.stages:
            raise ModelError(
                f"{self.name}: through={self.through!r} is not a law of a loss, from which the "
                "metric could follow. Give an instance such as bs.laws.Chinchilla()."
            )
        if clash := set(self.through.priors) & set(self.task_priors):
            raise ModelError(
                f"{self.name}: {', '.join(sorted(clash))} is a parameter of both steps, and one "
                "name cannot have two values. Choose another law of the loss."
            )

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs of the law of the loss, or the column of the loss."""
        return (self.column,) if self.through is None else self.through.inputs

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Priors of both steps."""
        return {**(self.through.priors if self.through else {}), **self.task_priors}

    @property
    def stages(self) -> tuple[str, ...]:
        """The column of the loss, where a law predicts it."""
        return () if self.through is None else (self.column,)

    @property
    def same_unit(self) -> Mapping[str, str]:  # type: ignore[override]
        """Inputs of the law of the loss on the scale of another; its loss is the column."""
        known = {} if self.through is None else self.through.same_unit
        return {name: self.column if like == "loss" else like for name, like in known.items()}

    @property
    def unscaled(self) -> tuple[str, ...]:  # type: ignore[override]
        """Inputs that the law of the loss reads in their own unit."""
        return () if self.through is None else self.through.unscaled

    @property
    def ties(self) -> Mapping[str, str]:  # type: ignore[override]
        """Parameters of the law of the loss whose priors are tied."""
        return {} if self.through is None else self.through.ties

    def evaluate_stages(
        self, inputs: Mapping[str, Any], theta: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The expected loss."""
        if self.through is None:
            return {}
        own = {name: theta[name] for name in self.through.priors}
        return {self.column: self.through.evaluate(inputs, own)}

    def evaluate(self, inputs: Mapping[str, Any], theta: Mapping[str, Any]) -> Any:
        """The metric at the expected, or the given, loss."""
        loss = (self.evaluate_stages(inputs, theta) or inputs)[self.column]
        return self.metric(loss, **{name: theta[name] for name in self.task_priors})

    def rescale(self, scales: Mapping[str, Any], theta: Mapping[str, Any]) -> dict[str, Any]:
        """Both steps' parameters after a change of units."""
        known = {**theta, "metric": scales["loss"], "loss": scales[self.column]}
        second = quantities(self.metric_units, known)
        if self.through is None:
            return {**theta, **second}
        own = {name: theta[name] for name in self.through.priors}
        units = {name: scales[name] for name in self.through.inputs}
        first = self.through.rescale({**units, "loss": scales[self.column]}, own)
        return {**theta, **first, **second}

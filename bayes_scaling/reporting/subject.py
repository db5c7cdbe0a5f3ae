"""What a report is about: a fit, what was asked of it, and what was found out about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import pandas as pd

from bayes_scaling.costs import SixND
from bayes_scaling.decisions.allocation import Allocation
from bayes_scaling.decisions.near_optimality import NearOptimal, near_optimal
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.forecasting import Forecast
from bayes_scaling.reporting.citing import Citation, cite
from bayes_scaling.trust import CheckResult, TrustReport


class HasTable(Protocol):
    """A comparison of models: anything with a table."""

    def table(self) -> pd.DataFrame:
        """One row for each model."""


@dataclass(frozen=True, eq=False)
class Subject:
    """What the sections of a report are made from."""

    fit: ScalingFit
    forecast: Forecast | None = None
    allocation: Allocation | None = None
    trust: TrustReport | None = None
    comparison: HasTable | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    prob: float | None = None

    def __post_init__(self) -> None:
        """Refuse results of another fit."""
        for name, result in (("forecast", self.forecast), ("allocation", self.allocation)):
            if result is None or result.fit is self.fit or result.fit.runs is self.fit.runs:
                continue
            raise BayesScalingError(
                f"report: the {name} was made from another fit ({result.fit.model!r}), and the "
                "report would describe one and answer with the other. Make it from the fit that "
                "is reported."
            )

    @cached_property
    def results(self) -> tuple[ScalingFit | Forecast | Allocation, ...]:
        """What the report answers with: what was asked of the fit, or the fit itself."""
        asked = [one for one in (self.forecast, self.allocation) if one is not None]
        return tuple(asked) or (self.fit,)

    @cached_property
    def citations(self) -> tuple[Citation, ...]:
        """One for each of the results."""
        return tuple(cite(one, trust=self.trust, prob=self.prob) for one in self.results)

    def check(self, name: str) -> CheckResult | None:
        """What one check found; None where it was not run."""
        results = self.trust.checks if self.trust is not None else []
        return next((result for result in results if result.check == name), None)

    @cached_property
    def near(self) -> NearOptimal | None:
        """Sizes nearly as good as the best, for an allocation of 6ND without constraints."""
        asked = self.allocation
        if asked is None or asked.constraints.given or not isinstance(asked.cost, SixND):
            return None
        flops = sorted(set(asked.draws["flops"].values.tolist()))
        return near_optimal(self.fit, flops, inputs=asked.inputs)

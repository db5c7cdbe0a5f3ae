"""The subject of a report: a fit or several, the questions put to them, and the findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import pandas as pd

from bayes_scaling.decisions.allocation import Allocation
from bayes_scaling.decisions.costs import SixND
from bayes_scaling.decisions.near_optimality import NearOptimal, near_optimal
from bayes_scaling.display.intervals import PROB
from bayes_scaling.errors import BayesScalingError, check_kind
from bayes_scaling.fitting.average import FitAverage, Fitted, Part, made_from, parts
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.reporting.citing.assessed import check_assessed, model_names
from bayes_scaling.reporting.citing.citation import Citation, cite
from bayes_scaling.reporting.citing.escaping import one_line
from bayes_scaling.reporting.sections.contents import Block, Heading
from bayes_scaling.trust import CheckResult, TrustReport
from bayes_scaling.trust.averages import LEAST


class HasTable(Protocol):
    """A comparison of models: anything with a table."""

    def table(self) -> pd.DataFrame:
        """One row for each model."""


@dataclass(frozen=True, eq=False)
class Subject:
    """Material that the sections of a report are made from."""

    fit: Fitted
    forecast: Forecast | None = None
    allocation: Allocation | None = None
    trust: TrustReport | None = None
    comparison: HasTable | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    prob: float = PROB

    def __post_init__(self) -> None:
        """Refuse an object that is no fit, results of another fit, a comparison without a table."""
        if not isinstance(self.fit, ScalingFit | FitAverage):
            raise BayesScalingError(
                f"report: fit is of type {type(self.fit).__name__}, and a report is about a fit or "
                "an average. Give what bs.fit or bs.average returns."
            )
        check_kind("report", "forecast", self.forecast, Forecast, "bs.forecast(fit, ...)")
        check_kind("report", "allocation", self.allocation, Allocation, "bs.allocate(fit, ...)")
        for name, result in (("forecast", self.forecast), ("allocation", self.allocation)):
            if result is not None and not made_from(result.fit, self.fit):
                raise BayesScalingError(
                    f"report: the {name} was made from another fit ({model_names(result.fit)}), "
                    "and the report would describe one and answer with the other. Make it from the "
                    "fit that is reported."
                )
        for one in self.asked or (self.fit,):
            check_assessed(one, self.trust, "report")
        if self.comparison is not None and not callable(getattr(self.comparison, "table", None)):
            raise BayesScalingError(
                f"report: comparison is of type {type(self.comparison).__name__} and has no "
                "table() to be printed. Give what bs.compare returns."
            )

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The fits that the report is about with their weights, the heaviest first."""
        return tuple(replace(part, name=one_line(part.name)) for part in parts(self.fit))

    @property
    def weighing(self) -> tuple[str, ...]:
        """Remarks on the weights; none of a single fit."""
        return self.fit.weighing if isinstance(self.fit, FitAverage) else ()

    @property
    def main(self) -> ScalingFit:
        """The heaviest fit."""
        return self.parts[0].fit

    @property
    def mixed(self) -> bool:
        """True for an average of several fits."""
        return len(self.parts) > 1

    @property
    def described(self) -> tuple[Part, ...]:
        """Fits with a section of their own: those heavy enough to be judged."""
        return tuple(part for part in self.parts if part.weight >= LEAST) or self.parts[:1]

    @property
    def light(self) -> tuple[Part, ...]:
        """Fits that are only named."""
        return self.parts[len(self.described) :]

    @property
    def title(self) -> str:
        """Laws and runs, in one line."""
        names = ", ".join(dict.fromkeys(part.fit.model.law.name for part in self.parts))
        of = f"{names}: an average of {len(self.parts)} fits" if self.mixed else f"{names} fitted"
        return f"{of} to {len(self.fit.runs)} runs"

    def of_each(self, write: Callable[[ScalingFit], Iterable[Block]]) -> list[Block]:
        """Blocks on each fit, under its name where there are several."""
        blocks: list[Block] = []
        for part in self.described:
            blocks += [Heading(part_title(part))] if self.mixed else []
            blocks += write(part.fit)
        return blocks

    def in_words(self, write: Callable[[ScalingFit], str]) -> str:
        """A few words on each fit; once where they are the same for all."""
        said: dict[str, list[str]] = {}
        for part in self.described:
            said.setdefault(write(part.fit), []).append(part.name)
        if len(said) == 1:
            return next(iter(said))
        return "; ".join(f"{', '.join(names)}: {words}" for words, names in said.items())

    @property
    def asked(self) -> tuple[Forecast | Allocation, ...]:
        """Forecast and allocation, as far as they were given."""
        return tuple(one for one in (self.forecast, self.allocation) if one is not None)

    @cached_property
    def results(self) -> tuple[ScalingFit | Forecast | Allocation, ...]:
        """Results that answer: forecast and allocation, or else each fit itself."""
        return self.asked or tuple(part.fit for part in self.described)

    @cached_property
    def citations(self) -> tuple[Citation, ...]:
        """One for each of the results."""
        return tuple(cite(one, trust=self.trust, prob=self.prob) for one in self.results)

    def check(self, name: str) -> CheckResult | None:
        """Result of one check; None where it was not run."""
        results = self.trust.checks if self.trust is not None else []
        return next((result for result in results if result.check == name), None)

    @cached_property
    def near(self) -> NearOptimal | None:
        """Sizes nearly as good as the best, for an allocation of one fit by 6ND, unconstrained."""
        asked = self.allocation
        plain = asked is not None and isinstance(asked.cost, SixND) and not asked.constraints.given
        if asked is None or not plain or self.mixed:
            return None
        flops = sorted(set(asked.draws["flops"].values.tolist()))
        return near_optimal(self.main, flops, inputs=asked.inputs)


def part_title(part: Part) -> str:
    """A fit of an average by its name, weight and law."""
    return f"{part.name} ({part.fit.model.law.name}), weight {part.weight:.2f}"

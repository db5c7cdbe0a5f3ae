"""TrustReport: the verdict on a forecast, its reasons, and how far trust reaches."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pandas as pd

from bayes_scaling.display.digits import label_writer
from bayes_scaling.display.wording import times
from bayes_scaling.fitting.average import Fitted
from bayes_scaling.validation.verdict import CheckResult, Verdict

MEANING = {
    "trust": "no check found a reason for doubt",
    "caution": "one or two checks doubt it",
    "do not trust": "a check says that it is wrong, or three doubt it",
}


@dataclass(frozen=True, eq=False, repr=False)
class TrustReport:
    """A verdict on a forecast, and the checks behind it.

    Attributes
    ----------
    verdict : {"trust", "caution", "do not trust"}
        The worst over the targets. At each target: the worst of the checks, and "do not trust"
        from three cautions on.
    checks : list of CheckResult
        In the order in which they ran.
    targets : pandas.DataFrame
        One row for each target: where it lies along each axis, its levels, its verdict, and the
        checks that it is ``because`` of.
    ladder : pandas.DataFrame
        The run of largest compute and the same 3, 30 and 1000 times larger, all in the level of
        that run: the verdict on each, and the checks that it is ``because`` of.
    trusted_to : float
        Times the compute of the largest run up to which the verdict is "trust", in the level of
        that run; 0 if it is not even for that run.
    level : str
        "quick" or "full".
    along : str
        What the ladder grows in: ``"flops"``, or the law's first input where it knows no compute.
    largest : float
        The largest value of it among the runs.
    fit : ScalingFit or FitAverage, optional
        What was assessed; a verdict is cited with results of this fit only.
    """

    verdict: Verdict
    checks: list[CheckResult]
    targets: pd.DataFrame
    ladder: pd.DataFrame
    trusted_to: float
    level: str
    along: str
    largest: float
    fit: Fitted | None = None

    def __getitem__(self, check: str) -> CheckResult:
        """The result of one check, by its name."""
        for result in self.checks:
            if result.check == check:
                return result
        known = ", ".join(result.check for result in self.checks)
        raise KeyError(
            f"No check {check!r} in a report of level {self.level!r}, so it has no finding. "
            f"Checks: {known}."
        )

    def table(self) -> pd.DataFrame:
        """One row for each check: verdict, headline, seconds; ``attrs["verdict"]`` joins them."""
        rows = {r.check: (r.verdict, r.headline, r.seconds) for r in self.checks}
        table = pd.DataFrame.from_dict(
            rows, orient="index", columns=["verdict", "headline", "seconds"]
        ).rename_axis("check")
        table.attrs["verdict"] = self.verdict
        return table

    @property
    def reach(self) -> str:
        """Sentence on the end of trusted reach."""
        if self.trusted_to <= 0:
            return "There is no reach at which these runs would be trusted, not even their own."
        if self.trusted_to <= 1:
            return f"Trust ends at the largest run ({self._along(1.0)})."
        return (
            f"Trust ends at {times(self.trusted_to)} the largest run "
            f"({self._along(self.trusted_to)})."
        )

    def _along(self, factor: float) -> str:
        """A multiple of the largest run, in the unit of the ladder."""
        written = label_writer(self.along)(factor * self.largest)
        return f"{written} FLOP" if self.along == "flops" else f"{self.along} {written}"

    def __repr__(self) -> str:
        lines = [f"TrustReport: {self.verdict} ({MEANING[self.verdict]}; level {self.level})"]
        lines += [f"  {r.verdict:<13}{r.check:<12}{r.headline}" for r in self.checks]
        rungs = ", ".join(f"{reach} {row.verdict}" for reach, row in self.ladder.iterrows())
        return "\n".join(
            [*lines, f"  {self.reach}", f"  Beyond the largest run{self._group}: {rungs}"]
        )

    @property
    def _group(self) -> str:
        """The group of the largest run, if runs have groups."""
        of_groups = self.ladder.drop(columns=["verdict", "because"], errors="ignore")
        labels = of_groups.select_dtypes(exclude="number").iloc[0]
        named = ", ".join(f"{name} {label!r}" for name, label in labels.items())
        return f" ({named})" if named else ""

    def _repr_html_(self) -> str:
        head = f"<p><b>{escape(self.verdict)}</b>: {escape(MEANING[self.verdict])}. "
        head += f"{escape(self.reach)}</p>"
        checks = self.table().to_html(float_format="{:.1f}".format)
        return head + checks + self.ladder[["verdict", "because"]].to_html()

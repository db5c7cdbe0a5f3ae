"""The verdict in one line: it opens the report, whatever the format."""

from __future__ import annotations

from dataclasses import dataclass

from bayes_scaling.fitting.average import Fitted
from bayes_scaling.trust import TrustReport
from bayes_scaling.trust.report import MEANING


@dataclass(frozen=True)
class Headline:
    """The verdict.

    Attributes
    ----------
    status : str
        ``"trust"``, ``"caution"``, ``"do not trust"``, ``"not converged"`` or ``"not assessed"``.
    text : str
        The line that opens the report.
    """

    status: str
    text: str

    @property
    def reliable(self) -> bool:
        """Whether nothing speaks against the numbers below it."""
        return self.status == "trust"


def headline(fit: Fitted, trust: TrustReport | None) -> Headline:
    """The verdict on a fit and what was forecast with it.

    Chains that have not converged come before everything else: no check can be read without them.
    """
    problems = fit.diagnostics.problems
    if problems:
        return Headline(
            "not converged",
            f"Not converged: {'; '.join(problems)}. Do not trust any number below.",
        )
    if trust is None:
        return Headline(
            "not assessed",
            "Not assessed: the chains have converged, but whether the answer can be trusted was "
            "not checked.",
        )
    doubts = [result.check for result in trust.checks if result.verdict != "trust"]
    because = f" Because of: {', '.join(doubts)}." if doubts else ""
    return Headline(trust.verdict, f"{trust.verdict.upper()}: {MEANING[trust.verdict]}.{because}")

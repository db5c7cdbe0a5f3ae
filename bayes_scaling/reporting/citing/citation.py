"""cite(): a sentence, a table, a paragraph on methods and BibTeX for a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape

import pandas as pd

from bayes_scaling.display.wording import listed
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.reporting.citing.assessed import check_assessed
from bayes_scaling.reporting.citing.bibliography import DATA, SOFTWARE, Entry, bibtex, software
from bayes_scaling.reporting.citing.escaping import latex_escaped, markdown_escaped
from bayes_scaling.reporting.citing.estimates import Citable, check_result, fits, problems
from bayes_scaling.reporting.citing.methods import formulas, methods_paragraph
from bayes_scaling.reporting.citing.sentences import citing_sentence
from bayes_scaling.reporting.citing.tables import latex_table, markdown_table, written_table
from bayes_scaling.schedules import CurveForecast
from bayes_scaling.trust import TrustReport


@dataclass(frozen=True, eq=False, repr=False)
class Citation:
    """Sentence, table, methods and BibTeX to cite a result with.

    Attributes
    ----------
    sentence : str
        Estimate, interval, law, noise, runs, version and verdict, in plain text. It begins with
        "Not converged" or "Do not trust" where that is so.
    methods : str
        A paragraph on methods, in plain text.
    bibtex : str
        Entries of the law, the data and the software.
    verdict : str
        ``"not converged"``; else that of the trust report: ``"trust"``, ``"caution"``,
        ``"do not trust"``; else ``"not assessed"``.
    table : pandas.DataFrame
        Every row of the result, as text with the digits that its draws support.
    formulas : tuple of str
        Those in the paragraph on methods, in LaTeX.
    """

    sentence: str
    methods: str
    bibtex: str
    verdict: str
    table: pd.DataFrame
    formulas: tuple[str, ...] = ()

    def to_markdown(self) -> str:
        """Sentence, table and methods in Markdown, all text escaped."""
        parts = (markdown_escaped(self.sentence), markdown_table(self.table))
        return "\n\n".join([*parts, self._methods(markdown_escaped)])

    def to_latex(self) -> str:
        """Sentence, table and methods in LaTeX, all text escaped; the table needs booktabs."""
        parts = (latex_escaped(self.sentence), latex_table(self.table))
        return "\n\n".join([*parts, self._methods(latex_escaped)])

    def _methods(self, escape: Callable[[str], str]) -> str:
        """The paragraph with everything but its formulas escaped."""
        done, rest = "", self.methods
        for formula in self.formulas:
            before, rest = rest.split(formula, 1)
            done += f"{escape(before)} {formula}"
        return done + escape(rest)

    def __str__(self) -> str:
        return f"{self.sentence}\n\n{self.bibtex}"

    def __repr__(self) -> str:
        return f"Citation ({self.verdict})\n{self}"

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def _repr_html_(self) -> str:
        hidden = "".join(
            f"<details><summary>{title}</summary><pre style='white-space:pre-wrap'>"
            f"{escape(text)}</pre></details>"
            for title, text in (("Methods", self.methods), ("BibTeX", self.bibtex))
        )
        under = f"<p>{escape(self.table.attrs['caption'])}</p>"
        table = self.table.to_html(index=False, border=0)
        return f"<p>{escape(self.sentence)}</p>{table}{under}{hidden}"


def cite(
    result: Citable,
    *,
    trust: TrustReport | None = None,
    prob: float | None = None,
    data: str | None = None,
) -> Citation:
    """Cite a result with its interval, its verdict and its sources.

    Parameters
    ----------
    result : ScalingFit, Forecast, Allocation or another result with draws
        Of a forecast of loss curves, the end of each schedule is cited.
    trust : TrustReport, optional
        Of :func:`bayes_scaling.assess`, at the points that are cited. Without it the sentence
        says that the extrapolation was not assessed.
    prob : float, optional
        Probability of the intervals, 0.9 if not given.
    data : str, optional
        Where the runs come from: the name of a published table such as ``"chinchilla"``, an entry
        in BibTeX (it begins with ``@``), or a description in a few words.

    Raises
    ------
    BayesScalingError
        The result holds no draws, `trust` is not a TrustReport, or one of another fit or of other
        targets, or there is no such table.
    ValueError
        `prob` is not between 0 and 1.
    """
    check_result(result)
    check_assessed(result, trust, "cite")
    if isinstance(result, CurveForecast):
        result = result.ends
    laws = dict.fromkeys(fit.model.law.cite for fit in fits(result) if fit.model.law.cite)
    return Citation(
        sentence=citing_sentence(result, trust, prob),
        methods=methods_paragraph(result, trust, prob),
        bibtex=_references(laws, data),
        verdict=_verdict(result, trust),
        table=written_table(result, prob),
        formulas=formulas(result),
    )


def _verdict(result: Citable, trust: TrustReport | None) -> str:
    if problems(result):
        return "not converged"
    return "not assessed" if trust is None else trust.verdict


def _references(laws: Iterable[str], data: str | None) -> str:
    papers = [*laws, *DATA.get(data or "", ())]
    own = [] if data is None or data in DATA else [_own_data(data)]
    entries = [bibtex(papers), *own, *(software(name).bibtex for name in SOFTWARE)]
    return "\n\n".join(entry for entry in entries if entry)


def _own_data(data: str) -> str:
    if data.lstrip().startswith("@"):
        return data.strip()
    if len(data.split()) < 2:
        raise BayesScalingError(
            f"cite: there is no published table {data!r} to be cited, and one word does not say "
            f"where runs come from. Give one of {listed(DATA, 20)}, an entry in BibTeX, or a "
            "description in a few words."
        )
    return Entry("training_runs", (), latex_escaped(data), kind="misc").bibtex

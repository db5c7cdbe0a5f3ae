"""report(): one document with the answer, its verdict, the evidence and the code to redo it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from bayes_scaling.decisions.allocation import Allocation
from bayes_scaling.display.files import written_whole
from bayes_scaling.display.intervals import interval_prob
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.fitting.average import Fitted
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.reporting.gathering import gathered
from bayes_scaling.reporting.page.exploring import Page, page
from bayes_scaling.reporting.rendering import as_html, as_latex, as_markdown
from bayes_scaling.reporting.sections.checklist import check_facts
from bayes_scaling.reporting.sections.contents import Contents
from bayes_scaling.reporting.sections.subject import HasTable, Subject
from bayes_scaling.trust import TrustReport

FORMATS = (".html", ".htm", ".md", ".tex")


def report(
    fit: Fitted,
    path: str | Path,
    *,
    forecast: Forecast | None = None,
    allocation: Allocation | None = None,
    trust: TrustReport | None = None,
    comparison: HasTable | None = None,
    facts: Mapping[str, str] | None = None,
    prob: float | None = None,
) -> Path:
    """Write a report of a fit: the answer, its verdict, the evidence, and the code to redo it.

    The first screen is the answer: question, number with interval, verdict with its reason,
    picture. What would change it follows, then the evidence and everything needed to redo it.

    An HTML report is one file that needs no network. In it the reader sets parameters, tokens or
    compute and sees the loss, the best split, the sizes that are nearly as good, and the verdict
    on a run of that size. Markdown and LaTeX have their figures in a folder beside them.

    Parameters
    ----------
    fit : ScalingFit or FitAverage
        Of an average the report has the weights, each law with its priors, diagnostics and
        posterior (those of 5 % of the weight or more; the others by name).
    path : str or Path
        The suffix says the format: ``.html``, ``.md`` or ``.tex``. A file that is there is
        replaced when the new one is complete.
    forecast : Forecast, optional
    allocation : Allocation, optional
    trust : TrustReport, optional
        Of :func:`bayes_scaling.assess`; without it the report says that it was not assessed.
    comparison : Comparison, optional
        Of :func:`bayes_scaling.compare`, or another object whose ``table()`` is a data frame.
    facts : mapping of str to str, optional
        What only people know, by field of the checklists, such as ``{"optimiser": "AdamW"}`` or
        ``{"question": "Is a run of 70B worth it?"}``; a name that is no field is refused with the
        list of those that are. Fields left out say "not given".
    prob : float, optional
        Probability of all intervals, 0.9 if not given.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    BayesScalingError
        The suffix is of no known format, the path cannot be written to, a fact has no field, a
        result was made from another fit, or the comparison has no table.
    ValueError
        `prob` is not between 0 and 1.

    References
    ----------
    Kruschke (2021), doi:10.1038/s41562-021-01177-7. Li, Kudugunta and Zettlemoyer (2025),
    arXiv:2502.18969.
    """
    file = checked_path(path)
    check_facts(facts or {})
    chosen = interval_prob(prob)
    subject = Subject(fit, forecast, allocation, trust, comparison, dict(facts or {}), chosen)
    contents = gathered(subject)
    try:
        return _written(subject, contents, file)
    except OSError as error:
        raise BayesScalingError(
            f"report: {str(path)!r} cannot be written ({error}). A report that was there before is "
            "unchanged. Give the path of a file in a folder that can be written to."
        ) from error


def _written(subject: Subject, contents: Contents, file: Path) -> Path:
    """Write the report whole or not at all."""
    kind = file.suffix.lower()
    if kind == ".md":
        text = as_markdown(contents, file)
    elif kind == ".tex":
        text = as_latex(contents, file)
    else:
        text = as_html(contents, _explored(subject))
    with written_whole(file) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
    return file


def checked_path(path: str | Path) -> Path:
    """Path of a report, checked before anything is computed.

    Raises
    ------
    BayesScalingError
        Its suffix is of no known format, or it cannot be written to.
    """
    file = Path(path)
    if file.suffix.lower() not in FORMATS:
        raise BayesScalingError(
            f"report: {str(path)!r} ends in {file.suffix!r}, and the suffix says the format. Use "
            ".html, .md or .tex."
        )
    if file.is_dir() or not file.parent.is_dir() or not os.access(file.parent, os.W_OK):
        found = "is a folder" if file.is_dir() else "is not in a folder that can be written to"
        raise BayesScalingError(
            f"report: {str(path)!r} {found}, so nothing was written. Give the path of a file in a "
            "folder that exists."
        )
    return file


def _explored(subject: Subject) -> Page:
    """The interactive page, opened at the first run asked for."""
    start: dict[str, float] = {}
    if subject.forecast is not None:
        first = subject.forecast.draws.isel(point=0)
        start = {
            str(name): float(value)
            for name, value in first.coords.items()
            if value.ndim == 0 and value.dtype.kind == "f"
        }
    return page(subject.fit, start, subject.trust, subject.prob)

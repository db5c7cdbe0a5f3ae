"""Tables for papers: numbers with the digits that their draws support, as Markdown or LaTeX.

A table is written once, as text, by :func:`written_table`; the two formats only lay it out and
escape it. What a reader must know stands under the table, so that it cannot be left behind.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from bayes_scaling.display.intervals import interval_attrs, interval_percent
from bayes_scaling.display.terminal import flat_name
from bayes_scaling.display.wording import of_response
from bayes_scaling.fitting.law_fit import LawFit
from bayes_scaling.reporting.citing.escaping import latex_escaped, markdown_escaped, one_line
from bayes_scaling.reporting.citing.estimates import (
    Citable,
    check_result,
    estimates,
    response,
    written_label,
)

KINDS = {"eti": "equal-tailed", "hdi": "highest-density"}


def written_table(result: Citable, prob: float | None = None) -> pd.DataFrame:
    """Write the table of a result as text, each number to the digits that its draws support.

    Parameters
    ----------
    result : ScalingFit, Forecast, Allocation or another result with draws
    prob : float, optional
        Probability of the intervals, 0.9 if not given.

    Returns
    -------
    pandas.DataFrame
        Text. A column for what the rows are about (inputs and labels), then one for each quantity
        with cells such as ``1.97 [1.95, 2.00]``. ``attrs["caption"]`` says what the intervals are
        and whatever a reader must know, such as that the chains have not converged.

    Raises
    ------
    BayesScalingError
        The result holds no draws.
    """
    check_result(result)
    found = estimates(result, prob)
    if isinstance(result, LawFit):
        columns = {
            "parameter": [one_line(one.quantity) for one in found],
            "estimate": [one.text for one in found],
        }
    else:
        about = result.table(prob).index.to_frame(index=False)
        columns = {
            str(name): [written_label(str(name), value) for value in values]
            for name, values in about.items()
        }
        for one in found:
            columns.setdefault(of_response(one.quantity, response(result)), []).append(one.text)
    table = pd.DataFrame(columns)
    table.attrs["caption"] = caption(result, prob)
    return table


def caption(result: Citable, prob: float | None) -> str:
    """Name of a table's intervals, and the notes of the result, bad diagnostics first."""
    return " ".join([f"Median and {interval_words(prob)}.", *result.notes])


def interval_words(prob: float | None) -> str:
    """Probability and kind of the intervals.

    Examples
    --------
    >>> interval_words(0.9)
    '90 % equal-tailed credible interval'
    """
    return f"{interval_percent(prob)} {KINDS[interval_attrs(prob)['ci_kind']]} credible interval"


def markdown_table(table: pd.DataFrame | Citable, prob: float | None = None) -> str:
    r"""Lay out a table in Markdown, with its caption under it.

    Parameters
    ----------
    table : pandas.DataFrame, or a result with draws
        A table as :func:`written_table` writes it; of a result, that table. Numbers in other
        tables get four significant digits, whether or not draws support them.
    prob : float, optional
        Probability of the intervals of a result.

    Returns
    -------
    str
        All text in it is escaped.

    Examples
    --------
    >>> print(markdown_table(pd.DataFrame({"corpus": ["a|b"], "loss": ["1.97 [1.95, 2.00]"]})))
    | corpus | loss |
    |---|---|
    | a\|b | 1.97 [1.95, 2.00] |
    """
    header, rows, under = _parts(table, prob, markdown_escaped)
    first, *others = (f"| {' | '.join(cells)} |" for cells in (header, *rows))
    text = "\n".join([first, "|" + "---|" * len(header), *others])
    return f"{text}\n\n{under}" if under else text


def latex_table(table: pd.DataFrame | Citable, prob: float | None = None) -> str:
    r"""Lay out a table in LaTeX, for the package booktabs.

    Parameters
    ----------
    table : pandas.DataFrame, or a result with draws
        See :func:`markdown_table`.
    prob : float, optional
        Probability of the intervals of a result.

    Returns
    -------
    str
        A ``table`` with its caption, or a bare ``tabular`` if it has none. All text is escaped.

    Examples
    --------
    >>> print(latex_table(pd.DataFrame({"corpus": ["c4_en"], "loss": ["1.97 [1.95, 2.00]"]})))
    \begin{tabular}{ll}
    \toprule
    corpus & loss \\
    \midrule
    c4\_en & 1.97 [1.95, 2.00] \\
    \bottomrule
    \end{tabular}
    """
    header, rows, under = _parts(table, prob, latex_escaped)
    # A bracket at the start of a row would be read as the argument of the \\ before it.
    guarded = [["{}" * first.startswith(("[", "*")) + first, *others] for first, *others in rows]
    layout = pd.DataFrame(guarded, columns=header).style.hide(axis="index")
    text: str = layout.to_latex(
        hrules=True,
        column_format="l" * len(header),
        caption=under or None,
        position_float="centering" if under else None,
    )
    return text.rstrip()


def _parts(
    table: pd.DataFrame | Citable, prob: float | None, escape: Callable[[str], str]
) -> tuple[list[str], list[list[str]], str]:
    """Header, rows and caption, escaped."""
    written = _flat(table) if isinstance(table, pd.DataFrame) else written_table(table, prob)
    header = [escape(str(name)) for name in written]
    rows = [
        [escape(_written(name, value)) for name, value in row.items()]
        for _, row in written.iterrows()
    ]
    return header, rows, escape(str(written.attrs.get("caption", "")))


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    """A table without levels of columns, and with its index as columns unless it only counts."""
    flat = table.set_axis([flat_name(name) for name in table], axis=1)
    if not isinstance(table.index, pd.RangeIndex):
        flat = flat.reset_index()
    flat.attrs = dict(table.attrs)
    return flat


def _written(name: object, value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if pd.isna(value) else written_label(str(name), value)  # type: ignore[call-overload]

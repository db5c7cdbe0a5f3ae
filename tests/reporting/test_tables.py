"""Tables in Markdown and LaTeX: every row, escaped, with what a reader must know under it."""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.reporting import latex_table, markdown_table, written_table
from tests.reporting.test_escaping import NASTY, unescaped_latex

CELL = re.compile(r"\S+ \[\S+, \S+\]")


def markdown_cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_a_written_table_has_a_row_for_each_point(converged_fit: bs.ScalingFit) -> None:
    forecast = bs.forecast(converged_fit, [7e9, 7e10], 1.4e12)
    table = written_table(forecast)
    assert list(table) == ["params", "tokens", "flops", "expected_loss", "loss"]
    assert list(table["params"]) == ["7B", "70B"]
    assert table["loss"].map(lambda cell: bool(CELL.fullmatch(cell))).all()
    assert table.attrs["caption"].startswith("Median and 90 % equal-tailed credible interval.")


def test_accuracies_are_called_so_in_written_tables(accuracy_fit: bs.ScalingFit) -> None:
    table = written_table(bs.forecast(accuracy_fit, 7e9, 1.4e12))
    assert list(table)[-2:] == ["expected_accuracy", "accuracy"]


def test_numbers_are_those_of_the_results_table(converged_fit: bs.ScalingFit) -> None:
    forecast = bs.forecast(converged_fit, 7e9, 1.4e12)
    cell = written_table(forecast, 0.5)["expected_loss"].iloc[0]
    row = forecast.table(0.5)["expected_loss"].iloc[0]
    shown = [float(text) for text in re.findall(r"[\d.]+", cell)]
    assert shown == pytest.approx(list(row), abs=0.005)


def test_a_fit_has_a_row_for_each_line_of_its_summary(stored_fit: bs.ScalingFit) -> None:
    table = written_table(stored_fit)
    assert list(table["parameter"]) == list(stored_fit.summary().index)
    for cell, median in zip(table["estimate"], stored_fit.summary()["median"], strict=True):
        # The stored chains are short: their Monte-Carlo error reaches a fifth of a parameter.
        assert float(cell.split()[0]) == pytest.approx(median, rel=0.25)


def test_the_caption_says_that_chains_have_not_converged(stored_fit: bs.ScalingFit) -> None:
    plan = bs.allocate(stored_fit, 1e22)
    for text in (markdown_table(plan), latex_table(plan)):
        assert "The chains have not converged: " in text


@pytest.mark.parametrize(
    "ask",
    [
        lambda fit: bs.near_optimal(fit, 1e22),
        lambda fit: bs.needed(fit, [2.2, 1.0]),
        lambda fit: bs.compare_levels(fit, "web", "books", 1e22),
        lambda fit: bs.regret(fit, pd.DataFrame({"params": [7e9], "tokens": [1.4e11]})),
        lambda fit: bs.decisions.marginal_returns(fit, 7e9, 1.4e11),
        lambda fit: bs.compute_returns(fit, 1e22),
    ],
)
def test_other_results_have_tables(
    ask: Callable[[bs.ScalingFit], object], stored_fit: bs.ScalingFit
) -> None:
    result = ask(stored_fit)
    table = written_table(result)
    assert len(table) == len(result.table())
    assert table.map(lambda cell: isinstance(cell, str)).all(axis=None)


def test_what_has_no_draws_is_refused(stored_fit: bs.ScalingFit) -> None:
    with pytest.raises(BayesScalingError, match=r"A Runs cannot be cited.*Give a ScalingFit"):
        written_table(stored_fit.runs)


@pytest.mark.parametrize("name", NASTY)
def test_nasty_names_break_no_table(name: str) -> None:
    table = pd.DataFrame({name: ["1"], "corpus": [name]})
    table.attrs["caption"] = name
    lines = markdown_table(table).splitlines()
    assert [len(markdown_cells(line)) for line in lines[:3]] == [2, 2, 2]
    assert len(lines) in (3, 5)
    tabular = latex_table(table)
    rows = [line for line in tabular.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 2
    for row in rows:
        assert (
            unescaped_latex(row.removesuffix(r" \\").removeprefix("{}").replace(" & ", " ")) == ""
        )
    assert "<script>" not in markdown_table(table)


def test_a_label_in_brackets_is_no_argument_of_the_row_before() -> None:
    rows = latex_table(pd.DataFrame({"x": ["[2em]", "*"]})).splitlines()
    assert rows[4:6] == [r"{}[2em] \\", r"{}* \\"]


def test_tables_of_numbers_keep_their_index_and_four_digits() -> None:
    columns = pd.MultiIndex.from_tuples([("loss", "median"), ("diagnosis", "")])
    index = pd.Index([7e9], name="params")
    table = pd.DataFrame([[1.974123, "ok"]], index, columns)
    assert markdown_table(table).splitlines() == [
        "| params | loss median | diagnosis |",
        "|---|---|---|",
        "| 7B | 1.974 | ok |",
    ]


def test_missing_numbers_are_blank() -> None:
    assert markdown_table(pd.DataFrame({"x": [np.nan]})).splitlines()[-1] == "|  |"

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.display.terminal import by_quantity, interval_title, table_text, wrapped


def test_every_quantity_gets_a_row_with_the_numbers_of_the_table(stored_fit: bs.ScalingFit) -> None:
    table = bs.forecast(stored_fit, [7e9, 7e10], 1.4e12).table(0.8)
    long = by_quantity(table)
    assert list(long.index.names) == ["params", "tokens", "flops", "corpus", "quantity"]
    assert list(long.columns) == ["median", "lower", "upper"]
    assert long.attrs == table.attrs
    assert len(long) == 2 * len(table) == 8
    for place, (key, row) in enumerate(table.iterrows()):
        assert list(long.index[2 * place : 2 * place + 2].get_level_values("quantity")) == [
            "expected_loss",
            "loss",
        ]
        for part in ("median", "lower", "upper"):
            assert long.loc[(*key, "loss"), part] == row[("loss", part)]


def test_numbers_are_written_by_what_they_are() -> None:
    index = pd.Index(["params", "tokens", "flops", "a"], name="quantity")
    numbers = pd.DataFrame(
        {"median": [7.1283e10, 1.3468e12, 5.76e23, 0.51091], "ess_bulk": 3441.2, "r_hat": 1.0},
        index,
    )
    lines = [line.split() for line in table_text(numbers).splitlines()]
    assert lines[0] == ["quantity", "median", "ess_bulk", "r_hat"]
    assert [line[1] for line in lines[1:]] == ["71.3B", "1.35T", "5.76e23", "0.5109"]
    assert {tuple(line[2:]) for line in lines[1:]} == {("3441", "1.000")}


def test_columns_line_up_and_repeated_labels_are_blank() -> None:
    index = pd.MultiIndex.from_product(
        [[1e20, 1e21], ["books", "a corpus of a long name"], ["x", "y"]],
        names=["flops", "corpus", "quantity"],
    )
    table = pd.DataFrame({"median": np.arange(8) * 1000.5, "inside": "yes"}, index)
    lines = table_text(table).splitlines()
    assert {len(line) for line in lines} == {len(lines[0])}
    assert [line[:5].strip() for line in lines[1:]] == ["1e20", "", "", "", "1e21", "", "", ""]
    assert [line.split()[-1] for line in lines[1:]] == ["yes"] * 8
    assert lines[5].split()[:3] == ["1e21", "books", "x"]


def test_missing_numbers_are_blank() -> None:
    table = pd.DataFrame({"truth": [np.nan, 2.0]}, pd.Index(["x", "y"], name="quantity"))
    assert table_text(table) == "quantity  truth\nx\ny             2"


def test_a_table_without_rows_is_its_header() -> None:
    empty = pd.DataFrame({"median": []}, pd.Index([], name="quantity"))
    assert table_text(empty).split() == ["quantity", "median"]


@pytest.mark.parametrize(("prob", "shown"), [(0.89, "89 %"), (0.9, "90 %"), (0.995, "99.5 %")])
def test_titles_name_the_interval(prob: float, shown: str) -> None:
    table = pd.DataFrame()
    table.attrs = {"ci_prob": prob, "ci_kind": "hdi"}
    title = interval_title("Forecast", table)
    assert title == f"Forecast: median and {shown} credible interval (HDI)"


def test_sentences_fit_a_terminal() -> None:
    words = "note: " + "compute-optimal " * 30
    assert max(len(line) for line in wrapped(words).splitlines()) <= 100
    assert "compute-\n" not in wrapped(words)

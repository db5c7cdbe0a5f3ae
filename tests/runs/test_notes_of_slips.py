"""Notes on tables whose numbers are of other units, responses or runs than they seem."""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs


@pytest.fixture
def table() -> pd.DataFrame:
    params = np.repeat(np.geomspace(1.25e8, 2.7e9, 6), 3)
    tokens = params * np.tile([8.0, 20.0, 50.0], 6)
    loss = 1.7 + 480 * params**-0.34 + 2085 * tokens**-0.37
    return pd.DataFrame({"params": params, "tokens": tokens, "loss": loss})


def notes(table: pd.DataFrame, *factors: str) -> str:
    return " ".join(bs.Runs.from_frame(table, factors=factors).notes)


def test_a_good_table_has_none(table: pd.DataFrame) -> None:
    assert notes(table) == ""


def test_counts_of_two_units_in_one_column_are_noted(table: pd.DataFrame) -> None:
    table.loc[12:, "params"] /= 1e9
    assert "6 runs of 1.5 parameters or more beside others of up to 7.89" in notes(table)


def test_losses_that_rise_are_noted(table: pd.DataFrame) -> None:
    rising = table.assign(loss=5 - table["loss"])
    assert "Losses rise with params x tokens (rank correlation" in notes(rising)
    accuracies = rising.assign(loss=rising["loss"] / 5)
    runs = bs.Runs.from_frame(accuracies, loss="loss", response="accuracy")
    assert not any("rise" in note for note in runs.notes)


def test_levels_that_look_alike_and_levels_of_one_run_are_noted(table: pd.DataFrame) -> None:
    table["corpus"] = ["c4", "c4 ", "C4", *["web"] * 14, "books"]
    found = notes(table, "corpus")
    assert "levels that differ by case or spaces only ('c4', 'c4 ', 'C4')" in found
    assert "has one run in 4 levels" in found


def test_rows_of_one_run_are_noted(table: pd.DataFrame) -> None:
    table["run"] = np.repeat(["a", "b", "c"], 6)
    assert "Column 'run' names 3 runs in 18 rows" in notes(table)

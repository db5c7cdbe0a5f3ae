"""Tables of several experiments, or of a grid of settings, that are read as one sweep."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs


def sweep(copies: int, scatter: float, seed: int = 1) -> pd.DataFrame:
    """Twelve runs, each made several times with some scatter of log loss."""
    rng = np.random.default_rng(seed)
    params = np.repeat(np.geomspace(1e8, 2e9, 4), 3 * copies)
    tokens = params * np.tile(np.repeat([8.0, 20.0, 50.0], copies), 4)
    loss = 1.7 + 480 * params**-0.34 + 2085 * tokens**-0.37
    loss *= np.exp(rng.normal(0, scatter, loss.size))
    return pd.DataFrame({"N": params, "D": tokens, "loss": loss})


def said(table: pd.DataFrame, **choices: Any) -> list[str]:
    notes = bs.Runs.from_frame(table, **choices).notes
    return [note for note in notes if note.startswith(("Rows of equal", "Column"))]


def test_a_grid_of_learning_rates_is_noted() -> None:
    table = sweep(4, 0.03).assign(lr=[1e-4, 3e-4, 1e-3, 3e-3] * 12, seed=1)
    (note,) = said(table)
    assert note.startswith("Rows of equal params, tokens differ in loss by 5 % (the median of 12")
    assert "and seeds make 1 % or less. 'lr' varies among them: TunedChinchilla reads" in note
    assert 'inputs={"learning_rate": "lr"}' in note
    assert not said(table, inputs={"learning_rate": "lr"})


@pytest.mark.parametrize(
    ("column", "cells", "advice"),
    [
        ("corpus", ["c4", "pile", "web", "code"], 'as in factors=("corpus",)'),
        ("batch", [64, 128, 256, 512], 'as in inputs=("batch",)'),
    ],
)
def test_what_varies_among_equal_rows_is_named(
    column: str, cells: list[object], advice: str
) -> None:
    table = sweep(4, 0.03).assign(**{column: cells * 12, "other_loss": np.arange(48) / 7})
    (note,) = said(table)
    assert f"{column!r} varies among them: " in note
    assert advice in note
    used = "factors" if column == "corpus" else "inputs"
    assert not said(table, **{used: (column,)})


def test_the_column_that_explains_most_is_offered() -> None:
    table = sweep(8, 0.001).assign(node=[*"ab"] * 48, host=[*"aabbccdd"] * 12)
    table = table.assign(corpus=[*"ccccdddd"] * 12, same=[*"ccxxdddd"] * 12)
    table["loss"] *= np.where(table["corpus"] == "c", 1.0, 1.1)
    (note,) = said(table)
    assert "'corpus', 'same', 'host', 'node' vary among them: " in note
    assert 'as in factors=("corpus",)' in note
    (note,) = said(table.drop(columns=["corpus", "same", "host"]))
    assert 'as in factors=("node",)' in note


def test_learning_rates_that_are_all_different_say_why() -> None:
    (note,) = said(sweep(4, 0.03).assign(lr=np.geomspace(1e-4, 1e-2, 48)))
    assert 'inputs={"learning_rate": "lr"}' in note


def test_rows_that_no_column_tells_apart_are_noted() -> None:
    (note,) = said(sweep(2, 0.05))
    assert "No column says why" in note
    accuracies = sweep(3, 0.0).assign(loss=[0.3, 0.5, 0.45] * 12)
    (note,) = said(accuracies, response="accuracy")
    assert "differ in accuracy by 20 points (the median of 12 sets, at most 20 points)" in note
    assert "seeds make 3 points or less" in note
    assert not said(accuracies.assign(loss=[3.0, 50.0, 45.0] * 12), response="metric")


@pytest.mark.parametrize("scatter", [0.0, 0.004])
def test_seeds_are_silent(scatter: float) -> None:
    assert not said(sweep(4, scatter).assign(seed=[1, 2, 3, 4] * 12))


def test_one_odd_repeat_is_silent() -> None:
    table = sweep(1, 0.0)
    assert not said(pd.concat([table, table.iloc[:2].assign(loss=9.0)]))


@pytest.mark.parametrize(
    ("name", "cells", "where"),
    [
        ("outlier", [True, False], "outlier=False"),
        ("dropped_in_paper", [1, 0], "dropped_in_paper=0"),
        ("is outlier", [True, False], "**{'is outlier': False}"),
    ],
)
def test_runs_that_a_column_marks_are_noted(name: str, cells: list[Any], where: str) -> None:
    table = sweep(1, 0.0).assign(**{name: [*cells, *cells[1:] * 10]})
    (note,) = said(table)
    assert f"Column {name!r} marks 1 run of 12 as not meant, by its name (row '0')." in note
    assert note.endswith(f"with runs.where({where}).")
    kept = bs.Runs.from_frame(table).where(**{name: cells[1]})
    assert len(kept) == 11
    assert kept.notes == ()


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("outlier", [False] * 12),
        ("outlier", [True] * 12),
        ("outlier", ["yes", *["no"] * 11]),
        ("outlier", [0.5, *[0.0] * 11]),
        ("kept", [True, *[False] * 11]),
        ("dropout", [1, *[0] * 11]),
    ],
)
def test_columns_that_mark_none_are_silent(name: str, cells: list[object]) -> None:
    assert not said(sweep(1, 0.0).assign(**{name: cells}))

"""Points of learning curves that are read as runs, and sweeps that look a little like them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs


def losses(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(loss=1.7 + 480 * table["N"] ** -0.34 + 2085 * table["D"] ** -0.37)


def curves(count: int = 4, points: int = 50) -> pd.DataFrame:
    parts = [
        {"hyper_id": f"h{number}", "N": size, "D": 2e7 * np.arange(1, points + 1), "lr": 1e-3}
        for number, size in enumerate(np.geomspace(1e8, 1e9, count))
    ]
    return losses(pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True))


def said(table: pd.DataFrame, **choices: Any) -> list[str]:
    return [note for note in bs.Runs.from_frame(table, **choices).notes if "read curves" in note]


@pytest.mark.parametrize(
    "table",
    [
        curves(),
        curves().sort_values("D"),  # as a logger of all runs at once writes it
        curves().sample(frac=1, random_state=1),
        curves()[::-1],
        curves().assign(hyper_id=lambda table: table["hyper_id"].str[1:].astype(int)),
        curves().assign(N=1e8),
        curves().assign(D=lambda table: 1.02 ** (table["D"] / 2e7) * 1e9),
        curves().assign(time=lambda table: table["D"].map("at {}".format)),
        curves().assign(tags=[["a"]] * 200),
    ],
    ids=[
        "plain",
        "interleaved",
        "shuffled",
        "reversed",
        "numbers",
        "one size",
        "geometric",
        "times",
        "lists",
    ],
)
def test_curves_by_a_column_of_any_name_are_noted(table: pd.DataFrame) -> None:
    (note,) = said(table)
    assert note.startswith("In 200 of 200 rows tokens rises in small even steps while size and")
    assert "at checkpoints of 4 training curves. " in note
    assert 'read curves with Runs.from_curves and run="hyper_id", which takes their ends' in note


def test_the_curve_of_one_run_is_noted() -> None:
    (note,) = said(curves(1).drop(columns="hyper_id"))
    assert "1 training curve." in note
    assert "with Runs.from_curves, which" in note


def test_steps_tell_a_curve_without_tokens() -> None:
    stepped = curves().drop(columns="D").assign(step=[*range(0, 5000, 100)] * 4)
    assert said(stepped)[0].startswith("In 200 of 200 rows step rises")


def test_curves_that_no_column_tells_apart_need_one() -> None:
    (note,) = said(curves().assign(hyper_id="h"))
    assert "and a column that names the run of each row, which" in note


def test_names_that_repeat_are_told_once() -> None:
    (note,) = said(curves().rename(columns={"hyper_id": "run"}))
    assert note.startswith("Column 'run' names 4 runs")


def test_the_ends_of_curves_are_runs() -> None:
    runs = bs.Runs.from_frame(curves(20))
    ends = runs.where(lambda table: table["tokens"] == table["tokens"].max())
    assert len(ends) == 20
    assert not any("curve" in note for note in ends.notes)


def grid(tokens: np.ndarray) -> pd.DataFrame:
    sizes = np.geomspace(1e8, 1e10, 8)
    return losses(pd.DataFrame({"N": np.repeat(sizes, tokens.size), "D": np.tile(tokens, 8)}))


@pytest.mark.parametrize(
    "tokens",
    [
        np.geomspace(1e9, 1e12, 12),
        1e9 * 2.0 ** (np.arange(20) / 2),
        1e9 * np.arange(1, 9),
        1e9 * np.array([1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30]),
    ],
)
def test_a_grid_of_sizes_and_tokens_is_none(tokens: np.ndarray) -> None:
    for order in (["N", "D"], ["D", "N"], ["loss"]):
        assert not said(grid(tokens).sort_values(order))


SWEEPS: dict[str, dict[str, Any]] = {
    "chinchilla": {},
    "gadre_overtraining": {},
    "datablations": {"inputs": ("unique_tokens",)},
    "routed_lm": {"flops": False},
    "llm_benchmarks_observational": {"loss": "mmlu", "response": "accuracy", "missing": "drop"},
    "llama3_isoflop": {},
    "misfitting_sweeps": {},
    "isoflop_sweeps": {},
    "addition_broken_curve": {"tokens": "x", "loss": "y"},
}


@pytest.mark.parametrize("name", SWEEPS)
def test_public_sweeps_are_none(shared_data: Path, name: str) -> None:
    table = pd.read_csv(shared_data / f"{name}.csv")
    for order in ([], [column for column in ("params", "tokens", "x") if column in table]):
        ordered = table.sort_values(order) if order else table
        assert not said(ordered, **SWEEPS[name])


@pytest.mark.parametrize(
    ("name", "choices", "count"),
    [
        ("schedule_curves", {"inputs": ("step",)}, 18),
        ("learning_curves", {"tokens": "x", "loss": "y"}, 10),
    ],
)
def test_public_curves_are_noted(
    shared_data: Path, name: str, choices: dict[str, Any], count: int
) -> None:
    (note,) = said(pd.read_csv(shared_data / f"{name}.csv"), **choices)
    assert f"checkpoints of {count} training curves" in note


def test_runs_of_ten_even_lengths_may_be_meant() -> None:
    table = grid(1e9 * np.arange(1, 11))
    (note,) = said(table)
    assert "Checkpoints of one run, unlike runs of different lengths, are no runs" in note
    assert note.endswith("If each row is a run of its own, name it in a column 'run'.")
    sizes = [f"{size:.0f}-{seen:.0f}b" for size, seen in zip(table["N"], table["D"], strict=True)]
    assert not said(table.assign(run=sizes))
    assert said(table.assign(run=[f"{size}-step{row}" for row, size in enumerate(sizes)]))

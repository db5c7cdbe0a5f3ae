"""The design check, on tables that cannot answer and on one that can."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.trust._case import Case
from bayes_scaling.trust.design import check_design

AT = pd.DataFrame({"params": [1e9], "tokens": [2e10]})
Cases = Callable[..., Case]
Sweeps = Callable[..., bs.Runs]


def test_a_sweep_is_enough(case: Cases, sweep: Sweeps) -> None:
    found = check_design(case(sweep(), AT))
    assert set(found.by_point) == {"trust"}
    assert found.headline == "30 runs for 6 parameters, over 3.0 decades of flops."
    assert found.table.loc["flops", "levels"] == 5
    assert found.table.loc["flops", "decades"] == pytest.approx(3)


def test_three_runs_are_not(case: Cases, sweep: Sweeps) -> None:
    found = check_design(case(sweep(budgets=3, sizes=1), AT))
    assert set(found.by_point) == {"do not trust"}
    assert "3 different runs for 6 parameters" in found.headline


def test_repeats_are_no_further_runs(case: Cases, sweep: Sweeps) -> None:
    table = pd.concat([sweep(budgets=5, sizes=1).table] * 8, ignore_index=True)
    runs = bs.Runs.from_frame(table[["params", "tokens", "loss"]])
    assert "5 different runs for 6" in check_design(case(runs, AT)).headline


def test_ten_runs_are_a_doubt(case: Cases, sweep: Sweeps) -> None:
    found = check_design(case(sweep(budgets=5, sizes=2), AT))
    assert set(found.by_point) == {"caution"}
    assert "10 different runs are fewer than two for each of 6" in found.headline


def test_one_ratio_is_named(case: Cases, on_path: Sweeps) -> None:
    found = check_design(case(on_path(20.0), AT))
    assert set(found.by_point) == {"caution"}
    assert "Every run has 20 tokens per parameter" in found.headline


def test_one_token_count_is_named(case: Cases) -> None:
    params = np.geomspace(1e7, 1e10, 20)
    frame = pd.DataFrame({"params": params, "tokens": 1.3e11, "loss": 2 + 20 * params**-0.2})
    found = check_design(case(bs.Runs.from_frame(frame), AT))
    assert "tokens has 1 level(s)" in found.headline
    assert set(found.by_point) == {"caution"}


def test_values_close_to_their_neighbours_are_levels_all_the_same(case: Cases) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"params": 10 ** rng.uniform(7, 9, 3000)})
    frame["tokens"] = 10 ** rng.uniform(9, 11, 3000)
    frame["loss"] = 2 + 20 * frame["params"] ** -0.2
    found = check_design(case(bs.Runs.from_frame(frame), AT))
    assert set(found.by_point) == {"trust"}
    # Two decades are some 94 steps of 5 %.
    assert found.table.loc["tokens", "levels"] == pytest.approx(90, abs=6)


def test_a_slip_of_units_names_the_rows(case: Cases, sweep: Sweeps) -> None:
    table = sweep().table[["params", "tokens", "loss"]]
    most = table.index[(table["tokens"] / table["params"]).argsort()[-2:]]
    table.loc[most, "tokens"] *= 1000
    found = check_design(case(bs.Runs.from_frame(table), AT))
    assert set(found.by_point) == {"do not trust"}
    assert all(repr(name) in found.headline for name in most)
    assert "1000 times from the other runs, as after a slip of units" in found.headline

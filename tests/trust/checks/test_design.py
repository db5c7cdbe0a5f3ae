"""The design check, on tables that cannot answer and on one that can."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.trust.case import Case, make_case
from bayes_scaling.trust.checks.design import check_design
from bayes_scaling.validation.refits import Refitter

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
    assert not found.table.attrs["only_few"]  # they have one ratio, too


def test_repeats_are_no_further_runs(case: Cases, sweep: Sweeps) -> None:
    table = pd.concat([sweep(budgets=5, sizes=1).table] * 8, ignore_index=True)
    runs = bs.Runs.from_frame(table[["params", "tokens", "loss"]])
    assert "5 different runs for 6" in check_design(case(runs, AT)).headline


def test_ten_runs_are_a_doubt(case: Cases, sweep: Sweeps) -> None:
    found = check_design(case(sweep(budgets=5, sizes=2), AT))
    assert set(found.by_point) == {"caution"}
    assert "10 different runs are fewer than two for each of 6" in found.headline
    assert found.table.attrs["only_few"]


def test_one_ratio_is_named(case: Cases, on_path: Sweeps) -> None:
    found = check_design(case(on_path(20.0), AT))
    assert set(found.by_point) == {"caution"}
    assert "Every run has 20 tokens per parameter" in found.headline
    assert not found.table.attrs["only_few"]


def test_ratios_that_hardly_differ_are_named(case: Cases, on_path: Sweeps) -> None:
    table = on_path(20.0).table[["params", "tokens", "loss"]]
    table["tokens"] *= np.geomspace(1, 1.4, len(table))
    found = check_design(case(bs.Runs.from_frame(table), AT))
    assert set(found.by_point) == {"caution"}
    assert "The runs span 1.40 times in tokens per parameter" in found.headline
    assert "(delta) and its exponents cannot be told apart" in found.headline


def test_one_token_count_is_named(case: Cases) -> None:
    params = np.geomspace(1e7, 1e10, 20)
    frame = pd.DataFrame({"params": params, "tokens": 1.3e11, "loss": 2 + 20 * params**-0.2})
    found = check_design(case(bs.Runs.from_frame(frame), AT))
    assert "tokens has 1 level(s)" in found.headline
    assert set(found.by_point) == {"caution"}


def test_one_budget_is_a_line_too(case: Cases, sweep: Sweeps) -> None:
    found = check_design(case(sweep(budgets=1, sizes=12), AT))
    assert set(found.by_point) == {"caution"}
    assert "log N and log D are on one line (r = -1.000)" in found.headline


@pytest.mark.parametrize(
    ("runs_in_each", "levels", "parameters", "verdict"),
    [(17, 3, 12, "trust"), (7, 3, 9, "trust"), (8, 2, 9, "caution"), (4, 12, 9, "trust")],
)
def test_offsets_that_runs_settle_are_parameters(
    prior_fit: Callable[..., bs.ScalingFit],
    sweep: Sweeps,
    runs_in_each: int,
    levels: int,
    parameters: int,
    verdict: str,
) -> None:
    table = sweep(budgets=8, sizes=8).table[["params", "tokens", "loss"]]
    table = table.sample(runs_in_each * levels, random_state=1)
    table["family"] = np.arange(len(table)) % levels
    runs = bs.Runs.from_frame(table, factors=["family"])
    model = bs.ScalingModel("Chinchilla", vary=[bs.Vary(name, by="family") for name in "EAB"])
    at = AT.assign(family="0")
    design = check_design(make_case(prior_fit(model, runs), at, "quick", Refitter()))
    assert set(design.by_point) == {verdict}, design.headline
    wanted = f"{parameters} parameters" if verdict == "trust" else f"each of {parameters} unknowns"
    assert wanted in design.headline


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


def grid(sizes: np.ndarray, ratios: list[float], seeds: int = 1) -> bs.Runs:
    pairs = [(n, n * ratio) for n in sizes for ratio in ratios] * seeds
    frame = pd.DataFrame(pairs, columns=["params", "tokens"])
    rng = np.random.default_rng(1)
    scatter = np.exp(0.003 * rng.standard_normal(len(frame)))
    loss = 2 + 400 * frame["params"] ** -0.35 + 2000 * frame["tokens"] ** -0.37
    return bs.Runs.from_frame(frame.assign(loss=loss * scatter))


def test_levels_of_a_grid_far_apart_are_no_slip(case: Cases) -> None:
    two_ratios = grid(np.geomspace(1e7, 1e9, 7), [20.0, 1000.0])
    assert set(check_design(case(two_ratios, AT)).by_point) == {"trust"}
    far_column = grid(np.geomspace(1e7, 1e9, 10), [*np.geomspace(1, 200, 9), 10_000.0])
    found = check_design(case(far_column, AT))
    assert set(found.by_point) == {"trust"}
    assert found.table.loc["tokens_per_param", "largest_gap"] == pytest.approx(np.log10(50))


def test_few_sizes_on_few_budgets_with_seeds_are_no_slip(case: Cases) -> None:
    pairs = [
        (n, budget / 6 / n)
        for budget in np.geomspace(1e18, 1e21, 6)
        for n in np.sqrt(budget / 120) * np.array([1 / 6, 1.0, 6.0])
    ]
    frame = pd.DataFrame(pairs * 5, columns=["params", "tokens"])
    frame["loss"] = 2 + 400 * frame["params"] ** -0.35 + 2000 * frame["tokens"] ** -0.37
    assert set(check_design(case(bs.Runs.from_frame(frame), AT)).by_point) == {"trust"}


def test_a_slip_beside_a_wide_grid_is_named(case: Cases) -> None:
    table = grid(np.geomspace(1e7, 1e9, 12), [20.0, 1000.0]).table[["params", "tokens", "loss"]]
    slipped = table.index[[3, 8]]
    table.loc[slipped, "tokens"] *= 1e6
    found = check_design(case(bs.Runs.from_frame(table), AT))
    assert set(found.by_point) == {"do not trust"}
    assert all(repr(name) in found.headline for name in slipped)

"""Reach and backtest checks: what is judged differently inside the runs, and beyond them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.trust.case import LADDER, Case, make_case
from bayes_scaling.trust.checks.extrapolation import check_backtest, check_reach, trusted_factor
from bayes_scaling.validation.backtesting import Backtest
from bayes_scaling.validation.refits import Refitter
from bayes_scaling.validation.verdict import CannotJudge
from tests.conftest import TRUTH

Cases = Callable[..., Case]
Sweeps = Callable[..., bs.Runs]


def at(flops: float, tokens_per_param: float = 20.0) -> pd.DataFrame:
    params = np.sqrt(flops / 6 / tokens_per_param)
    return pd.DataFrame({"params": [params], "tokens": [tokens_per_param * params]})


def with_backtest(case: Case, decades: list[float], pit: list[float]) -> Case:
    """The case at level full, its backtest known."""
    scores = pd.DataFrame({"decades": decades, "pit": pit, "method": "model", "fold": "1e19"})
    scores = scores.assign(error=0.0, width=0.1, crps=0.1, log_score=0.0)
    fold = {"cutoff": 1e19, "status": "done", "decades": max(decades), "miss": 0.006}
    folds = pd.DataFrame(fold, index=["1e19"])
    full = replace(case, level="full")
    full.__dict__["backtest"] = Backtest(scores, folds, "flops")
    return full


def test_reaches_are_judged_differently(case: Cases, sweep: Sweeps) -> None:
    runs = sweep()
    verdicts = {
        reach: check_reach(case(runs, at(1e21 * reach))).by_point[0]
        for reach in (0.5, 3.0, 30.0, 1000.0, 3000.0)
    }
    assert verdicts == {
        0.5: "trust", 3.0: "trust", 30.0: "trust", 1000.0: "caution", 3000.0: "do not trust",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("decades", "verdicts"),
    [
        (2.0, ["trust", "caution", "caution", "do not trust"]),
        (4.0, ["trust", "trust", "trust", "caution"]),
        (6.0, ["trust", "trust", "trust", "trust"]),
    ],
)
def test_how_far_is_trusted_depends_on_what_the_sweep_spans(
    case: Cases, decades: float, verdicts: list[str]
) -> None:
    design = bs.datasets.isoflop_design(np.geomspace(1e21 / 10**decades, 1e21, 6), 6)
    runs = bs.datasets.simulate("Chinchilla", design, TRUTH, seed=1)
    targets = pd.concat([at(1e21 * reach) for reach in (10.0, 30.0, 90.0, 1000.0)])
    assert check_reach(case(runs, targets)).by_point[:4] == verdicts


def test_the_ladder_has_rungs_of_its_own(case: Cases, sweep: Sweeps) -> None:
    found = check_reach(case(sweep(), at(1e20)))
    assert len(found.by_point) == 1 + len(LADDER)
    assert found.by_point[:3] == ["trust", "trust", "trust"]
    assert found.by_point[-1] != "trust"
    assert found.headline.startswith("Every target lies inside")


def test_a_target_at_the_edge_of_the_runs_is_said_to_be_there(case: Cases, sweep: Sweeps) -> None:
    found = check_reach(case(sweep(), at(1.03e21)))
    assert found.headline.startswith(
        "Every target lies inside the range of the runs, or within 5 %"
    )
    assert found.by_point[0] == "trust"


def test_another_ratio_than_the_only_one_is_not_trusted(case: Cases, on_path: Sweeps) -> None:
    found = check_reach(case(on_path(20.0), at(1e20, tokens_per_param=100.0)))
    assert found.by_point[0] == "do not trust"
    assert "5 times beyond the runs in tokens_per_param" in found.headline
    assert check_reach(case(on_path(20.0), at(1e20, tokens_per_param=20.0))).by_point[0] == "trust"


def test_other_token_counts_than_the_only_one_are_not_trusted(case: Cases) -> None:
    params = np.geomspace(1e7, 1e10, 20)
    frame = pd.DataFrame({"params": params, "tokens": 1.3e11, "loss": 2 + 20 * params**-0.2})
    runs = bs.Runs.from_frame(frame)
    for tokens, verdict in ((1.3e11, "trust"), (1.8e11, "caution"), (5e11, "do not trust")):
        target = pd.DataFrame({"params": [1e9], "tokens": [tokens]})
        assert check_reach(case(runs, target)).by_point[0] == verdict


def test_a_level_is_measured_by_its_own_runs(uneven_fit: bs.ScalingFit) -> None:
    runs = uneven_fit.runs
    top = float(runs.values("flops").max())
    own = float(runs.values("flops")[runs.table["corpus"] == "books"].max())
    both = pd.concat([at(top / 2).assign(corpus=one) for one in ("web", "books")])
    found = check_reach(make_case(uneven_fit, both, "quick", Refitter()))
    times = found.table["times_beyond_flops"]
    assert times.iloc[0] == 1
    assert times.iloc[1] == pytest.approx(top / 2 / own)
    assert found.by_point[0] == "trust"
    assert found.by_point[1] != "trust"
    assert "beyond the runs of its level in" in found.headline


def test_a_level_without_runs_is_measured_by_all(uneven_fit: bs.ScalingFit) -> None:
    top = float(uneven_fit.runs.values("flops").max())
    new = bs.forecast(uneven_fit, at=at(10 * top).assign(corpus="new"), new_levels="draw")
    found = check_reach(make_case(uneven_fit, new, "quick", Refitter()))
    assert found.table["times_beyond_flops"].iloc[0] == pytest.approx(10)


def test_below_the_runs_is_not_beyond_them(case: Cases, sweep: Sweeps) -> None:
    found = check_reach(case(sweep(), at(1e18 / 20)))
    assert "lies 20 times below the runs in flops" in found.headline


def test_trust_ends_where_the_share_of_the_range_does(case: Cases, sweep: Sweeps) -> None:
    quick = case(sweep(), at(1e20))
    # Half of three decades.
    assert trusted_factor(quick) == pytest.approx(10**1.5, rel=1e-6)
    good = with_backtest(quick, [0.5, 1.0, 1.2, 1.2, 1.2], [0.5] * 5)
    assert trusted_factor(good) == pytest.approx(10**1.2, rel=1e-6)
    far = with_backtest(quick, [2.5] * 5, [0.5] * 5)
    assert trusted_factor(far) == pytest.approx(10**1.5, rel=1e-6)


@pytest.mark.parametrize(("misses", "verdict"), [(1, "trust"), (3, "caution"), (6, "do not trust")])
def test_misses_count_beyond_the_runs_only(
    case: Cases, sweep: Sweeps, misses: int, verdict: str
) -> None:
    pit = [0.999] * misses + [0.5] * (10 - misses)
    inside = with_backtest(case(sweep(), at(1e20)), [0.4] * 10, pit)
    beyond = with_backtest(case(sweep(), at(3e21)), [0.4] * 10, pit)
    assert check_backtest(inside).by_point[0] == "trust"
    found = check_backtest(beyond)
    assert found.by_point[0] == verdict
    assert found.headline.startswith(f"{misses}0 % of 10 held-out runs")
    assert "this sweep missed by 0.6 % per tenfold of compute." in found.headline


def test_near_targets_are_judged_by_near_misses(case: Cases, sweep: Sweeps) -> None:
    decades, pit = [0.3] * 10 + [2.0] * 10, [0.5] * 10 + [1.0] * 10
    found = check_backtest(with_backtest(case(sweep(), at(2e21)), decades, pit))
    assert found.by_point[0] == "trust"
    assert found.by_point[-1] == "do not trust"


def test_two_held_out_runs_are_no_evidence(case: Cases, sweep: Sweeps) -> None:
    with pytest.raises(CannotJudge, match="2 held-out"):
        check_backtest(with_backtest(case(sweep(), at(3e21)), [0.4] * 2, [0.5] * 2))

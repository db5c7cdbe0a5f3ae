"""Sealed forecasts scored against runs, and the record of a folder of them."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.errors import SealError
from bayes_scaling.forecasting.sealed import LEVELS, SealedForecast
from bayes_scaling.validation.scores import interval_score


def normal(place: int, mean: float = 0.7, response: str = "loss") -> SealedForecast:
    """A forecast whose log loss is normal with standard deviation 0.01."""
    row = mean + 0.01 * stats.norm.ppf(LEVELS)
    row = tuple((np.exp(row) if response == "loss" else row).tolist())
    return SealedForecast(
        sealed_at=f"2026-01-{1 + place:02d}T00:00:00+00:00",
        question="",
        model="ScalingModel(Chinchilla)",
        response=response,
        runs=10,
        table_sha256="",
        diagnosis="ok",
        versions={},
        points=({"params": 7e10, "tokens": 1.4e12},),
        expected_loss=(row,),
        loss=(row,),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty forecasts, the names in the order of their dates reversed."""
    for place in range(20):
        normal(place, mean=0.5 + 0.02 * place).write(tmp_path / f"run-{20 - place:02d}.json")
    return tmp_path


def test_one_run_is_placed_in_its_forecast() -> None:
    record = bs.score(normal(0), float(np.exp(0.7 + 0.01)))
    row = record.table(0.9).iloc[0]
    assert record.table().index.tolist() == [("forecast", "params 70B, tokens 1.4T")]
    # A standard deviation above the median of a normal, by quantiles a per cent apart.
    assert row["pit"] == pytest.approx(stats.norm.cdf(1), abs=0.002)
    assert row["error"] == pytest.approx(-0.01, abs=1e-6)
    assert row["inside"]
    assert row["interval_score"] == pytest.approx(2 * 1.645 * 0.01, rel=0.01)


def test_a_run_outside_pays_for_it_and_its_place_is_an_end() -> None:
    row = bs.score(normal(0), float(np.exp(0.7 + 0.05))).table(0.9).iloc[0]
    assert not row["inside"]
    assert row["pit"] == 1.0
    assert row["interval_score"] == pytest.approx(
        interval_score(0.7 - 0.01645, 0.7 + 0.01645, 0.75, 0.9), rel=0.01
    )


def test_a_folder_adds_up_to_a_record(folder: Path) -> None:
    rng = np.random.default_rng(3)
    observed = {
        f"run-{20 - place:02d}": float(np.exp(0.5 + 0.02 * place + 0.01 * rng.standard_normal()))
        for place in range(20)
    }
    record = bs.score(folder, observed)
    table = record.table()
    assert table.index.get_level_values("forecast").tolist() == list(observed)
    assert table["sealed_at"].is_monotonic_increasing
    summary = record.summary(0.9)
    assert summary["predictions"] == 20
    assert summary["coverage_50"] == np.mean(table["pit"].between(0.25, 0.75))
    assert summary["interval_score"] == record.table(0.9)["interval_score"].mean()
    assert repr(record).startswith("Track record: median and 90 % credible interval (ETI)")


def test_runs_that_are_not_made_yet_wait(folder: Path) -> None:
    record = bs.score(folder, {"run-03": 1.7, "run-05": [np.nan]})
    assert record.summary()["predictions"] == 1
    assert record.notes == ("19 runs not made yet.",)
    assert record.table()["inside"].isna().sum() == 19
    assert "19 runs not made yet" in record._repr_html_()


def test_a_metric_is_scored_on_its_own_scale() -> None:
    row = bs.score(normal(0, mean=-0.2, response="metric"), -0.19).table(0.9).iloc[0]
    assert row["error"] == pytest.approx(-0.01)
    assert row["median"] == pytest.approx(-0.2)


def test_a_changed_file_spoils_the_record(folder: Path) -> None:
    path = folder / "run-07.json"
    path.write_text(path.read_text(encoding="utf-8").replace("2026-01", "2025-01"), "utf-8")
    with pytest.raises(SealError, match=r"run-07.json' was changed since it was sealed"):
        bs.score(folder, {})


def test_a_forecast_of_several_runs_has_a_row_for_each(
    stored_fit: bs.ScalingFit, tmp_path: Path
) -> None:
    bs.forecast(stored_fit, 7e10, 1.4e12).seal(tmp_path / "both.json")
    table = bs.score(tmp_path / "both.json", [1.9, np.nan]).table()
    assert [run.split(", ")[-1] for _, run in table.index] == ["books", "web"]
    assert table["inside"].isna().tolist() == [False, True]


def test_what_does_not_belong_together_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SealError, match=r"is of 1 run and 2 were observed.*one loss for each"):
        bs.score(normal(0), [2.0, 2.1])
    with pytest.raises(SealError, match=r"a loss of -1.0 for 'forecast'"):
        bs.score(normal(0), -1.0)
    with pytest.raises(SealError, match=r"one float for 20 forecasts.*Give a mapping"):
        bs.score(folder, 2.0)
    with pytest.raises(SealError, match="'run-99' was observed and not forecast"):
        bs.score(folder, {"run-99": 2.0})
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(SealError, match=r"no .json file in .*seal\(path\)"):
        bs.score(empty, {})

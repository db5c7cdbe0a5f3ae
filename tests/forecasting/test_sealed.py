"""Sealed forecasts: what is in the file, that it survives a round trip, and that changes show."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.comparison import FitAverage
from bayes_scaling.errors import SealError
from bayes_scaling.fitting.provenance import table_digest
from bayes_scaling.forecasting import SealedForecast


@pytest.fixture(scope="module")
def forecast(stored_fit: bs.ScalingFit) -> bs.Forecast:
    return bs.forecast(stored_fit, [1e9, 7e10], 1.4e12)


@pytest.fixture
def path(forecast: bs.Forecast, tmp_path: Path) -> Path:
    forecast.seal(tmp_path / "target.json", question="Will the 70B run reach 2.0?")
    return tmp_path / "target.json"


def test_a_sealed_forecast_survives_a_round_trip(forecast: bs.Forecast, tmp_path: Path) -> None:
    made = forecast.seal(tmp_path / "a.json", question="Größe?")
    again = SealedForecast.read(tmp_path / "a.json", sha256=made.sha256)
    assert again == made
    assert again.question == "Größe?"
    assert made.sha256 == json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["sha256"]


def test_it_says_when_from_what_and_of_which_runs(path: Path, forecast: bs.Forecast) -> None:
    found = SealedForecast.read(path)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", found.sealed_at)
    assert found.table_sha256 == table_digest(forecast.fit.runs)
    assert found.versions["bayes_scaling"] == bs.__version__
    assert found.points[1] == {
        "params": 1e9, "tokens": 1.4e12, "flops": 8.4e21, "corpus": "web",
    }  # fmt: skip
    assert "36 runs" in repr(found)
    assert "Will the 70B run reach 2.0?" in found._repr_html_()
    assert path.stat().st_size < 12_000


def test_its_quantiles_are_those_of_the_forecast(path: Path, forecast: bs.Forecast) -> None:
    table, ours = SealedForecast.read(path).table(0.9), forecast.table(0.9)
    for name in ("expected_loss", "loss"):
        # Written to six digits.
        np.testing.assert_allclose(table[name], ours[name][table[name].columns], rtol=1e-5)
    assert table.attrs["ci_prob"] == pytest.approx(0.9)


def test_intervals_beyond_the_quantiles_kept_are_refused(path: Path) -> None:
    found = SealedForecast.read(path)
    assert (found.table(0.99)["loss", "upper"] > found.table(0.98)["loss", "upper"]).all()
    with pytest.raises(SealError, match=r"prob=0.995: .* from 0.5 % to 99.5 %.*at most 0.99"):
        found.table(0.995)


def _lower_loss(content: dict[str, Any]) -> None:
    content["loss"][0][50] += 1e-6


def _earlier(content: dict[str, Any]) -> None:
    content["sealed_at"] = "2020-01-01T00:00:00+00:00"


def _other_levels(content: dict[str, Any]) -> None:
    content["levels"][0] = 0.001


def _other_run(content: dict[str, Any]) -> None:
    content["points"][0]["params"] = 2e9


@pytest.mark.parametrize("change", [_lower_loss, _earlier, _other_levels, _other_run])
def test_a_changed_file_is_refused(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SealError, match=r"was changed since.*mean nothing\. Restore the file"):
        SealedForecast.read(path)


def test_layout_is_no_change(path: Path) -> None:
    before = SealedForecast.read(path)
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")), indent=8))
    assert SealedForecast.read(path) == before


def test_a_file_written_anew_differs_from_the_hash_that_was_noted(
    forecast: bs.Forecast, tmp_path: Path
) -> None:
    noted = forecast.seal(tmp_path / "first.json", question="before").sha256
    forecast.seal(tmp_path / "second.json", question="after")
    with pytest.raises(SealError, match=f"{noted} was noted"):
        SealedForecast.read(tmp_path / "second.json", sha256=noted)


def test_what_is_sealed_is_not_replaced(path: Path, forecast: bs.Forecast) -> None:
    before = path.read_bytes()
    with pytest.raises(SealError, match=r"already.*not replaced.*another name"):
        forecast.seal(path)
    assert path.read_bytes() == before
    with pytest.raises(SealError, match=r"cannot be sealed.*Nothing was written.*folder"):
        forecast.seal(path.parent / "nowhere" / "a.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no json", "is no sealed forecast"),
        ("[1, 2]", "is no sealed forecast"),
        ('{"format": 1}', "is no sealed forecast"),
        ('{"format": 9, "sha256": "x"}', "has format 9, and this version reads format 1"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(SealError, match=message):
        SealedForecast.read(tmp_path / "a.json")
    with pytest.raises(SealError, match="is no sealed forecast"):
        SealedForecast.read(tmp_path / "missing.json")


def test_an_average_is_sealed_with_its_weights(stored_fit: bs.ScalingFit, tmp_path: Path) -> None:
    average = FitAverage({"one": stored_fit, "other": stored_fit}, {"one": 0.6, "other": 0.4})
    made = bs.forecast(average, 7e10, 1.4e12).seal(tmp_path / "a.json")
    assert made.model == "'one' 0.60, 'other' 0.40"

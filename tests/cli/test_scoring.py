"""``forecast --seal`` and ``score``."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from bayes_scaling.cli import app


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app.app, [str(argument) for argument in arguments])


def test_a_forecast_is_sealed_and_scored(stored_fit_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "target.json"
    asked = ("forecast", stored_fit_path, "--params", "70B", "--tokens", "1.4T", "--seal", path)
    assert call(*asked).exit_code == 0
    again = call(*asked)
    assert again.exit_code == 2
    assert "is not replaced" in again.stderr
    scored = call("score", path, "1.95", "nan")
    assert scored.exit_code == 0
    assert "coverage_90" in scored.stdout
    assert "note: 1 run not made yet." in scored.stderr
    whole = json.loads(call("score", tmp_path, "target=1.95,2.1", "--json", "--prob", 0.9).stdout)
    assert whole["summary"]["predictions"] == 2
    assert [run["observed"] for run in whole["runs"]] == [1.95, 2.1]
    assert whole["ci_prob"] == 0.9


def test_what_is_no_loss_or_no_seal_is_refused(tmp_path: Path) -> None:
    wrong = call("score", tmp_path, "high")
    assert wrong.exit_code == 2
    assert "'high' is no loss" in wrong.stderr
    assert "no .json file" in call("score", tmp_path, "1.9").stderr

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling import plots
from bayes_scaling.errors import SealError
from bayes_scaling.forecasting import SealedForecast


@pytest.fixture
def folder(stored_fit: bs.ScalingFit, tmp_path: Path) -> Path:
    bs.forecast(stored_fit, 1e9, 2e10).seal(tmp_path / "small.json")
    bs.forecast(stored_fit, 7e10, 1.4e12).seal(tmp_path / "target.json")
    return tmp_path


def test_runs_are_drawn_in_the_intervals_of_their_forecasts(folder: Path) -> None:
    sealed = SealedForecast.read(folder / "small.json").table()["loss"]
    losses = [float(sealed["median"].iloc[0]) * 1.001, float(sealed["upper"].iloc[1]) * 1.02]
    record = bs.score(folder, {"small": losses, "target": [2.0, np.nan]})
    ax = plots.track_record(record, prob=0.9)
    parts = {part.get_gid(): part for part in ax.collections}
    ends = np.array([line[:, 0] for line in parts["interval"].get_segments()])
    table = record.table(0.9).dropna(subset="observed")
    np.testing.assert_allclose(ends[:, 0], table["lower"] / table["median"] - 1)
    np.testing.assert_allclose(ends[:, 1], table["upper"] / table["median"] - 1)
    assert parts["inside"].get_offsets()[0].tolist() == pytest.approx([0.001, 0.0])
    assert parts["outside"].get_offsets()[0][1] == 1.0
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels[0].startswith("small: params 1B")
    assert labels[2] == "target"
    assert ax.get_title() == f"{int(table['inside'].sum())} of 3 runs in their 90 % interval"


def test_it_draws_on_given_axes_and_needs_a_run(folder: Path) -> None:
    ax = plt.subplots()[1]
    assert plots.track_record(bs.score(folder, {"target": [2.0, 2.1]}), ax=ax) is ax
    with pytest.raises(SealError, match="none of the runs that were forecast has been made"):
        plots.track_record(bs.score(folder, {}))


def test_the_axis_names_the_response(accuracy_fit: bs.ScalingFit, tmp_path: Path) -> None:
    bs.forecast(accuracy_fit, 7e10, 1.4e12).seal(tmp_path / "large.json")
    ax = plots.track_record(bs.score(tmp_path, {"large": 0.7}))
    assert ax.get_xlabel() == "accuracy less the median of its forecast"

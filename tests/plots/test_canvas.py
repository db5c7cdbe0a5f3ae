"""Panels of a plot, and ticks of logarithmic axes: round, and none upon another."""

from itertools import pairwise

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.colors import rgb_to_hsv, to_rgb

import bayes_scaling as bs
from bayes_scaling.plots import canvas
from bayes_scaling.plots.canvas import COLOURS, Sheet, log_input_axis


@pytest.mark.parametrize("width", [1.6, 2.3, 4.6, 7.5])
@pytest.mark.parametrize(
    ("low", "high"), [(1e18, 1e24), (1.4e18, 1.3e22), (5.7e7, 1.6e10), (2e9, 2.4e9), (3e8, 2e9)]
)
@pytest.mark.parametrize("name", ["flops", "params"])
def test_labels_do_not_collide(width: float, low: float, high: float, name: str) -> None:
    figure, ax = plt.subplots(figsize=(width, 3.0), layout="constrained")
    ax.plot([low, high], [1, 2])
    log_input_axis(ax.xaxis, name)
    figure.canvas.draw()
    labels = [one for one in ax.get_xticklabels() if one.get_text()]
    assert len(labels) >= 2
    boxes = [one.get_window_extent() for one in labels]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    plt.close(figure)


def test_no_two_colours_are_alike() -> None:
    hues = sorted(float(rgb_to_hsv(to_rgb(one))[0]) for one in COLOURS)
    assert min(right - left for left, right in pairwise(hues)) > 10 / 360


@pytest.mark.parametrize(("given", "panels"), [(2, 3), (3, 2), (2, 1)])
def test_as_many_axes_are_needed_as_there_are_panels(given: int, panels: int) -> None:
    axes = plt.subplots(1, given)[1]
    with pytest.raises(ValueError, match=f"ax holds {given} axes and the plot has {panels} panels"):
        Sheet.of(axes, panels)
    assert list(Sheet.of(axes, given).panels) == list(axes)


def test_a_figure_is_made_with_no_more_axes_than_panels() -> None:
    sheet = Sheet.of(None, 5, columns=4, cell=(2.0, 1.0))
    assert sheet.made
    assert list(sheet.panels) == sheet.ax.figure.axes
    assert len(sheet.panels) == 5
    assert sheet.ax.figure.get_size_inches().tolist() == [8.0, 2.0]


def test_the_axis_of_losses_has_their_unit() -> None:
    table = pd.DataFrame({"N": [1e8, 1e9], "D": [1e9, 1e10], "val_bpb": [1.2, 0.9]})
    runs = bs.Runs.from_frame(table, loss="val_bpb")
    assert canvas.loss_label(runs) == "loss (bits per byte)"
    plain = bs.Runs.from_frame(table.rename(columns={"val_bpb": "loss"}))
    assert canvas.loss_label(plain) == "loss (nats per token)"


def test_many_groups_have_colours_of_their_own_and_repeats_other_marks() -> None:
    looks = list(canvas.styles(range(20)).values())
    assert len({look.colour for look in looks[:10]}) == 10
    assert [look.colour for look in looks[:5]] == list(canvas.COLOURS)
    assert len({(look.colour, look.marker) for look in looks}) == 20
    assert len({(look.colour, look.line) for look in looks}) == 20

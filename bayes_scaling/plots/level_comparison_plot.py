"""level_comparison: the compute that one level needs against another, and the better one."""

from __future__ import annotations

from textwrap import fill

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from bayes_scaling.decisions.groups import LevelComparison
from bayes_scaling.display.intervals import SAMPLE_DIMS
from bayes_scaling.display.wording import tellable
from bayes_scaling.model.inputs import input_values
from bayes_scaling.plots import canvas, legends, marks, sources
from bayes_scaling.plots.asking import asked_kind

ACROSS = 28
"""Characters in a line beside an axis."""


@asked_kind
def level_comparison(
    comparison: LevelComparison, *, ax: canvas.Panels | None = None, prob: float | None = None
) -> np.ndarray:
    """Draw the multiple of scale that the second level needs, and the chance of the first.

    Two panels against scale. Above, the multiplier with its band, which runs off the page where
    the second level's floor lies above the first one's loss. Below, the probability that the first
    has the lower expected loss. What lies beyond the largest run is shaded.

    Parameters
    ----------
    comparison : LevelComparison
        At several scales, which are joined by lines.
    ax, prob
        Axes, and the probability of the band, as for all plots (:mod:`bayes_scaling.plots`).
    """
    first, second = _names(comparison)
    sheet = canvas.Sheet.over_chance(ax, f"that\n{fill(f'{first} is better', ACROSS)}")
    times, chance = sheet.panels
    fit, name = comparison.fit, comparison.scale
    others = [factor for factor in fit.model.factors if factor != comparison.factor]
    groups = sources.by_group(comparison.draws, others, name)
    looks = canvas.styles(groups)
    times.set_yscale("log")
    for group, style in looks.items():
        scale = groups[group][name].values
        _draw_multiplier(times, scale, groups[group]["multiplier"], style, prob)
        better = (groups[group]["loss_difference"] < 0).mean(SAMPLE_DIMS)
        marks.draw_line(chance, scale, better, style, marker=style.marker)
    times.set_ylabel(f"times the {name}\n{fill(f'{second} needs', ACROSS)}")
    _label_axes(sheet.panels, comparison)
    sheet.legend(legends.entries(looks, "multiplier", prob))
    sheet.title(f"{first} against {second}", fit)
    return sheet.panels


def _label_axes(panels: np.ndarray, comparison: LevelComparison) -> None:
    """Draw the line of equality and the end of the runs, and make the axes logarithmic."""
    times = panels[0]
    fit, name = comparison.fit, comparison.scale
    marks.draw_reference(times, y=1.0, gid="alike")
    largest = float(input_values(fit.runs, name).max())
    reach = float(comparison.draws[name].max())
    for panel in panels:
        canvas.log_input_axis(panel.xaxis, name)
        marks.shade_extrapolation(panel, largest, reach, "bottom")
    canvas.readable_log_ticks(times.yaxis, canvas.format_number)


def _names(comparison: LevelComparison) -> list[str]:
    return tellable([comparison.first, comparison.second], 2 * ACROSS)


def _draw_multiplier(
    ax: Axes, scale: np.ndarray, draws: xr.DataArray, style: canvas.Style, prob: float | None
) -> None:
    shown, top = sources.ends_on_page(draws, prob)
    marks.draw_band(ax, scale, shown, style, legends.with_interval("multiplier", prob))
    low = float(shown["lower"].min())
    ax.set_ylim(min(low, 0.8), max(3 * np.nan_to_num(top, nan=1.0), 1.25))

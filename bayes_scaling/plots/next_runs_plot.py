"""next_runs: the candidates chosen, and the interval expected after each."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, PercentFormatter

from bayes_scaling.decisions.next_runs.candidates import COST
from bayes_scaling.decisions.next_runs.choosing import NextRuns
from bayes_scaling.display.digits import label_writer
from bayes_scaling.model.inputs import input_values
from bayes_scaling.plots import canvas, legends, marks, sizes
from bayes_scaling.plots.asking import asked_kind

RINGS = (canvas.COLOURS[-1], canvas.COLOURS[1], canvas.COLOURS[3], canvas.COLOURS[0])
"""Colours of the rings about chosen runs, by group."""

MOST_LABELS = 8
"""Runs that are named below the right panel; of more, every second or third is."""


@asked_kind
def next_runs(
    plan: NextRuns, *, ax: canvas.Panels | None = None, prob: float | None = None
) -> np.ndarray:
    """Draw the candidates with those chosen, and the goal's interval expected after each.

    Two panels. Left, the runs made so far, the candidates (coloured by how much each alone would
    reduce the spread of the goal) and those chosen, numbered in their order and ringed, by group
    where there are several. Right, the interval of the goal now and expected after each chosen
    run, with the cost up to then.

    Parameters
    ----------
    plan : NextRuns
    ax, prob
        Axes, and the probability of the interval, as for all plots (:mod:`bayes_scaling.plots`).
    """
    sheet = canvas.Sheet.of(ax, 2, columns=2, cell=(5.6, 4.2))
    left, right = sheet.panels
    _draw_candidates(left, plan)
    _draw_promise(right, plan, prob)
    for panel in sheet.panels:
        panel.legend(loc="best", fontsize="small")
    runs = f"{len(plan.chosen)} of {len(plan.candidates)} runs"
    title = f"{runs} for {label_writer(COST)(plan.cost)}, chosen for {plan.aim}"
    sheet.title(title, plan.fit, 110)
    return sheet.panels


def _draw_candidates(ax: Axes, plan: NextRuns) -> None:
    x, y = _coordinates(plan)
    if {x, y} <= {"params", "tokens", *plan.fit.runs.inputs}:
        made = input_values(plan.fit.runs, x), input_values(plan.fit.runs, y)
        ax.scatter(*made, s=9, color=canvas.neutral(), alpha=0.5, linewidths=0, label="runs so far")
    candidates = plan.candidates
    taken = 1 - candidates["sd_alone"] / plan.sd[0]
    points = ax.scatter(candidates[x], candidates[y], c=taken, cmap=sizes.SHADES, vmin=0, s=26)
    points.set(label="candidates", gid="candidates")
    _draw_chosen(ax, plan, x, y)
    bar = ax.figure.colorbar(points, ax=ax, label="spread taken off by that run alone")
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    canvas.log_input_axis(ax.xaxis, x)
    canvas.log_input_axis(ax.yaxis, y)


def _draw_chosen(ax: Axes, plan: NextRuns, x: str, y: str) -> None:
    """Rings about the runs that were chosen, by group, and their order."""
    chosen, factors = plan.chosen, list(plan.fit.model.factors)
    several = len(plan.candidates[factors].drop_duplicates()) > 1
    labels = chosen[factors].agg(", ".join, axis=1) if several else chosen[x].map(lambda _: "")
    for place, (group, runs) in enumerate(chosen.groupby(labels)):
        ring = ax.scatter(runs[x], runs[y], s=90 * (1 + place), facecolors="none", linewidths=1.4)
        ring.set(edgecolor=RINGS[place % len(RINGS)], gid="chosen")
        ring.set_label(f"chosen, in order{': ' if group else ''}{group}")
    _number_chosen(ax, plan, x, y)


def _coordinates(plan: NextRuns) -> tuple[str, str]:
    """The two axes that candidates are drawn on: inputs of the law, or one and the cost."""
    inputs = [name for name in plan.fit.model.law.inputs if name in plan.candidates]
    return (inputs[0], inputs[1]) if len(inputs) > 1 else (inputs[0], COST)


def _draw_promise(ax: Axes, plan: NextRuns, prob: float | None) -> None:
    ends = plan.intervals(prob)
    steps, colour = ends["step"].values, canvas.COLOURS[0]
    band = ax.fill_between(steps, ends["lower"], ends["upper"], color=colour, alpha=0.15)
    band.set(linewidth=0, gid="promise")
    bars = marks.draw_bars(ax, steps, ends, canvas.Style(colour), gid="intervals")
    bars.set_label(f"expected {legends.interval_label(prob)}")
    ax.plot(steps, ends["median"].values, "o", color=colour, markersize=3.5)
    for name in ("lower", "upper"):
        marks.draw_reference(ax, y=float(ends[name][0]))
    spent = [0.0, *plan.chosen[COST].cumsum()]
    kept = steps[:: -(-len(steps) // MOST_LABELS)]
    write = label_writer(COST)
    labels = [f"{step}\n{write(spent[step])}" if step else "now" for step in kept]
    ax.set_xticks(kept, labels, fontsize="small")
    of_goal = label_writer(plan.goal.quantity)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: of_goal(value)))
    ax.set(xlabel="runs made, and their cost so far", ylabel=_goal_label(plan))


def _goal_label(plan: NextRuns) -> str:
    name = plan.goal.quantity
    if name == "expected_loss":
        return f"expected {canvas.loss_label(plan.fit.runs)}"
    return f"optimal {canvas.input_label(name)}" if name in canvas.INPUT_LABELS else name


def _number_chosen(ax: Axes, plan: NextRuns, x: str, y: str) -> None:
    """The order of each run; groups may have runs at one place."""
    chosen = plan.chosen.assign(number=[str(i) for i in range(1, len(plan.chosen) + 1)])
    for _, runs in chosen.groupby([x, y]):
        ax.annotate(
            ", ".join(runs["number"]),
            (float(runs[x].iloc[0]), float(runs[y].iloc[0])),
            xytext=(6, 5),
            textcoords="offset points",
            fontsize="small",
        )

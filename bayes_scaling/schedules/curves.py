"""Curves: losses along runs, each with the learning-rate schedule of its run.

Owns the checks of a table of curves, and the choice of the points that are fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.html import html_table
from bayes_scaling.display.wording import counted, listed
from bayes_scaling.errors import RunsError
from bayes_scaling.frozen import FrozenMapping
from bayes_scaling.runs.cells import as_label
from bayes_scaling.schedules.laws import CurveScales
from bayes_scaling.schedules.shapes import Schedule, as_schedule
from bayes_scaling.schedules.sums import NODE, POINT, schedule_sums

SETTLED = 1.5
"""Lengths of the warm-up before which a curve is not fitted, as its losses are still catching up.
"""

LOW_QUANTILE = 0.05
"""Quantile of the losses that is the unit of loss inside a law."""

LEAST_POINTS = 8
"""Points of a curve that a law of it needs at the least."""


@dataclass(frozen=True, repr=False, eq=False)
class Curves:
    """Losses along runs of one model size, and the schedule of each run.

    Made by :meth:`from_frame`.

    Attributes
    ----------
    table : pandas.DataFrame
        Columns ``curve``, ``step`` and ``loss``, sorted; a row for each point.
    schedules : mapping of str to array
        Learning rate of every step from 0, by curve.
    """

    table: pd.DataFrame
    schedules: Mapping[str, Schedule]

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        schedules: Mapping[str, Schedule] | None = None,
        *,
        curve: str = "curve",
        step: str = "step",
        loss: str = "loss",
        schedule: str = "schedule",
    ) -> Curves:
        """Curves of a table with a row for each logged loss.

        Parameters
        ----------
        frame : pandas.DataFrame
        schedules : mapping of str to array, optional
            Learning rate of every step of each run, from step 0, by the name of its curve. If not
            given, they are read from the column `schedule`, which holds a list in each row, or in
            the first of each curve.
        curve, step, loss, schedule : str
            Names of the columns.

        Raises
        ------
        RunsError
            A column or a schedule is missing, a loss is not positive, or a step is none of the
            run's schedule.

        Examples
        --------
        >>> import bayes_scaling as bs
        >>> logs = pd.DataFrame({"curve": "a", "step": range(10, 90, 10), "loss": 3.0})
        >>> bs.schedules.Curves.from_frame(logs, {"a": bs.schedules.constant(1e-3, 100)})
        Curves: 8 points of 1 curve, 'a'
        """
        columns = {curve: "curve", step: "step", loss: "loss"}
        missing = [name for name in columns if name not in frame]
        if missing or (schedules is None and schedule not in frame):
            raise RunsError(
                f"Curves: no column {listed(missing or [schedule])} among {listed(frame.columns)}. "
                "A curve needs its name, steps and losses, and a schedule. Name the columns, as in "
                "from_frame(frame, schedules, curve='run')."
            )
        table = frame[list(columns)].rename(columns=columns).dropna()
        steps = table["step"].astype(float)
        if (steps != steps.round()).any():
            raise RunsError(
                f"Curves: step {steps[steps != steps.round()].iloc[0]:g} is no whole number, and "
                "each step has a learning rate of its own. Give the number of the update."
            )
        labels = [as_label(name) for name in table["curve"]]
        table = table.assign(curve=labels).astype({"step": int, "loss": float})
        # Of a step that is logged twice, as after a restart, the later row.
        table = table.drop_duplicates(["curve", "step"], keep="last")
        table = table.sort_values(["curve", "step"], ignore_index=True)
        given: Mapping[Any, Any] = schedules or {}
        if schedules is None:
            given = dict(frame.dropna(subset=[schedule]).groupby(curve)[schedule].first())
        return cls(table, _checked(table, {as_label(name): one for name, one in given.items()}))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the curves."""
        return tuple(dict.fromkeys(self.table["curve"]))

    @cached_property
    def longest(self) -> int:
        """The last step of any curve."""
        return int(self.table["step"].max())

    def points(self, count: int) -> pd.DataFrame:
        """Points to which a law is fitted: up to `count` of each curve, evenly over its steps.

        Those before 1.5 lengths of the run's warm-up are left out: the losses there are above the
        law, by up to 1 % in the runs of Luo et al. (2025, arXiv:2503.12811).
        """
        kept = []
        for name, of_curve in self.table.groupby("curve", sort=False):
            warmup = warmup_steps(self.schedules[str(name)])
            settled = of_curve[of_curve["step"] >= SETTLED * warmup]
            if len(settled) < LEAST_POINTS:
                raise RunsError(
                    f"Curve {name!r} has {counted(len(settled), 'point')} after {SETTLED:g} times "
                    f"its warm-up of {warmup} steps, and a law needs {LEAST_POINTS}. Log more "
                    "losses, or leave the curve out."
                )
            places = np.linspace(0, len(settled) - 1, min(count, len(settled)))
            kept.append(settled.iloc[np.unique(places.round().astype(int))])
        return pd.concat(kept, ignore_index=True)

    def sums(self, points: pd.DataFrame) -> xr.Dataset:
        """Sums over the schedules at points of these curves, dims (point, node)."""
        parts = [
            schedule_sums(self.schedules[str(name)], of_curve["step"].to_numpy())
            for name, of_curve in points.groupby("curve", sort=False)
        ]
        most = max(part.sizes[NODE] for part in parts)
        blank = {"rise": 0.0, "fall": 0.0, "rate": 1.0, "area": 0.0, "age": 1.0}
        padded = [
            part.pad({NODE: (0, most - part.sizes[NODE])}, constant_values=blank) for part in parts
        ]
        return xr.concat(padded, POINT)

    def scales(self, points: pd.DataFrame) -> CurveScales:
        """Units of losses, summed learning rates and learning rates inside a law."""
        total = self.sums(points)["total"]
        return CurveScales(
            loss=float(points["loss"].quantile(LOW_QUANTILE)),
            total=float(np.exp(np.log(total).mean())),
            rate=max(float(self.schedules[name].max()) for name in self.names),
        )

    def _repr_html_(self) -> str:
        ends = self.table.groupby("curve", sort=False).agg(
            points=("loss", "size"), last_step=("step", "last"), last_loss=("loss", "last")
        )
        rows = [(str(name), *map("{:.5g}".format, row)) for name, row in ends.iterrows()]
        return html_table(("curve", "points", "last step", "last loss"), rows)

    def __repr__(self) -> str:
        curves = counted(len(self.names), "curve")
        return f"Curves: {len(self.table)} points of {curves}, {listed(self.names)}"


def warmup_steps(schedule: Schedule) -> int:
    """Step at which a schedule first reaches its peak, up to rounding."""
    return int(np.argmax(schedule >= 0.999 * schedule.max()))


def scaled(sums: xr.Dataset, scales: CurveScales) -> xr.Dataset:
    """Sums over schedules, on the reference scale."""
    units = {"total": scales.total, "area": scales.total}
    units |= dict.fromkeys(("rise", "fall", "rate"), scales.rate)
    return sums.assign({name: sums[name] / unit for name, unit in units.items()})


def _checked(table: pd.DataFrame, schedules: Mapping[str, Schedule]) -> Mapping[str, Schedule]:
    if not len(table) or not ((table["loss"] > 0) & np.isfinite(table["loss"])).all():
        raise RunsError(
            f"Curves: {counted(len(table), 'point')}, losses from {table['loss'].min()} to "
            f"{table['loss'].max()}. Laws are of the logarithm of positive finite losses. Check "
            "the column of losses."
        )
    found = {}
    for name, of_curve in table.groupby("curve", sort=False):
        if name not in schedules:
            raise RunsError(
                f"Curves: no schedule of curve {name!r} among {listed(schedules)}, and without its "
                "learning rates the law has nothing to read. Give one for each curve."
            )
        found[str(name)] = as_schedule(f"Schedule of curve {name!r}", schedules[str(name)])
        last = int(of_curve["step"].max())
        if of_curve["step"].min() < 0 or last >= len(found[str(name)]):
            raise RunsError(
                f"Curve {name!r} has losses up to step {last}, and its schedule "
                f"{len(found[str(name)])} steps from step 0. Give the whole schedule."
            )
    return FrozenMapping(found)

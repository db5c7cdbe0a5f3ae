"""simulate(): loss curves of a law with known parameters, with or without misfit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.schedules.curves import Curves, warmup_steps
from bayes_scaling.schedules.laws import CurveLaw
from bayes_scaling.schedules.misfit import drawn_misses
from bayes_scaling.schedules.shapes import Schedule
from bayes_scaling.schedules.sums import schedule_sums


def simulate(
    law: CurveLaw,
    parameters: Mapping[str, float],
    schedules: Mapping[str, Schedule],
    *,
    every: int = 128,
    gain_miss_sd: float = 0.05,
    wander_sd: float = 0.001,
    noise_sd: float = 0.0003,
    seed: int = 0,
) -> Curves:
    """Simulate the losses of runs with given schedules, logged from the end of their warm-up.

    Parameters
    ----------
    law : CurveLaw
    parameters : mapping of str to float
        In the paper's units, such as ``law.published["100M"]``.
    schedules : mapping of str to array
        Learning rate of every step, by name of the curve.
    every : int
        Steps between logged losses.
    gain_miss_sd, wander_sd, noise_sd : float
        How runs miss the law, as ``bayes_scaling.schedules.misfit`` says.
    seed : int

    Returns
    -------
    Curves

    Examples
    --------
    >>> from bayes_scaling.schedules import MultiPower, constant
    >>> law = MultiPower()
    >>> simulate(law, law.published["25M"], {"run": constant(3e-4, 4000, 500)})
    Curves: 28 points of 1 curve, 'run'
    """
    rng, tables = np.random.default_rng(seed), []
    sizes = {"gain_miss_sd": gain_miss_sd, "wander_sd": wander_sd, "noise_sd": noise_sd}
    truth = xr.Dataset({name: (("chain", "draw"), [[size]]) for name, size in sizes.items()})
    for name, schedule in schedules.items():
        steps = np.arange(max(1, warmup_steps(schedule)), len(schedule), every)
        sums = schedule_sums(schedule, steps)
        gain, log_loss = (one[0, 0] for one in drawn_misses(truth, sums, len(schedule), rng))
        loss = law.expected(sums, parameters, gain) * np.exp(log_loss)
        tables.append(pd.DataFrame({"curve": name, "step": steps, "loss": loss.to_numpy()}))
    return Curves.from_frame(pd.concat(tables), schedules)

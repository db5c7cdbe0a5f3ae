"""The surface: a law with a Gaussian process for what it leaves out, and its way beyond the runs.

    expected loss = E + R(x) exp(delta(u, v))

`R` is the law's reducible loss, ``u`` the log10 of compute (of the law's first input where it
knows no compute) and ``v`` that of tokens per parameter. ``delta`` is the sum of a function of v
alone and of one of u and v. Beyond the largest run, at `reach` decades from it:

* `delta` keeps its shape over v, and its height at the best ratio of the largest runs fades;
* all is as if v were ``drift * reach`` less: the best ratio of tokens to parameters goes on moving
  as `delta` says it did among the runs, give or take what public sweeps have taught;
* `R` declines ``exp(miss)`` times as fast as the law says;
* of what `E` has above six tenths of the lowest losses, a share ``floor_drop`` goes on declining:
  the loss falls at first as the law says, and then for longer.

Where parameters vary by a factor, each of its levels deviates from the `delta` that all share by a
function of u and one of v, of a size that is learned; beyond the largest run that of u stays as it
is there. Beyond its own runs a level has a `miss` of its own, a quarter as large, beside all's.

So no run is below the floor, and but for what fades of `delta`, more compute spent at the best
ratio is never worse. Owns the priors and names of these; :mod:`bayes_scaling.model.nodes` has
`delta`, the posterior puts all together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayes_scaling.display.html import AsCode
from bayes_scaling.errors import ModelError
from bayes_scaling.laws import Law
from bayes_scaling.model.axes import compute_and_ratio
from bayes_scaling.priors import Prior

AMPLITUDE = Prior.log_normal(np.log(0.01), 1.0)
"""Size of `delta`: 90 % within 0.2 % and 5 % of the reducible loss."""

CURVE_AMPLITUDE = Prior.log_normal(np.log(0.03), 1.0)
"""Size of `delta` for a law of one input: learning curves bend otherwise than a power by more."""

MISS_MEAN = 0.05
"""Mean of `miss`: on public sweeps losses fell faster beyond the runs than laws said."""

MISS_SD = Prior.between(0.056, 0.178)
"""Size of `miss`."""

FLOOR_DROP = Prior.beta(0.5, 0.5)
"""Share of a floor's excess that goes on declining. Floors fitted to small runs of public sweeps
came out higher than those of larger ones, up to the loss of the largest, however narrow their
intervals; losses simulated from a law keep theirs. So none and all of it are the likeliest."""

FLOOR_SHARE = 0.6
"""Share of the lowest losses up to which a floor is believed: the mean of the prior that laws have
for floors."""

CURVE_MISS_MEAN = 0.0
"""Mean of `miss` for a law of one input: learning curves bend either way."""

CURVE_MISS_SD = Prior.between(0.28, 0.89)
"""Size of `miss` for a law of one input, of runs of any kind. All of these were learned from
public sweeps (``tests/benchmarks/learn_miss.py``)."""

LEVEL_MISS = 0.25
"""Size of each level's own `miss` over that of `miss`: levels of one factor share most of how they
go on beyond their runs. Hidden runs of pools score as high with a quarter as with half, lower with
none and with all of it (``tests/benchmarks/test_extrapolation.py``)."""

DRIFT_SD = Prior.between(0.11, 0.36)
"""Size of what is not known of `drift`, learned from public sweeps of runs of equal compute
(``tests/benchmarks/learn_drift.py``)."""

LEVEL_SD = Prior.log_normal(np.log(0.03), 1.0)
"""Size of what levels differ by beside their parameters: 90 % within 0.6 % and 16 % of the
reducible loss, for corpora of one recipe and for recipes of different makers."""

MOST_DEVIATING = 20
"""Levels of a factor that deviate, at the most. Those of more share one `delta` and one scatter:
with nine weights for each, chains of a hundred levels would take many times as long."""

SCATTER_SPREAD = Prior.between(0.1, 1.5)
"""Spread between levels of log ``noise_sd``: runs of one sweep may scatter several times as much as
those of another, and a level that is taken for a quiet one is believed too much."""

LEAST_TELLING = 6
"""Runs that a level must have on average for levels to scatter each by its own: fewer say nothing
of it. Ladders of four rungs have the same multipliers without, and a fifth of the divergences."""

DELTA, SCATTER = "delta", "noise_sd"
"""Quantities that levels deviate in: the names of their spreads and offsets begin with these."""

SIZE, WEIGHTS = "delta_sd", "delta_z"
"""Posterior names: size of `delta`, its standard normal weights at the nodes."""

MISS, MISS_SIZE = "miss", "miss_sd"
"""Posterior names: `miss`, its size."""

DRIFT, DRIFT_SIZE, EDGE = "drift", "drift_sd", "edge_ratio"
"""Posterior names: `drift`, the size of what is not known of it, the best number of tokens per
parameter at the compute of the largest run."""

DROP = "floor_drop"
"""Posterior name of the share of the floor's excess that goes on declining beyond the runs."""

NAMES_BEYOND = MISS, MISS_SIZE, DRIFT, DRIFT_SIZE, EDGE, DROP
"""Posterior names of all that says how the surface goes on beyond the runs."""


@dataclass(frozen=True)
class Surface(AsCode):
    """Prior of what a law leaves out, inside the runs and beyond them.

    Parameters
    ----------
    amplitude : Prior, optional
        Size of `delta`, ``delta_sd``, in log reducible loss. If not given, 90 % within 0.002 and
        0.05 for a law of size and data, and within 0.006 and 0.16 for one of one input.
    miss_sd : Prior, optional
        Standard deviation of `miss`, by whose exponential the law's decline beyond the largest run
        is multiplied: 0.1 means that the reducible loss typically falls a tenth faster or slower
        than the law says. What public sweeps have taught if not given: 0.06 to 0.18 for a law of
        size and data, 0.28 to 0.89 for a law of one input.
    miss_mean : float, optional
        Mean of `miss`; if not given, 0.05 for a law of size and data and 0 for one of one input.
    floor_drop : Prior, optional
        Of what the fitted floor has above six tenths of the lowest losses, the share that goes on
        declining beyond the runs: 0 keeps the law's floor. If not given, Beta(0.5, 0.5)
        for a law of size and data, and none for one of one input.
    drift_sd : Prior, optional
        Standard deviation of `drift` about what the runs show: of the decades by which the best
        ratio of tokens to parameters moves, beside the law's growth, with each decade of compute
        beyond the largest run. What public sweeps have taught if not given: 0.11 to 0.36.
    level_sd : Prior, optional
        Standard deviation, ``delta_sd_<factor>``, by which levels of each factor that some
        parameter varies by deviate from the `delta` that they share; more than twenty levels all
        have one. If not given, 90 % within 0.006 and 0.16.

    Examples
    --------
    >>> Surface(miss_sd=Prior.between(0.05, 0.2)).miss_sd
    Prior.between(0.05, 0.2)
    """

    amplitude: Prior | None = None
    miss_sd: Prior | None = None
    miss_mean: float | None = None
    floor_drop: Prior | None = None
    drift_sd: Prior = DRIFT_SD
    level_sd: Prior = LEVEL_SD

    def __post_init__(self) -> None:
        for name in ("amplitude", "miss_sd", "drift_sd", "level_sd"):
            prior = getattr(self, name)
            if prior is None:
                continue
            held = prior.fixed and prior.numbers[0] > 0 and name != "level_sd"
            if prior.support != "positive" and not held:
                raise ModelError(
                    f"Surface: {name}={prior!r} allows sizes that are not positive, and a standard "
                    "deviation is. Give Prior.between(0.01, 0.1), or surface=None for the law "
                    "alone."
                )

        if self.floor_drop is not None and not _is_share(self.floor_drop):
            raise ModelError(
                f"Surface: floor_drop={self.floor_drop!r} allows numbers outside 0 to 1, and it is "
                "a share. Give Prior.beta(0.5, 0.5), or Prior.fixed_at(0) for the law's own floor."
            )

    def size(self, law: Law) -> Prior:
        """Prior of the size of `delta`, for a law."""
        return self.amplitude or (AMPLITUDE if compute_and_ratio(law)[1] else CURVE_AMPLITUDE)

    def mean_miss(self, law: Law) -> float:
        """Mean of `miss`, for a law."""
        if self.miss_mean is not None:
            return self.miss_mean
        return MISS_MEAN if compute_and_ratio(law)[1] else CURVE_MISS_MEAN

    def priors_beyond(self, law: Law) -> dict[str, Prior]:
        """Priors that no run informs, by their posterior names."""
        miss, own = self.miss_sd, self.floor_drop
        if not compute_and_ratio(law)[1]:
            return {MISS_SIZE: miss or CURVE_MISS_SD, **({DROP: own} if own else {})}
        return {MISS_SIZE: miss or MISS_SD, DRIFT_SIZE: self.drift_sd, DROP: own or FLOOR_DROP}


def _is_share(prior: Prior) -> bool:
    return 0 <= prior.numbers[0] <= 1 if prior.fixed else prior.support == "unit"

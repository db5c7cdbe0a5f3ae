"""Words for a fit to loss curves, where they differ from those for a fit to runs."""

from __future__ import annotations

from bayes_scaling.display.wording import counted
from bayes_scaling.schedules import CurveFit


def data_words(fit: CurveFit) -> str:
    """Misses of the law that a fit allows curves, and the curves that were fitted."""
    curves = counted(len(fit.curves.names), "loss curve")
    return (
        f"a miss of the gain of each curve, wandering and normal scatter on log loss to {curves} "
        f"of up to {fit.curves.longest} steps"
    )


def scale_words() -> str:
    """The reference scales of a law of curves, which its priors are on."""
    return (
        "Losses were divided by their 5 % quantile, learning rates by the highest of them, and "
        "their sums by the geometric mean over the points; on that scale"
    )

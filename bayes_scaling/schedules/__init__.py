"""Learning-rate schedules, and laws of the whole loss curve under any of them.

================  =============================================================================
`constant` …      schedules as arrays: `constant`, `stages`, `cosine`, `linear`, `wsd`, `logged`
`decayed`         a schedule that is left at a step and decays
`Curves`          losses along runs of one model size, each with its schedule
`MultiPower`      the multi-power law of Luo et al. (2025); `Annealing` of Tissue et al. (2024)
`fit`             the posterior of a law, as a `CurveFit`; `load_fit` reads one that was saved
`forecast`        the loss along runs of other schedules, and which is best: a `CurveForecast`
`decay_now`       what a run would reach if decayed now: undecayed checkpoints as finished runs
`simulate`        curves of a known truth
================  =============================================================================
"""

from bayes_scaling.schedules.curve_fit import CurveFit, fit, load_fit
from bayes_scaling.schedules.curve_forecast import CurveForecast, decay_now, forecast
from bayes_scaling.schedules.curves import Curves
from bayes_scaling.schedules.laws import Annealing, CurveLaw, MultiPower
from bayes_scaling.schedules.shapes import constant, cosine, decayed, linear, logged, stages, wsd
from bayes_scaling.schedules.simulating import simulate

__all__ = [
    "Annealing", "CurveFit", "CurveForecast", "CurveLaw", "Curves", "MultiPower", "constant",
    "cosine", "decay_now", "decayed", "fit", "forecast", "linear", "load_fit", "logged", "simulate",
    "stages", "wsd",
]  # fmt: skip

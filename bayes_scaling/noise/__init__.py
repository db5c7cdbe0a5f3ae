"""Observation models: the scatter of a run's response about the value that the law expects."""

from bayes_scaling.noise.binomial import Binomial
from bayes_scaling.noise.location_scale import (
    LocationScale,
    LogitNormal,
    LogLaplace,
    LogNormal,
    LogStudentT,
    Normal,
    StudentT,
)
from bayes_scaling.noise.noise_model import Noise
from bayes_scaling.noise.one_sided import LogExGaussian

__all__ = [
    "Binomial", "LocationScale", "LogExGaussian", "LogLaplace", "LogNormal", "LogStudentT",
    "LogitNormal", "Noise", "Normal", "StudentT",
]  # fmt: skip

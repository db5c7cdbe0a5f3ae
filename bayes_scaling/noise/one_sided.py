"""Scatter that errs more often upwards: a normal plus an exponential, on log loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bayes_scaling.errors import ModelError
from bayes_scaling.noise.location_scale import OnLog
from bayes_scaling.noise.noise_model import check_positive
from bayes_scaling.noise.scales import EX_GAUSSIAN
from bayes_scaling.priors import Prior

SKEW_PRIOR = Prior.between(0.1, 10.0)
"""Mean excess in units of the symmetric scatter: from hardly any to nearly all of the scatter."""


@dataclass(frozen=True, repr=False)
class LogExGaussian(OnLog):
    """Scatter of log loss with a one-sided excess, for runs that are tuned unevenly.

    A run with a bad learning rate, batch or warm-up ends above what its size and data allow, and
    none ends below: log loss is the law plus a normal of scale ``noise_sd``, which seeds give, plus
    an exponential of mean ``noise_skew * noise_sd``. The law is then that of well-tuned runs, and
    a new run errs upwards as often as those of the sweep did. Symmetric scatter takes the
    excess for the law, whose losses come out too high, and with them the forecast of a
    tuned run.

    Runs far above the law move it little, runs far below it much: a loss that was misread as too
    low has to be left out. Where all runs of some scale are tuned badly, nothing in their losses
    says so.

    Parameters
    ----------
    sd : Prior
        Standard deviation of the symmetric part of the scatter of log loss.
    by : str, optional
        An input with which the scatter changes, such as ``"flops"``; the excess changes with it.
    slope : Prior
        Power of that change.
    skew : Prior
        Prior of ``noise_skew``.

    Raises
    ------
    ModelError
        `seeds` is given: replicates have no simple density under an excess that they share.

    References
    ----------
    Grushka (1972), Characterization of Exponentially Modified Gaussian Peaks in Chromatography,
    Analytical Chemistry 44(11), for the distribution.
    """

    shape = EX_GAUSSIAN
    skew: Prior = SKEW_PRIOR

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, {"noise_skew": self.skew})
        if self.seeds is not None:
            raise ModelError(
                f"LogExGaussian: seeds={self.seeds!r} asks for a scatter between seeds, and an "
                "excess of which it is not known whether replicates share it has no simple "
                "density. Leave seeds out, or use LogStudentT(seeds=...)."
            )

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Priors of the scatter, and of ``noise_skew``."""
        return {**super().priors, "noise_skew": self.skew}

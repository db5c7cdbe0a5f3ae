"""Verdicts on forecasts: one check per file, one rule that joins them.

:func:`assess` runs the checks on a fit and its targets; :func:`backtest` is the strongest of them,
:func:`calibrate` asks whether intervals hold the truth where it is known, and :func:`score` where
sealed forecasts have met their runs.
"""

from bayes_scaling.trust.assessing import assess
from bayes_scaling.trust.report import TrustReport
from bayes_scaling.validation.backtesting import Backtest, backtest
from bayes_scaling.validation.calibrating import Calibration, calibrate
from bayes_scaling.validation.track_record import TrackRecord, score
from bayes_scaling.validation.verdict import CheckResult

__all__ = [
    "Backtest", "Calibration", "CheckResult", "TrackRecord", "TrustReport", "assess", "backtest",
    "calibrate", "score",
]  # fmt: skip

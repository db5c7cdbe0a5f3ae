"""Beliefs before the runs are seen: priors of any parameter, and floors by name."""

from bayes_scaling.priors.floors import floor, floors
from bayes_scaling.priors.prior import (
    FAMILIES,
    PRIOR_MASS,
    TIE,
    Prior,
    Support,
    Units,
    tied_log_density,
)

__all__ = [
    "FAMILIES", "PRIOR_MASS", "TIE", "Prior", "Support", "Units", "floor", "floors",
    "tied_log_density",
]  # fmt: skip

"""The size of what the law leaves out, beside what its prior expected."""

from __future__ import annotations

from bayes_scaling.display.wording import per_cent
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.surface import SIZE
from bayes_scaling.priors.prior import PRIOR_MASS


def beyond_prior(fit: ScalingFit) -> str:
    """A sentence on what the law leaves out if it is larger than the prior expected; or nothing."""
    prior = fit.model.sampled_priors(fit.runs).get(SIZE)
    if prior is None or SIZE not in fit.posterior:
        return ""
    size, (low, high) = float(fit.posterior[SIZE].median()), prior.range()
    if size <= high:
        return ""
    return (
        f"What the law leaves out ({SIZE}, {size:.2g}) is larger than its prior expected "
        f"({per_cent(PRIOR_MASS)} within {low:.2g} to {high:.2g}): the law fits these runs less "
        "well than laws usually fit sweeps. "
    )

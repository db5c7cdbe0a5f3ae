"""Figures, one for each question; every one returns the axes it drew on and changes nothing else.

===================  ================================================================
`fit_curves`         do the runs lie on the law?
`residuals`          by how much does each run miss it?
`prior_posterior`    what did the runs teach, parameter by parameter?
`shrinkage`          how do levels of a factor differ, and how far were they pooled?
`published`          how does the posterior compare with what papers have printed?
`forecast_fan`       what loss is to be expected at the target?
`allocation`         how many parameters and tokens for a compute budget?
===================  ================================================================

All take ``ax`` (a new figure if not given) and ``prob`` (ArviZ's if not given), compute every band
draw by draw, name probability and kind of each in the legend, and say in the title if the chains
have not converged.
"""

from bayes_scaling.plots.curves import fit_curves
from bayes_scaling.plots.fan import forecast_fan
from bayes_scaling.plots.levels import shrinkage
from bayes_scaling.plots.literature import published
from bayes_scaling.plots.misfit import residuals
from bayes_scaling.plots.optimum import allocation
from bayes_scaling.plots.update import prior_posterior

__all__ = [
    "allocation",
    "fit_curves",
    "forecast_fan",
    "prior_posterior",
    "published",
    "residuals",
    "shrinkage",
]

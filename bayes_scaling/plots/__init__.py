"""Figures, one for each question; every one returns the axes it drew on and changes nothing else.

=======================  ================================================================
`fit_curves`             do the runs lie on the law?
`delta`                  what does the law leave out, and where?
`residuals`              by how much does each run miss it?
`prior_posterior`        what did the runs teach, parameter by parameter?
`shrinkage`              how do levels of a factor differ, and how far were they pooled?
`published`              how does the posterior compare with what papers have printed?
`forecast_fan`           what loss is to be expected at the target?
`allocation`             how many parameters and tokens for a compute budget?
`near_optimal`           which sizes are nearly as good as the best?
`isolines`               which runs are of equal loss, or of equal compute?
`level_comparison`       which of two levels is better, and what is that worth in compute?
`needed`                 what does a loss need, and does any amount suffice?
`next_runs`              which runs would teach most, and how much?
`lifetime`               which model is cheapest to train and serve, and what does it save?
`isoflop_optima`         does the law find the best sizes that parabolas find without it?
`overfitting_threshold`  which runs had too little data for their size?
`loss_curves`            where does the loss go under each learning-rate schedule?
`track_record`           where did runs fall in the forecasts that were sealed before?
=======================  ================================================================

All take ``ax``, the axes to draw on, or a sequence of them where there are several panels (a new
figure if not given; a ValueError says how many are needed), and ``prob``, the probability of bands
and bars (0.9 if not given). They return the axes, in an array where there are several. They compute
every band draw by draw, name its probability and kind in the legend, and say in the title if the
chains have not converged.
"""

from bayes_scaling.plots.allocation_plot import allocation
from bayes_scaling.plots.delta_plot import delta
from bayes_scaling.plots.fit_curves_plot import fit_curves
from bayes_scaling.plots.forecast_fan_plot import forecast_fan
from bayes_scaling.plots.isoflop_optima_plot import isoflop_optima
from bayes_scaling.plots.isolines_plot import isolines
from bayes_scaling.plots.level_comparison_plot import level_comparison
from bayes_scaling.plots.lifetime_plot import lifetime
from bayes_scaling.plots.loss_curves_plot import loss_curves
from bayes_scaling.plots.near_optimal_plot import near_optimal
from bayes_scaling.plots.needed_plot import needed
from bayes_scaling.plots.next_runs_plot import next_runs
from bayes_scaling.plots.overfitting_threshold_plot import overfitting_threshold
from bayes_scaling.plots.prior_posterior_plot import prior_posterior
from bayes_scaling.plots.published_plot import published
from bayes_scaling.plots.residuals_plot import residuals
from bayes_scaling.plots.shrinkage_plot import shrinkage
from bayes_scaling.plots.track_record_plot import track_record

__all__ = [
    "allocation", "delta", "fit_curves", "forecast_fan", "isoflop_optima", "isolines",
    "level_comparison", "lifetime", "loss_curves", "near_optimal", "needed", "next_runs",
    "overfitting_threshold", "prior_posterior", "published", "residuals", "shrinkage",
    "track_record",
]  # fmt: skip

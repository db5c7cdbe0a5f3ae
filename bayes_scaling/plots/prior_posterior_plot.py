"""prior_posterior: prior and posterior density of each parameter."""

from __future__ import annotations

from collections.abc import Sequence

import arviz as az
import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator

from bayes_scaling.display.intervals import SAMPLE_DIMS, intervals
from bayes_scaling.display.wording import listed
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.plots import canvas, legends, marks, sources
from bayes_scaling.plots.asking import asked_kind
from bayes_scaling.validation.simulated import PRIOR_DRAWS, prior_draws

MOST_TICKS = 4
LOG_FROM = 30.0
"""Ratio of the ends of the prior's central 98 % from which the axis is logarithmic, if the upper
end is its root times the median as well: that of a share, none and all being likely, is not."""


@asked_kind
def prior_posterior(
    fit: ScalingFit,
    *,
    var_names: Sequence[str] | None = None,
    ax: canvas.Panels | None = None,
    prob: float | None = None,
) -> np.ndarray:
    """Draw the prior density of each parameter against its posterior, in paper units.

    One panel for each parameter. Where the two densities look alike, the runs said nothing of the
    parameter. Each density is scaled to the same height: next to a narrow posterior the prior
    would be a line on the floor. Where the prior spans decades the axis is logarithmic, and the
    density is per decade. Densities are ArviZ's kernel estimates, the prior's from 1000 draws
    with the fit's seed.

    Parameters
    ----------
    fit : ScalingFit
    var_names : sequence of str, optional
        Variables of ``fit.posterior``. If not given: the law's parameters, the typical value of
        those that vary by group, derived quantities, spreads, noise, and the sizes of what the law
        leaves out and misses (no run informs ``miss_sd`` and ``drift_sd``). A variable with a value
        for each group has a posterior for each.
    ax, prob
        Axes, and the probability of the shaded interval, as for all plots
        (:mod:`bayes_scaling.plots`).

    Raises
    ------
    ModelError
        A variable is not in the posterior, or is held at a value and has no density.
    """
    names = _default_names(fit) if var_names is None else list(var_names)
    _check_names(fit, names)
    sheet = canvas.Sheet.of(ax, len(names), columns=4, cell=(2.9, 2.2))
    prior = prior_draws(fit.model, fit.runs, PRIOR_DRAWS, fit.settings.seed)
    for panel, name in zip(sheet.panels, names, strict=True):
        _draw_panel(panel, name, prior[name], fit.posterior[name], prob)
    sheet.legend_below(_entries(fit.posterior, names, prob))
    sheet.title(f"Prior and posterior of {fit.model.law.name}", fit, 110)
    return sheet.panels


def _default_names(fit: ScalingFit) -> list[str]:
    varying = [name for name in fit.model.parameters if fit.model.varying(name)]
    names = [f"{name}_typical" if name in varying else name for name in fit.parameter_names]
    names += fit.model.priors_beyond(fit.runs)
    return [name for name in dict.fromkeys(names) if _moves(fit.posterior[name])]


def _moves(draws: xr.DataArray) -> bool:
    return bool(np.ptp(draws.values) > 0)


def _check_names(fit: ScalingFit, names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in fit.posterior]
    if unknown:
        raise ModelError(
            f"prior_posterior: the posterior has no variable {listed(unknown)}, so nothing can be "
            f"drawn of it. Choose from {listed(fit.posterior.data_vars, 100)}."
        )
    still = [name for name in names if not _moves(fit.posterior[name])]
    if still:
        raise ModelError(
            f"prior_posterior: {listed(still)} is held at a value, and a value has no density. "
            "Leave it out of var_names."
        )


def _draw_panel(
    ax: Axes, name: str, prior: xr.DataArray, posterior: xr.DataArray, prob: float | None
) -> None:
    low, middle, high = np.quantile(prior, [0.01, 0.5, 0.99])
    log = bool(low > 0 and high > LOG_FROM * low and high > LOG_FROM**0.5 * middle)
    dashed = canvas.Style(canvas.neutral(), line="--")
    marks.draw_line(ax, *_density(prior, log), dashed, linewidth=1.0, label="prior", gid="prior")
    for _, style, draws in _by_group(posterior):
        x, density = _density(draws, log)
        marks.draw_line(ax, x, density, style, linewidth=1.3, gid="posterior")
        ends = intervals(draws, prob)
        inside = (x >= float(ends["lower"])) & (x <= float(ends["upper"]))
        shade = ax.fill_between(x[inside], density[inside], color=style.colour, alpha=0.3)
        shade.set(linewidth=0, gid="interval")
    _frame(ax, name, log, posterior, (float(low), float(high)))


def _frame(
    ax: Axes, name: str, log: bool, posterior: xr.DataArray, prior: tuple[float, float]
) -> None:
    """Limits, ticks and label: the central 98 % of the prior and all of the posterior."""
    ends = (min(prior[0], float(posterior.min())), max(prior[1], float(posterior.max())))
    if log:
        ax.set_xscale("log")
    ax.set_xlim(ends)
    if log:
        canvas.readable_log_ticks(ax.xaxis, canvas.format_number)
        ax.xaxis.set_major_locator(LogLocator(numticks=MOST_TICKS))
    else:
        ax.xaxis.set_major_locator(MaxNLocator(MOST_TICKS))
    ax.set_ylim(bottom=0)
    ax.set_yticks([])
    ax.set_xlabel(name)


def _by_group(posterior: xr.DataArray) -> list[tuple[str, canvas.Style, xr.DataArray]]:
    """Name, style and draws of each group; of all draws, without a name, if there are none."""
    dims = [dim for dim in posterior.dims if dim not in SAMPLE_DIMS]
    if not dims:
        return [("", canvas.Style(canvas.COLOURS[0]), posterior)]
    stacked = posterior.stack(point=dims)
    names = [sources.group_name(group) for group in stacked["point"].values]
    looks = zip(names, canvas.styles(names).values(), strict=True)
    return [(name, style, stacked.isel(point=number)) for number, (name, style) in enumerate(looks)]


def _density(draws: xr.DataArray, log: bool) -> tuple[np.ndarray, np.ndarray]:
    """Kernel density of the draws; per decade where `log`."""
    values = draws.values.ravel()
    grid, density, *_ = az.kde(np.log10(values) if log else values)
    return (10**grid if log else grid), density / density.max()


def _entries(posterior: xr.Dataset, names: Sequence[str], prob: float | None) -> list[Artist]:
    """Legend entries of all panels: the kinds of line, and the groups of those that have them."""
    looks = {label: style for name in names for label, style, _ in _by_group(posterior[name])}
    posteriors = [
        legends.line_entry(sources.named("posterior", (name,) if name else ()), s.colour, s.line)
        for name, s in looks.items()
    ]
    shade = canvas.COLOURS[0] if set(looks) == {""} else canvas.neutral()
    band = legends.band_entry(legends.interval_label(prob), shade)
    return [legends.line_entry("prior", canvas.neutral(), "--"), *posteriors, band]

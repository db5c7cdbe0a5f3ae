"""The paragraph on methods: assumptions, sampling, checks and software."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_scaling.display.versions import installed_version
from bayes_scaling.display.wording import axis_words, counted
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.axes import compute_and_ratio, main_axis
from bayes_scaling.reporting.citing.bibliography import SOFTWARE
from bayes_scaling.reporting.citing.escaping import one_line
from bayes_scaling.reporting.citing.estimates import Citable, Fit, averaged, fits
from bayes_scaling.reporting.citing.sentences import law_words, reasons
from bayes_scaling.reporting.citing.tables import interval_words
from bayes_scaling.schedules import CurveFit
from bayes_scaling.trust import TrustReport

SCALES = (
    "Inputs and response were divided by reference scales, by default the geometric mean of an "
    "input, the 5 % quantile of a loss and the 90 % quantile of a metric that is far from one; on "
    "that scale"
)
CURVE_SCALES = (
    "Losses were divided by their 5 % quantile, learning rates by the highest of them, and "
    "their sums by the geometric mean over the points; on that scale"
)

_NAMES = {"bayes_scaling": "bayes_scaling", "pymc": "PyMC", "nutpie": "nutpie", "arviz": "ArviZ"}


def methods_paragraph(result: Citable, trust: TrustReport | None, prob: float | None) -> str:
    """Write the paragraph, in plain text."""
    said = [" ".join(_fitting(fit)) for fit in fits(result)]
    average = averaged(result)
    if average is not None and len(average.fits) == 1:
        said.append(f"It has all the weight of an average ({average.source}).")
    elif average is not None:
        shares = ", ".join(f"{weight:.2f}" for weight in average.weights.values())
        said.append(
            f"Draws of {counted(len(said), 'fit')} were mixed with weights {shares}, in the order "
            f"in which they are described ({average.source})."
        )
    software = ", ".join(f"{_NAMES[name]} {installed_version(name)}" for name in SOFTWARE)
    closing = (
        f"Estimates are posterior medians with the {interval_words(prob)}, each computed draw by "
        "draw and written to the digits that its Monte-Carlo error supports.",
        _assessment(trust),
        f"Software: {software}.",
    )
    return " ".join([*said, *closing])


def formulas(result: Citable) -> tuple[str, ...]:
    """Formulas in the paragraph, in LaTeX, in their order."""
    return tuple(_formula(fit) for fit in fits(result) if fit.model.law.formula)


def _formula(fit: Fit) -> str:
    return f"${fit.model.law.formula}$"


def _fitting(fit: Fit) -> Iterator[str]:
    left_out = "" if isinstance(fit, CurveFit) else _left_out(fit)
    formula = f", {_formula(fit)}, as expected value" if fit.model.law.formula else ""
    yield f"We fitted {law_words(fit)}{left_out} by Bayesian inference{formula}."
    scales = CURVE_SCALES if isinstance(fit, CurveFit) else SCALES
    priors = ", ".join(f"{name} ~ {prior!r}" for name, prior in fit.model.parameters.items())
    yield f"{scales}, unless said otherwise, priors were {priors}."
    if not isinstance(fit, CurveFit):
        yield from _pooling_and_surface(fit)
    yield _sampling(fit)


def _pooling_and_surface(fit: ScalingFit) -> Iterator[str]:
    if fit.model.vary:
        varying = ", ".join(f"{one_line(v.parameter)} by {one_line(v.by)}" for v in fit.model.vary)
        yield f"Partially pooled between groups: {varying}."
    if fit.model.has_surface(fit.runs):
        yield surface_words(fit)


def surface_words(fit: ScalingFit) -> str:
    """The surface fitted with the law, in one sentence."""
    name, across = axis_words(main_axis(fit.model.law)), compute_and_ratio(fit.model.law)[1]
    where = f"{name} and tokens per parameter" if across else name
    more = ", part of its floor to decline and the best ratio of tokens to parameters to drift"
    levels = ", from which groups deviate by a size that was learned" if fit.model.vary else ""
    return (
        "The law was fitted together with a Gaussian process for what it leaves out, over "
        f"{one_line(where)}{levels}; beyond the largest run its decline was taken to be faster or "
        f"slower{more if across else ''}, by as much as public sweeps have taught."
    )


def _left_out(fit: ScalingFit) -> str:
    return f" ({fit.runs.dropped} more left out for missing values)" if fit.runs.dropped else ""


def _sampling(fit: Fit) -> str:
    return (
        f"The posterior was sampled by the No-U-Turn sampler with low-rank adaptation: "
        f"{settings_words(fit)}. {_convergence(fit)}"
    )


def settings_words(fit: Fit) -> str:
    """Settings of the sampler in words."""
    settings = fit.settings
    return (
        f"{settings.chains} chains of {settings.draws} draws after {settings.tune} of warm-up; "
        f"target acceptance {settings.acceptance:.3g}, seed {settings.seed}"
    )


def _convergence(fit: Fit) -> str:
    found = fit.diagnostics
    state = "had converged" if not found.problems else "had not converged"
    return (
        f"The chains {state}: largest R-hat {found.r_hat:.4f}, smallest bulk and tail effective "
        f"sample sizes {found.ess_bulk:.0f} and {found.ess_tail:.0f}, "
        f"{100 * found.divergent:.2g} % of draws divergent."
    )


def _assessment(trust: TrustReport | None) -> str:
    if trust is None:
        return "Whether the extrapolation should be believed was not assessed."
    number = len(trust.checks)
    return (
        f'{number} checks (level "{trust.level}") gave the verdict "{trust.verdict}"'
        f"{reasons(trust)}. {trust.reach}"
    )

"""Rival models of a sweep: one other form and one other scatter.

Two, for each compiles a model of its own. They are chosen to disagree where it matters: the form
in what is left at unlimited scale, the scatter in how much single runs far off count.
"""

from __future__ import annotations

from dataclasses import fields, replace

from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.laws import (
    BoundedPowerLaw,
    BrokenPowerLaw,
    Chinchilla,
    Law,
    LogLinear,
    Nested,
    PowerLaw,
    Saturating,
)
from bayes_scaling.model.hierarchy import Vary
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.noise import (
    LogExGaussian,
    LogLaplace,
    LogNormal,
    LogStudentT,
    Noise,
    Normal,
    StudentT,
)

OTHER_NOISE: dict[type[Noise], type[Noise]] = {
    LogStudentT: LogNormal,
    LogNormal: LogStudentT,
    LogLaplace: LogNormal,
    LogExGaussian: LogStudentT,
    StudentT: Normal,
    Normal: StudentT,
}
"""Noise with light tails for one with heavy tails and the reverse; two-sided for one-sided."""


def default_rivals(fit: ScalingFit) -> list[ScalingModel]:
    """The model with another form, and the same with another noise, where there are such."""
    model = fit.model
    form, noise = _other_form(fit), _other_noise(model.noise)
    found = []
    if form is not None:
        vary = _varying(model, form)
        found.append(ScalingModel(form, vary, noise=model.noise, surface=model.surface))
    if noise is not None:
        found.append(replace(model, noise=noise))
    return found


def short_name(rival: ScalingModel, model: ScalingModel) -> str:
    """The law, the noise, or both by which a rival differs."""
    parts = [] if rival.law == model.law else [repr(rival.law).removesuffix("()")]
    if type(rival.noise) is not type(model.noise):
        parts.append(type(rival.noise).__name__)
    return " with ".join(parts) or repr(rival)


def _other_form(fit: ScalingFit) -> Law | None:
    """A law of the same runs with another extrapolation, if one is known.

    Nested holds both Chinchilla's law and Kaplan's, with any floor as likely as any other.
    """
    law = fit.model.law
    match law:
        case Chinchilla():
            return Nested()
        case PowerLaw():
            return replace(law, floor=not law.floor)
        case BrokenPowerLaw() | BoundedPowerLaw():
            return PowerLaw(law.input)
        case LogLinear():
            return Saturating(law.input) if fit.runs.response == "accuracy" else None
        case Saturating():
            return LogLinear(law.input, "logit") if fit.runs.response == "accuracy" else None
    both = {"params", "tokens"}
    known = both <= set(fit.runs.inputs)
    of_both = both <= set(law.inputs) or "tokens_per_param" in law.inputs
    plain = fit.runs.response == "loss" and not law.stages
    return Chinchilla() if known and of_both and plain else None


def _other_noise(noise: Noise) -> Noise | None:
    other = OTHER_NOISE.get(type(noise))
    if other is None:
        return None
    shared = {one.name for one in fields(other)} & {one.name for one in fields(noise)}
    return other(**{name: getattr(noise, name) for name in shared})


def _varying(model: ScalingModel, form: Law) -> list[Vary]:
    """Pooling of a rival: the same parameters by the same factors, or those with a unit."""
    own = [vary for vary in model.vary if vary.parameter in form.priors]
    if len(own) == len(model.vary):
        return own
    return [Vary(name, by) for by in model.factors for name in form.priors if name in form.scaled]

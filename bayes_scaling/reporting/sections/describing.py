"""Sections on what was fitted: the runs, the model with its equation and every prior."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pandas as pd

from bayes_scaling import plots
from bayes_scaling.display.wording import of_response, per_cent
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.axes import axes
from bayes_scaling.model.inputs import RATIOS, input_values, scales
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.noise.location_scale import LocationScale
from bayes_scaling.noise.scales import LOG, LOGIT
from bayes_scaling.priors import TIE, Prior
from bayes_scaling.reporting.citing.methods import surface_words
from bayes_scaling.reporting.sections.contents import (
    Block,
    Code,
    Formula,
    Heading,
    Listing,
    Paragraph,
    Section,
    cell,
    tabulated,
)
from bayes_scaling.reporting.sections.figures import drawn
from bayes_scaling.reporting.sections.reproducing import law_source
from bayes_scaling.reporting.sections.subject import Subject, part_title
from bayes_scaling.trust.averages import LEAST
from bayes_scaling.trust.case import ladder_table

PRIOR_DRAWS = 4000

SURFACE = r"L = E + R\, \exp(\delta), \quad R = L_{\mathrm{law}} - E"
"""The expected loss inside the runs: law, floor, and what the law leaves out."""

SYMBOLS = (
    ("params", "N", "parameters of the model"),
    ("tokens", "D", "training tokens"),
    ("flops", "C", "training compute in FLOP"),
)


def data(subject: Subject) -> Section:
    """Columns in use with range and source, levels of factors, and notes on the table."""
    fit = subject.main
    which = f", the heaviest: {part_title(subject.parts[0])}" if subject.mixed else ""
    blocks: list[Block] = [tabulated(f"{len(fit.runs)} runs.", columns(fit))]
    for factor in fit.runs.factors:
        counts = fit.runs.table[factor].value_counts(sort=False).sort_index()
        table = counts.rename("runs").to_frame().rename_axis("level")
        blocks.append(tabulated(f"Runs by {factor}.", table))
    if fit.runs.left_out:
        blocks.append(
            Paragraph(
                f"Rows left out for missing values: {', '.join(map(repr, fit.runs.left_out))}."
            )
        )
    if fit.runs.notes:
        blocks.append(Listing(fit.runs.notes))
    blocks.append(
        drawn(
            "runs",
            f"{fit.runs.response.capitalize()} of each run, with the band of the fitted law.",
            f"The runs and the law fitted to them{which}.",
            lambda ax: plots.fit_curves(fit, ax=ax, prob=subject.prob),
        )
    )
    return Section("data", "Runs", tuple(blocks))


def columns(fit: ScalingFit) -> pd.DataFrame:
    """Smallest, middle and largest value of each quantity of the runs, written, and its source."""
    runs = fit.runs
    logs = axes(fit.model.law, lambda name: input_values(runs, name))
    values = {name: runs.values(name) for name in (*runs.inputs, "loss")}
    values |= {str(name): np.asarray(10 ** logs[name]) for name in logs if name not in values}
    rows = []
    for name, numbers in values.items():
        ends = {"smallest": numbers.min(), "median": np.median(numbers), "largest": numbers.max()}
        written = {end: cell(name, float(number)) for end, number in ends.items()}
        rows.append(
            {"column": of_response(name, runs.response), **written, "source": _source(fit, name)}
        )
    return pd.DataFrame(rows)


def _source(fit: ScalingFit, name: str) -> str:
    if name in RATIOS and name not in fit.runs.inputs:
        return " / ".join(RATIOS[name])
    if name not in fit.runs.table:
        return "6 x params x tokens"
    return fit.runs.sources.get(name, f"column {name!r}")


def model(subject: Subject) -> Section:
    """Each law with its equation, likelihood, pooling and priors; of an average the weights."""
    blocks = [*_mixture(subject), *subject.of_each(described)]
    for part in subject.light:
        law = part.fit.model.law
        blocks += [Heading(part_title(part)), Paragraph(f"{law.name}. {summary_line(law)}")]
        blocks += [Formula(law.formula)] if law.formula else []
    return Section("model", "Model", tuple(blocks))


def _mixture(subject: Subject) -> list[Block]:
    if not subject.mixed:
        return []
    text = (
        f"The answer is that of a mixture of {len(subject.parts)} fits of these runs: their "
        "weights are the probabilities that each is right, and its share of the draws."
    )
    least = f" Fits with less than {per_cent(LEAST)} of the weight are described in short."
    return [Paragraph(text + (least if subject.light else "")), weights(subject)]


def weights(subject: Subject) -> Block:
    """The fits of an average with their weights."""
    rows = []
    for part in subject.parts:
        given = part.fit.model
        rows.append(
            {
                "fit": part.name,
                "weight": f"{part.weight:.3f}",
                "law": repr(given.law).removesuffix("()"),
                "likelihood": repr(given.noise).removesuffix("()"),
                "partially pooled": _pooled(given) or "none",
            }
        )
    return tabulated("Fits and their weights.", pd.DataFrame(rows))


def described(fit: ScalingFit) -> list[Block]:
    """Equation, symbols, likelihood, pooling, priors, and the prior predictive check."""
    law, given = fit.model.law, fit.model
    blocks: list[Block] = [Paragraph(f"{law.name}. {summary_line(law)}")]
    if law.formula:
        blocks.append(Formula(law.formula))
    blocks.append(Listing(symbols(fit)))
    source = law_source(law)
    if source is not None:
        blocks.append(Code(source, "python"))
    blocks.append(Paragraph(likelihood(fit)))
    if isinstance(given.noise, LocationScale):
        blocks.append(Formula(likelihood_formula(given.noise)))
    blocks.append(Paragraph(pooling(fit)))
    if fit.model.has_surface(fit.runs):
        blocks += [Paragraph(surface_words(fit)), Formula(SURFACE)]
    return [*blocks, priors(fit), Paragraph(prior_predictive(fit))]


def symbols(fit: ScalingFit) -> tuple[str, ...]:
    """Meaning of each symbol of the equation."""
    law = fit.model.law
    known = {name: f"{symbol} ({name}): {meaning}" for name, symbol, meaning in SYMBOLS}
    inputs = [known.get(name, f"{name}: a column of the runs") for name in law.inputs]
    response = {"loss": "L (loss): loss, in nats per token unless said otherwise"}
    return (
        response.get(fit.runs.response, f"{fit.runs.response}: what the law predicts"),
        *inputs,
        f"Parameters: {', '.join(law.priors)}",
    )


def likelihood(fit: ScalingFit) -> str:
    """Scatter of a run about the law."""
    noise = fit.model.noise
    doc = (inspect.getdoc(type(noise)) or type(noise).__name__).split("\n\n")[0]
    by = noise.by if isinstance(noise, LocationScale) else None
    changes = f" The scatter changes as a power of {by}." if by else ""
    if isinstance(noise, LocationScale):
        shape = f" and {noise.shape.words}" if noise.shape.words else ""
        changes += f" In the formula, sigma is noise_sd{shape}."
    return f"Likelihood: {noise!r}. {plain_text(doc)}{changes}"


def likelihood_formula(noise: LocationScale) -> str:
    """The likelihood of one run in LaTeX."""
    on = {id(LOG): r"\log ", id(LOGIT): r"\mathrm{logit}\, "}.get(id(noise.scale), "")
    scattered = noise.shape.symbol % rf"{on}L_i, \sigma"
    return rf"{on}y_i \sim {scattered}"


def pooling(fit: ScalingFit) -> str:
    """Parameters that differ between groups, and the pooling of their levels."""
    if not fit.model.vary:
        return "No parameter varies between groups of runs: all runs share one law."
    sizes = ", ".join(one.spread_name for one in fit.model.deviations(fit.runs))
    beside = f" What else they differ by is estimated likewise: {sizes}." if sizes else ""
    return (
        f"Partially pooled: {_pooled(fit.model)}. On the parameter's own scale (logarithm of a "
        "positive one or a floor, logit of a share) levels differ from the typical value by normal "
        "offsets, whose standard deviation is estimated under the prior of the spread."
        f"{beside}"
    )


def _pooled(given: ScalingModel) -> str:
    return ", ".join(f"{vary.parameter} by {vary.by}" for vary in given.vary)


def priors(fit: ScalingFit) -> Block:
    """Every prior with its 90 % range."""
    table = fit.model.describe(fit.runs)
    given = {**fit.model.sampled_priors(fit.runs), **fit.model.priors_beyond(fit.runs)}
    table["prior"] = [f"{given[n].distribution}({_numbers(given[n])})" for n in table.index]
    caption = (
        "Every prior with its 90 % range. On the reference scale the law sees inputs and "
        f"{fit.runs.response} divided by reference values ({_scales(fit)}); the range in paper "
        "units is the same range for these runs."
    )
    for one, other in fit.model.ties.items():
        caption += (
            f" The logarithms of {other} and {one} go together, with a correlation of {TIE:g}."
        )
    return tabulated(caption, table)


def _scales(fit: ScalingFit) -> str:
    """Reference values by which inputs and response are divided, in words."""
    found = scales(fit.model.law, fit.runs)
    named = {"loss": fit.runs.response}
    return ", ".join(f"{named.get(name, name)} {cell(name, x)}" for name, x in found.items())


def _numbers(prior: Prior) -> str:
    return ", ".join(f"{name}={number:.4g}" for name, number in prior.arguments.items())


def prior_predictive(fit: ScalingFit) -> str:
    """Expectation of the priors alone for the largest run, beside the range of the runs."""
    expected = prior_losses(fit)
    low, middle, high = np.nanquantile(expected, [0.05, 0.5, 0.95])
    losses = fit.runs.values("loss")
    group = " in a typical group" if fit.model.vary else ""
    return (
        "Prior predictive check: before any run is seen, the priors expect of the largest "
        f"run{group} a value of {middle:.3g}. They put it between {low:.3g} and {high:.3g} with "
        f"90 % probability. The runs lie between {losses.min():.3g} and {losses.max():.3g}."
    )


def prior_losses(fit: ScalingFit) -> np.ndarray:
    """Draws of the law's value for the run of largest compute under the priors, dims (draw,).

    Drawn from the priors themselves: building and compiling the model takes longer than the rest.
    """
    law, rng, units = fit.model.law, np.random.default_rng(0), scales(fit.model.law, fit.runs)
    theta = {n: prior.sample(PRIOR_DRAWS, rng) for n, prior in fit.model.parameters.items()}
    for name in fit.model.converted:
        theta[name] = theta[name] / fit.model.unit_of(name, units, theta)
    top = ladder_table(fit).iloc[0]
    with np.errstate(all="ignore"):
        at = {name: float(top[name]) / units[name] for name in law.inputs}
        loss = units["loss"] * law.evaluate(at, theta)
    return np.broadcast_to(np.asarray(loss, dtype=float), PRIOR_DRAWS)


def summary_line(law: object) -> str:
    """First line of a law's docstring, as plain text."""
    return plain_text((inspect.getdoc(type(law)) or "").split("\n\n")[0])


def assumptions(law: object) -> tuple[str, ...]:
    """Paragraphs of a law's docstring between its first line and its sections, as plain text."""
    doc = re.split(r"\n\n[A-Z][a-z]+\n-{3,}", inspect.getdoc(type(law)) or "")[0]
    paragraphs = re.split(r"\n\s*\n", doc)[1:]
    return tuple(
        plain_text(one) for one in paragraphs if not one.startswith((".. ", "    ", ">>>", "*"))
    )


def plain_text(doc: str) -> str:
    """Text of a docstring without its markup."""
    return " ".join(re.sub(r":[a-z]+:(?=`)|`+", "", doc).split())

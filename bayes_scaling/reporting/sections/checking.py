"""Sections on the evidence: diagnostics, posterior, predictive checks, sensitivity, backtest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from bayes_scaling import plots
from bayes_scaling.display.intervals import intervals
from bayes_scaling.display.wording import of_response, per_cent
from bayes_scaling.fitting.diagnostics import DIVERGENT_MOST, ESS_LEAST, R_HAT_MOST
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.forecasts import Forecast, forecast
from bayes_scaling.plots.delta_plot import delta_at_runs
from bayes_scaling.reporting.citing.methods import settings_words
from bayes_scaling.reporting.citing.tables import interval_words, written_table
from bayes_scaling.reporting.sections.contents import (
    Block,
    Listing,
    Paragraph,
    Section,
    missing,
    tabulated,
)
from bayes_scaling.reporting.sections.describing import weights
from bayes_scaling.reporting.sections.figures import drawn
from bayes_scaling.reporting.sections.misfit import largest_misses
from bayes_scaling.reporting.sections.subject import Subject, part_title
from bayes_scaling.trust import CheckResult
from bayes_scaling.trust.checks.predictive import beyond_prior

PROBABILITIES = (0.5, 0.8, 0.9, 0.95)
FULL = "bs.assess(fit, at=forecast, level='full')"


def diagnostics(subject: Subject) -> Section:
    """Settings of the sampler and the diagnostics of every parameter."""
    blocks = subject.of_each(lambda fit: _diagnostics(fit, subject.prob))
    if subject.light:
        rows = [(part_title(part), _found(part.fit)) for part in subject.light]
        table = pd.DataFrame(rows, columns=["fit", "diagnostics"])
        blocks.append(tabulated("Fits of little weight.", table))
    return Section("diagnostics", "Sampler", tuple(blocks))


def _diagnostics(fit: ScalingFit, prob: float | None) -> list[Block]:
    problems = fit.diagnostics.problems
    text = f"NUTS (nutpie), {settings_words(fit)}. {_found(fit)}"
    table = fit.summary(prob)[["r_hat", "ess_bulk", "ess_tail"]]
    written = pd.DataFrame(
        {
            "R-hat": table["r_hat"].map("{:.4f}".format),
            "ESS, bulk": table["ess_bulk"].map("{:.0f}".format),
            "ESS, tail": table["ess_tail"].map("{:.0f}".format),
        }
    ).replace("nan", "held at a value")
    return [
        *([Paragraph(f"Not converged: {'; '.join(problems)}.", True)] if problems else []),
        Paragraph(text),
        tabulated("Every parameter and derived quantity.", written.rename_axis("parameter")),
    ]


def _found(fit: ScalingFit) -> str:
    found = fit.diagnostics
    return (
        f"Largest R-hat {found.r_hat:.4f} (at most {R_HAT_MOST}). Smallest effective sample size "
        f"{found.ess_bulk:.0f} in the bulk and {found.ess_tail:.0f} in the tails (at least "
        f"{ESS_LEAST}). {per_cent(found.divergent, 2)} of draws divergent (at most "
        f"{per_cent(DIVERGENT_MOST, 1)})."
    )


def posterior(subject: Subject) -> Section:
    """Parameters in paper units, prior beside posterior, and the levels of pooled parameters."""

    def told(fit: ScalingFit) -> list[Block]:
        table = written_table(fit, subject.prob)
        caption = f"Parameters in paper units. {table.attrs['caption']}"
        figures = _parameter_figures(fit, subject.prob) if fit is subject.main else []
        return [tabulated(caption, table), *figures]

    head = _of_heaviest(subject, "Tables are of every fit described; figures")
    return Section("posterior", "Parameters", (*head, *subject.of_each(told)))


def _parameter_figures(fit: ScalingFit, prob: float | None) -> list[Block]:
    shown = drawn(
        "parameters",
        "Prior and posterior density of each parameter.",
        "Prior (dashed) and posterior of each parameter. Where they are alike the runs taught "
        "nothing: miss_sd, drift_sd and floor_drop, of what lies beyond the runs, come from other "
        "sweeps.",
        lambda _: plots.prior_posterior(fit, prob=prob),
        panels=None,
    )
    if not fit.model.vary:
        return [shown]
    levels = drawn(
        "levels",
        "A varying parameter in each level, beside its typical value.",
        f"{fit.model.vary[0].parameter} in each level, partially pooled.",
        lambda ax: plots.shrinkage(fit, ax=ax, prob=prob),
    )
    return [shown, levels]


def _of_heaviest(subject: Subject, what: str) -> list[Block]:
    """Note that something is of one fit only, where there are several."""
    if not subject.mixed:
        return []
    return [Paragraph(f"{what} are of the heaviest fit, {part_title(subject.parts[0])}.")]


def predictive(subject: Subject) -> Section:
    """Comparison of runs drawn from the fit with the runs: coverage, residuals, structure."""
    fit, absent = subject.main, missing("A test for structure in the residuals", "bs.assess")
    caption = "Structures that residuals may follow: their share of the variance, and p-value."
    residuals = drawn(
        "residuals",
        "Distance of each run from what is expected of it, against compute.",
        "Distance of each run from the fit; runs that only scatter lie in the band.",
        lambda ax: plots.residuals(fit, ax=ax, prob=subject.prob),
    )
    blocks = (
        *_of_heaviest(subject, "The share inside intervals and the figure of residuals"),
        tabulated(*_coverage(fit)),
        *finding_of(
            subject, "predictive", lambda one: [tabulated(caption, one.table, folded=True)], absent
        ),
        largest_misses(fit),
        residuals,
    )
    return Section("predictive", "Fit to the runs", blocks)


def finding_of(
    subject: Subject, name: str, detail: Callable[[CheckResult], list[Block]], absent: Paragraph
) -> list[Block]:
    """Finding of a check and its table; of an average in each fit; `absent` if it was not run."""
    check = subject.check(name)
    if check is None:
        return [absent]
    head: list[Block] = [Paragraph(check.headline, warning=check.verdict != "trust")]
    if check.table.empty:
        return head
    if check.table.index.name == "fit":
        caption = "The same check of each fit that is judged."
        return [*head, tabulated(caption, check.table, folded=True)]
    return [*head, *detail(check)]


def _coverage(fit: ScalingFit) -> tuple[str, pd.DataFrame]:
    replicated = fit.tree["posterior_predictive"].to_dataset()["loss"]
    observed = fit.runs.values("loss")
    below = (replicated < observed).mean(("chain", "draw")).values
    rows = {
        per_cent(p): per_cent(float((np.abs(2 * below - 1) <= p).mean())) for p in PROBABILITIES
    }
    table = pd.DataFrame({"interval": list(rows), "runs inside": list(rows.values())})
    return f"Share of the {len(observed)} runs inside intervals of replicated runs.", table


def left_out(subject: Subject) -> Section:
    """Distance of the loss from the law: its size at the runs, and its place."""

    def told(fit: ScalingFit) -> list[Block]:
        if not fit.model.has_surface(fit.runs):
            return [Paragraph("The law was fitted alone: what it may leave out is not modelled.")]
        said = Paragraph(f"{_left_out_at_runs(fit, subject.prob)} {beyond_prior(fit)}".rstrip())
        return [said, *([_delta(fit, subject.prob)] if fit is subject.main else [])]

    return Section("left-out", "Misfit of the law", tuple(subject.of_each(told)))


def _left_out_at_runs(fit: ScalingFit, prob: float | None) -> str:
    ends = intervals(delta_at_runs(fit), prob)
    low, high = float(ends["median"].min()), float(ends["median"].max())
    sure = int(((ends["lower"] > 0) | (ends["upper"] < 0)).sum())
    return (
        f"At the runs the loss lies {low:+.2g} % to {high:+.2g} % off the law's reducible loss "
        f"(posterior medians). At {sure or 'none'} of {len(fit.runs)} runs the interval excludes "
        "zero."
    )


def _delta(fit: ScalingFit, prob: float | None) -> Block:
    return drawn(
        "delta",
        "Distance of the loss from the law, by compute and tokens per parameter.",
        "Distance of the loss from the law, in per cent of the reducible loss; hatched where it "
        "may be nothing.",
        lambda ax: plots.delta(fit, ax=ax, prob=prob),
    )


def backtest(subject: Subject) -> Section:
    """Forecasts of the larger runs of the sweep from its smaller ones."""
    blocks = finding_of(subject, "backtest", _backtested, missing("A backtest", FULL))
    return Section("backtest", "Backtest", tuple(blocks))


def _backtested(check: CheckResult) -> list[Block]:
    caption = (
        "Forecasts of held-out larger runs, on the log scale for losses: share inside each "
        "interval, bias, width, scores. A higher log score and a lower CRPS are better."
    )
    written = check.table.copy()
    for name in [one for one in map(str, written) if one.startswith("coverage_")]:
        written[name] = written[name].map(per_cent)
    blocks: list[Block] = [tabulated(caption, written)]
    if "folds" in check.table.attrs:
        folds = check.table.attrs["folds"].drop(columns="seconds", errors="ignore")
        blocks.append(tabulated("Cut-offs.", folds, folded=True))
    return blocks


def alternatives(subject: Subject) -> Section:
    """Other models of the same runs: those that are mixed, and those that were compared."""
    blocks: list[Block] = [weights(subject), *_apart(subject)] if subject.mixed else []
    notes = list(subject.weighing)
    if subject.comparison is None:
        blocks.append(missing("A comparison with other models", "bs.compare"))
    else:
        table = subject.comparison.table()
        blocks.append(tabulated("Models of the same runs, compared.", table))
        notes += table.attrs.get("notes", ())
    if notes:
        blocks.append(Listing(tuple(dict.fromkeys(notes))))
    return Section("alternatives", "Other models", tuple(blocks))


def _apart(subject: Subject) -> list[Block]:
    """Forecast of each fit of an average by itself."""
    asked = subject.forecast
    if asked is None:
        return []
    at, labels = asked.points, written_table(asked, subject.prob)
    quantities = [of_response(name, subject.fit.runs.response) for name in Forecast.shown]
    tables = []
    for part in subject.described:
        alone = forecast(part.fit, at=at, new_levels=asked.new_levels)
        found = written_table(alone, subject.prob)[quantities]
        table = labels.drop(columns=quantities).join(found)
        table.insert(0, "fit", part.name)
        tables.append(table)
    caption = f"The forecast by each fit alone: median and {interval_words(subject.prob)}."
    return [tabulated(caption, pd.concat(tables))]

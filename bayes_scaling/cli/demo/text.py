"""Texts and tables of the demo: those of a fit, each beside the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from bayes_scaling.cli.demo.truth import (
    BUDGET,
    CORPORA,
    NOISE,
    PARAMS,
    PUBLISHED,
    TOKENS,
    true_loss,
    true_optimum,
    true_parameters,
)
from bayes_scaling.decisions.allocation import Allocation
from bayes_scaling.display.terminal import by_quantity, interval_title, table_text, wrapped
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.runs import Runs
from bayes_scaling.units import compute, format_count, format_flops


def introduction(runs: Runs) -> str:
    """Say that the runs are simulated, and from what truth."""
    published = ", ".join(f"{name} = {value:g}" for name, value in PUBLISHED.items())
    counts = ", ".join(f"{len(runs.where(corpus=name))} on {name!r}" for name in CORPORA)
    factors = "; ".join(
        f"{corpus!r}: " + ", ".join(f"{name} x {factor:g}" for name, factor in differs.items())
        for corpus, differs in CORPORA.items()
        if differs
    )
    flops = runs.values("flops")
    paragraphs = [
        f"A simulated sweep, so that the truth is known: {len(runs)} runs ({counts}) on isoFLOP "
        f"curves from {format_flops(flops.min())} to {format_flops(flops.max())} FLOP.",
        f"Truth: loss = E + A/N^alpha + B/D^beta with the constants that Besiroglu et al. (2024) "
        f"fitted to the runs of Hoffmann et al. (2022), {published}. They hold on 'web'; they "
        f"differ on {factors}. Student-t scatter on log loss, scale {NOISE['noise_sd']:g}, "
        f"{NOISE['noise_df']:g} degrees of freedom.",
        "Model: the Chinchilla law; E, A and B differ by corpus and are partially pooled.",
    ]
    return "\n".join(wrapped(paragraph) for paragraph in paragraphs)


def results_text(
    fit: ScalingFit, forecast: Forecast, plan: Allocation, prob: float | None = None
) -> str:
    """Print posterior, forecast and allocation beside the truth.

    Parameters
    ----------
    fit, forecast, plan : ScalingFit, Forecast, Allocation
        Of the demo's model and questions.
    prob : float, optional
        Probability of the intervals, 0.9 if not given.
    """
    largest = fit.runs.values("flops").max()
    asked = float(compute(PARAMS, TOKENS))
    tables = {
        "Posterior against truth": posterior_table(fit, prob),
        f"Forecast at {format_count(PARAMS)} parameters and {format_count(TOKENS)} tokens "
        f"({asked / largest:.0f} times the largest run)": forecast_table(forecast, prob),
        f"Allocation of {format_flops(BUDGET)} FLOP": allocation_table(plan, prob),
    }
    blocks = [
        f"{wrapped(interval_title(title, table))}\n\n{table_text(table)}"
        for title, table in tables.items()
    ]
    notes = [wrapped(f"note: {note}") for note in fit.notes]
    return "\n\n".join([*blocks, coverage_text(list(tables.values())), *notes])


def coverage_text(tables: Sequence[pd.DataFrame]) -> str:
    """Say how many intervals hold the truth, and how many should."""
    known = pd.concat([table["inside"] for table in tables])
    known = known[known != ""]
    prob = tables[0].attrs["ci_prob"]
    return wrapped(
        f"{(known == 'yes').sum()} of {len(known)} intervals hold the truth. Over many simulated "
        f"sweeps about {100 * prob:.3g} % should; within one they miss together, since they come "
        "from the same draws."
    )


def posterior_table(fit: ScalingFit, prob: float | None = None) -> pd.DataFrame:
    """Tabulate the parameters beside the truth: columns truth, median, lower, upper, inside."""
    table = fit.summary(prob).rename_axis("parameter")
    truths = true_parameters()
    return _beside_truth(table.loc[list(truths)], truths)


def forecast_table(forecast: Forecast, prob: float | None = None) -> pd.DataFrame:
    """Tabulate the forecast by corpus; a new run scatters, so its loss has no true value."""
    return _by_corpus(
        by_quantity(forecast.table(prob)),
        {corpus: {"expected_loss": true_loss(corpus, PARAMS, TOKENS)} for corpus in CORPORA},
    )


def allocation_table(plan: Allocation, prob: float | None = None) -> pd.DataFrame:
    """Tabulate the optimum and its growth with compute, by corpus."""
    both = plan.table(prob).join(plan.growth(prob).drop(columns="diagnosis", level=0))
    both.attrs = plan.table(prob).attrs
    return _by_corpus(
        by_quantity(both), {corpus: true_optimum(corpus, BUDGET) for corpus in CORPORA}
    )


def written_text(folder: Path, names: Sequence[str]) -> str:
    """Say what was written, and what to try next."""
    saved = folder / "fit.nc"
    return "\n".join(
        [
            wrapped(f"Written to {folder}: {', '.join(names)}."),
            "Ask the saved fit for more, or fit the runs in your own way:",
            f"  bayes-scaling forecast {saved} --params 7B --tokens 2T",
            f"  bayes-scaling allocate {saved} --flops 1e24 --flops 1e25",
            f"  bayes-scaling fit {folder / 'runs.csv'} --vary E:corpus --vary B:corpus",
        ]
    )


def _by_corpus(table: pd.DataFrame, truths: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    others = [name for name in table.index.names if name not in ("corpus", "quantity")]
    flat = {
        (corpus, quantity): value
        for corpus, quantities in truths.items()
        for quantity, value in quantities.items()
    }
    attrs = table.attrs
    table = table.droplevel(others)
    table.attrs = attrs
    return _beside_truth(table, flat)


def _beside_truth[Key](table: pd.DataFrame, truths: Mapping[Key, float]) -> pd.DataFrame:
    truth = pd.Series([truths.get(key, float("nan")) for key in table.index], table.index)
    inside = truth.between(table["lower"], table["upper"]).map({True: "yes", False: "no"})
    beside = pd.DataFrame(
        {
            "truth": truth,
            **{name: table[name] for name in ("median", "lower", "upper")},
            "inside": inside.where(truth.notna(), ""),
        }
    )
    beside.attrs = dict(table.attrs)
    return beside

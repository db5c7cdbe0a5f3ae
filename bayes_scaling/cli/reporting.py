"""``bayes-scaling report``: a document for other people, from a saved fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bayes_scaling.cli import options
from bayes_scaling.errors import BayesScalingError

if TYPE_CHECKING:
    from bayes_scaling.decisions.allocation import Allocation
    from bayes_scaling.fitting.scaling_fit import ScalingFit
    from bayes_scaling.forecasting.forecasts import Forecast
    from bayes_scaling.trust import TrustReport


# No `type` alias, which Typer 0.19 does not read.
Level = Literal["quick", "full", "none"]
"""Thoroughness of the checks of the forecast."""


def report(  # noqa: PLR0913 - one parameter for each option
    saved: options.Saved,
    path: Annotated[
        Path, typer.Option("--output", "-o", help="File to write: .html, .md or .tex.")
    ] = Path("report.html"),
    params: options.Params = None,
    tokens: options.Tokens = None,
    flops: Annotated[
        list[float] | None,
        options.count_option(
            "--flops", "Compute instead of one of them, or alone to be split. Repeatable."
        ),
    ] = None,
    question: Annotated[str | None, typer.Option(help="The question, in your words.")] = None,
    fact: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=TEXT", help="A field of the checklists. Repeatable."),
    ] = None,
    level: Annotated[Level, typer.Option(help="How thoroughly the forecast is checked.")] = "quick",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file even if it is not a report.")
    ] = False,
    prob: options.Prob = None,
    no_progress: options.NoProgress = False,
) -> None:
    """Write a report: the answer with its verdict, what would change it, and the evidence.

    Two of --params, --tokens and --flops are a run to forecast; --flops alone is a budget to
    split, and the run that it is best spent on is forecast. An HTML report lets its reader set
    other runs. A report that is in the way is replaced, any other file is not.
    """
    facts = options.facts(fact or [])
    if question is not None:
        facts["question"] = question
    with options.loading(not no_progress):
        from bayes_scaling.fitting.scaling_fit import load_fit
        from bayes_scaling.reporting.building import checked_path, report
        from bayes_scaling.reporting.sections.checklist import check_facts
    checked_path(path)
    check_facts(facts)
    _check_free(path, overwrite)
    fitted = load_fit(saved)
    forecast, allocation = _asked(fitted, params, tokens, flops)
    trust = _assessed(forecast, level, not no_progress)
    written = report(
        fitted, path, forecast=forecast, allocation=allocation, trust=trust, facts=facts, prob=prob
    )
    typer.echo(f"Written to {written}")


def _check_free(path: Path, overwrite: bool) -> None:
    """Refuse to replace a file that is no report, or figures of no report."""
    from bayes_scaling.reporting.rendering import FIGURES, figure_folder, is_report

    if overwrite or is_report(path):
        return
    if path.exists():
        raise BayesScalingError(
            f"--output {str(path)!r} exists and is not a report of bayes_scaling. Writing would "
            "destroy it. Give another file, or add --overwrite."
        )
    kind = FIGURES.get(path.suffix.lower())
    if kind and any(figure_folder(path).glob(f"*.{kind}")):
        raise BayesScalingError(
            f"--output {str(path)!r} would have its figures in {str(figure_folder(path))!r}, which "
            "holds other figures. They might be lost. Give another file, or add --overwrite."
        )


def _asked(
    fitted: ScalingFit,
    sizes: list[float] | None,
    lengths: list[float] | None,
    budgets: list[float] | None,
) -> tuple[Forecast | None, Allocation | None]:
    """The forecast, and the allocation of its compute where the law splits compute."""
    import numpy as np

    from bayes_scaling.decisions.allocation import allocate
    from bayes_scaling.decisions.costs import SixND
    from bayes_scaling.errors import ModelError
    from bayes_scaling.forecasting.forecasts import forecast as ask
    from bayes_scaling.units import compute

    if not (sizes or lengths or budgets):
        return None, None
    if budgets and not (sizes or lengths) and set(fitted.model.law.inputs) != {"flops"}:
        allocation = allocate(fitted, budgets)
        # Medians of params and of tokens would not spend the budget; what is left are the tokens.
        best = allocation.draws["params"].median(("chain", "draw"), skipna=True).to_dataframe()
        best = best.reset_index("flops") if "flops" in best.index.names else best
        tokens = SixND().tokens(best["params"], best["flops"])
        return ask(fitted, at=best.drop(columns="flops").assign(tokens=tokens)), allocation
    forecast = ask(fitted, sizes, lengths, budgets)
    if fitted.runs.response != "loss":
        return forecast, None
    try:
        asked = forecast.points
        return forecast, allocate(fitted, np.unique(compute(asked["params"], asked["tokens"])))
    except (ModelError, KeyError):
        return forecast, None


def _assessed(forecast: Forecast | None, level: Level, progress: bool) -> TrustReport | None:
    from bayes_scaling.trust import assess

    if forecast is None or level == "none":
        return None
    return assess(forecast.fit, forecast, level=level, progress=progress)

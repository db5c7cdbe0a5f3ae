"""``bayes-scaling assess``: whether a forecast should be believed, and why."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayes_scaling.cli import options, output
from bayes_scaling.cli.points import read_points
from bayes_scaling.errors import BayesScalingError

if TYPE_CHECKING:
    from bayes_scaling.trust import TrustReport


class Level(StrEnum):
    """Which checks are run."""

    QUICK = "quick"
    FULL = "full"


def assess(
    saved: Annotated[Path, typer.Argument(metavar="FIT", help="File made by 'fit'.")],
    params: options.Params = None,
    tokens: options.Tokens = None,
    flops: options.Flops = None,
    at: options.At = None,
    level: Annotated[Level, typer.Option(help="Checks that need no refit, or all.")] = Level.QUICK,
    json: options.AsJson = False,
    no_progress: options.NoProgress = False,
) -> None:
    """Judge whether the forecast of a run should be believed: trust, caution or do not trust.

    Give two of --params, --tokens and --flops (C = 6ND gives the third), or a table.
    """
    sizes = options.counts("--params", params)
    lengths = options.counts("--tokens", tokens)
    budgets = options.counts("--flops", flops)
    if at is None and not (sizes or lengths or budgets):
        raise BayesScalingError(
            "assess: no run is given, and without one there is no forecast to judge. Give two of "
            "--params, --tokens and --flops, such as --params 70B --tokens 1.4T, or --at TABLE.csv."
        )
    table = None if at is None else read_points(at)
    with options.loading(not no_progress):
        from bayes_scaling.fitting import load_fit
        from bayes_scaling.forecasting import forecast
        from bayes_scaling.trust import assess as judge
    made = forecast(load_fit(saved), sizes, lengths, budgets, at=table)
    _print(judge(made.fit, made, level=level.value, progress=not no_progress), json)
    if not json:
        output.print_notes(made.notes)


def _print(report: TrustReport, json: bool) -> None:
    from bayes_scaling._printing import sentence
    from bayes_scaling.trust.report import MEANING

    if json:
        output.print_json(
            {
                "verdict": report.verdict,
                "level": report.level,
                "trusted_to": report.trusted_to,
                "along": report.along,
                "largest": report.largest,
                "checks": output.records(report.table()),
                "targets": output.records(report.targets),
                "ladder": output.records(report.ladder),
            }
        )
        return
    typer.echo(f"{report.verdict}: {MEANING[report.verdict]} (level {report.level})\n")
    for check in report.checks:
        typer.echo(sentence(f"{check.verdict:<13}{check.check:<12}{check.headline}"))
    typer.echo(f"\n{sentence(report.reach)}")
    rungs = ", ".join(f"{reach} {row.verdict}" for reach, row in report.ladder.iterrows())
    typer.echo(sentence(f"Beyond the largest run: {rungs}"))

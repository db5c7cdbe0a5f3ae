"""``bayes-scaling assess``: the verdict on a forecast, with its reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bayes_scaling.cli import options, output
from bayes_scaling.cli.points import points_given

if TYPE_CHECKING:
    from bayes_scaling.trust import TrustReport


def assess(
    saved: options.Saved,
    params: options.Params = None,
    tokens: options.Tokens = None,
    flops: options.Flops = None,
    at: options.At = None,
    level: Annotated[
        Literal["quick", "full"], typer.Option(help="Checks that need no refit, or all.")
    ] = "quick",
    json: options.AsJson = False,
    no_progress: options.NoProgress = False,
) -> None:
    """Judge whether the forecast of a run should be believed: trust, caution or do not trust.

    Give two of --params, --tokens and --flops (C = 6ND gives the third), or a table.
    """
    at_points = points_given("assess", params or tokens or flops, at)
    with options.loading(not no_progress):
        from bayes_scaling.fitting.scaling_fit import load_fit
        from bayes_scaling.forecasting.forecasts import forecast
        from bayes_scaling.trust import assess as judge
    made = forecast(load_fit(saved), params, tokens, flops, at=at_points)
    _print(judge(made.fit, made, level=level, progress=not no_progress), json)
    if not json:
        output.print_notes(made.notes)


def _print(report: TrustReport, json: bool) -> None:
    from bayes_scaling.display.terminal import wrapped
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
        typer.echo(wrapped(f"{check.verdict:<13}{check.check:<12}{check.headline}"))
    typer.echo(f"\n{wrapped(report.reach)}")
    rungs = ", ".join(f"{reach} {row.verdict}" for reach, row in report.ladder.iterrows())
    typer.echo(wrapped(f"Beyond the largest run: {rungs}"))

"""``bayes-scaling score``: sealed forecasts against the runs that were made since."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bayes_scaling.cli import options, output


def score(
    sealed: Annotated[
        Path, typer.Argument(help="File made by 'forecast --seal', or a folder of them.")
    ],
    losses: Annotated[
        list[str],
        typer.Argument(help="Loss of each run of a file, or NAME=LOSS,… for files of a folder."),
    ],
    prob: options.Prob = None,
    json: options.AsJson = False,
) -> None:
    """Score sealed forecasts: where runs fell, coverage, and the interval score.

    A file that was changed since it was sealed is refused. 'nan' stands for a run not made yet.
    """
    from bayes_scaling.validation.track_record import score as ask

    record = ask(sealed, _observed(losses))
    table = record.table(prob).dropna(subset="observed").astype({"inside": bool})
    summary = record.summary(prob)
    if json:
        content: output.Record = {
            "ci_prob": float(table.attrs["ci_prob"]),
            "runs": output.records(table),
            "summary": dict(summary),
            "notes": list(record.notes),
        }
        output.print_json(content)
        return
    output.print_table("Runs in their forecasts", table.drop(columns="sealed_at"))
    output.print_table("Track record", summary.rename("value").rename_axis("score").to_frame())
    output.print_notes(record.notes)


def _observed(losses: list[str]) -> list[float] | dict[str, list[float]]:
    if not all("=" in part for part in losses):
        return [_number(part) for part in losses]
    pairs = [part.split("=", 1) for part in losses]
    return {name: [_number(one) for one in given.split(",")] for name, given in pairs}


def _number(text: str) -> float:
    return options.loss(
        text,
        f"{text!r} is no loss, so there is nothing to score. Write 1.97 for each run of a file, or "
        "name=1.97 for the files of a folder.",
    )

"""``bayes-scaling forecast``: the loss of runs that were not trained."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bayes_scaling.cli import options, output
from bayes_scaling.cli.points import points_given
from bayes_scaling.errors import BayesScalingError

if TYPE_CHECKING:
    from bayes_scaling.forecasting.forecasts import Forecast


def forecast(  # noqa: PLR0913 - one parameter for each option
    saved: options.Saved,
    params: options.Params = None,
    tokens: options.Tokens = None,
    flops: options.Flops = None,
    at: options.At = None,
    new_levels: Annotated[
        Literal["error", "draw", "typical"],
        typer.Option(help="What a level gets that was not fitted."),
    ] = "error",
    below: Annotated[
        float | None, typer.Option(help="Also print the probability of a loss below this.")
    ] = None,
    seal: Annotated[
        Path | None, typer.Option(help="Also write the forecast here, dated, to be scored later.")
    ] = None,
    prob: options.Prob = None,
    json: options.AsJson = False,
) -> None:
    """Forecast the loss of runs not yet made.

    Beyond the largest run the loss may fall faster or slower than the law says, by a factor learned
    from public sweeps. Give two of --params, --tokens and --flops (C = 6ND gives the third), or a
    table. A pooled fit answers for each of its groups.
    """
    _check_below(below)
    at_points = points_given("forecast", params or tokens or flops, at)
    from bayes_scaling.fitting.scaling_fit import load_fit
    from bayes_scaling.forecasting.forecasts import forecast as ask

    made = ask(load_fit(saved), params, tokens, flops, at=at_points, new_levels=new_levels)
    if seal is not None:
        made.seal(seal)
    _print(made, below, prob, json)


def _check_below(below: float | None) -> None:
    if below is not None and not math.isfinite(below):
        raise BayesScalingError(
            f"--below {below:g}: every loss is on one side of it, or none, so there is no "
            "probability. Give a loss such as --below 1.95."
        )


def _print(made: Forecast, below: float | None, prob: float | None, json: bool) -> None:
    from bayes_scaling.display.terminal import by_quantity, wrapped
    from bayes_scaling.display.wording import of_response, one_of

    table = made.table(prob)
    chances = None if below is None else made.probability_below(below)
    if json:
        rows = output.records(table)
        if chances is not None:
            named = ("target", "expected_loss", "loss")
            for row, chance in zip(rows, output.records(chances), strict=True):
                row["probability_below"] = {name: chance[name] for name in named}
        output.print_json({**output.licence(made.fit, table, made.notes), "forecast": rows})
        return
    output.print_table("Forecast", by_quantity(made.readable(prob)))
    if extrapolated := _extrapolated(made, prob):
        typer.echo(f"{wrapped(extrapolated)}\n")
    if chances is not None:
        response = made.fit.runs.response
        chances = chances.drop(columns="diagnosis").rename(
            columns=lambda name: of_response(name, response)
        )
        output.print_table(f"Probability of {one_of(response)} below the target", chances)
    output.print_notes(made.notes)


def _extrapolated(made: Forecast, prob: float | None) -> str:
    """Sentence on how far the points lie beyond the runs, and what that costs in width."""
    from bayes_scaling.display.wording import axis_words, per_cent, times
    from bayes_scaling.fitting.average import leading
    from bayes_scaling.model.axes import main_axis

    share, farthest = made.miss_share(prob), made.times_largest_run().max()
    if not share.max() > 0:
        return ""
    far = times(farthest) if len(share) == 1 else f"up to {times(farthest)}"
    span = (
        f"{per_cent(share.min())} to {per_cent(share.max())}"
        if len(share) > 1
        else per_cent(share.max())
    )
    model = leading(made.fit).model
    size, of_level = axis_words(main_axis(model.law)), " of its level" if model.factors else ""
    return (
        f"At {far} the {size} of the largest run{of_level}, {span} of the width of a new "
        "run's interval comes from extrapolation: losses of public sweeps fell faster or slower "
        "than laws said beyond the runs."
    )

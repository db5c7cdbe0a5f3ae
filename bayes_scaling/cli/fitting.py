"""``bayes-scaling fit``: from a table of runs to a saved posterior."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Unpack

import typer

from bayes_scaling.cli import options, output
from bayes_scaling.cli.target import fit_path, saved_fit
from bayes_scaling.errors import BayesScalingError

if TYPE_CHECKING:
    from bayes_scaling.fitting.scaling_fit import ScalingFit
    from bayes_scaling.laws import Law
    from bayes_scaling.model.scaling_model import ScalingModel
    from bayes_scaling.runs import Runs
    from bayes_scaling.runs.sources.choices import ColumnChoices

# No `type` aliases, which Typer 0.19 does not read.
Response = Literal["loss", "accuracy", "metric"]
Scatter = Literal["student-t", "normal", "one-sided"]


def fit(  # noqa: PLR0913 - one parameter for each option
    table: Annotated[
        Path, typer.Argument(metavar="RUNS", help="Table of runs: CSV, TSV, JSON, Parquet, Excel.")
    ],
    law: Annotated[
        str,
        typer.Option(
            metavar="LAW[:INPUT]",
            help="Scaling law, see 'bayes-scaling laws'; one of one input as PowerLaw:tokens.",
        ),
    ] = "chinchilla",
    params: Annotated[str | None, typer.Option(help="Column of model sizes.")] = None,
    tokens: Annotated[str | None, typer.Option(help="Column of training tokens.")] = None,
    loss: Annotated[str | None, typer.Option(help="Column of losses.")] = None,
    flops: Annotated[str | None, typer.Option(help="Column of training compute, in FLOP.")] = None,
    no_flops: Annotated[
        bool, typer.Option("--no-flops", help="Take 6 x params x tokens, not a compute column.")
    ] = False,
    flops_factor: Annotated[
        float, typer.Option(help="How far 6 x params x tokens may be from the compute column.")
    ] = 2.0,
    further: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="[NAME=]COLUMN",
            help="Further numeric column, where a law reads it. Repeatable.",
        ),
    ] = None,
    factor: Annotated[
        list[str] | None, typer.Option(metavar="[NAME=]COLUMN", help="Grouping column. Repeatable.")
    ] = None,
    run: Annotated[str | None, typer.Option(help="Column of run names.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=VALUE", help="Keep only such runs. Repeatable."),
    ] = None,
    response: Annotated[Response, typer.Option(help="What the column of losses holds.")] = "loss",
    curves: Annotated[
        Path | None,
        typer.Option(
            help="Training curves that the losses are taken from, a chart of W&B, or RUNS itself."
        ),
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(help="Keep runs that ended so, such as finished; any keeps all. Repeatable."),
    ] = None,
    missing: Annotated[
        Literal["error", "drop"], typer.Option(help="Rows with missing values.")
    ] = "error",
    vary: Annotated[
        list[str] | None,
        typer.Option(metavar="PARAMETER:FACTOR", help="Pool it over the factor. Repeatable."),
    ] = None,
    prior: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=LOW:HIGH[:paper]",
            help="90 % range of a prior, on the reference scale or in paper units. Repeatable.",
        ),
    ] = None,
    noise: Annotated[
        Scatter | None,
        typer.Option(
            help="Scatter of log loss, or of another response itself, which is never one-sided.",
            show_default="student-t; normal on the logit of accuracies",
        ),
    ] = None,
    draws: Annotated[
        int | None, typer.Option(help="Draws kept of each chain; as many as it takes if not given.")
    ] = None,
    tune: Annotated[
        int | None,
        typer.Option(help="Warm-up draws of each chain; as many as typical if not given."),
    ] = None,
    chains: Annotated[int, typer.Option(help="Independent chains.")] = 4,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the sampler.")] = None,
    saved: Annotated[
        Path | None, typer.Option("--output", "-o", help="File of the fit.  [default: RUNS.fit.nc]")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file even if it is not a fit.")
    ] = False,
    prob: options.Prob = None,
    json: options.AsJson = False,
    no_progress: options.NoProgress = False,
) -> None:
    """Fit a scaling law to a table of runs, and save it.

    Columns with the usual names (N, params, D, tokens, C, flops, loss ...) are found by
    themselves, and a unit in a name holds: "params (B)", tokens_T. A fit that is in the way is
    replaced, any other file is not.
    """
    with options.loading(not no_progress):
        from bayes_scaling.fitting.rounds import planned
        from bayes_scaling.fitting.scaling_fit import fit as sample
    options.reporting_mistakes(partial(planned, draws, tune, chains, seed))
    model = _model(law, vary or [], prior or [], noise, response)
    runs = read_table(
        table,
        curves,
        params=params,
        tokens=tokens,
        loss=loss,
        flops=False if no_flops else flops,
        inputs=options.columns("--input", further, _columns_read(model.law)),
        factors=options.columns("--factor", factor, model.factors),
        run=run,
        response=response,
        missing=missing,
        flops_factor=flops_factor,
        states="any" if state == ["any"] else state,
    )
    runs = runs.where(**options.conditions(runs, where or []))
    model = replace(model, law=_of_only_input(model.law, runs, told=":" in law))
    path, shown = fit_path(table, saved, overwrite=overwrite), not no_progress
    made = sample(model, runs, draws=draws, tune=tune, chains=chains, seed=seed, progress=shown)
    _print(made, saved_fit(made, path), prob, json)


def read_table(table: Path, curves: Path | None, **choices: Unpack[ColumnChoices]) -> Runs:
    """Read the table of runs, with losses of their curves where these are given."""
    from bayes_scaling.runs import Runs, is_wandb_chart, read_runs

    if curves is not None and table.is_file() and curves.is_file() and curves.samefile(table):
        return Runs.from_curves(curves, **choices)
    if curves is None and not (table.is_file() and is_wandb_chart(table)):
        return read_runs(table, **choices)
    if curves is None or is_wandb_chart(curves):
        return Runs.from_wandb_export(table, history=curves, **choices)
    return Runs.from_curves(curves, runs=table, **choices)


def _model(
    law: str, vary: list[str], prior: list[str], noise: Scatter | None, response: Response = "loss"
) -> ScalingModel:
    from bayes_scaling import noise as noises
    from bayes_scaling.model.scaling_model import ScalingModel

    of_loss = response == "loss"
    scatter = {
        None: {"loss": noises.LogStudentT, "accuracy": noises.LogitNormal}.get(
            response, noises.StudentT
        ),
        "student-t": noises.LogStudentT if of_loss else noises.StudentT,
        "normal": noises.LogNormal if of_loss else noises.Normal,
        "one-sided": noises.LogExGaussian,
    }[noise]
    return ScalingModel(_law(law), options.vary_terms(vary), options.priors(prior), scatter())


def _law(text: str) -> Law:
    """Read a law such as ``Chinchilla`` or, of one column that is named, ``PowerLaw:tokens``."""
    from bayes_scaling.laws import as_law
    from bayes_scaling.laws.one_input_law import OneInputLaw

    name, told, column = text.partition(":")
    law = as_law(name)
    if not told:
        return law
    if not isinstance(law, OneInputLaw):
        raise BayesScalingError(
            f"--law {text}: {law.name} reads {', '.join(law.inputs)}, and only laws of one input "
            f"are told it. Write --law {name}, and name columns by --params, --tokens or --input."
        )
    return replace(law, input=column)


def _of_only_input(law: Law, runs: Runs, *, told: bool) -> Law:
    """The law, of the only input of the runs if it is one of one input that was not told it."""
    from bayes_scaling.laws.one_input_law import OneInputLaw

    if isinstance(law, OneInputLaw) and not told and len(runs.inputs) == 1:
        return replace(law, input=runs.inputs[0])
    return law


def _columns_read(law: Law) -> list[str]:
    """Columns that the law reads, beyond those that every table of runs has."""
    from bayes_scaling.model.inputs import RATIOS
    from bayes_scaling.runs.columns import STANDARD_INPUTS

    parts = [part for name in law.inputs for part in RATIOS.get(name, (name,))]
    return [name for name in dict.fromkeys(parts) if name not in STANDARD_INPUTS]


def _print(fitted: ScalingFit, path: Path, prob: float | None, json: bool) -> None:
    summary = fitted.summary(prob).rename_axis("parameter")
    if json:
        content = output.licence(fitted, summary, fitted.notes)
        content |= {"fit": str(path), "runs": len(fitted.runs)}
        output.print_json({**content, "parameters": output.records(summary)})
        return
    title = f"{fitted.model.law.name} fitted to {len(fitted.runs)} runs"
    output.print_table(title, summary.drop(columns="diagnosis"))
    typer.echo(f"{fitted.runs.overview.columns}\n")  # the notes follow in full
    output.print_notes(fitted.notes)
    typer.echo(f"Saved to {path}", err=True)

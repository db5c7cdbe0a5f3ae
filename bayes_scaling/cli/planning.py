"""``bayes-scaling next``: the affordable runs that teach most about one quantity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayes_scaling.cli import options, output
from bayes_scaling.cli.points import read_points
from bayes_scaling.errors import BayesScalingError

if TYPE_CHECKING:
    from bayes_scaling.decisions.next_runs.choosing import NextRuns
    from bayes_scaling.decisions.next_runs.goals import Goal
    from bayes_scaling.fitting.scaling_fit import ScalingFit


def plan_runs(  # noqa: PLR0913 - one parameter for each option
    saved: options.Saved,
    candidates: Annotated[
        Path, typer.Option(help="CSV of possible runs: inputs, factors, 'cost' (else 6ND FLOP).")
    ],
    budget: Annotated[
        float, options.count_option("--budget", "What all runs may cost, such as 1e21.")
    ],
    params: Annotated[
        float | None, options.count_option("--goal-params", "Parameters of the run that matters.")
    ] = None,
    tokens: Annotated[
        float | None, options.count_option("--goal-tokens", "Training tokens of that run.")
    ] = None,
    flops: Annotated[
        float | None, options.count_option("--goal-flops", "Its compute, instead of one of them.")
    ] = None,
    optimum: Annotated[
        float | None,
        options.count_option("--goal-optimum", "Instead: optimal parameters at this compute."),
    ] = None,
    parameter: Annotated[
        str | None, typer.Option("--goal-parameter", help="Instead: a parameter, such as a.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--goal-at", metavar="COLUMN=VALUE", help="Group or input of the goal. Repeatable."
        ),
    ] = None,
    most: Annotated[int | None, typer.Option(min=1, help="Largest number of runs.")] = None,
    prob: options.Prob = None,
    json: options.AsJson = False,
) -> None:
    """Choose the runs to make next.

    Of the runs that the budget affords, takes those that most reduce the uncertainty of the goal:
    the loss of a large run, the optimal size at a budget, or a parameter. Prints the interval
    that the goal is expected to have after each.
    """
    table = read_points(candidates, "--candidates", "the runs that could be made")
    run = {"params": params, "tokens": tokens, "flops": flops}
    sizes = {name: value for name, value in run.items() if value is not None}
    _check_goal(sizes, optimum, parameter)
    what = "a column and a value"
    texts = dict(options.split("--goal-at", one, "=", "corpus=web", what) for one in where or [])
    from bayes_scaling.decisions.next_runs.choosing import next_runs
    from bayes_scaling.decisions.next_runs.goals import Goal
    from bayes_scaling.fitting.scaling_fit import load_fit

    fit = load_fit(saved)
    at = _numbers_or_levels(fit, texts)
    goal: Goal
    if optimum is not None:
        goal = Goal.optimum(optimum, at=at)
    elif parameter is not None:
        goal = Goal.parameter(parameter, at=at)
    else:
        goal = Goal.loss(**sizes, at=at)
    _print(next_runs(fit, table, budget, goal, most=most), prob, json)


def _numbers_or_levels(fit: ScalingFit, texts: dict[str, str]) -> dict[str, float | str]:
    """Values of inputs as numbers, ``25B`` among them, and of factors as they are."""
    found: dict[str, float | str] = dict(texts)
    for column in set(texts) - set(fit.model.factors):
        found[column] = options.count(f"--goal-at {column}", texts[column])
    return found


def _check_goal(run: dict[str, float], optimum: float | None, parameter: str | None) -> None:
    kinds = [kind for kind in (run or None, optimum, parameter) if kind is not None]
    if len(kinds) != 1:
        raise BayesScalingError(
            f"next: {len(kinds)} goals are given, and runs are chosen for one. Give two of "
            "--goal-params, --goal-tokens and --goal-flops, such as --goal-params 70B "
            "--goal-tokens 1.4T, or --goal-optimum 5.76e23, or --goal-parameter a."
        )


def _print(plan: NextRuns, prob: float | None, json: bool) -> None:
    from bayes_scaling.display.terminal import interval_note, wrapped

    table = plan.table(prob)
    if json:
        content = output.licence(plan.fit, table, plan.notes)
        content |= {"goal": repr(plan.goal), "budget": plan.budget, "cost": plan.cost}
        output.print_json({**content, "runs": output.records(table)})
        return
    typer.echo(f"{wrapped(plan.headline(prob))}\n")
    shown = plan.readable(prob).drop(columns="sd")
    shown.attrs.clear()
    output.print_table(f"Expected {interval_note(table)} after each run", shown)
    output.print_notes(plan.notes)

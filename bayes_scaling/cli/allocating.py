"""``bayes-scaling allocate``: the best split of compute between parameters and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bayes_scaling.cli import options, output
from bayes_scaling.cli.splitting import counts, fraction, pairs, values

if TYPE_CHECKING:
    from bayes_scaling.decisions.allocation import Allocation
    from bayes_scaling.decisions.near_optimality import Measure, NearOptimal
    from bayes_scaling.decisions.regretting import Regret
    from bayes_scaling.fitting.scaling_fit import ScalingFit

type Result = NearOptimal | Regret


def allocate(  # noqa: PLR0913 - one parameter for each option
    saved: options.Saved,
    flops: Annotated[
        list[float],
        options.count_option("--flops", "Compute budget in FLOP, such as 5.76e23. Repeatable."),
    ],
    max_params: Annotated[
        float | None, options.count_option("--max-params", "Largest model, such as 70B.")
    ] = None,
    max_tokens: Annotated[
        float | None, options.count_option("--max-tokens", "Most tokens, such as 15T.")
    ] = None,
    tokens_per_param: Annotated[
        float | None, typer.Option(help="Keep to this ratio instead of the best one.")
    ] = None,
    sizes: Annotated[
        str | None, typer.Option(help="Choose from these sizes, such as 1B,3B,7B.")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--input", help="Another input of the law, such as unique_tokens=25B. Repeatable."
        ),
    ] = None,
    within: Annotated[
        str | None, typer.Option(help="Also print the sizes within this of the least loss: 1%.")
    ] = None,
    waste: Annotated[
        str | None, typer.Option(help="Also print the sizes that waste at most this compute: 10%.")
    ] = None,
    plan: Annotated[
        list[str] | None,
        typer.Option(help="Also print the regret of a run, such as 40B:2.4T. Repeatable."),
    ] = None,
    rules: Annotated[
        bool, typer.Option("--rules", help="Also print the regret of published rules.")
    ] = False,
    prob: options.Prob = None,
    json: options.AsJson = False,
) -> None:
    """Split compute between parameters and tokens.

    The optimum is where the expected loss is least. Also prints how it grows: its exponents in
    compute, and its growth with ten times the compute. A pooled fit answers for each of its groups.
    """
    menu = () if sizes is None else counts("--sizes", sizes, ",")
    held, plans = values("--input", given or []), pairs("--plan", plan or [])
    near: dict[Measure, float | None] = {
        "loss": fraction("--within", within),
        "compute": fraction("--waste", waste),
    }
    from bayes_scaling.decisions.allocation import allocate
    from bayes_scaling.decisions.constraints import Constraints
    from bayes_scaling.decisions.near_optimality import near_optimal
    from bayes_scaling.fitting.scaling_fit import load_fit

    fit = load_fit(saved)
    bounds = {"max_params": max_params, "max_tokens": max_tokens}
    kept = Constraints(**bounds, tokens_per_param=tokens_per_param, sizes=menu)
    allocation = allocate(fit, flops, constraints=kept, inputs=held)
    further: dict[str, Result] = {
        f"near_optimal_in_{of}": near_optimal(
            fit, flops, share, of=of, constraints=kept, inputs=held
        )
        for of, share in near.items()
        if share is not None
    }
    if plans or rules:
        further["regret"] = _regret(fit, plans, flops if rules else [], held)
    _print(allocation, further, prob, json)


def _regret(
    fit: ScalingFit,
    plans: dict[str, tuple[float, float]],
    budgets: list[float],
    inputs: dict[str, float],
) -> Regret:
    """Regret of plans, and of what published rules do with budgets."""
    import pandas as pd

    from bayes_scaling.decisions.regretting import regret
    from bayes_scaling.decisions.rules import published_plans

    table = pd.DataFrame(list(plans.values()), list(plans), ["params", "tokens"])
    if budgets:
        table = pd.concat([table.astype(float), published_plans(budgets)])
    return regret(fit, table.rename_axis("plan"), inputs=inputs)


def _print(
    allocation: Allocation, further: dict[str, Result], prob: float | None, json: bool
) -> None:
    from bayes_scaling.display.terminal import by_quantity

    optimum, growth = allocation.table(prob), allocation.growth(prob)
    tables = {name: result.table(prob) for name, result in further.items()}
    results = (allocation, *further.values())
    notes = list(dict.fromkeys(note for result in results for note in result.notes))
    if "regret" in further and allocation.constraints.given:
        notes.append("Regrets are measured from the best split without these limits.")
    if json:
        content = output.licence(allocation.fit, optimum, notes)
        both = optimum.join(growth.drop(columns="diagnosis", level=0))
        named = {"allocation": both, **tables}
        content |= {name: output.records(table) for name, table in named.items()}
        output.print_json(content)
        return
    output.print_table("Allocation", by_quantity(optimum))
    if not allocation.constraints.given:
        exponents = by_quantity(growth[["params_exponent", "tokens_exponent"]])
        output.print_table("Exponents of the optimum in compute", exponents)
        beside = allocation.growth_beside_rules(prob)
        output.print_table("Growth of the optimum with ten times the budget", by_quantity(beside))
    for name, table in tables.items():
        output.print_table(further[name].title, by_quantity(table))
    output.print_notes(notes)

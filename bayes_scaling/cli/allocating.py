"""``bayes-scaling allocate``: the best split of compute between parameters and tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bayes_scaling.cli import options, output


def allocate(
    saved: Annotated[Path, typer.Argument(metavar="FIT", help="File made by 'fit'.")],
    flops: Annotated[
        list[str], typer.Option(help="Compute budget in FLOP, such as 5.76e23. Repeatable.")
    ],
    prob: options.Prob = None,
    json: options.AsJson = False,
) -> None:
    """Split compute between parameters and tokens.

    The optimum is where the expected loss is least. Also prints how it grows: its exponents in
    compute, and its growth with ten times the compute. A pooled fit answers for each of its groups.
    """
    options.check_prob(prob)
    budgets = options.counts("--flops", flops)
    from bayes_scaling._printing import by_quantity
    from bayes_scaling.allocation import allocate as ask
    from bayes_scaling.fitting import load_fit

    plan = ask(load_fit(saved), budgets or [])
    optimum = plan.table(prob).drop(columns="diagnosis", level=0)
    growth = plan.growth(prob).drop(columns="diagnosis", level=0)
    if json:
        content = output.licence(plan.fit, optimum)
        output.print_json({**content, "allocation": output.records(optimum.join(growth))})
        return
    output.print_table("Allocation", by_quantity(optimum))
    output.print_table("Growth of the optimum with compute", by_quantity(growth))
    output.print_notes(plan.fit)

"""``bayes-scaling needed``: compute, tokens or parameters that reach a loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from bayes_scaling.cli import options, output
from bayes_scaling.cli.splitting import values
from bayes_scaling.errors import BayesScalingError

if TYPE_CHECKING:
    import pandas as pd

    from bayes_scaling.decisions.requirements import Needed
    from bayes_scaling.fitting.scaling_fit import ScalingFit


def needed(
    saved: options.Saved,
    loss: Annotated[
        list[float], options.loss_option("--loss", "Loss to reach, such as 1.95. Repeatable.")
    ],
    of: Annotated[
        str,
        typer.Option(help="What it takes: flops (least of any split), params, tokens, an input."),
    ] = "flops",
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--input", help="An input that is held, such as params=7B for --of tokens. Repeatable."
        ),
    ] = None,
    prob: options.Prob = None,
    json: options.AsJson = False,
) -> None:
    """Find the compute, tokens or parameters that reach a loss.

    Also prints the probability that no amount does, since the floor of the law is above the loss;
    the upper end of an interval is then infinite (null in JSON). A pooled fit answers for each of
    its groups.
    """
    held = values("--input", given or [])
    import pandas as pd

    from bayes_scaling.decisions.requirements import needed
    from bayes_scaling.fitting.scaling_fit import load_fit

    fit = load_fit(saved)
    _check_held(fit, of, held)
    at = pd.DataFrame([held]) if held else None
    _print(needed(fit, loss, of=of, at=at), prob, json)


def _check_held(fit: ScalingFit, of: str, held: Mapping[str, float]) -> None:
    """Refuse inputs that are missing, unknown, or solved for."""
    from bayes_scaling.laws.law import SPLIT

    inputs = fit.model.law.inputs
    wanted = [name for name in inputs if name != of]
    if fit.model.law.splits_compute:
        other = {"params": ["tokens"], "tokens": ["params"]}.get(of, [])
        wanted = [*other, *(name for name in inputs if name not in SPLIT)]
    if of in (*inputs, "flops") and set(held) != set(wanted):
        raise BayesScalingError(
            f"needed: --input gives {', '.join(held) or 'nothing'}, and the amount of {of} by "
            f"{fit.model.law.name} depends on {', '.join(wanted) or 'no other input'}. Give "
            f"{' '.join(f'--input {name}=7B' for name in wanted) or 'no --input'}."
        )


def _print(result: Needed, prob: float | None, json: bool) -> None:
    from bayes_scaling.display.terminal import by_quantity

    table = result.table(prob)
    if json:
        content = output.licence(result.fit, table, result.notes)
        output.print_json({**content, "of": result.of, "needed": output.records(table)})
        return
    output.print_table(f"Needed {result.of}", by_quantity(_labelled(table)))
    chances = _labelled(result.unreachable().to_frame())
    output.print_table("Probability that no amount suffices", chances)
    output.print_notes(result.notes)


def _labelled(table: pd.DataFrame) -> pd.DataFrame:
    """Table with its losses as text, which are not written like the quantity of their row."""
    import pandas as pd

    labels = table.index.to_frame(index=False)
    labels["loss"] = labels["loss"].map("{:.6g}".format)
    shown = table.set_axis(pd.MultiIndex.from_frame(labels), axis=0)
    shown.attrs = table.attrs
    return shown

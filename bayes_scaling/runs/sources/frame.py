"""Runs from a data frame; every other reader passes its arguments on."""

from collections.abc import Iterable, Mapping
from typing import Literal

import pandas as pd

from bayes_scaling.runs.cells import Response
from bayes_scaling.runs.columns import Choice, name_mapping
from bayes_scaling.runs.intake import Request, standard_parts
from bayes_scaling.runs.parts import Parts
from bayes_scaling.runs.states import States


def from_frame(  # noqa: PLR0913 - one argument for each part that a column can play
    frame: pd.DataFrame,
    *,
    params: Choice = None,
    tokens: Choice = None,
    loss: str | None = None,
    flops: Choice = None,
    inputs: Iterable[str] | Mapping[str, str] = (),
    factors: Iterable[str] | Mapping[str, str] = (),
    run: str | None = None,
    response: Response = "loss",
    missing: Literal["error", "drop"] = "error",
    flops_factor: float = 2.0,
    states: States = None,
) -> Parts:
    """Make runs from a data frame, which is not changed.

    Parameters
    ----------
    frame
        One row per training run: a frame of pandas, Polars or another library, or an Arrow
        table.
    params, tokens, flops
        The columns of model size, training tokens (counts) and training compute (FLOP).
        None looks for the usual names, whatever their case, spaces, dashes, slashes and
        underscores (`N`, `n_params`, `Model Size`; `D`, `train_tokens`; `C`, `Training FLOP`);
        False takes no column. If two of the three are found, the third follows from C = 6ND.
        Text is read as sizes are written: "7B", "1.4T", "7_000", "1,033,824", "1e21".
    loss
        The column of the loss; None looks for the usual names.
    inputs, factors
        Further numeric inputs and grouping columns: names, or a mapping of the name to have
        here to the column of the frame.
    run
        The column of run names. None takes `run`, `run_id`, `run_name` or `name` where it
        does not repeat, else the row labels.
    response
        What the loss column holds: "loss", "accuracy" or "metric".
    missing
        What to do with rows that lack a value in a column in use: "error" names them, "drop"
        leaves them out and keeps their count in `dropped`.
    flops_factor
        How far 6ND may be from the compute found, as a factor in either direction.
    states
        Runs in other states than these are left out, and a note names them. "any" takes all.
        None takes finished runs from tables of W&B and MLflow, and all runs from other tables
        with a column `state` or `status`, with a note on those that did not finish.

    Raises
    ------
    RunsError
        A column is missing or ambiguous, a cell is not what its column needs, or 6ND and the
        compute disagree.

    Examples
    --------
    >>> from bayes_scaling.runs import Runs
    >>> frame = pd.DataFrame({"size": [1e8, 1e9], "D": [2e9, 9e9], "loss": [3.5, 2.9]})
    >>> Runs.from_frame(frame, params="size").inputs
    ('params', 'tokens', 'flops')
    """
    request = Request(
        standard={"params": params, "tokens": tokens, "flops": flops, "loss": loss},
        inputs=name_mapping(inputs, "inputs"),
        factors=name_mapping(factors, "factors"),
        run=run,
        response=response,
        missing=missing,
        flops_factor=flops_factor,
        states=states,
    )
    return standard_parts(frame, request)

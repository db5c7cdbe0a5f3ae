"""From the user's data frame to a table with standard names; every other reader ends here.

Owns the steps in between: finding columns, leaving out rows on request, deriving the third of
params, tokens and flops, and comparing the three. What cells may hold is checked in `checks`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Literal

import pandas as pd

from bayes_scaling.display.wording import counted, listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs import notation
from bayes_scaling.runs.candidates import chosen_columns, other_counts
from bayes_scaling.runs.cells import Response, is_missing, says_failed
from bayes_scaling.runs.checks import (
    RESPONSES,
    check_choice,
    check_flops_agree,
    check_names,
    checked_index,
    label_of,
)
from bayes_scaling.runs.columns import (
    STANDARD_INPUTS,
    Choice,
    check_unique,
    name_mapping,
    rearrange,
)
from bayes_scaling.runs.conventions import check_is_loss, column_source
from bayes_scaling.runs.deriving import derive
from bayes_scaling.runs.frames import as_pandas
from bayes_scaling.runs.parts import Parts
from bayes_scaling.runs.run_names import repeated_names, run_names, run_urls
from bayes_scaling.runs.states import States, in_states, is_tracked, state_column


@dataclass(frozen=True)
class Request:
    """Arguments of `Runs.from_frame`, by name: the request of the user."""

    standard: Mapping[str, Choice]
    inputs: Mapping[str, str]
    factors: Mapping[str, str]
    run: str | None
    response: Response
    missing: str
    flops_factor: float
    states: States


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
        Text is read as sizes are written: "7B", "1.4T", "7_000", "1,033,824", "1e21", with a
        note also "70M params" and "2.63 ± 0.01"; and a unit in the name of a column holds
        (`params (B)`, `tokens_T`, `compute (PF-days)`).
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
        What to do with rows that lack a value in a column in use, or have a word such as
        "crashed" in place of a number: "error" names them, "drop" leaves them out and keeps
        their count in `dropped`.
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
    return _standard_parts(frame, request)


def _standard_parts(frame: object, request: Request) -> Parts:
    _check_request(request)
    source = _as_table(frame)
    further = {**request.inputs, **request.factors}
    claims, alike = chosen_columns(source, request.standard, further, request.response)
    source, table, remarks = _named_rows(source, claims, request)
    table, left_out = _without_missing(table, list(claims), request)
    renamed = {name: column for name, column in claims.items() if name != column}
    sources = {name: column_source(name, column) for name, column in renamed.items()}
    if request.response == "loss":
        check_is_loss(claims["loss"], label_of("loss", sources))
    table, inputs, derived, said = _checked_inputs(table, claims, request, sources)
    if not inputs:
        raise _nothing_to_learn_from(source, *alike)
    if request.standard["params"] is None and "params" in claims:
        said += other_counts(source, "params", claims["params"])
    return Parts(
        table,
        inputs=inputs,
        factors=tuple(request.factors),
        response=request.response,
        left_out=left_out,
        sources={**sources, **derived},
        remarks=(*alike, *remarks, *said),
        urls=run_urls(source),
    )


def _numeric(claims: Mapping[str, str], request: Request) -> list[str]:
    """Return the parts that hold numbers, the losses first."""
    return ["loss", *(name for name in claims if name not in ("loss", *request.factors))]


def _named_rows(
    source: pd.DataFrame, claims: Mapping[str, str], request: Request
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    """Return the source by the names of runs, its rows in the states wanted, and the remarks."""
    tracked = is_tracked(source)
    names, run_column = run_names(source, request.run, claims.values())
    repeated = () if run_column else repeated_names(source, claims.values())
    source = source.set_axis(checked_index(names, run_column), axis=0)
    state = state_column(source, tracked=tracked)
    taken, remarks = in_states(source, state, request.states, tracked=tracked)
    return source, rearrange(taken, claims, run_column), (*repeated, *remarks)


def _checked_inputs(
    table: pd.DataFrame, claims: Mapping[str, str], request: Request, sources: Mapping[str, str]
) -> tuple[pd.DataFrame, tuple[str, ...], dict[str, str], tuple[str, ...]]:
    """Convert the inputs of a table to numbers and add the one that follows from the others.

    Returns the table, their names, sources that are more than a column, and the remarks on them.
    """
    numeric = _numeric(claims, request)
    table, bare = notation.without_words(table, numeric)
    commas = [] if request.response == "metric" else numeric
    table, remarks = notation.without_decimal_commas(table, commas)
    remarks = (*bare, *remarks)
    if request.response == "accuracy":
        label = label_of("loss", sources)
        table["loss"], said = notation.as_fractions(table["loss"], claims["loss"], label)
        remarks += said
    found = [name for name in (*STANDARD_INPUTS, *request.inputs) if name in claims]
    told: dict[str, str] = {}
    for name in found:
        column = claims[name]
        label = label_of(name, sources)
        table[name], unit, said = notation.plain_counts(table[name], name, column, label)
        remarks += said
        if unit != 1:
            told[name] = column_source(name, column, unit)
    if {*STANDARD_INPUTS} <= {*found}:
        check_flops_agree(table, request.flops_factor, sources)
    derived = derive(table)
    inputs = [name for name in (*STANDARD_INPUTS, *request.inputs) if name in (*found, *derived)]
    return table, tuple(inputs), {**told, **derived}, remarks


def _check_request(request: Request) -> None:
    check_choice("response", request.response, RESPONSES)
    check_choice("missing", request.missing, ("error", "drop"))
    check_names([*STANDARD_INPUTS, *request.inputs], [*request.factors])
    for name, choice in request.standard.items():
        if not (choice is None or choice is False or isinstance(choice, str)):
            raise RunsError(
                f"Runs: {name} is {choice!r}, which is not the name of a column. It says where to "
                f'find the numbers, not what they are. Pass {name}="column", or None to look for '
                f"the usual names."
            )
    if not (request.run is None or isinstance(request.run, str)):
        raise RunsError(
            f"Runs: run is {request.run!r}, which is not the name of a column. It says where the "
            f'names of the runs are. Pass run="column", or None for the row labels.'
        )
    factor = request.flops_factor
    if isinstance(factor, bool) or not isinstance(factor, Real) or not factor >= 1:
        raise RunsError(
            f"Runs: flops_factor is {factor!r}. It says how many times larger or smaller than the "
            f"compute 6 x params x tokens may be. Pass a number of at least 1, such as 2.0 "
            f"(math.inf allows anything)."
        )


def _as_table(frame: object) -> pd.DataFrame:
    table = as_pandas(frame)
    if table is None:
        file = isinstance(frame, str)
        how = "Read a file with bs.read_runs(path)." if file else "Pass a pandas DataFrame of it."
        raise RunsError(
            f"Runs: the data are of type {type(frame).__name__}, not a data frame. "
            f"Columns and rows are found by name in it. {how}"
        )
    if table.empty:
        raise RunsError(
            f"Runs: the table is empty ({counted(len(table), 'row')}, "
            f"{counted(table.shape[1], 'column')}). There is nothing to learn from. "
            f"Check the file or the filter it comes from."
        )
    check_unique(table.columns)
    return table


def _without_missing(
    table: pd.DataFrame, used: list[str], request: Request
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    if request.missing == "error":
        return table, ()
    lacking = {
        name: is_missing(table[name])
        if name in request.factors
        else is_missing(table[name], number=True) | says_failed(table[name])
        for name in used
    }
    out = pd.DataFrame(lacking).any(axis=1)
    if out.all():
        counts = ", ".join(f"{name} {int(gone.sum())}" for name, gone in lacking.items())
        raise RunsError(
            f'Runs: missing="drop" leaves none of the {counted(len(table), "row")} (missing values '
            f"by column: {counts}). There would be nothing to learn from. Leave out a column that "
            f"is mostly missing, as in flops=False, or fill the cells in."
        )
    return table.loc[~out].copy(), tuple(table.index[out])


def _nothing_to_learn_from(source: pd.DataFrame, *near: str) -> RunsError:
    named = 'Name their columns, as in params="my_params", or further ones with inputs=("lr",).'
    return RunsError(
        f"Runs: no column holds params, tokens, flops or another input (the columns are "
        f"{listed(source.columns, 20)}). A law explains the loss by at least one of them. "
        f"{next(iter(near), named)}"
    )

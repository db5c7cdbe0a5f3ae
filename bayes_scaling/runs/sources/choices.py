"""Arguments that readers of other sources pass on to `Runs.from_frame`, as one typed value.

Owns the list of these arguments, and which columns they settle on before a frame is there.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypedDict

import pandas as pd

from bayes_scaling.display.wording import listed
from bayes_scaling.runs.candidates import chosen_columns
from bayes_scaling.runs.cells import Response, as_typed
from bayes_scaling.runs.columns import STANDARD_INPUTS, Choice, name_mapping
from bayes_scaling.runs.run_names import run_columns
from bayes_scaling.runs.states import States


class ColumnChoices(TypedDict, total=False):
    """The arguments of `Runs.from_frame`, by name."""

    params: Choice
    tokens: Choice
    loss: str | None
    flops: Choice
    inputs: Iterable[str] | Mapping[str, str]
    factors: Iterable[str] | Mapping[str, str]
    run: str | None
    response: Response
    missing: Literal["error", "drop"]
    flops_factor: float
    states: States


def assigned_columns(table: pd.DataFrame, choices: ColumnChoices) -> dict[str, str]:
    """Return the source column of every part that `Runs.from_frame` would find in a table.

    Of one that is not read yet, columns without rows do.

    Raises
    ------
    TypeError
        A choice is not an argument of `Runs.from_frame`; raised before a large source is read.

    Examples
    --------
    >>> table = pd.DataFrame(columns=["N", "val/loss", "width"])
    >>> assigned_columns(table, {"inputs": ("width",)})
    {'params': 'N', 'loss': 'val/loss', 'width': 'width'}
    """
    known = ColumnChoices.__annotations__
    unknown = [name for name in choices if name not in known]
    if unknown:
        raise TypeError(f"unexpected argument {unknown[0]!r}; there are {listed(known, 20)}")
    given: dict[str, Any] = {**choices}
    standard = {part: given.get(part) for part in (*STANDARD_INPUTS, "loss")}
    inputs, factors = (name_mapping(given.get(one, ()), one) for one in ("inputs", "factors"))
    response = choices.get("response", "loss")
    return chosen_columns(table, standard, {**inputs, **factors}, response)[0]


def with_numbers(frame: pd.DataFrame, choices: ColumnChoices) -> pd.DataFrame:
    """Return the table of a file, its unused columns of numbers converted from text.

    Conditions may be put on these; the cells of the others are read once their part is known.
    """
    columns = [str(name) for name in frame.columns]
    used = {*assigned_columns(frame, choices).values(), *run_columns(columns), choices.get("run")}
    free = [name for name in columns if name not in used]
    return frame.assign(**{name: as_typed(frame[name]) for name in free})


def renamed_choices(choices: ColumnChoices, names: Mapping[str, str]) -> ColumnChoices:
    """Return the choices with renamed columns under their new names.

    Examples
    --------
    >>> renamed_choices({"loss": "metrics.nll", "factors": ["lr"]}, {"metrics.nll": "nll"})
    {'loss': 'nll', 'factors': {'lr': 'lr'}}
    """
    changed = choices.copy()
    for part in (*STANDARD_INPUTS, "loss", "run"):
        asked = choices.get(part)
        if isinstance(asked, str):
            changed[part] = names.get(asked, asked)  # type: ignore[literal-required]
    for part in ("inputs", "factors"):
        if part in choices:
            given = choices[part]  # type: ignore[literal-required]
            pairs = name_mapping(given, part).items()
            short = {} if isinstance(given, Mapping) else names
            found = {short.get(name, name): names.get(column, column) for name, column in pairs}
            changed[part] = found  # type: ignore[literal-required]
    return changed

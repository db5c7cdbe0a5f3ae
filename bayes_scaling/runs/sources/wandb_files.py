"""The files that Weights & Biases exports, as one table with a row per run.

Owns the layouts: tables downloaded as CSV, and what scripts write of its API as CSV or JSON. What
the columns mean is the business of `Runs.from_frame`.
"""

import ast
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from bayes_scaling.errors import RunsError
from bayes_scaling.runs.sources.files import read_frame

KINDS = ("summary", "config")

# As the API, its GraphQL and the local files call them.
_KIND_OF = {
    "summary": "summary",
    "summaryMetrics": "summary",
    "summary_metrics": "summary",
    "config": "config",
}


def read_export(path: Path) -> pd.DataFrame:
    """Return the runs of an export; names within config and summary are `config.a.b`.

    Raises
    ------
    RunsError
        The file cannot be read, or is in none of the layouts that are understood.
    """
    frame = read_frame(path)
    frame = frame.set_axis([str(column) for column in frame.columns], axis=1)
    if not {*_KIND_OF} & {*frame.columns}:
        return frame
    records = [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]
    return expanded(records, repr(str(path)))


def expanded(records: Sequence[Mapping[str, object]], where: str) -> pd.DataFrame:
    """Return records with the fields of config and summary as columns `config.a.b`.

    Parameters
    ----------
    records
        The runs.
    where
        What holds them, for messages.

    Raises
    ------
    RunsError
        A config or a summary is not a mapping.
    """
    return pd.DataFrame([_row(where, number, run) for number, run in enumerate(records)])


def _row(where: str, number: int, run: Mapping[str, object]) -> dict[str, object]:
    row: dict[str, object] = {}
    for name, cell in run.items():
        if name in _KIND_OF:
            fields = _flat(_as_mapping(where, number, name, cell), _KIND_OF[name])
            row |= {field: value for field, value in fields if "._wandb" not in field}
        else:
            row[name] = json.dumps(cell) if isinstance(cell, list | dict) else cell
    return row


def _as_mapping(where: str, number: int, name: str, cell: object) -> Mapping[str, object]:
    if isinstance(cell, str):
        cell = _read_text(cell)
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return {}
    if not isinstance(cell, dict):
        raise RunsError(
            f"Runs.from_wandb_export: {name} of run {number} in {where} is {cell!r:.40}, not "
            f"a mapping of names to values. Columns are made of its names. Write it as JSON, or "
            f"export the table of runs as CSV."
        )
    return cell


def _read_text(text: str) -> object:
    """Read a mapping written as JSON or as str() writes it, where nan and inf have no quotes."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(_Numbers().visit(ast.parse(text, mode="eval")))
    except (ValueError, SyntaxError):
        return text


class _Numbers(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(float(node.id)) if node.id in ("nan", "inf") else node


def _flat(fields: Mapping[str, object], prefix: str) -> Iterator[tuple[str, object]]:
    for name, value in fields.items():
        # The config of GraphQL and of local files: {"lr": {"desc": null, "value": 0.1}}.
        inner = value["value"] if isinstance(value, dict) and _is_wrapped(value) else value
        if isinstance(inner, dict) and inner:
            yield from _flat(inner, f"{prefix}.{name}")
        elif isinstance(inner, list | dict):
            yield f"{prefix}.{name}", json.dumps(inner)
        else:
            # JSON has no NaN: W&B writes the word.
            yield f"{prefix}.{name}", math.nan if inner == "NaN" else inner


def _is_wrapped(value: Iterable[str]) -> bool:
    return "value" in value and {*value} <= {"value", "desc"}

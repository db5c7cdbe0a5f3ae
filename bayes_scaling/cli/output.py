"""Output of the commands: tables for people, JSON for programs, notes on standard error."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import pandas as pd

    from bayes_scaling.fitting.average import Fitted

type Json = str | float | int | bool | Sequence[Json] | dict[str, Json] | None
type Record = dict[str, Json]


_MAPPED = re.compile(r"""\b(input|factor)s=\{["'](?P<name>.+?)["']: ["'](?P<column>.+?)["']\}""")
_LISTED = re.compile(r"""\b(input|factor|state)s=\((?P<names>["'].+?["']),\)""")
_NAMED = re.compile(r"""\b(params|tokens|flops|loss|run|missing|response)=["'](?P<text>.+?)["']""")
_KEPT = re.compile(
    r"""\bruns\.where\((?:\*\*\{['"](?P<name>.+?)['"]: |(?P<plain>\w+)=)(?P<value>\w+)\}?\)"""
)
_OTHERS: Mapping[str, str] = {
    r", or (params|tokens)=False to take none of them": "",
    r"\bflops=False": "--no-flops",
    r"\bflops_factor=(\d[\d.]*)": r"--flops-factor \1",
    r"\bas history=": "as --curves",
    r"\bstates=['\"](\w+)['\"]": r"--state \1",
    r"\bwith Runs\.from_curves": "with --curves (which may name this file)",
    r"\b(?:vary=\[?)?bs\.Vary\('(\w+)', by='(.+?)'\)\]?": r"--vary \1:\2",
    r"\bbs\.laws\.(\w+)\('(.+?)'\)": r"--law \1:\2",
    r"\bbs\.noise\.Binomial\(\) or ": "",
    r" or bs\.noise\.LogitNormal\(\) for accuracies": ", or leave it out for accuracies",
    r"\b(?:noise=)?bs\.noise\.(?:Log)?StudentT\(\)": "--noise student-t",
    r"\bruns\.where\(lambda table: table\[(['\"].+?['\"])\] == \.\.\.\)": r"--where \1=...",
    r"\b(params|tokens|flops|loss|run|response|noise|vary)=(?=[\s.,;)]|$)": r"--\1",
    r"\b(input|factor|state)s=(?=[\s.,;)]|$)": r"--\1",
    r"\(likewise factors\)": "(likewise --factor)",
}


def in_options(message: str) -> str:
    """Write the arguments of functions in a message as options of the command line.

    Examples
    --------
    >>> in_options('Name its column, as in loss="val loss". Pass flops=False or inputs=("lr",).')
    "Name its column, as in --loss 'val loss'. Pass --no-flops or --input lr."
    >>> in_options('Map it: inputs={"lr": "rate"} (likewise factors).')
    'Map it: --input lr=rate (likewise --factor).'
    >>> in_options(
    ...     'Say which one is meant, as in params="N", or params=False to take none of them.'
    ... )
    'Say which one is meant, as in --params N.'
    >>> in_options("Pass states=('failed', 'killed',), or leave states= out: runs.where(ok=True).")
    'Pass --state failed --state killed, or leave --state out: --where ok=True.'
    >>> in_options("Use bs.Vary('E', by='corpus'), or read response='metric' with response=.")
    'Use --vary E:corpus, or read --response metric with --response.'
    """
    said = _MAPPED.sub(lambda m: f"--{m[1]} {shlex.quote(m['name'] + '=' + m['column'])}", message)
    said = _LISTED.sub(lambda m: _repeated(m[1], m["names"]), said)
    said = _KEPT.sub(
        lambda m: f"--where {shlex.quote((m['name'] or m['plain']) + '=' + m['value'])}", said
    )
    said = _NAMED.sub(lambda m: f"--{m[1]} {shlex.quote(m['text'])}", said)
    for pattern, option in _OTHERS.items():
        said = re.sub(pattern, option, said)
    return said


def _repeated(option: str, names: str) -> str:
    quoted = re.findall(r"""["'](.+?)["']""", names)
    return " ".join(f"--{option} {shlex.quote(name)}" for name in quoted)


def print_table(title: str, table: pd.DataFrame) -> None:
    """Print a table with its title and the probability of its intervals, if it has some."""
    from bayes_scaling.display.terminal import interval_title, table_text

    typer.echo(f"{interval_title(title, table)}\n\n{table_text(table)}\n")


def print_notes(notes: Sequence[str]) -> None:
    """Print notes for the reader of a result to standard error."""
    from bayes_scaling.display.terminal import wrapped

    for note in notes:
        typer.echo(wrapped(f"note: {in_options(note)}"), err=True)


def print_json(content: Record) -> None:
    """Print one JSON object; numbers that are not finite become null."""
    typer.echo(json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False))


def licence(fit: Fitted, table: pd.DataFrame, notes: Sequence[str]) -> Record:
    """Law, intervals, diagnosis and notes, which every JSON result carries."""
    return {
        "law": fit.model.law.name,
        "ci_prob": float(table.attrs["ci_prob"]),
        "ci_kind": str(table.attrs["ci_kind"]),
        "diagnosis": fit.diagnostics.diagnosis,
        "notes": list(notes),
    }


def records(table: pd.DataFrame) -> list[Record]:
    """Return the rows of a table, those of two column levels as objects inside objects.

    The diagnosis is left out, for :func:`licence` has it once.

    Examples
    --------
    >>> import pandas as pd
    >>> columns = pd.MultiIndex.from_tuples([("loss", "median"), ("loss", "lower")])
    >>> index = pd.Index([7e9], name="params")
    >>> records(pd.DataFrame([[2.0, float("nan")]], index, columns))
    [{'params': 7000000000.0, 'loss': {'median': 2.0, 'lower': None}}]
    """
    labels = table.index.to_frame(index=False)
    rows = []
    for place in range(len(table)):
        row: Record = {str(name): _plain(label) for name, label in labels.iloc[place].items()}
        for column, value in table.iloc[place].items():
            name, part = column if isinstance(column, tuple) else (column, "")
            if part:
                row[str(name)] = {**_inner(row.get(str(name))), str(part): _plain(value)}
            elif name != "diagnosis":
                row[str(name)] = _plain(value)
        rows.append(row)
    return rows


def _inner(value: Json) -> Record:
    return value if isinstance(value, dict) else {}


def _plain(value: object) -> Json:
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, bool | int) else str(value)

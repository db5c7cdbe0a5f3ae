"""``bayes-scaling laws``: the laws that can be fitted."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import typer

from bayes_scaling.cli import options, output

if TYPE_CHECKING:
    from bayes_scaling.laws import Law


def laws(json: options.AsJson = False) -> None:
    """List the scaling laws, with formula and paper."""
    entries = [_entry(law) for law in _built_in()]
    if json:
        output.print_json({"laws": entries})
        return
    for entry in entries:
        typer.echo(entry.pop("name"))
        for name, value in entry.items():
            shown = ", ".join(value) if isinstance(value, list) else value
            line = f"  {name:<11} {shown}"
            typer.echo(fill(line, 100, subsequent_indent=" " * 14, break_long_words=False))
        typer.echo()


def _built_in() -> list[Law]:
    from bayes_scaling import laws as package

    found = [getattr(package, name) for name in package.__all__]
    return [
        law()
        for law in found
        if isinstance(law, type) and issubclass(law, package.Law) and law is not package.Law
    ]


def _entry(law: Law) -> dict[str, output.Json]:
    import inspect

    return {
        "name": law.name,
        "what": (inspect.getdoc(type(law)) or "").split("\n", 1)[0],
        "inputs": list(law.inputs),
        "parameters": list(law.priors),
        "loss": law.equation,
        "cite": law.cite,
    }

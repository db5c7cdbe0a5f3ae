"""Repeated data: Muennighoff et al. (2023)."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling.runs import Runs

_ALTERED = ("4b284b12bc4opt2", "8b7178b25bopt")
"""Runs of another shape than others of their size."""

_TOKENS = r"\d{3}m|\d+b|\db\d{1,2}"
_NAME = re.compile(rf"(?P<tokens>.+?)(?P<unique_tokens>{_TOKENS})")
"""Tokens and unique tokens in a name, without a separator: "84b12b", "5b95b9", "7b5100m"."""


def tidy(files: list[Path]) -> Runs:
    """Runs with ``unique_tokens``: sizes and tokens are spelt in the name of each run.

    Left out are runs that did not finish, which have a loss of 0, and two of another shape.
    """
    every, of_fit, *_ = _cells(files[0])
    sizes = {size: float(params) for size, params in every["PARAMS_MAP"].items()}
    table = pd.DataFrame(
        {"run": run, **_decoded(run, sizes), "loss": loss}
        for run, loss in every["NAMES_TO_VAL_LOSSES"].items()
        if loss > 0 and run not in _ALTERED
    )
    fitted = table["run"].isin([*of_fit["NAMES_TO_VAL_LOSSES"]])
    table["in_paper_fit"] = fitted & (table["variant"] == "standard")
    return Runs.from_frame(table, inputs=["unique_tokens"], factors=["variant"], run="run")


def _cells(notebook: Path) -> list[dict[str, Any]]:
    """Literals that the cells with losses assign, by name; no code is run."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    codes = ("".join(cell["source"]) for cell in cells)
    return [
        {
            ast.unparse(statement.targets[0]): ast.literal_eval(statement.value)
            for statement in ast.parse(code).body
            if isinstance(statement, ast.Assign)
        }
        for code in codes
        if "NAMES_TO_VAL_LOSSES = {" in code
    ]


def _decoded(run: str, sizes: Mapping[str, float]) -> dict[str, object]:
    """Decode a name: 4b284b12bc4seed2 is 4.2B parameters, 84B tokens, 12B unique."""
    plain, _, seed = run.partition("seed")
    name = plain.removesuffix("dedup").replace("c4", "").replace("v2", "")
    size = next(size for size in sizes if name.startswith(size))
    found = _NAME.fullmatch(name.removeprefix(size))
    assert found is not None
    tokens = {column: _count(text) for column, text in found.groupdict().items()}
    return {
        "size": size,
        "params": sizes[size],
        **tokens,
        "epochs": tokens["tokens"] / tokens["unique_tokens"],
        "variant": "dedup" if plain.endswith("dedup") else "standard",
        "seed": int(seed) if seed else None,
    }


def _count(text: str) -> float:
    """Tokens: "100m" is a hundred million, "1b25" is 1.25 billion."""
    return float(text[:-1]) * 1e6 if text.endswith("m") else float(text.replace("b", ".")) * 1e9

"""Benchmark accuracies of open models: Ruan et al. (2024)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bayes_scaling.runs import Runs

_COLUMNS = {
    "Model": "run",
    "Model Family": "family",
    "MMLU": "mmlu",
    "ARC-C": "arc_c",
    "HellaSwag": "loss",
    "Winograd": "winogrande",
    "TruthfulQA": "truthfulqa",
    "GSM8K": "gsm8k",
    "XWinograd": "xwinograd",
    "HumanEval": "humaneval",
}

_BEYOND = 1e14
"""Tokens beyond those of any of these models, as a thousandfold slip in one row has them."""


def tidy(files: list[Path]) -> Runs:
    """Models of known tokens, with the accuracy on HellaSwag as response and others as columns.

    Left out are models whose tokens are not known, or slipped by a thousandfold (BTLM).
    """
    published = pd.read_csv(files[0]).rename(columns=_COLUMNS)
    tokens = 1e12 * published["Pretraining Data Size (T)"]
    table = published[[*_COLUMNS.values()]].assign(
        params=1e9 * published["Model Size (B)"], tokens=tokens
    )
    return Runs.from_frame(
        table[tokens < _BEYOND], factors=["family"], run="run", response="accuracy"
    )
